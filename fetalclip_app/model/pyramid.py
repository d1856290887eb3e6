"""The feature maps of an image tower, and the block that decoders on them are built of."""

from __future__ import annotations

from typing import Any

import torch
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


def pyramid_channels(network: Any) -> list[int]:
    """Return the channels of a convolutional tower's feature maps, from stride 2 to stride 32."""
    return [int(level["num_chs"]) for level in network.visual.trunk.feature_info]


def pyramid(network: Any, pictures: torch.Tensor) -> list[torch.Tensor]:
    """Return the feature maps of a convolutional tower, from stride 2 to stride 32."""
    return list(network.visual.trunk.forward_intermediates(pictures, intermediates_only=True))
