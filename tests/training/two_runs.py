"""Whole runs of two processes, each as ``torchrun`` would start it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from training.dataset import Batch, Batches
from training.manifest import Sample
from training.manifest_file import write_manifest
from training.recipe import OwnFiles, RunContext
from training.recipes.vit_large import vit_large
from training.run import pretrain
from training.shards import ShardSize, write_shards

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
    """Train a few epochs from the shards and return what this process drew and what lies in the run's folder."""
    config = replace(vit_large().smoke(), steps=4, simulated=0, window=3)
    config = replace(config, batch=replace(config.batch, size=4), step=replace(config.step, micro_batch=0))
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
