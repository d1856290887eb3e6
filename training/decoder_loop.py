"""Trains a decoder on the frozen feature maps of a finished tower, step by step, and goes on where it was stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from torch import nn

from training.files import tell_line, write_whole
from training.loop import rate_factor

Tensors = tuple[torch.Tensor, ...]

Draw = Callable[[np.random.Generator], Tensors]
"""Returns the pictures of a step, and what is true of them."""

LossOf = Callable[[Any, Tensors], torch.Tensor]
"""Called with (decoder, what `Draw` returned)."""

CHECKPOINT, CULPRIT = "last.pt", "bad_batch.pt"


@dataclass(frozen=True, slots=True)
class DecoderTraining:
    """AdamW, a warm-up of a tenth of the steps, a cosine to nothing; a running mean of the weights is shipped.

    Attributes:
        average: Decay of the running mean.
        save_every: Steps between two checkpoints.
    """

    steps: int
    seed: int
    rate: float = 2e-3
    weight_decay: float = 1e-4
    average: float = 0.99
    save_every: int = 100


@dataclass(frozen=True, eq=False, slots=True)
class _Parts:
    decoder: nn.Module
    mean: torch.optim.swa_utils.AveragedModel
    optimizer: torch.optim.AdamW
    schedule: torch.optim.lr_scheduler.LambdaLR

    def state(self) -> dict[str, Any]:
        return {
            "decoder": self.decoder.state_dict(),
            "mean": self.mean.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.decoder.load_state_dict(state["decoder"])
        self.mean.load_state_dict(state["mean"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])


def fit(
    decoder: nn.Module, draw: Draw, loss_of: LossOf, training: DecoderTraining, folder: Path, *, resume: bool = False
) -> nn.Module:
    """Return the running mean of the decoder's weights after all steps.

    Every step draws from a stream of its own, (seed, step): a run that was stopped ends with the same weights.

    Args:
        folder: Of checkpoint and log; with ``resume`` the run goes on from the checkpoint that lies there.

    Raises:
        FloatingPointError: The loss is not finite; the batch that caused it is beside the checkpoint.
    """
    parts = _parts(decoder, training)
    first = _restored(parts, folder) if resume else 0
    losses: list[float] = []
    for step in range(first, training.steps):
        batch = draw(np.random.default_rng([training.seed, step]))
        loss = loss_of(decoder, batch)
        if not torch.isfinite(loss):
            torch.save({"step": step, "batch": batch}, folder / CULPRIT)
            raise FloatingPointError(f"the loss is {loss.item()} at step {step}; its batch is {CULPRIT}")
        parts.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        parts.optimizer.step()
        parts.schedule.step()
        parts.mean.update_parameters(decoder)
        losses.append(loss.item())
        done = step + 1
        if done % training.save_every == 0 or done == training.steps:
            tell_line(folder, {"step": done, "loss": round(float(np.mean(losses)), 4)})
            losses.clear()
            write_whole({"step": done, **parts.state()}, folder / CHECKPOINT)
    mean: nn.Module = parts.mean.module
    return mean.eval()


def frozen_maps(maps: Callable[[Any, torch.Tensor], list[torch.Tensor]], network: Any, pictures: torch.Tensor) -> Any:
    """Return feature maps that a decoder can learn on; the tower itself learns nothing."""
    with torch.no_grad():
        return maps(network, pictures)


def write_half(decoder: nn.Module, path: Path) -> None:
    """Write a decoder's weights in half precision."""
    state = {key: tensor.detach().half().contiguous() for key, tensor in decoder.state_dict().items()}
    safetensors.torch.save_file(state, path)


def _parts(decoder: nn.Module, training: DecoderTraining) -> _Parts:
    optimizer = torch.optim.AdamW(decoder.parameters(), lr=training.rate, weight_decay=training.weight_decay)

    def factor(step: int) -> float:
        return rate_factor(step, training.steps, max(training.steps // 10, 1))

    return _Parts(
        decoder,
        torch.optim.swa_utils.AveragedModel(
            decoder,
            multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(training.average),  # type: ignore[no-untyped-call]
        ),
        optimizer,
        torch.optim.lr_scheduler.LambdaLR(optimizer, factor),
    )


def _restored(parts: _Parts, folder: Path) -> int:
    path = folder / CHECKPOINT
    if not path.exists():
        return 0
    saved = torch.load(path, weights_only=True)
    parts.restore(saved)
    return int(saved["step"])
