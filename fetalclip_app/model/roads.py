"""The roads from a picture to its row: the network as it is, and faster ways to compute the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from fetalclip_app.model import attention, instructions, linear_kinds, openvino_tower, vit_tower
from fetalclip_app.model.captured import Captured
from fetalclip_app.model.device import CPU, CUDA, Device, may_halve
from fetalclip_app.model.tower_facts import is_convolutional

Tower = Callable[[torch.Tensor], torch.Tensor]
"""Pictures (N, 3, S, S) on the device to features (N, D), not normalised. One whose method ``with_texture`` returns
textures (N, T), too, from the same pass, is asked for them there."""

INT8 = "int8"
"""The road that is only taken where a person asks for it: its rows differ."""

ON_CPU_AT_ONCE = 4
ON_CARD_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Road:
    """One way to compute rows.

    Attributes:
        key: How screens, reports and the frame bank name it, such as ``bf16``.
        at_once: Pictures in one pass.
        build: From a network's image tower to the tower of this road.
    """

    key: str
    at_once: int
    build: Callable[[torch.nn.Module], Tower]


def roads_for(network: torch.nn.Module, device: Device, kept: Path | None = None) -> tuple[Road, ...]:
    """Return the roads that might be faster than the network as it is, to be tried; none for towers of other kinds.

    Args:
        kept: A file in which a road may keep what it makes of these weights.
    """
    if not vit_tower.fits(network.get_submodule("visual")):
        return _of_convolutions(kept) if device.kind == CPU and is_convolutional(network) else ()
    if device.kind == CUDA:
        return _on_card() if may_halve() else ()
    reduced = (_packed("bf16", torch.bfloat16),) if instructions.has_bf16() else ()
    return (*reduced, _packed("fp32 packed", torch.float32))


def int8_for(network: torch.nn.Module, device: Device) -> Road | None:
    """Return the road of eight-bit layers, or None where there is none: another tower, or a graphics card."""
    if device.kind != CPU or not vit_tower.fits(network.get_submodule("visual")):
        return None
    # One picture at a time: the inputs' scale is that of all that come together, and a row hangs on no neighbour.
    return Road(INT8, 1, lambda visual: vit_tower.VitTower(visual, linear_kinds.int8()))


def _packed(key: str, dtype: torch.dtype) -> Road:
    if dtype is torch.bfloat16:
        mix = attention.in_whole_tiles if instructions.has_tiles() else attention.as_two_products
    else:
        mix = attention.as_they_lie

    def build(visual: torch.nn.Module) -> Tower:
        return vit_tower.VitTower(visual, linear_kinds.packed(dtype), dtype=dtype, attention=mix)

    return Road(key, ON_CPU_AT_ONCE, build)


def _of_convolutions(kept: Path | None) -> tuple[Road, ...]:
    if not openvino_tower.version():
        return ()
    return (Road("OpenVINO fp32", ON_CPU_AT_ONCE, lambda visual: openvino_tower.OpenVinoTower(visual, kept)),)


def _on_card() -> tuple[Road, ...]:
    return tuple(
        Road(f"{name}{' graph' if captured else ''}", ON_CARD_AT_ONCE, _CardTower(dtype, captured=captured))
        for name, dtype in (("fp16", torch.float16), ("bf16", torch.bfloat16))
        for captured in (True, False)
    )


@dataclass(frozen=True, slots=True)
class _CardTower:
    """Builds a tower on a graphics card, with all of its steps recorded as one where it is ``captured``."""

    dtype: torch.dtype
    captured: bool

    def __call__(self, visual: torch.nn.Module) -> Tower:
        kind = linear_kinds.with_gelu(self.dtype, CUDA)
        tower = vit_tower.VitTower(visual, kind, dtype=self.dtype, stream=self.dtype, device=CUDA)
        return Captured(tower) if self.captured else tower
