"""From a recipe to a checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fetalclip_app.imaging.preprocess import PreprocessSpec
from training import checkpoint, own_data, quick_look
from training.accumulate import LossesOf, backward, own_losses
from training.config import RunConfig
from training.dataset import Batches, Stored, kind_of, stored_simulation
from training.distributed import World, here, processes, seed_here
from training.files import sha256_of, write_whole
from training.importers.fetal_planes import read_fetal_planes
from training.importers.hc18 import read_hc18
from training.loop import Course, train
from training.manifest import NAMED, Sample, manifest_hash, read_split
from training.manifest_file import ManifestError
from training.number_sense import teach_numbers
from training.origin import SHOWN, shown_of
from training.own_data import Material
from training.readable import load_readable, refuse_too_many, write_list
from training.recipe import RunContext, save_config
from training.shard_batches import ShardBatches, Stock
from training.shards import Reader
from training.shared_loss import shared_backward, shared_losses
from training.split import SPLITS
from training.towers import architecture, begin_with, fresh_network


def all_samples(data: Path) -> list[Sample]:
    """Return every picture of the data folder with its committed split."""
    return [
        *read_hc18(data, read_split(SPLITS / "hc18.csv")),
        *read_fetal_planes(data, read_split(SPLITS / "fetal_planes.csv")),
    ]


def simulations(count: int, seed: int) -> list[Stored]:
    """Return simulated heads with their true outline's size."""
    from fetalclip_app.biometry.growth import who_median_days  # noqa: PLC0415
    from training import simulate  # noqa: PLC0415

    if count == 0:
        return []
    rng = np.random.default_rng(seed)
    stored = []
    for number in range(count):
        picture = simulate.random_head(rng)
        sample = Sample(
            picture=f"simulated-{seed}-{number}",
            source="simulated",
            group=f"simulated-{number}",
            split="train",
            plane="brain",
            brain_plane=picture.plane,
            pixel_mm=picture.pixel_mm,
            hc_mm=picture.hc_mm,
            age_days=who_median_days("HC", picture.hc_mm),
        )
        stored.append(stored_simulation(sample, picture.pixels))
    return stored


TRAINING_STRIDE, VALIDATION_STRIDE = 40, 20
"""A smoke run takes every so many pictures."""

Teach = Callable[[Sequence[Stored], LossesOf], LossesOf]
"""From the training pictures and a loss to a loss that adds what teachers say of those pictures."""


def pretrain(config: RunConfig, context: RunContext, teach: Teach | None = None) -> None:
    """Train a CLIP by contrast, in one process or, under ``torchrun``, in several.

    Raises:
        ValueError: The data or the configuration cannot be trained with; the sentence says why.
    """
    with processes() as world:
        _pretrain(config, context, teach, world)


def _pretrain(config: RunConfig, context: RunContext, teach: Teach | None, world: World) -> None:
    """Train as one of the processes.

    Raises:
        ValueError: The data or the configuration cannot be trained with; the sentence says why.
    """
    if teach is not None and context.own.shards is not None:
        raise ManifestError("teachers look at each picture once, before the first step: train on plain files")
    folder, material = context.folder, own_data.read(context.own, lambda: all_samples(context.data))
    config = own_data.resolved(config, context.own, material)
    _refuse_no_weights(config)
    if context.resume:
        checkpoint.refuse_another(config, folder)
    if world.is_first:
        shown = shown_of([*material.side("train"), *material.figures])
        facts = {"manifest": manifest_hash(material.samples), SHOWN: shown, **_hashes_of_weights(config)}
        save_config(config, folder, **facts)
    stored, watched = _read(config, context, material)
    stored += simulations(config.simulated, config.seed)
    shape = architecture(config.tower, config.loss)
    spec = PreprocessSpec(size=shape["vision_cfg"]["image_size"])
    _refuse_no_shares(config, stored)
    batches = _batches(config, context, material, stored, spec)
    loss = own_losses if world.size == 1 else shared_losses
    steps = partial(backward if world.size == 1 else shared_backward, losses_of=teach(stored, loss) if teach else loss)

    classes = quick_look.Classes.of(watched) if context.own.manifest else quick_look.STANDARD

    def evaluate(network: Any, step: int) -> dict[str, float]:
        return quick_look.look(network, watched, spec, classes) if watched else {}

    if config.step.sharded and world.size == 1:
        print("one process: it holds all weights, and none are spread", flush=True)
    network = _network(config, shape, folder)
    train(network, batches, config, Course(folder, evaluate, resume=context.resume, backward=steps))


def _batches(
    config: RunConfig, context: RunContext, material: Material, stored: Sequence[Stored], spec: PreprocessSpec
) -> Batches:
    drawn: dict[str, Any] = {
        "spec": spec,
        "batch": config.batch,
        "augmentation": config.augmentation,
        "seed": seed_here(config.seed),
        "written": material.captions,
    }
    if context.own.shards is None:
        return Batches(stored, **drawn)
    stock = Stock(
        context.own.shards,
        Reader(here().rank, here().size),
        seed=config.seed,
        window=config.window,
        beside=tuple(stored),
        run=context.folder,
        unreadable_share=config.unreadable_share,
    )
    return ShardBatches(stock, samples=material.side("train"), **drawn)


def _read(config: RunConfig, context: RunContext, material: Material) -> tuple[list[Stored], list[Stored]]:
    """Return the readable pictures of training and validation; the others are listed and counted.

    Those of shards are read when their turn comes.
    """
    step, fewer = (TRAINING_STRIDE, VALIDATION_STRIDE) if context.smoke else (1, 1)
    taught = [] if context.own.shards else material.side("train")
    shown = [*taught[::step], *material.figures[::step]]
    held = material.side("validation")[::fewer]
    stored, lost = load_readable(context.data, shown)
    watched, lost_too = load_readable(context.data, held)
    unreadable = lost + lost_too
    if here().is_first:
        write_list(unreadable, context.folder)
    refuse_too_many(unreadable, len(shown) + len(held), config.unreadable_share)
    if unreadable:
        print(f"{len(unreadable)} of {len(shown) + len(held)} pictures are unreadable and left out", flush=True)
    if not watched:
        print("no validation pictures: nothing is looked at while the run goes on", flush=True)
    return stored, watched


def _refuse_no_shares(config: RunConfig, stored: Sequence[Stored]) -> None:
    """Pass where something can be drawn; of shards, what is there is known when their turn comes."""
    kinds = {kind_of(item.sample) for item in stored}
    if kinds and not any(share for kind, share in config.batch.shares if kind in kinds):
        raise ValueError(f"no kind of picture that is there has a share of the batch: {', '.join(sorted(kinds))}")


def _refuse_no_weights(config: RunConfig) -> None:
    if config.tower.needs_weights and not config.tower.weights and not config.start:
        raise ValueError(f"{config.name} begins with an open_clip checkpoint: name it by --weights FILE")


def _hashes_of_weights(config: RunConfig) -> dict[str, str]:
    """Return the hash of the weights that the run begins with, and of its teacher's."""
    teacher = getattr(getattr(config, "distil", None), "clip", None)
    files = {"weights_sha256": config.tower.weights, "teacher_sha256": teacher.weights if teacher else ""}
    return {name: sha256_of(Path(path)) for name, path in files.items() if path}


def _network(config: RunConfig, shape: dict[str, Any], folder: Path) -> Any:
    """Return the network that the run begins with."""
    network = fresh_network(shape, config.seed, image_net=config.tower.image_net)
    if config.tower.weights:
        begin_with(network, Path(config.tower.weights), text_alone=config.tower.text_alone)
    if config.start:
        _go_on_from(folder.parent / config.start, network)
        return network
    # The other processes get the first one's weights.
    return _practised(network, config, folder) if config.numbers.steps and here().is_first else network


def _go_on_from(path: Path, network: Any) -> None:
    """Copy an earlier run's weights into the network.

    Raises:
        ValueError: There is no such run, or its network is another: of other layers, or of another loss.
    """
    if not path.is_file():
        raise ValueError(
            f"{path.parent.name}/{path.name} is not there: it is of a run that comes before, beside this one"
        )
    weights, own = torch.load(path, map_location="cpu", weights_only=True)["network"], network.state_dict()
    other = sorted(name for name in weights.keys() | own.keys() if _shape(weights, name) != _shape(own, name))
    if other:
        raise ValueError(f"{path.parent.name}/{path.name} is of another network: {', '.join(other[:NAMED])} differ")
    network.load_state_dict(weights, strict=True)


def _shape(weights: Mapping[str, Any], name: str) -> tuple[int, ...] | None:
    return tuple(weights[name].shape) if name in weights else None


def _practised(network: Any, config: RunConfig, folder: Path) -> Any:
    """Return the network after the practice of numbers, from ``numbers.pt`` where that holds the same lesson."""
    practised = folder / "numbers.pt"
    lesson = asdict(config.numbers) | {"seed": config.seed}
    if practised.exists():
        saved = torch.load(practised, weights_only=True)
        if saved.get("lesson") == lesson:
            network.load_state_dict(saved["network"], strict=True)
            return network
    losses = teach_numbers(network, config.numbers, config.seed)
    print(f"numbers: contrastive loss {losses[0][0]:.2f} -> {losses[-1][0]:.2f}", flush=True)
    write_whole({"network": network.state_dict(), "step": 0, "lesson": lesson}, practised)
    return network
