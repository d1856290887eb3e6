"""Picture quality, or any other graded label, by low-rank adapters on an image tower (FetalCLIP-IQA; Hu 2021)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
import torch.nn.functional as F
from torch import nn

from fetalclip_app.imaging.preprocess import PreprocessSpec
from training.augment import AugmentConfig
from training.files import sha256_of
from training.finetune import degraded, epochs
from training.finetune.adapted_file import Answered, changed_weights, remove_pictures, write_pictures
from training.finetune.clip_file import LabelFacts
from training.finetune.epochs import LENGTH, EpochConfig, Shown, Tower, Trainee
from training.finetune.features import ModelChoice, Opened, open_network
from training.finetune.graded import GradedResult, measure
from training.finetune.groups import set_apart
from training.finetune.labelled import checked_rows, refuse_torn
from training.finetune.pictures import Picture, readable
from training.manifest import manifest_hash, refuse_overlap
from training.manifest_file import ManifestError
from training.recipe import RunContext, save_config
from training.settings import SettingError

ANSWERED_AT_ONCE = 16

DEGRADED = "degraded copies of the data's own pictures: no sonographer graded them"

QUALITY = "Picture quality"


def _gentle() -> AugmentConfig:
    return AugmentConfig(zoom=(0.9, 1.1), shift=0.04, turn_deg=10.0, gamma=(0.9, 1.1), gain=(0.9, 1.1), noise=2.0)


@dataclass(frozen=True, slots=True)
class AdapterConfig:
    """Low-rank adapters with FetalCLIP-IQA's rank, scale and rate; its dropout of 0.1 is left out.

    peft adapts an `nn.MultiheadAttention` without dropout only.
    """

    rank: int = 8
    alpha: int = 16
    rate: float = 3e-4
    weight_decay: float = 0.01


@dataclass(frozen=True, slots=True)
class LoraConfig:
    """One graded label.

    Attributes:
        table: CSV below the data folder with the columns picture (below the data folder too), group (patient),
            split (train, validation, test) and ``column``; empty for pictures made poor on purpose.
        column: The label, a whole number from 0: two grades, or more in their order.
        label, meaning: What the app calls it, and what yes means; with more than two grades there is a label for each
            'above k', which is added to both. Without a label it is the column's name, and `QUALITY` where that is
            ``quality`` or nobody graded; without a meaning it is that the column is above k.
        data_licence: Of a table's pictures and grades.
        training: Epochs and batch as FetalCLIP-IQA; an eighth of the training patients choose the epoch.
        held: The side of the split that is measured; ``test`` is for one final evaluation.
        most: Use so many pictures of a side at most; 0 for all.
    """

    name: str
    table: str = ""
    column: str = "quality"
    label: str = ""
    meaning: str = ""
    data_licence: str = ""
    seed: int = 7
    model: ModelChoice = field(default_factory=ModelChoice)
    adapter: AdapterConfig = field(default_factory=AdapterConfig)
    training: EpochConfig = field(default_factory=lambda: EpochConfig(epochs=5, patience=5))
    augmentation: AugmentConfig = field(default_factory=_gentle)
    held: str = "validation"
    most: int = 400

    def smoke(self) -> LoraConfig:
        """Return the same run so small that it takes seconds."""
        return replace(self, name=f"{self.name}_smoke", most=4, training=replace(self.training, epochs=1, batch=4))

    def execute(self, context: RunContext) -> None:
        """Train the adapters, and write what the app loads, the merged weights and results."""
        tune_quality(self, context)


@dataclass(frozen=True, slots=True)
class Graded:
    """A picture with its grade.

    Attributes:
        picture: Path below the data folder.
    """

    picture: str
    group: str
    split: str
    grade: int


def adapted_modules(visual: nn.Module) -> list[str]:
    """Return the modules that get an adapter.

    In a transformer: the attention (query, key, value and output projections; open_clip's `nn.MultiheadAttention`
    keeps the first three in one parameter, which peft adapts as a whole) and both layers of each block's MLP.
    In a convolutional tower: its 1 x 1 convolutions.

    Raises:
        ValueError: The tower has none of them.
    """
    attentions = [name for name, module in visual.named_modules() if isinstance(module, nn.MultiheadAttention)]
    others = [
        name
        for name, module in visual.named_modules()
        if _is_pointwise(module) or (isinstance(module, nn.Linear) and "blocks." in name)
    ]
    found = attentions + [name for name in others if not name.startswith(tuple(f"{a}." for a in attentions))]
    if not found:
        raise ValueError("the tower has no attention, MLP or 1 x 1 convolution")
    return found


def _is_pointwise(module: nn.Module) -> bool:
    return isinstance(module, nn.Conv2d) and module.kernel_size == (1, 1) and module.groups == 1


def adapted(visual: nn.Module, config: AdapterConfig) -> Any:
    """Return the tower with adapters that change nothing yet; all else is frozen."""
    import peft  # noqa: PLC0415 - it brings transformers along: only who adapts waits for it

    visual.requires_grad_(False)
    wanted = peft.LoraConfig(
        r=config.rank, lora_alpha=config.alpha, lora_dropout=0.0, target_modules=adapted_modules(visual)
    )
    return peft.get_peft_model(visual, wanted)


def merged(tower: Tower) -> Tower:
    """Return the tower with its adapters added to the weights: an open_clip tower again."""
    tower.visual = tower.visual.merge_and_unload()  # type: ignore[operator]
    return tower


def graded_loss(logits: torch.Tensor, grades: torch.Tensor) -> torch.Tensor:
    """Return the mean cross-entropy of 'better than grade k' for each k: one output for two grades."""
    steps = torch.arange(logits.shape[1], device=logits.device)
    return F.binary_cross_entropy_with_logits(logits, (grades[:, None] > steps).float())


def read_table(path: Path, column: str) -> list[Graded]:
    """Return the graded pictures of a table.

    Raises:
        ManifestError: It is not there, lacks a column, a patient is on two sides, or a grade is no whole number from 0.
    """
    rows = checked_rows(path, ("picture", "group", "split", column))
    wrong = [row["picture"] for row in rows if not row[column].isdecimal()]
    if wrong:
        raise ManifestError(f"{path.name}: the {column} of {wrong[0]} is no whole number from 0")
    refuse_torn(path, rows, "picture")
    return [Graded(row["picture"], row["group"], row["split"], int(row[column])) for row in rows]


def tune_quality(config: LoraConfig, context: RunContext) -> GradedResult:
    """Train adapters and one layer on grades; write the labels that the app loads, the merged tower and its worth.

    Raises:
        SettingError: The label has no name, or judges somebody's health.
    """
    torch.manual_seed(config.seed)
    rows, licences = _rows(config, context)
    opened = open_network(config.model)
    grades = max((row.grade for row in rows), default=0) + 1
    facts = _facts(config, opened, max(grades - 1, 1), config.data_licence or licences)
    taught, held = (_shown(rows, side, config, context, opened.spec) for side in ("train", config.held))
    tower = Tower(adapted(opened.network.visual, config.adapter), opened.width, max(grades - 1, 1)).to(opened.device)
    trainee = _trainee(tower, config, opened.spec)
    training = replace(config.training, seed=config.seed)
    parts = taught.parted(set_apart(taught.groups, config.seed))
    epochs.train(trainee, *parts, training, context.folder, resume=context.resume)
    whole = replace(trainee, model=merged(tower))
    logits = epochs.logits_of(whole, held.pictures, training.batch)
    result = measure(logits, held.labels, held.groups, config.held)
    source = config.table or DEGRADED
    told = {"labels": source, "adapted": adapted_modules(tower.visual), **asdict(result)}
    # First what was trained: a label that cannot be written must not cost it.
    safetensors.torch.save_model(tower, str(context.folder / "merged.safetensors"))
    (context.folder / "results.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    print(f"{source}: {result}", flush=True)
    remove_pictures(facts, context.folder)
    factors = changed_weights(config.model, opened, tower.visual, config.adapter.rank)
    sides = _answered(tower, opened.spec, taught), _answered(tower, opened.spec, held)
    write_pictures(factors, tower.last, sides, facts, context.folder)
    return result


def _trainee(tower: Tower, config: LoraConfig, spec: PreprocessSpec) -> Trainee:
    free = {name: parameter for name, parameter in tower.named_parameters() if parameter.requires_grad}
    optimizer = torch.optim.AdamW(free.values(), lr=config.adapter.rate, weight_decay=config.adapter.weight_decay)
    return Trainee(tower, optimizer, graded_loss, spec, config.augmentation, free.__contains__)


def _facts(config: LoraConfig, opened: Opened, steps: int, licence: str) -> list[LabelFacts]:
    """Return what is told of the label for each 'above k'.

    Raises:
        SettingError: It has no name, or judges somebody's health.
    """
    label = config.label or (config.column if config.table and config.column != "quality" else QUALITY)
    several = [f" above {step}" if steps > 1 else "" for step in range(steps)]
    plain = [f"its {config.column} was graded above {step}" for step in range(steps)]
    made_poor = ["the picture was not made poor on purpose"]
    meanings = [config.meaning + more for more in several] if config.meaning else plain if config.table else made_poor
    try:
        return [
            LabelFacts(
                label=label.strip() and label + more,
                meaning=meaning,
                view="",
                backbone=opened.entry.key,
                backbone_sha256=opened.sha256,
                preprocessing=opened.spec.fingerprint(),
                licence=opened.entry.licence or "unknown",
                data=config.table or DEGRADED,
                data_licence=licence,
                generated=not config.table,
            )
            for more, meaning in zip(several, meanings, strict=True)
        ]
    except ValueError as error:
        raise SettingError(f"{error} (--set label=..., meaning=...)") from error


def _answered(tower: Tower, spec: PreprocessSpec, shown: Shown) -> Answered:
    device = tower.last.weight.device
    rows = epochs.answers(lambda part: tower.rows(part.to(device)), spec, shown.pictures, ANSWERED_AT_ONCE)
    return Answered(rows / np.float32(LENGTH), shown.labels, shown.groups)


def _rows(config: LoraConfig, context: RunContext) -> tuple[list[Graded], str]:
    """Return the graded pictures with their licences; without a table every picture stands for a good one."""
    if config.table:
        path = context.data / config.table
        rows = read_table(path, config.column)
        save_config(config, context.folder, labels=config.table, labels_sha256=sha256_of(path))
        return rows, ""
    from training.run import all_samples  # noqa: PLC0415 - the tests' splits are put there

    samples = all_samples(context.data)
    refuse_overlap(samples)
    save_config(config, context.folder, manifest=manifest_hash(samples), labels=DEGRADED)
    plain = [s for s in samples if not s.augmented]
    return [Graded(s.picture, s.group, s.split, 1) for s in plain], ", ".join(sorted({s.licence for s in plain}))


def _shown(rows: Sequence[Graded], side: str, config: LoraConfig, context: RunContext, spec: PreprocessSpec) -> Shown:
    """Return a side's pictures with their patients; without a table each comes a second time, made poor."""
    inside = [row for row in rows if row.split == side]
    rng = np.random.default_rng([config.seed, len(side)])
    drawn = [inside[place] for place in sorted(rng.permutation(len(inside))[: config.most or None])]
    read, lost = readable(context.data, [(row, row.picture) for row in drawn], spec.size)
    if lost:
        (context.folder / f"unreadable_{side}.txt").write_text("\n".join(lost) + "\n", encoding="utf-8")
        print(f"{len(lost)} pictures cannot be read: unreadable_{side}.txt", flush=True)
    if not read:
        raise ValueError(f"no {side} picture can be read")
    pictures: list[Picture] = [picture for _, picture in read]
    labels, groups = [row.grade for row, _ in read], [row.group for row, _ in read]
    if not config.table:
        good = [degraded.shown(picture.grey, spec.size) for picture in pictures]
        pictures = [*good, *(degraded.poor(picture, rng) for picture in good)]
        labels, groups = [*labels, *([0] * len(good))], [*groups, *groups]
    return Shown(pictures, np.array(labels), tuple(groups))
