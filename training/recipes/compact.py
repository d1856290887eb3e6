"""The compact CLIP that the program bundles."""

from __future__ import annotations

from dataclasses import replace

from training.config import RunConfig
from training.dataset import BatchConfig


def compact() -> RunConfig:
    """Return the contrastive training from ImageNet's weights."""
    batch = BatchConfig()
    shares = dict(batch.shares) | {"brain": 0.33, "hc18": 0.24, "distractor": 0.06, "simulated": 0.05}
    return RunConfig(
        name="compact",
        steps=2400,
        evaluate_every=300,
        brain_weight=1.5,
        batch=replace(batch, shares=tuple(shares.items()), aged=8),
    )
