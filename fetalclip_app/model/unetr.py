"""A UNETR-style decoder on the inner features of a vision transformer, as FetalCLIP's segmentation probe has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

FILTERS = 32
"""Of the finest level (FetalCLIP, probing/segmentation_hc: ``init_filters``)."""

GRID = 16
"""The features are laid on a grid of the picture's side over this: four doublings lead back to the picture."""


def skip_blocks(layers: int) -> tuple[int, ...]:
    """Return the blocks, from 0, whose outputs the decoder sees, finest first: 6, 8, 12 and 24 (from 1) of 24.

    Source: FetalCLIP, probing/segmentation_hc: hooks on n // i - 1 for i = 4, 3, 2, 1; its figure says otherwise.
    """
    return tuple(max(layers // part, 1) - 1 for part in (4, 3, 2, 1))


def token_maps(network: Any, pictures: torch.Tensor) -> list[torch.Tensor]:
    """Return the patch tokens of `skip_blocks` as maps, (N, D, S / 16, S / 16), finest block first."""
    visual = network.visual
    wanted = skip_blocks(len(visual.transformer.resblocks))
    # Small towers ask the same block twice; the library returns each once.
    found = visual.forward_intermediates(pictures, indices=sorted(set(wanted)), intermediates_only=True)
    maps = dict(zip(sorted(set(wanted)), found["image_intermediates"], strict=True))
    side = pictures.shape[-1] // GRID
    return [F.interpolate(maps[block], size=(side, side), mode="bilinear") for block in wanted]


def _separable(inside: int, outside: int) -> list[nn.Module]:
    return [
        nn.Conv2d(inside, inside, 3, padding=1, groups=inside, bias=False),
        nn.Conv2d(inside, outside, 1, bias=False),
        nn.BatchNorm2d(outside),
        nn.ReLU(),
    ]


def _up(inside: int, outside: int) -> nn.Sequential:
    """Return a doubling of the side: each channel on its own, then a separable convolution."""
    return nn.Sequential(nn.ConvTranspose2d(inside, inside, 2, 2, groups=inside), *_separable(inside, outside))


def _twice(inside: int, outside: int) -> nn.Sequential:
    return nn.Sequential(*_separable(inside, outside), *_separable(outside, outside))


class UnetrDecoder(nn.Module):
    """From tokens of four blocks and the picture to one mask for each structure.

    Args:
        width: Channels of the tokens.
        structures: How many masks.
    """

    def __init__(self, width: int, structures: int, filters: int = FILTERS) -> None:
        super().__init__()
        f8, f4, f2 = 8 * filters, 4 * filters, 2 * filters
        self.deepest = nn.Sequential(_up(width, f8), *_separable(f8, f8))
        self.middle = _up(width, f8)
        self.early = nn.Sequential(_up(width, f8), _up(f8, f4))
        self.first = nn.Sequential(_up(width, f8), _up(f8, f4), _up(f4, f2))
        self.picture = _twice(3, filters)
        self.joins = nn.ModuleList(
            [_twice(2 * f8, f8), _twice(2 * f4, f4), _twice(2 * f2, f2), _twice(2 * filters, filters)]
        )
        self.doublings = nn.ModuleList([_up(f8, f4), _up(f4, f2), _up(f2, filters)])
        self.last = nn.Conv2d(filters, structures, 1)

    def forward(self, pictures: torch.Tensor, maps: Sequence[torch.Tensor]) -> torch.Tensor:
        """Return logits, (N, structures, S, S), for pictures (N, 3, S, S) and `token_maps`."""
        first, early, middle, deepest = maps
        skips = (self.middle(middle), self.early(early), self.first(first), self.picture(pictures))
        state = self.deepest(deepest)
        for step, (join, skip) in enumerate(zip(self.joins, skips, strict=True)):
            state = join(torch.cat([state, skip], dim=1))
            if step < len(self.doublings):
                state = self.doublings[step](state)
        logits: torch.Tensor = self.last(state)
        return logits


def token_width(network: Any) -> int:
    """Return the channels of the tokens of open_clip's own vision transformer."""
    return int(network.visual.transformer.width)
