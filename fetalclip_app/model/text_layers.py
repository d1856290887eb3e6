"""The large layers of a text tower's blocks: as torch has them, or laid out once for many texts."""

from __future__ import annotations

import logging
import math
from typing import Any, TypeVar

import torch

from fetalclip_app.model.device import CPU
from fetalclip_app.model.linear_kinds import Kind, packed, plain
from fetalclip_app.model.vit_tower import is_plain

_ROWS_AT_ONCE = 512
"""Of the wide layer between: more no longer fit a processor's caches (measured: a tenth slower at 2,700 rows)."""

_ALIKE = 1e-5
"""So far what a copy says may be from what torch's own layer says, in units of the largest number: rounding."""

_ROWS_TRIED = 16

_log = logging.getLogger(__name__)


def are_plain(tower: Any) -> bool:
    """Whether a tower's blocks are two or more of open_clip's plain ones: their parts are called one by one."""
    blocks = getattr(getattr(tower, "transformer", None), "resblocks", ())
    return len(blocks) > 1 and all(is_plain(block) for block in blocks)


class BlockLayers:
    """One block's parts, for rows (P, W) that stand in any order."""

    def __init__(self, block: Any, kind: Kind) -> None:
        attention, layers = block.attn, block.mlp
        self.heads, self.width = int(attention.num_heads), int(attention.embed_dim)
        self._block = block
        self._prepare(kind, attention.in_proj_weight, attention.in_proj_bias)
        self._out = kind(attention.out_proj.weight, attention.out_proj.bias)
        self._widen = kind(layers.c_fc.weight, layers.c_fc.bias, layers.gelu)
        self._narrow = kind(layers.c_proj.weight, layers.c_proj.bias)

    def _prepare(self, kind: Kind, weight: torch.Tensor, bias: torch.Tensor) -> None:
        self._project = kind(weight, bias)

    def seen(self, x_PW: torch.Tensor) -> torch.Tensor:
        """Return what rows say to attention."""
        seen: torch.Tensor = self._block.ln_1(x_PW)
        return seen

    def told(self, x_PW: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the queries of all rows, (P, W), and their keys and values side by side, (P, 2 W)."""
        told = self._project(self.seen(x_PW))
        return told[:, : self.width], told[:, self.width :]

    def onwards(self, x_PW: torch.Tensor, attended_PW: torch.Tensor) -> torch.Tensor:
        """Return the block's answer to rows whose attention is there."""
        block = self._block
        x_PW = x_PW + block.ls_1(self._out(attended_PW))
        for rows in torch.split(x_PW, _ROWS_AT_ONCE):
            rows.add_(block.ls_2(self._narrow(self._widen(block.ln_2(rows)))))
        return x_PW


class LastLayers(BlockLayers):
    """The parts of the last block, where few rows ask: the places' keys and values are not made.

    A key is a matrix times what a place says, so a query times that matrix finds as much in what the place says itself:
    a product of matrices for each row that asks and not for each place. So with values, behind attention. The bias of
    the keys adds as much to all scores of a row, which changes nothing.
    """

    def _prepare(self, kind: Kind, weight: torch.Tensor, bias: torch.Tensor) -> None:
        ask_WW, keys_WW, values_WW = weight.chunk(3)
        ask_W, _, self._value_W = bias.chunk(3)
        self._ask = kind(ask_WW, ask_W)
        self._keys_HDW, self._values_HDW = (one.reshape(self.heads, -1, self.width) for one in (keys_WW, values_WW))

    def asked(self, seen_SW: torch.Tensor) -> torch.Tensor:
        """Return what each head of each row asks of what places say: (S H, W)."""
        query_HSD = self._ask(seen_SW).reshape(len(seen_SW), self.heads, -1).transpose(0, 1)
        # Attention divides by the root of a row's length, which is not a head's.
        asked_HSW: torch.Tensor = query_HSD @ self._keys_HDW * math.sqrt(self.heads)
        return asked_HSW.transpose(0, 1).reshape(-1, self.width)

    def attended(self, found_RW: torch.Tensor) -> torch.Tensor:
        """Return what the rows attend to, (S, W), from what their heads found, (S H, W)."""
        found_HSW = found_RW.reshape(-1, self.heads, self.width).transpose(0, 1)
        told_HSD: torch.Tensor = found_HSW @ self._values_HDW.mT
        return told_HSD.transpose(0, 1).reshape(-1, self.width) + self._value_W


Made = TypeVar("Made", bound=BlockLayers)


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

    def of(self, block: Any) -> BlockLayers:
        """Return a block's layers."""
        return self._of(BlockLayers, block)

    def last(self, block: Any) -> LastLayers:
        """Return those of the last block."""
        return self._of(LastLayers, block)

    def _of(self, make: type[Made], block: Any) -> Made:
        weight = block.attn.in_proj_weight
        own = make(block, plain(weight.dtype, str(weight.device)))
        if not self._laid_out or weight.device.type != CPU or weight.dtype != torch.float32:
            return own
        kept = self._kept.get(block)
        return kept if isinstance(kept, make) else self._copied(block, own)

    def _copied(self, block: Any, own: Made) -> Made:
        try:
            copied = type(own)(block, packed(torch.float32))
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
