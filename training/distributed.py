"""Several processes that train one network: who they are, and how rows and gradients travel between them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.distributed as dist

BUCKET = 8 * 2**20
"""Numbers that travel at once (32 MiB of fp32): fewer wait for the network's latency too often, more for its memory."""


@dataclass(frozen=True, slots=True)
class World:
    """Which of how many processes this one is.

    Attributes:
        local_rank: Its number on its machine: the GPU that it takes.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0

    @property
    def is_first(self) -> bool:
        """Whether this process writes files and prints: one does."""
        return self.rank == 0

    @property
    def device(self) -> torch.device:
        """Return the processor that this process trains on."""
        return torch.device("cuda", self.local_rank) if torch.cuda.is_available() else torch.device("cpu")


def here() -> World:
    """Return this process's place; alone where no group was joined."""
    if not (dist.is_available() and dist.is_initialized()):
        return World()
    return World(dist.get_rank(), dist.get_world_size(), int(os.environ.get("LOCAL_RANK", "0")))


@contextmanager
def processes() -> Iterator[World]:
    """Join the group that ``torchrun`` announces in the environment, and leave it at the end; alone without one.

    NCCL carries what lies on GPUs, gloo the rest.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1 or dist.is_initialized():
        yield here()
        return
    with_gpu = torch.cuda.is_available()
    if with_gpu:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("cpu:gloo,cuda:nccl" if with_gpu else "gloo")
    try:
        yield here()
    finally:
        dist.destroy_process_group()


def seed_here(seed: int) -> int:
    """Return the seed of what this process draws: that of the run in the first one, another in each other one."""
    rank = here().rank
    return seed if rank == 0 else int(np.random.SeedSequence([seed, rank]).generate_state(1)[0])


class _Gather(torch.autograd.Function):
    """Rows of all processes; the way back adds up what all of them ask of this process's rows."""

    @staticmethod
    def forward(ctx: Any, rows_ND: torch.Tensor) -> torch.Tensor:
        everyone = rows_ND.new_empty(here().size * len(rows_ND), *rows_ND.shape[1:])
        dist.all_gather_into_tensor(everyone, rows_ND.contiguous())
        return everyone

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> torch.Tensor:
        (gradient,) = gradients
        own = gradient.new_empty(len(gradient) // here().size, *gradient.shape[1:])
        dist.reduce_scatter_tensor(own, gradient.contiguous())
        return own


def counts_of(count: int, device: torch.device) -> list[int]:
    """Return how many rows each process has."""
    counts = torch.empty(here().size, dtype=torch.int64, device=device)
    dist.all_gather_into_tensor(counts, torch.tensor([count], device=device))
    return [int(number) for number in counts]


def gathered(rows_ND: torch.Tensor, counts: Sequence[int]) -> list[torch.Tensor]:
    """Return the rows of each process, in the order of ranks; gradients go back to where the rows came from.

    Every process has to call it, with as many rows as ``counts`` says of it, and has to use the result in its
    loss: the way back is a conversation too.
    """
    largest = max(1, *counts)  # nobody's rows are still a conversation
    missing = largest - len(rows_ND)
    padded = torch.cat([rows_ND, rows_ND.new_zeros(missing, *rows_ND.shape[1:])]) if missing else rows_ND
    everyone: torch.Tensor = _Gather.apply(padded)
    return [part[:count] for part, count in zip(torch.split(everyone, largest), counts, strict=True)]


def average_gradients(parameters: Iterable[torch.nn.Parameter]) -> None:
    """Put the mean over all processes in the place of each gradient; every process has to have the same ones.

    Those of spread weights (`training.sharded`) are left alone: they are means already.

    After the last way back of a step and not, as `DistributedDataParallel` does, during it: a step has two encoders,
    may have many pieces, and a loss outside of any module's forward, of which that class knows nothing.
    """
    size = here().size
    if size == 1:
        return
    waiting: list[torch.Tensor] = []
    for parameter in parameters:
        if parameter.requires_grad and not hasattr(parameter, "full_tensor"):
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            waiting.append(parameter.grad)
        if sum(gradient.numel() for gradient in waiting) >= BUCKET:
            _average(waiting, size)
            waiting = []
    _average(waiting, size)


def _average(gradients: Sequence[torch.Tensor], size: int) -> None:
    if not gradients:
        return
    flat = torch.cat([gradient.reshape(-1) for gradient in gradients]) / size
    dist.all_reduce(flat)
    parts = torch.split(flat, [gradient.numel() for gradient in gradients])
    for gradient, part in zip(gradients, parts, strict=True):
        gradient.copy_(part.view_as(gradient))


def same_weights(network: torch.nn.Module) -> None:
    """Give all processes the first one's weights and statistics."""
    if here().size > 1:
        for tensor in network.state_dict().values():
            plain = tensor.contiguous()
            dist.broadcast(plain, 0)
            tensor.copy_(plain)


def average_statistics(network: torch.nn.Module) -> None:
    """Put the mean over all processes in the place of each batch norm's running mean and variance."""
    size = here().size
    if size > 1:
        _average([buffer for buffer in network.buffers() if buffer.is_floating_point() and buffer.ndim == 1], size)


def summed(numbers: Sequence[float], device: torch.device) -> list[float]:
    """Return each number added up over all processes."""
    total = torch.tensor(numbers, dtype=torch.float64, device=device)
    if here().size > 1:
        dist.all_reduce(total)
    return [float(number) for number in total]


def same_everywhere(numbers: dict[str, float], device: torch.device) -> dict[str, float]:
    """Return the means over all processes, for the log."""
    means = summed(list(numbers.values()), device)
    return {name: value / here().size for name, value in zip(numbers, means, strict=True)}
