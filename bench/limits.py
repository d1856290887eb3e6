"""What this machine can do at best, measured: products of matrices and memory; and how near a network comes to it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

SHORTEST_S = 0.25
"""A limit is the best of the runs that fit in this time, three at least."""

STREAM_FLOATS = 16_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """The machine's own, in GFLOP/s and GB/s.

    Attributes:
        matmul: Name of the precision -> products with the shapes of the network.
        memory: Two arrays read and a third written, as STREAM's triad.
    """

    matmul: dict[str, float]
    memory: float


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


def limits_of(visual: Any, rows: int, device: str = "cpu") -> Limits:
    """Measure the limits.

    Args:
        visual: The image tower, whose layers' shapes are multiplied.
        rows: Of the left matrices: tokens of a batch.
    """
    shapes = shapes_of(visual)
    kinds = {"fp32": torch.float32, "bf16": torch.bfloat16}
    if device == "cuda":
        kinds["fp16"] = torch.float16
    return Limits({name: _matmul(shapes, rows, kind, device) for name, kind in kinds.items()}, _memory(device))


def square_product(kind: torch.dtype, device: str) -> float:
    """Return GFLOP/s of the product of two square matrices of random numbers, as large as suits the device."""
    side = 8192 if device == "cuda" else 1024
    return _matmul([(side, side)], side, kind, device)


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


def _matmul(shapes: list[tuple[int, int]], rows: int, kind: torch.dtype, device: str) -> float:
    operands = [
        (torch.randn(rows, inputs, device=device).to(kind), torch.randn(outputs, inputs, device=device).to(kind))
        for inputs, outputs in shapes
    ]
    work = sum(2 * rows * inputs * outputs for inputs, outputs in shapes)

    def products() -> None:
        for left, right in operands:
            torch.nn.functional.linear(left, right)

    with torch.inference_mode():
        return work / _best(products, device) / 1e9


def _memory(device: str) -> float:
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
