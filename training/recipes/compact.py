"""The compact CLIP that the program bundles."""

from __future__ import annotations

from dataclasses import replace

from training.augment import AugmentConfig
from training.config import RunConfig
from training.dataset import BatchConfig
from training.number_sense import NumberConfig
from training.towers import TowerConfig

BUNDLED = "resources/models/compact/model.safetensors"
"""The program's own weights, from the project's root; a run's record has their hash."""


def compact() -> RunConfig:
    """Return the contrastive training from ImageNet's weights."""
    batch = BatchConfig()
    shares = dict(batch.shares) | {"brain": 0.38, "hc18": 0.20, "simulated": 0.05}
    return RunConfig(
        name="compact",
        steps=1300,
        schedule_steps=2600,
        evaluate_every=325,
        brain_weight=1.5,
        batch=replace(batch, shares=tuple(shares.items()), aged=8),
    )


def compact_settled() -> RunConfig:
    """Return its continuation at falling rates, with the batch statistics that the app will use."""
    return _settled(compact(), "compact_settled")


def compact_renewed() -> RunConfig:
    """Return the training that goes on from the bundled weights, whose text tower knows numbers already."""
    first = compact()
    return replace(
        first,
        name="compact_renewed",
        steps=500,
        schedule_steps=2000,
        evaluate_every=250,
        numbers=NumberConfig(steps=0),
        tower=TowerConfig(image_net=False, weights=BUNDLED),
        optimizer=replace(first.optimizer, text_rate=5e-4),
    )


def compact_renewed_settled() -> RunConfig:
    """Return its continuation at falling rates, with the batch statistics that the app will use."""
    return replace(_settled(compact_renewed(), "compact_renewed_settled"), tower=TowerConfig())


def compact_asked() -> RunConfig:
    """Return the training whose pictures begin with ImageNet's weights and whose sentences with the bundled ones.

    The bundled text tower knows numbers; the bundled image tower knows its training pictures by heart.
    """
    first = compact()
    return replace(
        first,
        name="compact_asked",
        steps=450,
        schedule_steps=1500,
        evaluate_every=150,
        average=0.99,
        numbers=NumberConfig(steps=0),
        tower=TowerConfig(weights=BUNDLED, text_alone=True),
        smoothing=0.1,
        brain_weight=0.5,
        asked_weight=1.5,
        batch=replace(first.batch, asked=True, even_sub_planes=False),
        optimizer=replace(first.optimizer, text_rate=5e-4),
    )


def compact_asked_settled() -> RunConfig:
    """Return its continuation: held statistics, few sub-planes, which are known by then, and many ages."""
    first = _settled(compact_asked(), "compact_asked_settled")
    shares = dict(first.batch.shares) | {"brain": 0.18, "hc18": 0.38, "simulated": 0.08}
    batch = replace(first.batch, shares=tuple(shares.items()), aged=12)
    return replace(first, steps=700, evaluate_every=175, tower=TowerConfig(), batch=batch)


WIDE = AugmentConfig(
    zoom=(0.6, 1.25), shift=0.12, turn_deg=30.0, gamma=(0.5, 2.0), gain=(0.6, 1.5), noise=12.0, keep=0.05
)
"""Changes that go further: the same few pictures are learned by heart later (training/LOG.md, 'Wider changes')."""


def compact_wide() -> RunConfig:
    """Return `compact_asked` for a GPU: larger batches of pictures that are changed more."""
    first = compact_asked()
    return replace(
        first,
        name="compact_wide",
        steps=550,
        schedule_steps=1100,
        evaluate_every=550,
        average=0.995,
        augmentation=WIDE,
        batch=replace(first.batch, size=64, aged=16),
    )


def compact_wide_settled() -> RunConfig:
    """Return its continuation, as `compact_asked_settled` is of `compact_asked`."""
    first = compact_asked_settled()
    return replace(
        first,
        name="compact_wide_settled",
        start="compact_wide/last.pt",
        steps=400,
        evaluate_every=200,
        average=0.995,
        augmentation=WIDE,
        batch=replace(first.batch, size=64, aged=24),
    )


def _settled(first: RunConfig, name: str) -> RunConfig:
    shares = dict(first.batch.shares) | {"hc18": 0.26, "simulated": 0.04}
    return replace(
        first,
        name=name,
        start=f"{first.name}/last.pt",
        seed=8,
        steps=1000,
        schedule_steps=0,
        held_statistics=True,
        evaluate_every=250,
        average=0.99,
        batch=replace(first.batch, shares=tuple(shares.items()), aged=10),
        optimizer=replace(first.optimizer, image_rate=3e-4, text_rate=5e-4),
    )
