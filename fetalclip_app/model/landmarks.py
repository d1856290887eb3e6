"""A head that finds the end points of measured lines on the feature maps of one very set of weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import nn

from fetalclip_app.domain.backbone import Batch
from fetalclip_app.domain.landmarks import LINES, LineEnds, LineError
from fetalclip_app.model.encoder import TorchBackbone
from fetalclip_app.model.pyramid import Climb, pyramid

WIDTHS = (128, 96, 64, 64)
"""Channels from stride 32 to stride 4."""

STRIDE = 4
"""Network pixels for each cell of a heatmap."""

PICTURES_AT_ONCE = 8

NEAR_CELLS = 3
"""Cells around a heatmap's peak whose mean is the end point: 2.4 standard deviations of the bell that is learned.

The whole heatmap's mean lies too far inside the line: a part of its weight lies at the other end, for nothing tells
the two apart (training/LOG.md).
"""

ENDS = f"mean of {NEAR_CELLS} cells around the peak"
"""How an end point is read off its heatmap: a head's errors and limits were measured by it, and its JSON says so."""


def channels_of() -> dict[str, slice]:
    """Return structure -> its heatmaps: two for each of its lines, one after the other."""
    found, start = {}, 0
    for structure, lines in LINES.items():
        found[structure] = slice(start, start + 2 * len(lines))
        start += 2 * len(lines)
    return found


class LandmarkDecoder(Climb):
    """From feature maps at strides 32 to 4 to one heatmap for each end point of `LINES`.

    Args:
        channels: Of the feature maps, from stride 2 to stride 32.
    """

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__(channels[-len(WIDTHS) :], WIDTHS)
        self.last = nn.Conv2d(WIDTHS[-1], sum(2 * len(lines) for lines in LINES.values()), 1)

    def forward(self, maps: Sequence[torch.Tensor]) -> torch.Tensor:
        """Return logits, (N, end points, S / 4, S / 4), for feature maps, stride 2 first."""
        logits: torch.Tensor = self.last(self.climb(maps[-len(WIDTHS) :]))
        return logits


def expected_points(logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return each heatmap's mean as (x, y), (N, K, 2), and its standard deviation, (N, K), in network pixels.

    Args:
        logits: (N, K, H, W); their softmax over the cells is the heatmap.
    """
    height, width = logits.shape[-2:]
    share = torch.softmax(logits.float().flatten(2), dim=-1).reshape(logits.shape)
    x, y = cell_centres(width, logits.device), cell_centres(height, logits.device)
    across, down = share.sum(dim=2), share.sum(dim=3)
    mean = torch.stack([(across * x).sum(-1), (down * y).sum(-1)], dim=-1)
    variance = (across * (x - mean[..., :1]) ** 2).sum(-1) + (down * (y - mean[..., 1:]) ** 2).sum(-1)
    return mean, variance.clamp_min(0).sqrt()


def peak_points(logits: torch.Tensor) -> torch.Tensor:
    """Return the mean of each heatmap's surroundings of its peak as (x, y), (N, K, 2), in network pixels.

    Args:
        logits: (N, K, H, W), as of `expected_points`.
    """
    height, width = logits.shape[-2:]
    share = torch.softmax(logits.float().flatten(2), dim=-1).reshape(logits.shape)
    peak = F.avg_pool2d(share, 3, stride=1, padding=1).flatten(2).argmax(dim=-1)[..., None, None]
    rows = torch.arange(height, device=logits.device)[:, None]
    columns = torch.arange(width, device=logits.device)
    distance = (rows - peak // width) ** 2 + (columns - peak % width) ** 2
    mean, _ = expected_points(logits.masked_fill(distance > NEAR_CELLS**2, float("-inf")))
    return mean


def cell_centres(count: int, device: torch.device | None = None) -> torch.Tensor:
    """Return where the cells of a heatmap lie, in network pixels."""
    return (torch.arange(count, device=device, dtype=torch.float32) + 0.5) * STRIDE - 0.5


class LandmarkHead:
    """A decoder on a backbone's feature maps, behind the `Landmarker` protocol.

    Args:
        facts: The head's own JSON: licence, and the spread limits and errors of validation patients.
    """

    def __init__(
        self, backbone: TorchBackbone, decoder: LandmarkDecoder, identity: tuple[str, str], facts: Mapping[str, Any]
    ) -> None:
        self._backbone = backbone
        self._identity = identity
        self._licence = str(facts["licence"])
        self._limits = {str(key): float(value) for key, value in facts["spread_limit"].items()}
        self._errors = {
            str(name): LineError(float(told["error_mm"]), float(told["bias_mm"]), int(told["pictures"]))
            for name, told in facts.get("validation", {}).items()
            if told.get("error_mm") is not None
        }
        self._decoder = decoder.eval().requires_grad_(False)

    @property
    def identity(self) -> tuple[str, str]:
        """Name and SHA-256 of the head's own weights."""
        return self._identity

    @property
    def licence(self) -> str:
        """Of the head's own file."""
        return self._licence

    def spread_limit(self, structure: str) -> float:
        """Return the spread beyond which a line is not given."""
        return self._limits[structure]

    def error(self, name: str) -> LineError | None:
        """Return how far a line's lengths were off on validation patients."""
        return self._errors.get(name)

    def find(self, batch: Batch, structure: str) -> LineEnds:
        """Return the ends of the structure's lines in network pixels.

        Raises:
            ComputeFailed: Memory ran out, or the device failed.
        """
        wanted = channels_of()[structure]

        def points(network: torch.nn.Module, part: Batch) -> torch.Tensor:
            logits = self._logits(network, part)[:, wanted]
            _, spread = expected_points(logits)
            return torch.cat([peak_points(logits), spread[..., None]], dim=-1)

        return _line_ends(self._backbone.run(points, batch, PICTURES_AT_ONCE))

    def _logits(self, network: torch.nn.Module, batch: Batch) -> torch.Tensor:
        pictures = self._backbone.to_device(batch)
        logits: torch.Tensor = self._decoder.to(pictures.device)(pyramid(network, pictures))
        return logits


def _line_ends(found: NDArray[np.float32]) -> LineEnds:
    """Return lines from end points: (N, K, 3) as x, y, deviation."""
    pairs = found.reshape(len(found), -1, 2, 3)
    points, deviation = pairs[..., :2], pairs[..., 2].max(axis=-1)
    length = np.linalg.norm(points[:, :, 0] - points[:, :, 1], axis=-1)
    return LineEnds(points.astype(np.float32), (deviation / np.maximum(length, 1.0)).astype(np.float32))
