"""open_clip's vision transformer in our own few lines: fused attention, layers of any kind, nothing in vain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from open_clip.transformer import LayerScale, ResidualAttentionBlock, VisionTransformer
from torch import nn
from torch.nn import functional as F

from fetalclip_app.model.attention import Attention, as_they_lie, mixed
from fetalclip_app.model.linear_kinds import Kind

Stage = Callable[[torch.Tensor], torch.Tensor]


def fits(visual: Any) -> bool:
    """Whether a tower is the plain vision transformer that `VitTower` computes, read at its class token."""
    return (
        type(visual) is VisionTransformer
        and visual.attn_pool is None
        and visual.pool_type == "tok"
        and not visual.output_tokens
        and visual.proj is not None
        and all(is_plain(block) for block in visual.transformer.resblocks)
    )


def stages_of(visual: Any) -> tuple[Stage, ...]:
    """Return what a tower that `fits` does itself: the same digits, one stage after the other."""
    return (visual._embeds, *visual.transformer.resblocks, lambda x_NLC: visual._pool(x_NLC)[0] @ visual.proj)


def is_plain(block: Any) -> bool:
    """Whether a block is open_clip's plain one, whose parts may be called one by one."""
    attention: Any = getattr(block, "attn", None)
    types = type(block), type(attention)
    if types != (ResidualAttentionBlock, nn.MultiheadAttention) or hasattr(block, "ln_1_kv"):
        return False
    has_weights = attention.in_proj_weight is not None and attention.in_proj_bias is not None
    return has_weights and attention.bias_k is None and not attention.add_zero_attn and attention.batch_first


class VitTower:
    """Pictures to features, as the network's own ``visual`` does, for reading only.

    The sum that runs from block to block keeps ``stream``'s digits; only what the layers take is of ``dtype``. Of the
    last block nothing is computed for tokens that nobody reads.

    Args:
        visual: A tower that `fits`. Its weights are copied where the kind or the type asks for it.
        kind: How the large layers are computed.
        dtype: What they take and give.
        stream: The type of the sum.
        attention: How all blocks but the last mix their tokens.
    """

    def __init__(
        self,
        visual: nn.Module,
        kind: Kind,
        *,
        dtype: torch.dtype = torch.float32,
        stream: torch.dtype = torch.float32,
        device: str = "cpu",
        attention: Attention = as_they_lie,
    ) -> None:
        tower: Any = visual
        self._dtype, self._stream = dtype, stream
        self._patch = tower.conv1.weight.detach().to(device, stream)
        self._stride = tower.conv1.stride
        self._class = tower.class_embedding.detach().to(device, stream)
        self._places = tower.positional_embedding.detach().to(device, stream)
        self._before = None if isinstance(tower.ln_pre, nn.Identity) else _norm(tower.ln_pre, stream, device)
        *blocks, last = tower.transformer.resblocks
        self._blocks = [
            _Block(block, kind, dtype=dtype, stream=stream, device=device, mix=attention) for block in blocks
        ]
        self._last = _LastBlock(last, kind, dtype=dtype, stream=stream, device=device)
        self._after = _norm(tower.ln_post, torch.float32, device)
        self._projection = tower.proj.detach().float().to(device)

    def __call__(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return features, float32, (N, D), not normalised, of pictures, float32, (N, 3, S, S)."""
        for stage in self.stages:
            pictures = stage(pictures)
        return pictures

    @property
    def stages(self) -> tuple[Stage, ...]:
        """What it does, one after the other: who must stand back does so in between."""
        return (self._begin, *self._blocks, self._end)

    def _begin(self, pictures: torch.Tensor) -> torch.Tensor:
        patches = F.conv2d(pictures.to(self._stream), self._patch, stride=self._stride).flatten(2).transpose(1, 2)
        x_NLC: torch.Tensor = torch.cat([self._class.expand(len(patches), 1, -1), patches], dim=1) + self._places
        if self._before is not None:
            x_NLC = self._before(x_NLC)
        return x_NLC

    def _end(self, x_NLC: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = self._after(self._last(x_NLC).float()) @ self._projection
        return features


class _Block:
    def __init__(
        self,
        block: Any,
        kind: Kind,
        *,
        dtype: torch.dtype,
        stream: torch.dtype,
        device: str,
        mix: Attention = as_they_lie,
    ) -> None:
        attention = block.attn
        self._heads = int(attention.num_heads)
        self._norm_1, self._norm_2 = (_norm(norm, stream, device) for norm in (block.ln_1, block.ln_2))
        self._scale_1, self._scale_2 = (_scale(scale, device) for scale in (block.ls_1, block.ls_2))
        self._dtype, self._mix = dtype, mix
        self._prepare(kind, attention.in_proj_weight, attention.in_proj_bias)
        self._out = kind(attention.out_proj.weight, attention.out_proj.bias)
        widen, narrow = block.mlp.c_fc, block.mlp.c_proj
        self._widen = kind(widen.weight, widen.bias, block.mlp.gelu)
        self._narrow = kind(narrow.weight, narrow.bias)

    def _prepare(self, kind: Kind, weight: torch.Tensor, bias: torch.Tensor) -> None:
        self._project = kind(weight, bias)

    def _attend(self, x_NLC: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the part of the sum that goes on, and what attention adds to it."""
        count, length, _ = x_NLC.shape
        parts = self._project(self._norm_1(x_NLC).to(self._dtype)).reshape(count, length, 3, self._heads, -1)
        return x_NLC, self._out(self._mix(parts))

    def __call__(self, x_NLC: torch.Tensor) -> torch.Tensor:
        x_NLC, added = self._attend(x_NLC)
        x_NLC = x_NLC + self._scale_1(added)
        wide = self._widen(self._norm_2(x_NLC).to(self._dtype))
        return x_NLC.add_(self._scale_2(self._narrow(wide)))


class _LastBlock(_Block):
    """The block behind which only the class token counts: returns (N, C)."""

    def _prepare(self, kind: Kind, weight: torch.Tensor, bias: torch.Tensor) -> None:
        width = weight.shape[1]
        self._ask = kind(weight[:width].contiguous(), bias[:width].contiguous())
        self._offer = kind(weight[width:].contiguous(), bias[width:].contiguous())

    def _attend(self, x_NLC: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        count, length, _ = x_NLC.shape
        seen = self._norm_1(x_NLC).to(self._dtype)
        query = self._ask(seen[:, :1].contiguous()).reshape(count, 1, self._heads, -1).transpose(1, 2)
        key, value = self._offer(seen).reshape(count, length, 2, self._heads, -1).permute(2, 0, 3, 1, 4)
        return x_NLC[:, 0], self._out(mixed(query, key, value)[:, 0])


def _norm(norm: Any, dtype: torch.dtype, device: str) -> Callable[[torch.Tensor], torch.Tensor]:
    weight, bias = norm.weight.detach().to(device, dtype), norm.bias.detach().to(device, dtype)
    return lambda x: F.layer_norm(x, norm.normalized_shape, weight, bias, norm.eps)


def _scale(scale: nn.Module, device: str) -> Callable[[torch.Tensor], torch.Tensor]:
    if not isinstance(scale, LayerScale):
        return lambda x: x
    gamma = scale.gamma.detach().to(device)
    return lambda x: x * gamma.to(x.dtype)
