"""The large layers of a text tower's blocks: as torch has them, or laid out once for many texts."""

from __future__ import annotations

import logging
from typing import Any

import torch
from open_clip.transformer import ResidualAttentionBlock

from fetalclip_app.model.device import CPU
from fetalclip_app.model.linear_kinds import Kind, packed, plain

_ROWS_AT_ONCE = 512
"""Of the wide layer between: more no longer fit a processor's caches (measured: a tenth slower at 2,700 rows)."""

_ALIKE = 1e-5
"""So far what a copy says may be from what torch's own layer says, in units of the largest number: rounding."""

_ROWS_TRIED = 16

_log = logging.getLogger(__name__)


def are_plain(tower: Any) -> bool:
    """Whether a tower's blocks are two or more of open_clip's plain ones: their parts are called one by one."""
    blocks = getattr(getattr(tower, "transformer", None), "resblocks", ())
    return len(blocks) > 1 and all(_is_plain(block) for block in blocks)


def _is_plain(block: Any) -> bool:
    attention = getattr(block, "attn", None)
    return (
        type(block) is ResidualAttentionBlock
        and type(attention) is torch.nn.MultiheadAttention
        and attention.in_proj_weight is not None
        and attention.in_proj_bias is not None
        and attention.bias_k is None
        and not attention.add_zero_attn
        and not hasattr(block, "ln_1_kv")
    )


class BlockLayers:
    """One block's parts, for rows (P, W) that stand in any order.

    Args:
        at_ends: Few rows ask, and all tell.
    """

    def __init__(self, block: Any, kind: Kind, *, at_ends: bool = False) -> None:
        attention, layers = block.attn, block.mlp
        self.heads = int(attention.num_heads)
        self._block = block
        self.width = width = int(attention.embed_dim)
        cuts = [width, 2 * width] if at_ends else [3 * width]
        weights, biases = attention.in_proj_weight.split(cuts), attention.in_proj_bias.split(cuts)
        self._projections = [kind(weight, bias) for weight, bias in zip(weights, biases, strict=True)]
        self._out = kind(attention.out_proj.weight, attention.out_proj.bias)
        self._widen = kind(layers.c_fc.weight, layers.c_fc.bias, layers.gelu)
        self._narrow = kind(layers.c_proj.weight, layers.c_proj.bias)

    def told(self, x_PW: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the queries of all rows, (P, W), and their keys and values side by side, (P, 2 W)."""
        (project,) = self._projections
        told = project(self._block.ln_1(x_PW))
        return told[:, : self.width], told[:, self.width :]

    def told_at(self, x_PW: torch.Tensor, ends: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the queries of some rows, and the keys and values of all."""
        ask, tell = self._projections
        seen = self._block.ln_1(x_PW)
        return ask(seen[ends]), tell(seen)

    def onwards(self, x_PW: torch.Tensor, attended_PW: torch.Tensor) -> torch.Tensor:
        """Return the block's answer to rows whose attention is there."""
        block = self._block
        x_PW = x_PW + block.ls_1(self._out(attended_PW))
        for rows in torch.split(x_PW, _ROWS_AT_ONCE):
            rows.add_(block.ls_2(self._narrow(self._widen(block.ln_2(rows)))))
        return x_PW


class Layers:
    """Hands out each block's layers.

    Args:
        laid_out: Keep copies of all weights as the processor multiplies them, for as long as this lives: laying them
            out takes as long as a pass of some hundred places, and torch does it anew at each call. Where that is
            not possible, or rows would differ, the layers are torch's own.
    """

    def __init__(self, *, laid_out: bool = False) -> None:
        self._laid_out = laid_out
        self._kept: dict[Any, BlockLayers] = {}

    def of(self, block: Any, *, at_ends: bool = False) -> BlockLayers:
        """Return a block's layers."""
        own = BlockLayers(
            block, plain(block.get_weight_dtype(), str(block.attn.in_proj_weight.device)), at_ends=at_ends
        )
        return (self._kept.get(block) or self._copied(block, own, at_ends=at_ends)) if self._laid_out else own

    def _copied(self, block: Any, own: BlockLayers, *, at_ends: bool) -> BlockLayers:
        weight = block.attn.in_proj_weight
        if weight.device.type != CPU or weight.dtype != torch.float32:
            return own
        try:
            copied = BlockLayers(block, packed(torch.float32), at_ends=at_ends)
            if self._kept or _agree(copied, own):
                self._kept[block] = copied
                return copied
            reason = "rows differ"
        except (RuntimeError, MemoryError, AttributeError) as error:  # an operator that is not there, or no memory
            reason = str(error)
        _log.info("layers of texts are torch's own: %s", reason)
        self._laid_out = False
        self._kept.clear()
        return own


def _agree(copied: BlockLayers, own: BlockLayers) -> bool:
    """Whether both say the same of a few rows, but for rounding."""
    rows = torch.randn(_ROWS_TRIED, own.width, generator=torch.Generator().manual_seed(0))
    pairs = zip(
        (*copied.told(rows), copied.onwards(rows, rows)), (*own.told(rows), own.onwards(rows, rows)), strict=True
    )
    return all(float((found - expected).abs().max() / expected.abs().max()) <= _ALIKE for found, expected in pairs)
