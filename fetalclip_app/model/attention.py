"""Attention of a reading's blocks: by torch's fused kernel, in lengths that tiles like, or as two products."""

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
    return mixed(query, key, value)


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
    return mixed(query[:, :, :length], key, value, mask)


def as_two_products(parts: torch.Tensor) -> torch.Tensor:
    """Mix by two products of matrices and a softmax between them, for a picture after the other.

    The fused kernel multiplies bf16 in steps that are too small for a processor without tiles. The scores are rounded
    to the parts' type; those of one picture (2 MB of a ViT-L/14 in bf16) stay in the processor's caches.
    """
    count, length, _, heads, width = parts.shape
    found = parts.new_empty(count, length, heads, width)
    for picture, into in zip(parts, found, strict=True):
        query, key, value = picture.permute(1, 2, 0, 3).contiguous()
        scores = torch.bmm(query * width**-0.5, key.transpose(1, 2))
        torch.softmax(scores, dim=-1, out=scores)
        into.copy_(torch.bmm(scores, value).transpose(0, 1))
    return found.flatten(2)


def mixed(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor | None = None
) -> torch.Tensor:
    """Return what queries (N, H, Q, D) mix of keys and values (N, H, L, D), all heads side by side: (N, Q, H * D)."""
    return F.scaled_dot_product_attention(query, key, value, attn_mask=mask).transpose(1, 2).flatten(2)
