"""Which parts of the compact model's recipe earn their place: the same small training, one part changed at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from fetalclip_app.imaging.preprocess import PreprocessSpec
from training import quick_look
from training.accumulate import backward, own_losses
from training.augment import AugmentConfig
from training.captions import Phrases
from training.config import RunConfig
from training.dataset import BatchConfig, Batches, Stored, load
from training.files import LOG, tell_line
from training.loop import Course, train
from training.number_sense import NumberConfig
from training.recipe import RunContext, save_config
from training.recipes.distill import compact_distilled
from training.run import all_samples
from training.split import draw
from training.towers import TowerConfig, architecture, fresh_network

SHARES = (
    ("brain", 0.38),
    ("heart", 0.14),
    ("abdomen", 0.12),
    ("femur", 0.12),
    ("cervix", 0.02),
    ("other", 0.04),
    ("hc18", 0.12),
    ("distractor", 0.06),
)

HELD_SHARE = 0.30
"""Of the patients of training and validation; the others are trained on. Test patients take no part."""

Change = Callable[[RunConfig], RunConfig]

MEASURES = ("planes_f1", "brain_f1")


@dataclass(frozen=True, slots=True)
class Score:
    """What one training reached on the held-out patients: macro-F1 by prompts, four planes and three sub-planes."""

    variant: str
    seed: int
    planes_f1: float
    brain_f1: float


@dataclass(frozen=True, slots=True)
class Variant:
    """One part of the recipe, changed.

    Attributes:
        said: What differs, for the table.
        taught: SonoNet-16's planes are learned beside the labels.
    """

    name: str
    said: str
    change: Change
    taught: bool = False


def base() -> RunConfig:
    """Return the small training that everything is compared with: no ages, no simulated heads."""
    return RunConfig(
        name="base",
        steps=120,
        batch=BatchConfig(size=24, shares=SHARES, aged=0),
        numbers=replace(NumberConfig(), steps=0),
        tower=TowerConfig(image_size=128),
        simulated=0,
        average=0.95,
        brain_weight=1.5,
        evaluate_every=1_000_000,
        checkpoint_every=1_000_000,
    )


def smoke() -> RunConfig:
    """Return the same training so small that it takes seconds."""
    whole = base()
    return replace(whole, steps=2, batch=replace(whole.batch, size=6), tower=replace(whole.tower, image_size=64))


def _one_caption(config: RunConfig) -> RunConfig:
    return replace(config, batch=replace(config.batch, varied=False))


def _own_caption(config: RunConfig) -> RunConfig:
    return replace(config, batch=replace(config.batch, own_alone=True))


def _asked(config: RunConfig) -> RunConfig:
    return replace(config, smoothing=0.1, batch=replace(config.batch, asked=True, even_sub_planes=False))


def _size(side: int) -> Change:
    return lambda config: replace(config, tower=replace(config.tower, image_size=side))


VARIANTS = (
    Variant("base", "all parts", lambda config: config),
    Variant("one_caption", "one sentence for each class, nothing told", _one_caption),
    Variant("own_caption", "a picture's own caption is its only true one", _own_caption),
    Variant("asked", "smoothed labels, and the app's question, of sub-planes as often as they are", _asked),
    Variant(
        "unchanged", "pictures are never changed", lambda config: replace(config, augmentation=AugmentConfig(keep=1.0))
    ),
    Variant("sononet", "SonoNet-16's planes beside the labels", lambda config: config, taught=True),
    Variant(
        "random",
        "image tower from random weights, no stage frozen",
        lambda config: replace(config, frozen_stages=0, tower=replace(config.tower, image_net=False)),
    ),
    Variant("held", "batch statistics held at ImageNet's", lambda config: replace(config, held_statistics=True)),
    Variant("96", "96 pixels instead of 128", _size(96)),
    Variant("176", "176 pixels instead of 128", _size(176)),
)


def sides(stored: Sequence[Stored]) -> tuple[list[Stored], list[Stored]]:
    """Return the pictures of patients to train on and of those to measure on; changed copies are measured on by nobody.

    Raises:
        ValueError: A picture is of a test patient.
    """
    if any(item.sample.split == "test" for item in stored):
        raise ValueError("an ablation chooses: test patients take no part")
    groups = {item.sample.group for item in stored}
    drawn = draw(groups, test=frozenset(), salt="ablation", validation_share=HELD_SHARE)
    shown = [item for item in stored if drawn[item.sample.group] == "train"]
    held = [item for item in stored if drawn[item.sample.group] != "train" and not item.sample.augmented]
    return shown, held


@dataclass(frozen=True, eq=False, slots=True)
class Bench:
    """What all trainings of an ablation share.

    Attributes:
        context: Folder of real scans, and of the logs.
        shown: Pictures to train on.
        held: Pictures to measure on.
    """

    context: RunContext
    shown: Sequence[Stored]
    held: Sequence[Stored]


def prepared(context: RunContext) -> Bench:
    """Read the pictures of all patients but the test patients."""
    known = [sample for sample in all_samples(context.data) if sample.split in ("train", "validation")]
    shown, held = sides(load(context.data, known))
    return Bench(context, shown, held)


def run_one(variant: Variant, config: RunConfig, bench: Bench) -> dict[str, float]:
    """Train one variant with the configuration's seed and return its scores on the held-out patients."""
    config = variant.change(config)
    folder = bench.context.folder / f"{variant.name}_{config.seed}"
    save_config(config, folder)
    shape = architecture(config.tower)
    spec = PreprocessSpec(size=shape["vision_cfg"]["image_size"])
    network = fresh_network(shape, config.seed, image_net=config.tower.image_net)
    batches = Batches(bench.shown, spec=spec, batch=config.batch, augmentation=config.augmentation, seed=config.seed)
    losses = compact_distilled().teach(bench.context, bench.shown, own_losses) if variant.taught else own_losses
    course = Course(folder, lambda _network, _step: {}, backward=partial(backward, losses_of=losses))
    mean = train(network, batches, config, course)
    with torch.inference_mode():
        images = quick_look.picture_rows(mean, bench.held, spec)
        return quick_look.views(mean, images, bench.held, Phrases.bundled())


def run_all(context: RunContext, seeds: Sequence[int], config: RunConfig) -> list[Score]:
    """Train every variant with every seed; what an earlier call finished is not done again.

    Raises:
        ValueError: The folder's results are of another configuration.
    """
    done = _finished(context.folder, config)
    waiting = [(variant, seed) for seed in seeds for variant in VARIANTS if (variant.name, seed) not in done]
    if waiting:
        bench = prepared(context)
        for variant, seed in waiting:
            score = Score(variant.name, seed, **run_one(variant, replace(config, seed=seed), bench))
            tell_line(context.folder, asdict(score))
            done[variant.name, seed] = score
    return [done[variant.name, seed] for variant in VARIANTS for seed in seeds]


def _finished(folder: Path, config: RunConfig) -> dict[tuple[str, int], Score]:
    """Return the results that lie in the folder, and mark it as this configuration's."""
    mark = folder / "config.json"
    told = json.loads(json.dumps(asdict(config)))
    if mark.exists() and json.loads(mark.read_text(encoding="utf-8"))["config"] != told:
        raise ValueError(f"{folder} holds an ablation of another configuration: name another folder")
    save_config(config, folder)
    log = folder / LOG
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    scores = [Score(**json.loads(line)) for line in lines]
    return {(score.variant, score.seed): score for score in scores}


def table(scores: Sequence[Score]) -> str:
    """Return Markdown: mean and standard deviation over seeds, and the paired difference to all parts."""
    lines = [
        "| variant | what differs | planes F1 | difference | sub-planes F1 | difference |",
        "|---|---|---|---|---|---|",
    ]
    for variant in VARIANTS:
        cells = [f"{variant.name} | {variant.said}"]
        for measure in MEASURES:
            own, whole = _of(scores, variant.name, measure), _of(scores, VARIANTS[0].name, measure)
            gaps = own - whole
            cells.append(f"{own.mean():.3f} ± {_deviation(own):.3f}")
            cells.append("" if variant is VARIANTS[0] else f"{gaps.mean():+.3f} ± {_deviation(gaps):.3f}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _of(scores: Sequence[Score], variant: str, measure: str) -> NDArray[np.float64]:
    """Return a variant's scores by seed."""
    own = sorted((score for score in scores if score.variant == variant), key=lambda score: score.seed)
    return np.array([getattr(score, measure) for score in own])


def _deviation(values: NDArray[np.float64]) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else float("nan")
