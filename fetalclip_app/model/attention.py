"""Attention of a reading's blocks, by torch's fused kernel: of the parts as they lie, or in lengths that tiles like."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn import functional as F

Attention = Callable[[torch.Tensor], torch.Tensor]
"""Queries, keys and values of all heads, (N, L, 3, H, D), to what they mix, (N, L, H * D)."""

TILE = 32
"""Numbers of 16 bits in a row of a tile."""


def as_they_lie(parts: torch.Tensor) -> torch.Tensor:
    """Mix the parts where the projection left them."""
    query, key, value = parts.permute(2, 0, 3, 1, 4)
    return _side_by_side(F.scaled_dot_product_attention(query, key, value))


def in_whole_tiles(parts: torch.Tensor) -> torch.Tensor:
    """Mix a copy whose keys and values fill whole tiles; what was added is masked, and adds nothing.

    A ViT-L/14 has 257 keys, an odd number, for which the kernel copies keys and values in each of its steps.
    """
    count, length, three, heads, width = parts.shape
    filled = -(-length // TILE) * TILE
    copied = parts.new_zeros(three, count, heads, filled, width)
    copied[..., :length, :] = parts.permute(2, 0, 3, 1, 4)
    query, key, value = copied
    mask = parts.new_zeros(1, 1, 1, filled)
    mask[..., length:] = -torch.inf
    return _side_by_side(F.scaled_dot_product_attention(query[:, :, :length], key, value, attn_mask=mask))


def _side_by_side(mixed: torch.Tensor) -> torch.Tensor:
    """Return what the heads mixed, (N, H, L, D), with all heads of a place side by side."""
    return mixed.transpose(1, 2).flatten(2)
