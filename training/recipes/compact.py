"""The compact CLIP that the program bundles: two runs, one after the other."""

from __future__ import annotations

from dataclasses import replace

from training.config import RunConfig


def compact() -> RunConfig:
    """Return the contrastive training from ImageNet's weights."""
    return RunConfig(name="compact", steps=1100)


def compact_sub_planes() -> RunConfig:
    """Return its continuation, with more brain pictures: sub-planes had learned least."""
    first = compact()
    shares = dict(first.batch.shares) | {"brain": 0.42, "hc18": 0.20, "simulated": 0.04}
    return replace(
        first,
        name="compact_sub_planes",
        start=f"{first.name}/last.pt",
        seed=8,
        steps=500,
        evaluate_every=250,
        average=0.98,
        brain_weight=1.5,
        batch=replace(first.batch, shares=tuple(shares.items()), aged=7),
        optimizer=replace(first.optimizer, image_rate=4e-4, text_rate=5e-4),
    )
