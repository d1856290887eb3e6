"""Trains a decoder on the frozen feature maps of a finished tower, step by step, and goes on where it was stopped."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import safetensors.torch
import torch
from torch import nn

from training import not_finite
from training.checkpoint import set_aside
from training.files import LOG, tell_line, write_whole
from training.loop import rate_factor
from training.recipe import RunContext, refuse_several_processes, save_config
from training.run_log import keep_until

Decoder = TypeVar("Decoder", bound=nn.Module)

Tensors = tuple[torch.Tensor, ...]

Draw = Callable[[np.random.Generator], Tensors]
"""Returns the pictures of a step, and what is true of them."""

LossOf = Callable[[Any, Tensors], torch.Tensor]
"""Called with (decoder, what `Draw` returned)."""

CHECKPOINT = "last.pt"

HARMLESS = ("checkpoint_every", "device", "unreadable_share")
"""What may differ between the run that was interrupted and the run that goes on."""


@dataclass(frozen=True, slots=True)
class DecoderTraining:
    """AdamW, a warm-up of a tenth of the steps, a cosine to nothing; a running mean of the weights is shipped.

    Attributes:
        average: Decay of the running mean.
        one_cycle: The momentum falls while the rate rises, and the other way round (torch's ``OneCycleLR``).
        save_every: Steps between two checkpoints.
    """

    steps: int
    seed: int
    rate: float = 2e-3
    weight_decay: float = 1e-4
    average: float = 0.99
    one_cycle: bool = False
    save_every: int = 100


@dataclass(frozen=True, slots=True)
class Course:
    """Where a training begins or goes on.

    Attributes:
        folder: Of checkpoint and log.
        resume: Go on from the checkpoint that lies there.
        told: What the training depends on, as JSON; a checkpoint that tells of anything else is refused.
    """

    folder: Path
    resume: bool = False
    told: str = "{}"


@dataclass(frozen=True, eq=False, slots=True)
class _Parts:
    decoder: nn.Module
    mean: torch.optim.swa_utils.AveragedModel
    optimizer: torch.optim.AdamW
    schedule: torch.optim.lr_scheduler.LRScheduler
    drawing: np.random.Generator

    def state(self) -> dict[str, Any]:
        return {
            "decoder": self.decoder.state_dict(),
            "mean": self.mean.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "drawing": json.dumps(self.drawing.bit_generator.state),
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.decoder.load_state_dict(state["decoder"])
        self.mean.load_state_dict(state["mean"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        self.drawing.bit_generator.state = json.loads(state["drawing"])


def begin(config: Any, context: RunContext, **facts: str) -> Course:
    """Write what a head's training depends on into its folder, and return where it begins or goes on.

    A run that begins anew sets the files of the one before it aside.

    Args:
        config: Of the recipe.
        facts: What else the training depends on, by name: data and weights.

    Raises:
        ValueError: The checkpoint to go on from belongs to another configuration, or to other facts; or several
            processes were started.
    """
    refuse_several_processes(config.name)
    told = {name: value for name, value in {**asdict(config), **facts}.items() if name not in HARMLESS}
    course = Course(context.folder, context.resume, json.dumps(told, sort_keys=True))
    if context.resume:
        _saved(course)
    elif context.folder.exists():
        earlier = [path.name for path in context.folder.iterdir() if path.is_file() and path.suffix != ".before"]
        set_aside(context.folder, *earlier)
    save_config(config, context.folder, **facts)
    return course


def fit(decoder: nn.Module, draw: Draw, loss_of: LossOf, training: DecoderTraining, course: Course) -> nn.Module:
    """Return the running mean of the decoder's weights after all steps.

    All draws come from one stream, whose state is in the checkpoint: a run that was stopped ends with the same weights.

    Raises:
        NotFinite: The loss; the batch that caused it is beside the checkpoint.
        ValueError: The checkpoint to go on from belongs to another run.
    """
    parts, folder = _parts(decoder, training), course.folder
    first = _restored(parts, course)
    losses: list[float] = []
    for step in range(first, training.steps):
        batch = draw(parts.drawing)
        loss = loss_of(decoder, tuple(tensor.to(_place_of(decoder)) for tensor in batch))
        with not_finite.batch_kept(folder):
            not_finite.check("loss", loss, f"at step {step}", partial(dict, step=step, batch=batch))
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
            write_whole({"step": done, "told": course.told, **parts.state()}, folder / CHECKPOINT)
    mean: nn.Module = parts.mean.module
    return mean.eval()


def beside(network: nn.Module, decoder: Decoder) -> Decoder:
    """Return the decoder on the processor of its tower."""
    return decoder.to(_place_of(network))


def _place_of(network: nn.Module) -> torch.device:
    return next(network.parameters()).device


def frozen_maps(maps: Callable[[Any, torch.Tensor], list[torch.Tensor]], network: Any, pictures: torch.Tensor) -> Any:
    """Return feature maps that a decoder can learn on; the tower itself learns nothing."""
    with torch.no_grad():
        return maps(network, pictures)


def write_half(decoder: nn.Module, path: Path) -> None:
    """Write a decoder's weights in half precision."""
    state = {key: tensor.detach().cpu().half().contiguous() for key, tensor in decoder.state_dict().items()}
    safetensors.torch.save_file(state, path)


def _parts(decoder: nn.Module, training: DecoderTraining) -> _Parts:
    optimizer = torch.optim.AdamW(decoder.parameters(), lr=training.rate, weight_decay=training.weight_decay)
    mean = torch.optim.swa_utils.AveragedModel(
        decoder,
        multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(training.average),  # type: ignore[no-untyped-call]
    )
    return _Parts(decoder, mean, optimizer, _schedule(optimizer, training), np.random.default_rng(training.seed))


def _schedule(optimizer: torch.optim.AdamW, training: DecoderTraining) -> torch.optim.lr_scheduler.LRScheduler:
    steps = training.steps
    if training.one_cycle:
        return torch.optim.lr_scheduler.OneCycleLR(optimizer, training.rate, total_steps=steps, pct_start=0.1)

    def factor(step: int) -> float:
        return rate_factor(step, steps, max(steps // 10, 1))

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


def _restored(parts: _Parts, course: Course) -> int:
    saved = _saved(course) if course.resume else None
    if saved is not None:
        parts.restore(saved)
    first = 0 if saved is None else int(saved["step"])
    keep_until(course.folder / LOG, first)
    return first


def _saved(course: Course) -> dict[str, Any] | None:
    """Return the checkpoint, or None where there is none.

    Raises:
        ValueError: It belongs to another run.
    """
    path = course.folder / CHECKPOINT
    if not path.exists():
        return None
    saved: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    before, now = json.loads(saved.get("told", "{}")), json.loads(course.told)
    changed = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
    if changed:
        raise ValueError(
            f"{path} was written by a run with another {', '.join(changed)}: "
            "go on with the same configuration, or begin anew without --resume"
        )
    return saved
