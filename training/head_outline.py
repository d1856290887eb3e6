"""Trains the mask head for the fetal head on a finished backbone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from fetalclip_app.biometry.ellipse import filled_ellipse
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.imaging.preprocess import PreprocessSpec
from fetalclip_app.model.heads import PyramidDecoder
from fetalclip_app.model.pyramid import pyramid, pyramid_channels
from training import augment
from training.augment import AugmentConfig, changed_input
from training.dataset import STORED_SIDE, Stored


def _wide() -> AugmentConfig:
    return AugmentConfig(zoom=(0.65, 1.25), shift=0.1, turn_deg=35.0)


@dataclass(frozen=True, slots=True)
class OutlineConfig:
    """The training of the mask head; the backbone stays as it is."""

    steps: int = 1200
    batch: int = 12
    rate: float = 2e-3
    weight_decay: float = 1e-4
    average: float = 0.99
    seed: int = 11
    shares: tuple[tuple[str, float], ...] = (("hc18", 0.65), ("fetal_planes", 0.15), ("simulated", 0.2))
    augmentation: AugmentConfig = field(default_factory=_wide)


@dataclass(frozen=True, eq=False, slots=True)
class Outlined:
    """A stored picture with its head's ellipse, in pixels of the stored square."""

    stored: Stored
    ellipse: Ellipse


def mask_under(ellipse: Ellipse, geometry: augment.Geometry, size: int) -> NDArray[np.float32]:
    """Return the filled ellipse under a similarity: float32, (size, size), soft at its edge."""
    matrix = geometry.matrix
    cx, cy = matrix @ np.array([ellipse.cx, ellipse.cy, 1.0])
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    turn = float(np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0])))
    fine = 2
    centre = (np.array([cx, cy]) + 0.5) * fine - 0.5
    moved = Ellipse(
        float(centre[0]), float(centre[1]), ellipse.a * scale * fine, ellipse.b * scale * fine, ellipse.angle_deg + turn
    )
    filled = filled_ellipse(moved, size * fine, size * fine).astype(np.float32)
    soft: NDArray[np.float32] = filled.reshape(size, fine, size, fine).mean(axis=(1, 3))
    return soft


def train(network: Any, outlined: Sequence[Outlined], spec: PreprocessSpec, config: OutlineConfig) -> PyramidDecoder:
    """Return a decoder trained on frozen features; prints its loss as it goes.

    Raises:
        FloatingPointError: The loss is not finite.
    """
    torch.manual_seed(config.seed)
    rng = np.random.default_rng(config.seed)
    network = network.eval().requires_grad_(False)
    decoder = PyramidDecoder(pyramid_channels(network)).to(memory_format=torch.channels_last)
    mean = torch.optim.swa_utils.AveragedModel(
        decoder,
        multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(config.average),  # type: ignore[no-untyped-call]
    )
    optimizer = torch.optim.AdamW(decoder.parameters(), lr=config.rate, weight_decay=config.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, config.rate, total_steps=config.steps, pct_start=0.1)
    pools = _pools(outlined, config)
    losses: list[float] = []
    for step in range(config.steps):
        pictures, masks = _draw(pools, spec, config, rng)
        with torch.inference_mode():
            maps = pyramid(network, pictures)
        logits = decoder(pictures, [level.clone() for level in maps])[:, 0]
        loss = outline_loss(logits, masks)
        if not torch.isfinite(loss):
            raise FloatingPointError(f"the loss is {loss.item()} at step {step}")
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        mean.update_parameters(decoder)
        losses.append(loss.item())
        if (step + 1) % 50 == 0:
            print(f'{{"step": {step + 1}, "loss": {np.mean(losses[-50:]):.4f}}}', flush=True)
    return mean.module  # type: ignore[return-value]


def outline_loss(logits: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
    """Return binary cross-entropy plus one minus the soft Dice of each picture, (N, S, S) both."""
    share = torch.sigmoid(logits)
    both = (share * masks).sum(dim=(1, 2))
    dice = (2 * both + 1) / (share.sum(dim=(1, 2)) + masks.sum(dim=(1, 2)) + 1)
    return F.binary_cross_entropy_with_logits(logits, masks) + (1 - dice).mean()


def _pools(outlined: Sequence[Outlined], config: OutlineConfig) -> list[tuple[float, list[Outlined]]]:
    pools = [(share, [item for item in outlined if item.stored.sample.source == kind]) for kind, share in config.shares]
    return [(share, pool) for share, pool in pools if pool]


def _draw(
    pools: list[tuple[float, list[Outlined]]], spec: PreprocessSpec, config: OutlineConfig, rng: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    shares = np.array([share for share, _ in pools])
    kinds = rng.choice(len(pools), config.batch, p=shares / shares.sum())
    pictures, masks = [], []
    for kind in kinds:
        pool = pools[int(kind)][1]
        item = pool[int(rng.integers(len(pool)))]
        geometry = augment.random_geometry(spec.size, STORED_SIDE, config.augmentation, rng)
        pictures.append(changed_input(item.stored.grey, geometry, spec, config.augmentation, rng))
        masks.append(mask_under(item.ellipse, geometry, spec.size))
    batch = torch.from_numpy(np.stack(pictures)).contiguous(memory_format=torch.channels_last)
    return batch, torch.from_numpy(np.stack(masks))
