"""Linear layers on frozen features, several trained at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from training import not_finite
from training.finetune.features import Rows

Labels = NDArray[np.intp]
"""Class indices, (N,)."""


@dataclass(frozen=True, slots=True)
class LinearConfig:
    """FetalCLIP's linear probe: AdamW without a schedule, the epoch of the lowest validation loss (probing/)."""

    rate: float = 3e-4
    weight_decay: float = 0.01
    batch: int = 64
    epochs: int = 50


@dataclass(frozen=True, eq=False, slots=True)
class Examples:
    """Features with their classes.

    Attributes:
        groups: Patient of each; empty where nobody asks.
    """

    rows: Rows
    labels: Labels
    groups: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not len(self.labels) or len(self.rows) != len(self.labels):
            raise ValueError(f"{len(self.rows)} rows and {len(self.labels)} labels")

    def told(self, chosen: torch.Tensor, **facts: Any) -> dict[str, Any]:
        """Return these examples, by their places (N,), as `torch.save` takes them.

        Args:
            facts: What else is told.
        """
        return {
            "places": chosen.tolist(),
            "rows": torch.from_numpy(self.rows)[chosen],
            "labels": torch.from_numpy(self.labels)[chosen],
            "groups": [self.groups[place] for place in chosen.tolist()] if self.groups else [],
            **facts,
        }


@dataclass(frozen=True, eq=False, slots=True)
class Layers:
    """R linear layers with what chose them.

    Attributes:
        weight: float32, (R, C, D).
        bias: float32, (R, C).
        losses: Lowest validation loss of each, (R,).
        epochs: At which epoch it was reached, from 1, (R,).
    """

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    losses: NDArray[np.float64]
    epochs: NDArray[np.intp]

    def logits(self, rows: Rows) -> NDArray[np.float32]:
        """Return (R, N, C)."""
        values: NDArray[np.float32] = np.einsum("rcd,nd->rnc", self.weight, rows) + self.bias[:, None]
        return values

    def mean(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the one layer whose logits are the mean of all: weight (C, D), bias (C,)."""
        return self.weight.mean(axis=0), self.bias.mean(axis=0)


def joined(parts: Sequence[Layers]) -> Layers:
    """Return the layers of several trainings as one."""
    return Layers(
        np.concatenate([part.weight for part in parts]),
        np.concatenate([part.bias for part in parts]),
        np.concatenate([part.losses for part in parts]),
        np.concatenate([part.epochs for part in parts]),
    )


def fit_together(
    taught: Examples, held: Examples, classes: int, seeds: Sequence[int], config: LinearConfig = LinearConfig()
) -> Layers:
    """Train one layer for each seed on the same examples: each has its own initial weights and its own order.

    AdamW works on each number alone, so that layers trained together are those trained one by one.
    With fewer examples than a batch the batch is all of them; otherwise an incomplete last batch is dropped.

    Raises:
        NotFinite: The loss of a layer, with its batch; or that on ``held``, with the examples that cause it.
    """
    draws = [torch.Generator().manual_seed(seed) for seed in seeds]
    width = taught.rows.shape[1]
    weight = torch.nn.Parameter(_uniform((classes, width), width, draws))
    bias = torch.nn.Parameter(_uniform((classes,), width, draws))
    optimizer = torch.optim.AdamW([weight, bias], lr=config.rate, weight_decay=config.weight_decay)
    rows, labels = torch.from_numpy(taught.rows), torch.from_numpy(taught.labels)
    best = _Best(weight, bias, len(seeds))
    size = min(config.batch, len(rows))
    for epoch in range(1, config.epochs + 1):
        order = torch.stack([torch.randperm(len(rows), generator=draw) for draw in draws])
        for start in range(0, len(rows) - size + 1, size):
            chosen = order[:, start : start + size]
            losses = _losses(rows[chosen], labels[chosen], weight, bias).mean(dim=1)
            not_finite.check("loss", losses, f"in epoch {epoch}", partial(_culprit, taught, chosen, losses, seeds))
            optimizer.zero_grad(set_to_none=True)
            losses.sum().backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        best.look(weight, bias, _held_losses(held, weight, bias, epoch), epoch)
    return Layers(best.weight.numpy(), best.bias.numpy(), best.losses.double().numpy(), best.epochs.numpy())


class _Best:
    """The weights of each layer's best epoch so far."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor, count: int) -> None:
        self.weight, self.bias = weight.detach().clone(), bias.detach().clone()
        self.losses = torch.full((count,), math.inf)
        self.epochs = torch.zeros(count, dtype=torch.long)

    def look(self, weight: torch.Tensor, bias: torch.Tensor, losses: torch.Tensor, epoch: int) -> None:
        better = losses < self.losses
        self.weight[better], self.bias[better] = weight.detach()[better], bias.detach()[better]
        self.losses[better], self.epochs[better] = losses[better], epoch


def _uniform(shape: tuple[int, ...], width: int, draws: Sequence[torch.Generator]) -> torch.Tensor:
    """Return torch's own initial values of a linear layer, for each draw."""
    limit = 1 / math.sqrt(width)
    return torch.stack([(2 * torch.rand(shape, generator=draw) - 1) * limit for draw in draws])


def _losses(rows: torch.Tensor, labels: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """Return the loss of each example in each layer, (R, B), for rows (R, B, D) and labels (R, B)."""
    logits = torch.baddbmm(bias[:, None], rows, weight.transpose(1, 2))
    return F.cross_entropy(logits.transpose(1, 2), labels, reduction="none")


def _held_losses(held: Examples, weight: torch.Tensor, bias: torch.Tensor, epoch: int) -> torch.Tensor:
    """Return the mean loss of each layer, (R,)."""
    with torch.no_grad():
        rows, labels = torch.from_numpy(held.rows), torch.from_numpy(held.labels)
        count = len(weight)
        losses = _losses(rows.expand(count, *rows.shape), labels.expand(count, -1), weight, bias)

    def culprits() -> dict[str, Any]:
        return held.told(torch.nonzero(~torch.isfinite(losses).all(dim=0)).flatten(), epoch=epoch)

    not_finite.check("validation loss", losses.mean(dim=1), f"in epoch {epoch}", culprits)
    return losses.mean(dim=1)


def _culprit(taught: Examples, chosen: torch.Tensor, losses: torch.Tensor, seeds: Sequence[int]) -> dict[str, Any]:
    """Return the batch of the first layer whose loss is not finite."""
    layer = int(torch.nonzero(~torch.isfinite(losses))[0])
    return taught.told(chosen[layer], seed=seeds[layer])
