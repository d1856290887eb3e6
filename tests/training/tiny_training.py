"""A training of seconds on made-up pictures. As a program it tells each step, and can be killed at any."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import tiny_models
import torch

from fetalclip_app.imaging.preprocess import PreprocessSpec
from training import loop, run
from training.config import OptimizerConfig, RunConfig
from training.dataset import Batch, Batches, load
from training.recipes.compact import compact
from training.shard_batches import ShardBatches, Stock
from training.shards import Reader, ShardSize, write_shards


def config(**changes: Any) -> RunConfig:
    few = replace(compact().smoke(), optimizer=OptimizerConfig(warm_up=1), schedule_steps=0)
    return replace(few, **changes)


def batches(data: Path, config: RunConfig) -> Batches:
    stored = load(data, [sample for sample in run.all_samples(data) if sample.split == "train"])
    spec = PreprocessSpec(size=tiny_models.SIZE)
    return Batches(stored, spec=spec, batch=config.batch, augmentation=config.augmentation, seed=config.seed)


def from_shards(data: Path, folder: Path, config: RunConfig) -> Batches:
    """Return batches of the same pictures, two at a time in memory; the shards are written where there are none."""
    shards = data.parent / "shards"
    samples = [sample for sample in run.all_samples(data) if sample.split == "train"]
    if not shards.exists():
        write_shards(data, samples, shards, ShardSize(3))
    stock = Stock(shards, Reader(), seed=config.seed, window=2, beside=(), run=folder, unreadable_share=0.0)
    drawn: dict[str, Any] = {"batch": config.batch, "augmentation": config.augmentation, "seed": config.seed}
    return ShardBatches(stock, samples=samples, spec=PreprocessSpec(size=tiny_models.SIZE), **drawn)


def evaluate(network: Any, step: int) -> dict[str, float]:
    return {"training": float(network.training)}


def train(
    data: Path, folder: Path, config: RunConfig, *, resume: bool = False, sharded: bool = False, **course: Any
) -> Any:
    """Train the tiny convolutional network, or the transformer where nothing is frozen, and return its mean."""
    layers = tiny_models.CONVNET if config.frozen_stages else tiny_models.VIT
    network = tiny_models.network(layers).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    folder.mkdir(exist_ok=True)
    given = loop.Course(folder, evaluate, resume=resume, **course)
    drawn = from_shards(data, folder, config) if sharded else batches(data, config)
    return loop.train(network, drawn, config, given)


INTERRUPTED = {"steps": 5, "checkpoint_every": 2, "evaluate_every": 2}


def main(data: Path, folder: Path, threads: int, sharded: bool) -> None:
    """Train and say so before each step."""
    torch.set_num_threads(threads)
    run.SPLITS = data.parent / "splits"
    begun = 0

    def telling(network: Any, batch: Batch, tokenizer: Any, config: RunConfig) -> dict[str, torch.Tensor]:
        nonlocal begun
        begun += 1
        print(f"step {begun}", flush=True)  # noqa: T201 - who starts this program listens
        return loop.backward(network, batch, tokenizer, config)

    train(data, folder, config(**INTERRUPTED), sharded=sharded, backward=telling)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "shards")
