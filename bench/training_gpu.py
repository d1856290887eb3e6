"""What a GPU does with a training step: its share of the measured matmul peak, memory, and the largest batch."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from bench.training_steps import Step, Trial, few_pictures, network_of, our_step, timed

SIDE = 8192
"""Of the square matrices whose product measures the peak."""


@dataclass(frozen=True, slots=True)
class Load:
    """How a step uses a GPU.

    Attributes:
        samples_per_s: Pictures with their captions, median of the steps.
        peak_share: Floating-point operations of the step in each second, over those of the product of two large
            matrices of the same precision on random data.
        memory_gib: Largest that torch had allocated.
        largest_batch: Of the trial's own and its doubles, the largest that fits.
    """

    samples_per_s: float
    peak_share: float
    peak_tflops: float
    memory_gib: float
    largest_batch: int


def load_of(trial: Trial, rounds: int) -> Load:
    """Return how our step uses the GPU at the trial's batch."""
    torch.cuda.reset_peak_memory_stats()
    step = our_step(trial, network_of(trial))
    with FlopCounterMode(display=False) as counter:
        step()
    operations = counter.get_total_flops()
    step()
    seconds = statistics.median(timed(step, trial.device) for _ in range(rounds))
    memory = torch.cuda.max_memory_allocated() / 2**30
    del step
    torch.cuda.empty_cache()
    peak = matmul_peak(trial.precision, rounds)
    return Load(trial.batch / seconds, operations / seconds / peak, peak / 1e12, memory, largest_batch(trial))


def matmul_peak(precision: str, rounds: int) -> float:
    """Return floating-point operations a second of a large product, median of the rounds."""
    kind = torch.bfloat16 if precision == "bf16" else torch.float32
    left, right = (torch.randn(SIDE, SIDE, device="cuda", dtype=kind) for _ in range(2))

    def product() -> float:
        torch.matmul(left, right)
        return 0.0

    product()
    return 2 * SIDE**3 / statistics.median(timed(product, "cuda") for _ in range(rounds))


def largest_batch(trial: Trial, limit: int = 2**14) -> int:
    """Return the largest batch whose step fits into the GPU's memory, of the trial's own, its doubles, and 0."""
    best, batch, network = 0, trial.batch, network_of(trial)
    while batch <= limit and _fits(replace(trial, batch=batch), network):
        best, batch = batch, 2 * batch
    return best


def _fits(trial: Trial, network: Any) -> bool:
    network.zero_grad(set_to_none=True)  # of the batch before, or of the one that did not fit
    torch.cuda.empty_cache()
    try:
        step: Step = our_step(trial, network, few_pictures(trial))
        step()
        step()
    except torch.cuda.OutOfMemoryError:
        return False
    return True
