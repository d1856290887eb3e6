"""The compact CLIP that the program bundles."""

from __future__ import annotations

from training.config import RunConfig


def compact() -> RunConfig:
    """Return the contrastive training of the bundled model."""
    return RunConfig(name="compact", steps=1100)
