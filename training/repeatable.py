"""Kernels that give the same bits each time, for a run on a GPU that must go on exactly where it stopped."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import torch

_WORKSPACE, _OF_ONE_SIZE = "CUBLAS_WORKSPACE_CONFIG", ":4096:8"
"""cuBLAS repeats itself only with work space of a fixed size, read at its first use (its manual, section 2.1.4)."""


@contextlib.contextmanager
def repeated_exactly() -> Iterator[None]:
    """Let torch choose kernels whose sums are taken in the same order each time; one that has none is an error."""
    before, warned_only = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    os.environ.setdefault(_WORKSPACE, _OF_ONE_SIZE)
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before, warn_only=warned_only)
