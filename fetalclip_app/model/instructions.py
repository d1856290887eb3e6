"""What this processor multiplies by; a torch that does not say so has it not."""

from __future__ import annotations

from typing import Any

import torch


def has_bf16() -> bool:
    """Whether products of bf16 are the processor's own, by oneDNN."""
    has_onednn = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return has_onednn and _says(torch.ops.mkldnn, "_is_mkldnn_bf16_supported")


def has_tiles() -> bool:
    """Whether it multiplies tiles of a matrix (Intel's AMX), in bf16 as fast as in eight bits."""
    return _says(torch.cpu, "_is_amx_tile_supported")


def has_eight_bits() -> bool:
    """Whether it adds up products of eight bits in one instruction (VNNI)."""
    return _says(torch.cpu, "_is_vnni_supported")


def _says(part: Any, name: str) -> bool:
    says = getattr(part, name, None)
    return says is not None and bool(says())
