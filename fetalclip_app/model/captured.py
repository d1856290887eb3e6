"""A tower whose many small steps on a graphics card are recorded once and then played as one (CUDA graphs)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


class Captured:
    """A tower whose steps on a graphics card are recorded once for each size of batch, and then played as one."""

    _SIZES = (1, 8, 16, 32, 64)

    def __init__(self, tower: Callable[[torch.Tensor], torch.Tensor]) -> None:
        self._tower = tower
        self._graphs: dict[int, tuple[torch.cuda.CUDAGraph, torch.Tensor, torch.Tensor]] = {}

    def __call__(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return features; a batch is filled up to the next size that was recorded."""
        count = len(pictures)
        size = next((size for size in self._SIZES if size >= count), count)
        if size not in self._graphs:
            self._graphs[size] = self._record(pictures, size)
        graph, given, found = self._graphs[size]
        given[:count].copy_(pictures, non_blocking=True)
        graph.replay()
        return found[:count].clone()

    def _record(self, pictures: torch.Tensor, size: int) -> tuple[torch.cuda.CUDAGraph, torch.Tensor, torch.Tensor]:
        given = pictures.new_zeros((size, *pictures.shape[1:]))
        # CUDA wants some passes beside the stream in use before it records: libraries reserve memory in the first.
        beside: Any = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        beside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(beside):
            for _ in range(3):
                self._tower(given)
        torch.cuda.current_stream().wait_stream(beside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            found = self._tower(given)
        return graph, given, found
