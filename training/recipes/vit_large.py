"""FetalCLIP's own shape, ViT-L/14 with a text context of 117, from any open_clip checkpoint of that shape."""

from __future__ import annotations

from dataclasses import replace

from training.config import OptimizerConfig, RunConfig, StepConfig
from training.dataset import BatchConfig
from training.number_sense import NumberConfig
from training.recipes.compact import compact
from training.towers import TowerConfig


def vit_large() -> RunConfig:
    """Return the contrastive training on one card.

    FetalCLIP's own optimiser is not published. Rates, decay, warm-up and the cosine are those of the nearest
    published recipe, MobileFetalCLIP's (configs/default.yaml); batch and steps are our choice. A checkpoint
    that was trained with QuickGELU, as OpenAI's own, needs ``quick_gelu`` in the tower: weights do not tell.
    """
    shares = compact().batch.shares
    return RunConfig(
        name="vit_large",
        steps=5000,
        batch=replace(BatchConfig(), size=512, shares=shares, aged=128),
        optimizer=OptimizerConfig(image_rate=1e-5, text_rate=1e-5, weight_decay=0.1, warm_up=500),
        numbers=replace(NumberConfig(), steps=0),
        frozen_stages=0,
        average=0.999,
        evaluate_every=500,
        tower=TowerConfig(shape="fetalclip", needs_weights=True),
        step=StepConfig(micro_batch=128, precision="bf16", recompute=True, device="cuda"),
    )


def vit_large_sharded() -> RunConfig:
    """Return the same training with weights, gradients, moments and running mean spread over the cards."""
    first = vit_large()
    return replace(first, name="vit_large_sharded", step=replace(first.step, sharded=True))
