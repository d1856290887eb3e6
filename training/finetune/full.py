"""Fine-tunes every layer of an image tower for a task's classes: deeper layers learn faster than early ones."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
import torch.nn.functional as F
from torch import nn

from fetalclip_app.domain.model_names import CUSTOM
from fetalclip_app.tasks.keys import VIEWS
from training.augment import AugmentConfig
from training.files import sha256_of
from training.finetune import epochs, probe_results
from training.finetune.epochs import LENGTH, EpochConfig, Shown, Tower, Trainee
from training.finetune.features import ModelChoice, Opened, open_network
from training.finetune.groups import Group, set_apart
from training.finetune.linear import Layers
from training.finetune.pictures import readable
from training.finetune.probe import CLASSES, UNIT, label_of
from training.finetune.probe_file import ProbeFacts, write_probe
from training.manifest import Sample, manifest_hash, refuse_overlap
from training.recipe import RunContext, save_config

BACKBONE, CONFIG = "backbone.safetensors", "open_clip_config.json"
"""What the app opens as a model of the user's own."""

NOTE = "the image tower was trained on: prompts, ages and heads of the backbone before it no longer fit it"

_STEM = re.compile(
    r"visual\.(?:conv|bn)\d\.|trunk\.(?:conv_stem|bn1|patch_embed|cls_token|pos_embed|norm_pre)\b"
    r"|(?:class_embedding|positional_embedding|ln_pre)\b"
)
_BLOCK = re.compile(r"\b(?:res)?(?:blocks|stages)\.(\d+)\.|\blayer(\d)\.")


@dataclass(frozen=True, slots=True)
class FullConfig:
    """One fine-tuning of all layers.

    Attributes:
        rate: Of the new layer and the tower's last ones; each block before them learns ``layer_decay`` as fast.
        training: An eighth of the training patients choose the epoch.
        held: The side of the split that is measured; ``test`` is for one final evaluation.
        most: Use so many training pictures at most; 0 for all.
    """

    name: str
    task: str = VIEWS
    seed: int = 7
    model: ModelChoice = field(default_factory=ModelChoice)
    rate: float = 3e-4
    layer_decay: float = 0.75
    weight_decay: float = 0.05
    training: EpochConfig = field(default_factory=EpochConfig)
    augmentation: AugmentConfig = field(default_factory=AugmentConfig)
    held: str = "validation"
    source: str = "fetal_planes"
    most: int = 0

    def smoke(self) -> FullConfig:
        """Return the same run so small that it takes seconds."""
        return replace(self, name=f"{self.name}_smoke", most=8, training=replace(self.training, epochs=2, batch=4))

    def execute(self, context: RunContext) -> None:
        """Train, and write a model that the app opens, with its probe."""
        tune_all(self, context)


def depth_of(name: str, blocks: int) -> int:
    """Return the depth of a parameter: 0 for the stem, n + 1 for block n, ``blocks + 1`` for what comes after."""
    found = _BLOCK.search(name)
    if found:
        return int(found[1]) + 1 if found[1] is not None else int(found[2])
    return 0 if _STEM.search(name) else blocks + 1


def rate_groups(tower: nn.Module, config: FullConfig) -> list[dict[str, object]]:
    """Return AdamW's groups: a rate for each depth; no decay of vectors."""
    names = [name for name, _ in tower.named_parameters()]
    blocks = max((depth_of(name, 0) for name in names if _BLOCK.search(name)), default=0)
    groups: dict[tuple[int, bool], list[nn.Parameter]] = {}
    for name, parameter in tower.named_parameters():
        groups.setdefault((depth_of(name, blocks), parameter.ndim > 1), []).append(parameter)
    return [
        {
            "params": parameters,
            "lr": config.rate * config.layer_decay ** (blocks + 1 - depth),
            "weight_decay": config.weight_decay if is_matrix else 0.0,
        }
        for (depth, is_matrix), parameters in groups.items()
    ]


def tune_all(config: FullConfig, context: RunContext) -> probe_results.ProbeResults:
    """Train and write weights, configuration, probe and results."""
    torch.manual_seed(config.seed)
    opened = open_network(config.model)
    taught, held, licences = _sides(config, context, opened)
    classes = CLASSES[config.task]
    tower = Tower(opened.network.visual, opened.width, len(classes)).to(opened.device)
    optimizer = torch.optim.AdamW(rate_groups(tower, config))
    trainee = Trainee(tower, optimizer, F.cross_entropy, opened.spec, config.augmentation)
    training = replace(config.training, seed=config.seed)
    parts = taught.parted(set_apart(taught.groups, config.seed))
    epochs.train(trainee, *parts, training, context.folder, resume=context.resume)
    sha256 = _write_model(opened, context.folder)
    rows = epochs.answers(
        lambda shown: tower.rows(shown.to(trainee.device)), opened.spec, held.pictures, training.batch
    )
    group = Group(rows, None, held.labels, held.groups)
    layers = _layers(tower)
    results = probe_results.measure(group, layers, classes, config.held)
    probe_results.write(results, context.folder)
    facts = ProbeFacts(
        model=CUSTOM,
        task=config.task,
        classes=classes,
        features=UNIT,
        length=LENGTH,
        backbone_sha256=sha256,
        preprocessing=opened.spec.fingerprint(),
        licence=opened.entry.licence or "unknown",
        data=f"{len(taught.labels)} pictures of {len(set(taught.groups))} training patients of {config.source}",
        data_licence=licences,
        note=NOTE,
    )
    write_probe(layers, group, facts, results, context.folder)
    return results


def _sides(config: FullConfig, context: RunContext, opened: Opened) -> tuple[Shown, Shown, str]:
    from training.run import all_samples  # noqa: PLC0415 - the tests' splits are put there

    samples = all_samples(context.data)
    refuse_overlap(samples)
    save_config(config, context.folder, manifest=manifest_hash(samples), weights=opened.sha256)
    fit = [
        s
        for s in samples
        if s.source == config.source and not s.augmented and label_of(s, config.task) in CLASSES[config.task]
    ]
    pick = np.random.default_rng(config.seed)
    sides = []
    for side in ("train", config.held):
        inside = [s for s in fit if s.split == side]
        most = config.most if side == "train" and config.most else len(inside)
        chosen = [inside[place] for place in sorted(pick.permutation(len(inside))[:most])]
        sides.append(_shown(chosen, config.task, context, opened))
    return sides[0], sides[1], ", ".join(sorted({s.licence for s in fit}))


def _shown(samples: Sequence[Sample], task: str, context: RunContext, opened: Opened) -> Shown:
    read, lost = readable(context.data, [(s, s.picture) for s in samples], opened.spec.size)
    if lost:
        with (context.folder / "unreadable.txt").open("a", encoding="utf-8") as listed:
            listed.write("\n".join(lost) + "\n")
        print(f"{len(lost)} pictures cannot be read: unreadable.txt", flush=True)
    if not read:
        raise ValueError("no picture of one side of the split can be read")
    labels = np.array([CLASSES[task].index(label_of(sample, task) or "") for sample, _ in read])
    return Shown([picture for _, picture in read], labels, tuple(sample.group for sample, _ in read))


def _write_model(opened: Opened, folder: Path) -> str:
    """Write the whole network in open_clip's layout and return the file's SHA-256."""
    path = folder / BACKBONE
    state = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in opened.network.state_dict().items()}
    safetensors.torch.save_file(state, path)
    (folder / CONFIG).write_text(json.dumps(opened.config, indent=2) + "\n", encoding="utf-8")
    return sha256_of(path)


def _layers(tower: Tower) -> Layers:
    weight, bias = (parameter.detach().cpu().numpy()[None] for parameter in (tower.last.weight, tower.last.bias))
    return Layers(weight, bias, np.zeros(1), np.zeros(1, np.intp))
