"""Whole runs of two processes, each as ``torchrun`` would start it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import tiny_models
import two_processes
from PIL import Image

from training import loop
from training.checkpoint import FILE
from training.config import OptimizerConfig, StepConfig
from training.dataset import Batch, Batches
from training.manifest import Sample
from training.manifest_file import write_manifest
from training.recipe import OwnFiles, RunContext
from training.recipes.vit_large import vit_large_sharded
from training.run import pretrain
from training.shards import ShardSize, write_shards
from training.shared_loss import shared_backward

PICTURES = 9


def make_shards(folder: Path) -> None:
    """Write pictures in three shards of four, four and one: two processes never have equal shares."""
    (folder / "data").mkdir()
    rng = np.random.default_rng(1)
    samples = []
    for number in range(PICTURES):
        pixels = rng.integers(0, 255, (40, 50, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / "data" / f"{number}.png")
        samples.append(Sample(f"{number}.png", "own", f"p{number}", "train", ("femur", "heart")[number % 2]))
    write_manifest(folder / "own.csv", samples)
    write_shards(folder / "data", samples, folder / "shards", ShardSize(4))


def from_shards(folder: Path) -> dict[str, Any]:
    """Train spread weights on a few epochs of the shards; return what was drawn here and what lies in the folder."""
    config = replace(vit_large_sharded().smoke(), steps=4, simulated=0, window=3)
    config = replace(config, batch=replace(config.batch, size=4), step=replace(config.step, micro_batch=2))
    run, keys = folder / "from_shards", []
    drawn = Batches.draw

    def draw(self: Any) -> Batch:
        batch = drawn(self)
        keys.append({key for key in batch.keys if key})
        return batch

    Batches.draw = draw  # type: ignore[method-assign]
    try:
        pretrain(config, RunContext(folder / "data", run, own=OwnFiles(folder / "own.csv", shards=folder / "shards")))
    finally:
        Batches.draw = drawn  # type: ignore[method-assign]
    return {"keys": keys, "files": sorted(path.name for path in run.iterdir())}


STEPS, STOPPED = 4, 2
SPREAD = replace(
    two_processes.CONFIG,
    steps=STEPS,
    frozen_stages=0,
    checkpoint_every=1,
    evaluate_every=STEPS,
    optimizer=OptimizerConfig(image_rate=1e-3, warm_up=1),
    step=StepConfig(sharded=True, micro_batch=2, recompute=True),
)


class Listed(Batches):
    """The same batches in each run, whatever was drawn before a stop."""

    def __init__(self, ranks: tuple[int, ...]) -> None:
        """List one batch a step: those of several ranks as one."""
        drawn = [two_processes.batches(100 + rank, 4) for rank in ranks]
        self._listed = [two_processes.as_one([batches.draw() for batches in drawn]) for _ in range(STEPS)]
        self._drawn = 0

    def draw(self) -> Batch:
        self._drawn += 1
        return self._listed[self._drawn - 1]

    def state(self) -> dict[str, Any]:
        return {"drawn": self._drawn}

    def set_state(self, state: dict[str, Any]) -> None:
        self._drawn = state["drawn"]

    def reseed(self, seed: int) -> None:
        """Draw on as listed."""


def look(network: Any, step: int) -> dict[str, float]:
    """Return what tells one mean from another, from a network that has to be whole."""
    encoded = network.encode_text(two_processes.tokenizer()(["a femur"]))
    return {"feature": float(encoded.detach()[0, 0]), "training": float(network.training)}


def run_to_the_end(folder: Path, ranks: tuple[int, ...], *, resume: bool = False, **course: Any) -> None:
    folder.mkdir(exist_ok=True)
    given = loop.Course(folder, look, resume=resume, **course)
    loop.train(tiny_models.network(tiny_models.VIT), Listed(ranks), SPREAD, given)


def spread_run(rank: int, folder: Path) -> dict[str, Any]:
    """Train one run left alone and one that is stopped and goes on, and leave a copy of where that one stopped."""
    done = 0

    def stopping(*given: Any) -> Any:
        nonlocal done
        done += 1
        if done > STOPPED:
            raise KeyboardInterrupt
        return shared_backward(*given)

    run_to_the_end(folder / "spread", (rank,), backward=shared_backward)
    try:
        run_to_the_end(folder / "stopped", (rank,), backward=stopping)
    except KeyboardInterrupt:
        if rank == 0:
            (folder / "continued").mkdir()
            shutil.copy(folder / "stopped" / FILE, folder / "continued" / FILE)
    run_to_the_end(folder / "stopped", (rank,), resume=True, backward=shared_backward)
    return {"stopped_after": done - 1}
