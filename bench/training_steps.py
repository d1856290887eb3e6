"""One training step of ours and one of open_clip's own trainer, on the same network, pictures and captions."""

from __future__ import annotations

import copy
import json
import statistics
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import open_clip
import torch
from numpy.typing import NDArray
from open_clip_train.train import train_one_epoch  # type: ignore[import-untyped]

from fetalclip_app.domain.bootstrap import interval
from fetalclip_app.model.architecture import build
from training import captions
from training.checkpoint import RunState
from training.config import RunConfig, StepConfig
from training.dataset import Batch
from training.ladder import AgeLadder
from training.loop import Course, one_step, optimizer_of
from training.truth import CaptionSet, Labels

Step = Callable[[], float]
"""Does one step and returns its loss before the step."""

SEED = 42

_FEW = 16


@dataclass(frozen=True, slots=True)
class Trial:
    """What both sides train.

    Attributes:
        shape: open_clip's configuration of the network.
        precision: "fp32" or "bf16", both by autocast.
    """

    name: str
    shape: dict[str, Any]
    batch: int
    device: str = "cpu"
    precision: str = "fp32"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Seconds of each step, side by side.

    Attributes:
        losses: Ours and theirs on the first batch with the same weights.
    """

    trial: Trial
    ours_s: tuple[float, ...]
    theirs_s: tuple[float, ...]
    losses: tuple[float, float]

    @property
    def ratios(self) -> list[float]:
        """How many times faster ours was, round by round."""
        return [theirs / ours for ours, theirs in zip(self.ours_s, self.theirs_s, strict=True)]

    @property
    def ratio(self) -> float:
        """Their median."""
        return statistics.median(self.ratios)

    @property
    def ratio_interval(self) -> tuple[float, float]:
        """Return 2.5 and 97.5 percentiles of the median over resampled rounds."""
        ratios = np.array(self.ratios)
        return interval([str(number) for number in range(len(ratios))], lambda rows: float(np.median(ratios[rows])))

    @property
    def same_loss(self) -> bool:
        """Whether both sides computed the same."""
        tolerance = 1e-4 if self.trial.precision == "fp32" else 3e-2
        return abs(self.losses[0] - self.losses[1]) <= tolerance * abs(self.losses[1])


PicturesAndTexts = tuple[NDArray[np.float32], list[str]]
"""Pictures, (N, 3, S, S), and a caption of each."""


def pictures_and_texts(trial: Trial) -> PicturesAndTexts:
    """Return random pictures, and captions as the trainings draw them, one for each."""
    size, draw, phrases = trial.shape["vision_cfg"]["image_size"], Random(SEED), captions.Phrases.bundled()
    planes = sorted(phrases.planes)
    texts = [
        f"{captions.plane_caption(planes[number % len(planes)], phrases, draw)} Picture {number}."
        for number in range(trial.batch)
    ]
    rng = np.random.default_rng(SEED)
    return rng.standard_normal((trial.batch, 3, size, size), np.float32), texts


def few_pictures(trial: Trial) -> PicturesAndTexts:
    """Return the same where only memory counts: a few pictures again and again, drawn in no time."""
    pictures, _ = pictures_and_texts(replace(trial, batch=min(trial.batch, _FEW)))
    size = trial.shape["vision_cfg"]["image_size"]
    return np.resize(pictures, (trial.batch, 3, size, size)), [f"Picture {number}." for number in range(trial.batch)]


def network_of(trial: Trial) -> Any:
    """Return the network with the same random weights at each call."""
    return copy.deepcopy(_built(json.dumps(trial.shape))).to(trial.device)


@lru_cache(maxsize=1)
def _built(shape: str) -> Any:
    """Draw the weights once: those of ViT-L/14 take longer than its steps."""
    torch.manual_seed(SEED)
    return build(json.loads(shape))


class _OneBatch:
    """Batches of the contrastive loop, of which there is one: each picture has its own caption."""

    def __init__(self, pictures: Any, texts: list[str]) -> None:
        rows = np.arange(len(texts))
        no = np.zeros(len(texts), np.bool_)
        empty = rows[:0]
        self._batch = Batch(
            pictures,
            CaptionSet.of(texts, Labels(rows, rows, rows, no, no)),
            CaptionSet.of([], Labels(rows, empty, empty, no[:0], no[:0])),
            AgeLadder(empty, [], np.zeros((0, 1), np.float32)),
        )

    def draw(self) -> Batch:
        return self._batch


def our_step(trial: Trial, network: Any, shown: PicturesAndTexts | None = None) -> Step:
    """Return the contrastive loop's own step: running mean of the weights and checks for NaN included.

    Args:
        shown: `pictures_and_texts` where not given.
    """
    config = RunConfig(
        name="bench", steps=1000, step=StepConfig(precision=trial.precision, device=trial.device), frozen_stages=0
    )
    network = network.to(memory_format=torch.channels_last)
    batches: Any = _OneBatch(*(shown or pictures_and_texts(trial)))
    state = RunState(network, copy.deepcopy(network).eval(), optimizer_of(network, config.optimizer), batches)
    tokenizer = open_clip.SimpleTokenizer(context_length=network.context_length)
    course = Course(Path(), lambda *_: {})

    def step() -> float:
        state.sums.clear()
        one_step(state, tokenizer, config, course)
        return sum(losses[-1] for losses in state.sums.values())

    return step


class _Loader:
    """What `train_one_epoch` asks of its data: one batch, its captions turned into tokens as it is read."""

    def __init__(self, trial: Trial, context_length: int) -> None:
        pictures, self._texts = pictures_and_texts(trial)
        self._pictures = torch.from_numpy(pictures)
        self._tokenizer = open_clip.SimpleTokenizer(context_length=context_length)
        self.num_batches, self.num_samples = 1, trial.batch
        self.dataloader = self

    def set_epoch(self, epoch: int) -> None:
        """Draw nothing: both sides train on one batch."""

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        yield self._pictures, self._tokenizer(self._texts)


class _Heard:
    """Takes the loss from what the trainer writes for its curves."""

    loss = 0.0

    def add_scalar(self, name: str, value: float, step: int) -> None:
        if name == "train/loss":
            self.loss = value


def their_step(trial: Trial, network: Any) -> Step:
    """Return one epoch of one batch by open_clip's trainer, with its own loss, clamp and log."""
    network.output_dict = True
    config = RunConfig(name="bench", steps=1000)
    optimizer = optimizer_of(network, config.optimizer)
    options = Namespace(
        device=trial.device,
        precision={"fp32": "fp32", "bf16": "amp_bf16"}[trial.precision],
        distill=False,
        accum_freq=1,
        skip_scheduler=True,
        horovod=False,
        grad_clip_norm=config.optimizer.clip_norm,
        rank=0,
        log_every_n_steps=1,
        batch_size=trial.batch,
        world_size=1,
        wandb=False,
    )
    data, heard = {"train": _Loader(trial, network.context_length)}, _Heard()
    epoch = partial(train_one_epoch, network, data, open_clip.loss.ClipLoss(), 0, optimizer, None, None, None, options)

    def step() -> float:
        epoch(heard)
        return heard.loss

    return step


def compare(trial: Trial, rounds: int, warm_up: int = 2) -> Outcome:
    """Time both sides in turn, the first place changing from round to round; the first rounds count for nothing."""
    network = network_of(trial)
    ours, theirs = our_step(trial, network), their_step(trial, network_of(trial))
    losses = (ours(), theirs())
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(warm_up + rounds):
        order = ((ours, times[0]), (theirs, times[1]))
        for step, seconds in order if number % 2 else reversed(order):
            seconds.append(timed(step, trial.device))
    return Outcome(trial, tuple(times[0][warm_up:]), tuple(times[1][warm_up:]), losses)


def timed(step: Step, device: str) -> float:
    """Return the seconds of one step, with all that it left to the GPU."""
    on_gpu = torch.device(device).type == "cuda"
    if on_gpu:
        torch.cuda.synchronize()
    begun = time.perf_counter()
    step()
    if on_gpu:
        torch.cuda.synchronize()
    return time.perf_counter() - begun
