"""Trains the measurement head: end points of lines on the frozen feature maps of a finished tower."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from fetalclip_app.domain.calibration import Box
from fetalclip_app.domain.landmarks import LINES
from fetalclip_app.imaging.fan import find_fan
from fetalclip_app.imaging.preprocess import Letterbox, PreprocessSpec, crop_of
from fetalclip_app.imaging.readers import read_clip
from fetalclip_app.model.landmarks import LandmarkDecoder, cell_centres, channels_of, expected_points
from fetalclip_app.model.pyramid import pyramid, pyramid_channels
from training import augment
from training.augment import AugmentConfig, changed_input
from training.dataset import STORED_SIDE, Stored, load
from training.decoder_loop import Course, DecoderTraining, Tensors, beside, fit, frozen_maps
from training.landmarks import Marked
from training.manifest import Sample
from training.pictures import frame_of, is_still
from training.readable import Unreadable, each_readable

TRIES = 12
"""So many changes of a picture are drawn until its end points stay in sight."""


def _wide() -> AugmentConfig:
    return AugmentConfig(zoom=(0.65, 1.3), shift=0.1, turn_deg=35.0)


@dataclass(frozen=True, slots=True)
class LandmarkConfig:
    """What the end points are learned by.

    Attributes:
        shares: Structure -> share of a batch.
        bell: Standard deviation of an end point's heatmap, in network pixels.
        pull: Weight of the distance between the heatmap's mean and the end point, per network pixel.
        mirror: Share of mirrored pictures: a length has no side, unlike what captions tell.
    """

    batch: int = 16
    shares: tuple[tuple[str, float], ...] = (("head", 0.42), ("abdomen", 0.34), ("femur", 0.24))
    bell: float = 5.0
    pull: float = 0.05
    mirror: float = 0.5
    augmentation: AugmentConfig = field(default_factory=_wide)


@dataclass(frozen=True, eq=False, slots=True)
class Lined:
    """A stored picture with its lines, (lines, 2, 2) as (x, y), in pixels of the stored square."""

    stored: Stored
    structure: str
    ends: NDArray[np.float64]


def stored_lines(data: Path, marked: Sequence[Marked]) -> tuple[list[Lined], list[Unreadable]]:
    """Read pictures by the app's own road, and their lines into the stored square; list those that cannot be read."""

    def read(item: Marked) -> Lined:
        square = _square_of(data, item.sample)
        return Lined(load(data, [item.sample])[0], item.structure, square.to_model(item.ends))

    return each_readable(data, marked, lambda item: item.sample.picture, read)


def with_pictures(data: Path, marked: Sequence[Marked]) -> tuple[list[Marked], list[Unreadable]]:
    """Return the landmarks whose picture can be read, and the others."""

    def read(item: Marked) -> Marked:
        _square_of(data, item.sample)
        return item

    return each_readable(data, marked, lambda item: item.sample.picture, read)


def _square_of(data: Path, sample: Sample) -> Letterbox:
    """Return the stored square of a file's picture, as `load` cuts it: of a clip's frame the fan within its crop."""
    clip = read_clip(data / sample.picture)
    crop = crop_of(clip)
    if not is_still(sample):
        fan = find_fan(frame_of(data, sample))
        left, top = crop.left, crop.top
        crop = Box(left + fan.left, top + fan.top, left + fan.right, top + fan.bottom)
    return Letterbox(crop, STORED_SIDE)


def train(
    network: Any,
    lined: Sequence[Lined],
    config: LandmarkConfig,
    training: DecoderTraining,
    course: Course,
) -> LandmarkDecoder:
    """Return a decoder trained on frozen features.

    Raises:
        NotFinite: The loss; the batch that caused it lies in the folder.
    """
    torch.manual_seed(training.seed)
    spec = PreprocessSpec(size=network.visual.image_size[0])
    network = network.eval().requires_grad_(False)
    decoder = beside(network, LandmarkDecoder(pyramid_channels(network)).to(memory_format=torch.channels_last))

    def loss_of(learning: Any, batch: Tensors) -> torch.Tensor:
        pictures, truth, known = batch
        return landmark_loss(learning(frozen_maps(pyramid, network, pictures)), truth, known, config)

    def draw_batch(rng: np.random.Generator) -> Tensors:
        return draw(lined, spec, config, rng)

    mean = fit(decoder, draw_batch, loss_of, training, course)
    assert isinstance(mean, LandmarkDecoder)
    return mean


def draw(lined: Sequence[Lined], spec: PreprocessSpec, config: LandmarkConfig, rng: np.random.Generator) -> Tensors:
    """Return pictures (N, 3, S, S), end points (N, K, 2) in network pixels, and which are known (N, K)."""
    pools = {name: [item for item in lined if item.structure == name] for name, _ in config.shares}
    shares = [(name, share) for name, share in config.shares if pools[name]]
    weights = np.array([share for _, share in shares])
    chosen = rng.choice(len(shares), config.batch, p=weights / weights.sum())
    count = sum(2 * len(lines) for lines in LINES.values())
    pictures: list[NDArray[np.float32]] = []
    truth = np.zeros((config.batch, count, 2), np.float32)
    known = np.zeros((config.batch, count), bool)
    for row, number in enumerate(chosen):
        name = shares[int(number)][0]
        item = pools[name][int(rng.integers(len(pools[name])))]
        picture, points = _changed(item, spec, config, rng)
        pictures.append(picture)
        where = channels_of()[name]
        truth[row, where], known[row, where] = points, _in_sight(points, spec.size)
    batch = torch.from_numpy(np.stack(pictures)).contiguous(memory_format=torch.channels_last)
    return batch, torch.from_numpy(truth), torch.from_numpy(known)


def _changed(
    item: Lined, spec: PreprocessSpec, config: LandmarkConfig, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return a changed picture and its end points, (points, 2), in network pixels."""
    grey, ends = item.stored.grey, item.ends.reshape(-1, 2)
    if rng.random() < config.mirror:
        grey = np.ascontiguousarray(grey[:, ::-1])
        ends = np.stack([STORED_SIDE - 1 - ends[:, 0], ends[:, 1]], axis=1)
    for _ in range(TRIES):
        geometry = augment.random_geometry(spec.size, STORED_SIDE, config.augmentation, rng)
        points = _moved(ends, geometry)
        if _in_sight(points, spec.size).all():
            break
    else:
        geometry = augment.plain(spec.size, STORED_SIDE)
        points = _moved(ends, geometry)
    return changed_input(grey, geometry, spec, config.augmentation, rng), points


def _moved(points: NDArray[np.float64], geometry: augment.Geometry) -> NDArray[np.float64]:
    moved: NDArray[np.float64] = points @ geometry.matrix[:, :2].T + geometry.matrix[:, 2]
    return moved


def _in_sight(points: NDArray[np.float64], size: int) -> NDArray[np.bool_]:
    return np.asarray(((points >= 0) & (points <= size - 1)).all(axis=-1), bool)


def landmark_loss(
    logits: torch.Tensor, truth: torch.Tensor, known: torch.Tensor, config: LandmarkConfig
) -> torch.Tensor:
    """Return the mean cost of a line under the better of the two ways to name its ends.

    Args:
        logits: (N, K, H, W), heatmaps two by two.
        truth: (N, K, 2), end points as (x, y) in network pixels.
        known: bool, (N, K); a line counts where both its ends are known.
    """
    mean, _ = expected_points(logits)
    shares_NKC = F.log_softmax(logits.float().flatten(2), dim=-1)
    target_NKC = bells(truth, (logits.shape[-2], logits.shape[-1]), config.bell)

    def cost(maps: slice, points: slice) -> torch.Tensor:
        entropy = -(target_NKC[:, points] * shares_NKC[:, maps]).sum(-1)
        return entropy + config.pull * (mean[:, maps] - truth[:, points]).abs().sum(-1)

    first, second = slice(0, None, 2), slice(1, None, 2)
    straight = cost(first, first) + cost(second, second)
    crossed = cost(first, second) + cost(second, first)
    counts = known[:, first] & known[:, second]
    total: torch.Tensor = torch.minimum(straight, crossed)[counts].sum() / counts.sum().clamp_min(1)
    return total


def bells(points: torch.Tensor, shape: tuple[int, int], deviation: float) -> torch.Tensor:
    """Return a bell around each point, (N, K, H * W), each of sum one.

    Args:
        points: (N, K, 2) as (x, y), in network pixels, as is ``deviation``.
        shape: (H, W), cells.
    """
    across = _bell(points[..., 0], shape[1], deviation)
    down = _bell(points[..., 1], shape[0], deviation)
    return (down[..., :, None] * across[..., None, :]).flatten(-2)


def _bell(values: torch.Tensor, count: int, deviation: float) -> torch.Tensor:
    height = -0.5 * ((cell_centres(count, values.device) - values[..., None]) / deviation) ** 2
    return torch.softmax(height, dim=-1)
