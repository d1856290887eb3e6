"""The linear probe as published: folds by patient, several seeds, held-out patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from fetalclip_app.domain.views import BRAIN_PLANES
from fetalclip_app.tasks.keys import BRAIN_VIEWS, VIEWS
from training import not_finite
from training.finetune import probe_results
from training.finetune.features import FeatureStore, ModelChoice, open_backbone, unit
from training.finetune.groups import Group, folds_of
from training.finetune.linear import Layers, LinearConfig, fit_together, joined
from training.finetune.pictures import CopyConfig
from training.finetune.probe_file import ProbeFacts, write_probe
from training.manifest import Sample, manifest_hash, refuse_overlap
from training.recipe import Recipe, RunContext, save_config

CLASSES = {
    VIEWS: ("other", "abdomen", "brain", "cervix", "femur", "heart"),
    BRAIN_VIEWS: ("trans-thalamic", "trans-cerebellum", "trans-ventricular"),
}
"""Task -> classes, in FetalCLIP's order (probing/); its thorax is our heart."""

assert set(CLASSES[BRAIN_VIEWS]) == set(BRAIN_PLANES)

UNIT, PROJECTED = "unit", "projected"
"""Features as the app's tasks are given them, times one number; and as FetalCLIP's probes saw them."""


@dataclass(frozen=True, slots=True)
class ProbeConfig:
    """One linear probe.

    Attributes:
        task: The app's task that it answers: ``views`` or ``brain_views``.
        features: `UNIT` rows, which the app can read, scaled by the mean length of the training's, or `PROJECTED`.
        folds, repeats: Folds by patient of the training patients, and seeds on each.
        held: The side of the split that is measured; ``test`` is for one final evaluation.
        source: Which data set of the manifest.
        most: Use so many training pictures at most; 0 for all.
    """

    name: str
    task: str = VIEWS
    seed: int = 7
    model: ModelChoice = field(default_factory=ModelChoice)
    features: str = UNIT
    folds: int = 5
    repeats: int = 5
    linear: LinearConfig = field(default_factory=LinearConfig)
    copies: CopyConfig = field(default_factory=CopyConfig)
    held: str = "validation"
    source: str = "fetal_planes"
    most: int = 0

    def smoke(self) -> ProbeConfig:
        """Return the same probe so small that it takes seconds."""
        return replace(
            self,
            name=f"{self.name}_smoke",
            folds=2,
            repeats=2,
            most=24,
            linear=replace(self.linear, epochs=3, batch=4),
            copies=replace(self.copies, count=2),
        )

    def execute(self, context: RunContext) -> None:
        """Train the layers and write results and head. What features there are in the folder is used again.

        Raises:
            NotFinite: A loss; the batch that caused it lies in the run's folder.
        """
        examined, store = examples_of(self, context, self)
        with not_finite.batch_kept(context.folder):
            layers = cross_validated(examined, self)
        results = probe_results.measure(examined.held, layers, examined.classes, self.held)
        probe_results.write(results, context.folder)
        write_probe(layers, examined.held, _facts(self, examined, store), results, context.folder)


@dataclass(frozen=True, eq=False, slots=True)
class Examined:
    """What a probe is trained and measured on.

    Attributes:
        length: What unit rows were multiplied with; None for rows that keep their own length.
        data_licences: Of pictures and labels.
    """

    taught: Group
    held: Group
    classes: tuple[str, ...]
    length: float | None
    data_licences: tuple[str, ...]


def label_of(sample: Sample, task: str) -> str | None:
    """Return the class of a picture for a task; None where nobody said it."""
    return (sample.plane or CLASSES[VIEWS][0]) if task == VIEWS else sample.brain_plane


def examples_of(config: ProbeConfig, context: RunContext, recipe: Recipe) -> tuple[Examined, FeatureStore]:
    """Return features and labels of training and held-out patients, and the store that made them.

    Args:
        recipe: What is run, to be written beside the results.

    Raises:
        ValueError: A patient is on two sides, or a side has no picture.
    """
    from training.run import all_samples  # noqa: PLC0415 - the tests' splits are put there

    samples = all_samples(context.data)
    refuse_overlap(samples)
    save_config(recipe, context.folder, manifest=manifest_hash(samples))
    fit = [
        s
        for s in samples
        if s.source == config.source and not s.augmented and label_of(s, config.task) in CLASSES[config.task]
    ]
    taught, held = ([s for s in fit if s.split == side] for side in ("train", config.held))
    store = FeatureStore(open_backbone(config.model), context.folder.parent / "features", config.seed)
    pick = np.random.default_rng(config.seed).permutation(len(taught))[: config.most or None]
    first = _group(store, context.data, [taught[row] for row in sorted(pick)], config, copied=True)
    second = _group(store, context.data, held, config, copied=False)
    _tell_lost(store, context.folder)
    licences = tuple(sorted({s.licence for s in taught}))
    length = None
    if config.features == UNIT:
        assert first.copies is not None
        length = float(np.linalg.norm(first.copies, axis=-1).mean())
        first, second = _rescaled(first, length), _rescaled(second, length)
    return Examined(first, second, CLASSES[config.task], length, licences), store


def cross_validated(examined: Examined, config: ProbeConfig) -> Layers:
    """Return ``folds`` x ``repeats`` layers: the copies of the other folds teach, the fold's own pictures choose."""
    taught = examined.taught
    parts = []
    for number, fold in enumerate(folds_of(taught.groups, config.folds, config.seed)):
        rest = frozenset(taught.groups) - fold
        seeds = [config.seed + 1000 * number + repeat for repeat in range(config.repeats)]
        pair = taught.of(rest).copied(), taught.of(fold).plain()
        parts.append(fit_together(*pair, len(examined.classes), seeds, config.linear))
    return joined(parts)


def _facts(config: ProbeConfig, examined: Examined, store: FeatureStore) -> ProbeFacts:
    identity = store.backbone.identity
    return ProbeFacts(
        model=identity.key,
        task=config.task,
        classes=examined.classes,
        features=config.features,
        length=1.0 if examined.length is None else examined.length,
        backbone_sha256=identity.sha256,
        preprocessing=store.spec.fingerprint(),
        licence=identity.licence or "unknown",
        data=f"{len(examined.taught.labels)} pictures of {len(set(examined.taught.groups))} training patients of"
        f" {config.source}, {config.copies.count} changed copies each",
        data_licence=", ".join(examined.data_licences),
    )


def _group(store: FeatureStore, data: Path, samples: Sequence[Sample], config: ProbeConfig, *, copied: bool) -> Group:
    names = [s.picture for s in samples]
    seen = store.rows(data, names)
    copies = store.rows(data, names, config.copies) if copied else [None] * len(names)
    kept = [row for row, rows in enumerate(seen) if rows is not None and (copies[row] is not None or not copied)]
    if not kept:
        raise ValueError("no picture of one side of the split can be read")
    labels = [CLASSES[config.task].index(label_of(samples[row], config.task) or "") for row in kept]
    return Group(
        np.concatenate([seen[row] for row in kept]),
        np.stack([copies[row] for row in kept]) if copied else None,  # type: ignore[misc]
        np.array(labels, np.intp),
        tuple(samples[row].group for row in kept),
    )


def _rescaled(group: Group, length: float) -> Group:
    copies = None if group.copies is None else unit(group.copies) * np.float32(length)
    return replace(group, seen=unit(group.seen) * np.float32(length), copies=copies)


def _tell_lost(store: FeatureStore, folder: Path) -> None:
    if store.lost:
        lost = sorted(set(store.lost))
        (folder / "unreadable.txt").write_text("\n".join(lost) + "\n", encoding="utf-8")
        print(f"{len(lost)} pictures cannot be read: unreadable.txt", flush=True)
