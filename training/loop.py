"""The contrastive training, step by step: it can be killed at any of them and goes on bit for bit."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import torch

from training import checkpoint, not_finite, run_log
from training.accumulate import Parts, backward, total
from training.checkpoint import RunState, bad_batch_file, told_of_batch
from training.config import OptimizerConfig, RunConfig
from training.dataset import Batch, Batches
from training.distributed import here, same_weights, seed_here
from training.files import LOG, write_whole
from training.objective import temperature_of
from training.repeatable import repeated_exactly
from training.run_log import RunLog
from training.sharded import clipped, full, is_spread, sharded, whole
from training.towers import freeze_early, hold_statistics

Evaluate = Callable[[Any, int], dict[str, float]]
"""Called with (network, step); what it returns goes to the log, where it returns anything."""

Backward = Callable[[Any, Batch, Any, RunConfig], Parts]
"""Called with (network, batch, tokenizer, configuration): adds the gradients and returns the parts of the loss."""

TOLD_EVERY = 50
"""Steps between two lines of losses."""


@dataclass(frozen=True, slots=True)
class Course:
    """What a training is given beside its configuration.

    Attributes:
        folder: For the log, the checkpoint and ``last.pt``.
        resume: Go on from the folder's checkpoint; without one begin anew.
    """

    folder: Path
    evaluate: Evaluate
    resume: bool = False
    backward: Backward = backward


def optimizer_of(network: Any, config: OptimizerConfig) -> torch.optim.AdamW:
    """Return AdamW: one rate for the image tower, one for the rest; no decay of vectors.

    The projection behind a tower of timm's learns at the rate of the rest: it has no ImageNet weights.
    """
    tower = "visual.trunk." if hasattr(network.visual, "trunk") else "visual."
    groups: dict[tuple[float, float], list[torch.nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            rate = config.image_rate if name.startswith(tower) else config.text_rate
            decay = config.weight_decay if parameter.ndim > 1 else 0.0
            groups.setdefault((rate, decay), []).append(parameter)
    return torch.optim.AdamW(
        [{"params": group, "lr": rate, "weight_decay": decay} for (rate, decay), group in groups.items()],
        betas=(0.9, 0.98),
        fused=True,
    )


def rate_factor(step: int, steps: int, warm_up: int) -> float:
    """Return the share of the full rate at a step: linear warm-up, then a cosine to zero."""
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(steps - warm_up, 1)))


def train(network: Any, batches: Batches, config: RunConfig, course: Course) -> Any:
    """Train and return the running mean of the weights; write log, checkpoints and the last state to the folder.

    Where the weights are spread over processes, so is the mean that is returned; what is written is whole.

    Raises:
        NotFinite: The loss or its gradient; the last checkpoint is the one before.
        ValueError: The checkpoint to go on from belongs to another configuration.
    """
    with repeated_exactly() if config.step.repeatable else nullcontext():
        return _train(network, batches, config, course)


def _train(network: Any, batches: Batches, config: RunConfig, course: Course) -> Any:
    torch.manual_seed(config.seed)
    state = _begun(network, batches, config)
    rates = [group["lr"] for group in state.optimizer.param_groups]
    _begin_or_go_on(state, config, course)
    tokenizer = open_clip.SimpleTokenizer(context_length=network.context_length)
    with RunLog(course.folder, state.step) if here().is_first else nullcontext() as log:
        while state.step < config.steps:
            started = time.monotonic()
            factor = rate_factor(state.step, config.schedule_steps or config.steps, config.optimizer.warm_up)
            for group, rate in zip(state.optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * factor
            one_step(state, tokenizer, config, course)
            state.seconds += time.monotonic() - started
            _after_step(state, config, course, log)
    return state.mean


def _begun(network: Any, batches: Batches, config: RunConfig) -> RunState:
    """Return the run before its first step."""
    spread = is_spread(config.step)
    network.to("cpu" if spread else config.step.device)  # what is spread need not fit a card whole
    same_weights(network)
    freeze_early(network, config.frozen_stages)
    network.set_grad_checkpointing(config.step.recompute)
    mean = copy.deepcopy(network).eval()
    shown = copy.deepcopy(mean) if spread and here().is_first else None
    if spread:
        network, mean = (sharded(part, torch.device(config.step.device)) for part in (network, mean))
    return RunState(network, mean, optimizer_of(network, config.optimizer), batches, shown=shown)


def _begin_or_go_on(state: RunState, config: RunConfig, course: Course) -> None:
    """Set an earlier run's files aside, or put the run where its checkpoint says.

    The checkpoint holds the first process's random streams; the others begin new ones, which differ at each step.
    """
    if not course.resume:
        if here().is_first:
            checkpoint.set_aside(course.folder, checkpoint.FILE, LOG, run_log.CURVES)
    elif checkpoint.restore(state, config, course.folder):
        print(f"going on after step {state.step}", flush=True)
        if not here().is_first:
            state.batches.reseed(seed_here(config.seed + state.step))


def one_step(state: RunState, tokenizer: Any, config: RunConfig, course: Course) -> None:
    """Do the next step; a batch that gives no number is saved before anything is changed by it."""
    network = state.network
    network.train()
    hold_statistics(network, every=config.held_statistics)
    batch = state.batches.draw()
    state.optimizer.zero_grad(set_to_none=True)
    parts = course.backward(network, batch, tokenizer, config)
    with not_finite.batch_kept(course.folder, bad_batch_file(state.step)):
        _refuse_what_is_no_number("loss", total(parts), batch, state.step)
        norm = clipped(network.parameters(), config.optimizer.clip_norm)
        _refuse_what_is_no_number("gradient", norm, batch, state.step)
    state.optimizer.step()
    state.step += 1
    _follow(state.mean, network, min(config.average, state.step / (state.step + 9)))
    for name, loss in parts.items():
        state.sums.setdefault(name, []).append(loss.item())


def _refuse_what_is_no_number(what: str, value: torch.Tensor, batch: Batch, step: int) -> None:
    not_finite.check(what, value, f"at step {step}", lambda: told_of_batch(batch, step))


def _after_step(state: RunState, config: RunConfig, course: Course, log: RunLog | None) -> None:
    """Tell, evaluate and save what is due; the first process has the log, and the others give their shares."""
    is_last = state.step == config.steps
    if state.step % TOLD_EVERY == 0 or is_last:
        told = _told(state, config)
        state.sums.clear()
        if log is not None:
            log.tell(told)
    if state.step % config.evaluate_every == 0 or is_last:
        mean = _whole_mean(state, config)
        if log is not None:
            _look(mean, state.step, course, log)
        if state.shown is not None:
            state.shown.to("cpu")
    if state.step % config.checkpoint_every == 0 or is_last:
        checkpoint.save(state, config, course.folder)


def _whole_mean(state: RunState, config: RunConfig) -> Any:
    """Return the mean as a network of one process; every process has to call it."""
    if not is_spread(config.step):
        return state.mean
    weights = whole(state.mean.state_dict())
    if state.shown is None:
        return None
    state.shown.load_state_dict(weights, strict=True)
    return state.shown.to(config.step.device)


def _look(mean: Any, step: int, course: Course, log: RunLog) -> None:
    if seen := course.evaluate(mean, step):
        log.tell({"step": step, "validation": seen})
    write_whole({"network": mean.state_dict(), "step": step}, course.folder / "last.pt")


def _told(state: RunState, config: RunConfig) -> dict[str, Any]:
    """Return the line of losses: means since the last line, rates, temperature and speed."""
    rates = [group["lr"] for group in state.optimizer.param_groups]
    return {
        "step": state.step,
        "seconds": round(state.seconds),
        "loss": {name: round(float(np.mean(values)), 4) for name, values in state.sums.items()},
        "rate": {"lowest": min(rates), "highest": max(rates)},
        "scale": round(full(temperature_of(state.network).scale).item(), 3),
        "pictures_per_second": round(state.step * config.batch.size / max(state.seconds, 1e-9), 2),
    }


def _follow(mean: Any, network: Any, decay: float) -> None:
    with torch.no_grad():
        for old, new in zip(mean.state_dict().values(), network.state_dict().values(), strict=True):
            if new.is_floating_point():
                old.lerp_(new, 1 - decay)
            else:
                old.copy_(new)
