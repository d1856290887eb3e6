"""What this machine can do at best, measured: products of matrices and memory; and how near a network comes to it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from fetalclip_app.model import linear_kinds
from fetalclip_app.model.linear_kinds import Kind, Linear

SHORTEST_S = 0.25
"""A limit is the best of the runs that fit in this time, three at least."""

STREAM_FLOATS = 16_000_000


@dataclass(frozen=True, slots=True)
class Cost:
    """What one picture costs a network.

    Attributes:
        gflop: Additions and multiplications, in 10^9.
        gbyte: What the layers read and write if each does so once, in 10^9.
    """

    gflop: float
    gbyte: float

    def attainable(self, peak: float, memory: float) -> float:
        """Return pictures a second at a peak of GFLOP/s and a memory of GB/s: the roofline."""
        return min(peak / self.gflop, memory / self.gbyte)


def square_product(kind: torch.dtype, device: str) -> float:
    """Return GFLOP/s of the product of two square matrices of random numbers, as large as suits the device."""
    side = 8192 if device == "cuda" else 1024
    return Products([(side, side)], side, kind, device).best()


def shapes_of(visual: Any) -> list[tuple[int, int]]:
    """Return (in, out) of the products in one block of a transformer; of other towers a square one."""
    transformer = getattr(visual, "transformer", None)
    if transformer is None:
        return [(1024, 1024)]
    block = transformer.resblocks[0]
    pairs = [
        tuple(parameter.shape)
        for name, parameter in block.named_parameters()
        if parameter.ndim == 2 and "weight" in name
    ]
    return [(int(inputs), int(outputs)) for outputs, inputs in pairs]


def cost_of(visual: Any, size: int) -> Cost:
    """Count what one picture of ``size`` x ``size`` costs an image tower on the CPU."""
    picture = torch.zeros(1, 3, size, size, requires_grad=True)  # with a gradient no fused, uncounted road is taken
    moved = 0

    def count(module: Any, inputs: Any, output: Any) -> None:
        nonlocal moved
        tensors = [one for one in (*inputs, output) if isinstance(one, torch.Tensor)]
        moved += sum(one.numel() for one in tensors) + sum(one.numel() for one in module.parameters(recurse=False))

    leaves = [module for module in visual.modules() if not list(module.children())]
    handles = [module.register_forward_hook(count) for module in leaves]
    counter = FlopCounterMode(display=False)
    try:
        with counter, sdpa_kernel(SDPBackend.MATH):
            visual(picture)
    finally:
        for handle in handles:
            handle.remove()
    return Cost(counter.get_total_flops() / 1e9, 4 * moved / 1e9)


class Products:
    """Products of matrices with a network's shapes, one after the other.

    On a processor they are made in two ways, by torch's own layer and by weights that oneDNN laid out: the faster
    counts.

    Args:
        shapes: (in, out) of each.
        rows: Of the left matrices: tokens of a batch.

    Attributes:
        gflop: What they cost together.
    """

    def __init__(self, shapes: list[tuple[int, int]], rows: int, kind: torch.dtype, device: str) -> None:
        self._lefts = [torch.randn(rows, inputs, device=device).to(kind) for inputs, _ in shapes]
        weights = [torch.randn(outputs, inputs) for inputs, outputs in shapes]
        self._ways = [[make(one, torch.zeros(len(one))) for one in weights] for make in _layers(kind, device)]
        self._device = device
        self.gflop = sum(2 * rows * inputs * outputs for inputs, outputs in shapes) / 1e9

    def best(self) -> float:
        """Return GFLOP/s of the shortest time."""
        return max(self.gflop / _best(partial(self._make, way), self._device) for way in self._ways)

    def pace(self, seconds: float) -> float:
        """Return GFLOP/s while they are made over and over for some time, which all ways share."""
        return max(self._pace(way, seconds / len(self._ways)) for way in self._ways)

    def _pace(self, way: Sequence[Linear], seconds: float) -> float:
        wait(self._device)
        start, rounds = time.perf_counter(), 0
        while not rounds or time.perf_counter() - start < seconds:
            self._make(way)
            rounds += 1
            wait(self._device)
        return rounds * self.gflop / (time.perf_counter() - start)

    def _make(self, way: Sequence[Linear]) -> None:
        with torch.inference_mode():
            for layer, left in zip(way, self._lefts, strict=True):
                layer(left)


def _layers(kind: torch.dtype, device: str) -> list[Kind]:
    """Return the kinds of layer that a device has."""
    found = [linear_kinds.plain(kind, device)]
    if device == "cpu":
        packed = linear_kinds.packed(kind)
        with contextlib.suppress(RuntimeError, AttributeError):  # an operator that is not there
            packed(torch.zeros(8, 8), torch.zeros(8))(torch.zeros(2, 8, dtype=kind))
            found.append(packed)
    return found


def stream(device: str) -> float:
    """Return GB/s of two arrays that are read and a third that is written, as STREAM's triad."""
    first, second, third = (torch.ones(STREAM_FLOATS, device=device) for _ in range(3))
    return 3 * 4 * STREAM_FLOATS / _best(lambda: torch.add(first, second, alpha=3.0, out=third), device) / 1e9


def _best(work: Callable[[], object], device: str) -> float:
    work()
    times: list[float] = []
    while len(times) < 3 or sum(times) < SHORTEST_S:
        wait(device)
        start = time.perf_counter()
        work()
        wait(device)
        times.append(time.perf_counter() - start)
    return min(times)


def wait(device: str) -> None:
    """Return when a graphics card has done what it was asked; at once without one."""
    if device.startswith("cuda"):
        torch.cuda.synchronize()
