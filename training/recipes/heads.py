"""Heads on a frozen image tower."""

from __future__ import annotations

import os

from training.head_outline import OutlineConfig
from training.mask_head import MaskConfig
from training.measurement import MeasurementConfig

WEIGHTS = "FETALCLIP_WEIGHTS"
"""Path of the released weights, which the program does not bring. Whoever sets it has accepted their licence."""


def outline_head() -> OutlineConfig:
    """Return the training of the head's outline on the compact model's tower."""
    return OutlineConfig()


def measurement_head() -> MeasurementConfig:
    """Return the training of BPD, OFD, abdomen diameters and femur length from landmarks."""
    return MeasurementConfig()


def mask_head() -> MaskConfig:
    """Return the training of skull, cavum and lateral ventricle on the compact model's tower."""
    return MaskConfig()


def mask_head_fetalclip() -> MaskConfig:
    """Return the same on the released ViT-L/14, whose file the variable `WEIGHTS` names; its rate is the published."""
    return MaskConfig(name="mask_head_fetalclip", model="fetalclip", rate=3e-4, weights=os.environ.get(WEIGHTS, ""))
