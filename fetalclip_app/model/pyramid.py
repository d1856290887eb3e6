"""The feature maps of an image tower, and the climb that decoders on them share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn


def mix(inside: int, outside: int) -> nn.Sequential:
    """Return two steps: across the channels, then a 3 x 3 neighbourhood of each."""
    return nn.Sequential(
        nn.Conv2d(inside, outside, 1, bias=False),
        nn.GroupNorm(8, outside),
        nn.ReLU(),
        nn.Conv2d(outside, outside, 3, padding=1, groups=outside, bias=False),
        nn.Conv2d(outside, outside, 1, bias=False),
        nn.GroupNorm(8, outside),
        nn.ReLU(),
    )


class Climb(nn.Module):
    """From the deepest of several feature maps to the finest: each is mixed into what came up from below.

    Args:
        channels: Of the feature maps, finest first.
        widths: Of what comes up, deepest first: one for each feature map.
    """

    def __init__(self, channels: Sequence[int], widths: Sequence[int]) -> None:
        super().__init__()
        deep_first = list(reversed(channels))
        self.start = mix(deep_first[0], widths[0])
        self.steps = nn.ModuleList(
            mix(above + skip, width) for above, skip, width in zip(widths[:-1], deep_first[1:], widths[1:], strict=True)
        )

    def climb(self, maps: Sequence[torch.Tensor]) -> torch.Tensor:
        """Return (N, last width, side, side of the finest map), for feature maps, finest first."""
        deep_first = list(reversed(maps))
        state: torch.Tensor = self.start(deep_first[0])
        for step, skip in zip(self.steps, deep_first[1:], strict=True):
            state = step(torch.cat([F.interpolate(state, size=skip.shape[-2:], mode="bilinear"), skip], dim=1))
        return state


def pyramid_channels(network: Any) -> list[int]:
    """Return the channels of a convolutional tower's feature maps, from stride 2 to stride 32."""
    return [int(level["num_chs"]) for level in network.visual.trunk.feature_info]


def pyramid(network: Any, pictures: torch.Tensor) -> list[torch.Tensor]:
    """Return the feature maps of a convolutional tower, from stride 2 to stride 32."""
    return list(network.visual.trunk.forward_intermediates(pictures, intermediates_only=True))
