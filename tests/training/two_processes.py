"""What two processes compute, each on its own batch, and the same on one process with both batches."""

from __future__ import annotations

import multiprocessing
import os
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import tiny_models
import torch
from torch.distributed.tensor import DTensor

from fetalclip_app.imaging.preprocess import PreprocessSpec
from training.accumulate import backward
from training.augment import AugmentConfig
from training.config import OptimizerConfig, RunConfig, StepConfig
from training.dataset import STORED_SIDE, Batch, BatchConfig, Batches, Stored
from training.distributed import average_gradients, here, processes, seed_here
from training.ladder import AgeLadder
from training.loop import Course, train
from training.manifest import Sample
from training.objective import image_rows, pictures_of
from training.sharded import clipped, sharded, whole
from training.shared_loss import shared_backward
from training.towers import hold_statistics
from training.truth import CaptionSet, joined

CONFIG = RunConfig(name="two", steps=1, brain_weight=1.5, age_weight=0.7, smoothing=0.1)
SIGLIP = {**tiny_models.VIT, "init_logit_bias": -10.0}
CLIP = 0.5
SHOWN = (
    ("brain", "trans-thalamic"),
    ("brain", "trans-cerebellum"),
    ("femur", None),
    ("heart", None),
    (None, None),
)


def batches(seed: int, size: int) -> Batches:
    """Return batches of grey noise with labels of all kinds."""
    rng = np.random.default_rng(0)
    stored = [
        Stored(
            Sample(f"{number}.png", "fetal_planes", f"g{number}", "train", plane, sub_plane, pixel_mm=0.2),
            rng.integers(0, 255, (STORED_SIDE, STORED_SIDE)).astype(np.uint8),
            STORED_SIDE,
        )
        for number, (plane, sub_plane) in enumerate(SHOWN)
    ]
    shares = (("brain", 0.4), ("femur", 0.15), ("heart", 0.15), ("other", 0.2), ("distractor", 0.1))
    return Batches(
        stored,
        spec=PreprocessSpec(size=tiny_models.SIZE),
        batch=BatchConfig(size=size, shares=shares, ladder=4, aged=2, asked=True),
        augmentation=AugmentConfig(),
        seed=seed,
    )


def as_one(parts: list[Batch]) -> Batch:
    """Return several batches as one: what a single process would have to see."""
    starts = np.cumsum([0, *(len(part.pictures) for part in parts)])

    def together(sets: list[CaptionSet]) -> CaptionSet:
        return CaptionSet.of([text for one in sets for text in one.texts], joined([one.labels for one in sets]))

    ladders = AgeLadder(
        np.concatenate([part.ages.rows + start for part, start in zip(parts, starts, strict=False)]),
        [text for part in parts for text in part.ages.texts],
        np.concatenate([part.ages.target for part in parts]),
    )
    return Batch(
        np.concatenate([part.pictures for part in parts]),
        together([part.planes for part in parts]),
        together([part.brain_planes for part in parts]),
        ladders,
        question=replace(parts[0].question, answers=np.concatenate([part.question.answers for part in parts])),
    )


def tokenizer() -> Any:
    return open_clip.SimpleTokenizer(context_length=117)


def prepared(shape: dict[str, Any], *, held: bool = True) -> Any:
    network: Any = tiny_models.network(shape)
    network.train()
    hold_statistics(network, every=held)
    return network


def outcome(network: Any, losses: dict[str, torch.Tensor]) -> dict[str, Any]:
    """Return losses, gradients and statistics as plain tensors."""
    return {
        "losses": {name: float(part.detach()) for name, part in losses.items()},
        "gradients": {
            name: in_one_piece(parameter.grad)
            for name, parameter in network.named_parameters()
            if parameter.grad is not None
        },
        "statistics": {name: buffer.clone() for name, buffer in network.named_buffers() if "running_mean" in name},
    }


def in_one_piece(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor.clone()


Case = Callable[[Batch], dict[str, Any]]


def alone(shape: dict[str, Any], config: RunConfig = CONFIG, *, held: bool = True) -> Case:
    """Return what one process computes from the whole."""

    def case(batch: Batch) -> dict[str, Any]:
        network = prepared(shape, held=held)
        return outcome(network, backward(network, batch, tokenizer(), config))

    return case


def shared(shape: dict[str, Any], config: RunConfig = CONFIG, *, held: bool = True) -> Case:
    """Return what one of two processes computes from its half."""

    def case(batch: Batch) -> dict[str, Any]:
        network = prepared(shape, held=held)
        told = outcome(network, shared_backward(network, batch, tokenizer(), config))
        lonely = prepared(shape, held=held)
        image_rows(lonely, pictures_of(batch))
        return told | {"own_statistics": outcome(lonely, {})["statistics"]}

    return case


def spread(config: RunConfig) -> Case:
    """Return the same where each process holds half of the weights, and what a clipped gradient is then."""

    def case(batch: Batch) -> dict[str, Any]:
        network = sharded(prepared(tiny_models.VIT).to(memory_format=torch.channels_last), torch.device("cpu"))
        network.set_grad_checkpointing(config.step.recompute)
        told = outcome(network, shared_backward(network, batch, tokenizer(), config))
        held = sum(p.to_local().numel() for p in network.parameters() if isinstance(p, DTensor))
        norm = clipped(network.parameters(), CLIP)
        after = {"norm": float(norm), "clipped": outcome(network, {})["gradients"]}
        return told | after | {"held": held, "state": whole(network.state_dict())}

    return case


def refused(batch: Batch) -> dict[str, Any]:
    try:
        sharded(tiny_models.network(tiny_models.CONVNET), torch.device("cpu"))
    except ValueError as error:
        return {"sentence": str(error)}
    return {}


def trained(rank: int, folder: Path) -> dict[str, Any]:
    """Return the weights after two steps of the loop; each process is given other weights and a folder of its own."""
    network = prepared(tiny_models.VIT)
    with torch.no_grad():
        network.text_projection.add_(0.01 * rank)
    config = replace(CONFIG, steps=2, frozen_stages=0, optimizer=OptimizerConfig(warm_up=1))
    own = folder / f"run_{rank}"
    own.mkdir()
    course = Course(own, lambda *_: {"looked": 1.0}, backward=shared_backward)
    mean = train(network, batches(seed_here(11), 4), config, course)
    return {"state": mean.state_dict(), "files": sorted(path.name for path in own.iterdir())}


PIECES = replace(CONFIG, step=StepConfig(micro_batch=2))
SHARED: dict[str, Case] = {
    "vit": shared(tiny_models.VIT),
    "pieces": shared(tiny_models.VIT, PIECES),
    "siglip": shared(SIGLIP, replace(CONFIG, loss="siglip")),
    "held": shared(tiny_models.CONVNET),
    "learning": shared(tiny_models.CONVNET, held=False),
    "spread": spread(CONFIG),
    "spread_pieces": spread(replace(PIECES, step=replace(PIECES.step, recompute=True))),
    "refused": refused,
}
ALONE: dict[str, Case] = {
    "vit": alone(tiny_models.VIT),
    "siglip": alone(SIGLIP, replace(CONFIG, loss="siglip")),
    "held": alone(tiny_models.CONVNET),
    "learning": alone(tiny_models.CONVNET, held=False),
}


def batch_of(rank: int) -> Batch:
    """Return the batch of a process: unequal ones, so that rows without a partner in the other rank occur."""
    return batches(seed_here(11), 5 + rank).draw()


def work(rank: int, port: int, folder: Path) -> None:
    """Be one of two processes, as ``torchrun`` starts them, and write what came out."""
    torch.set_num_threads(1)
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE="2", MASTER_ADDR="127.0.0.1")
    os.environ["MASTER_PORT"] = str(port)
    import two_runs  # noqa: PLC0415 - it builds on this module

    with processes() as world:
        batch = batch_of(world.rank)
        told = {name: case(batch) for name, case in SHARED.items()}
        idle = torch.nn.Parameter(torch.ones(2))
        average_gradients([idle])
        told["world"] = {"rank": here().rank, "size": here().size, "idle": idle.grad}
        told["batch"] = {"batch": batch}
        told["trained"] = trained(rank, folder)
        told["from_shards"] = two_runs.from_shards(folder)
        told["spread_run"] = two_runs.spread_run(rank, folder)
        torch.save(told, folder / f"{rank}.pt")


def run_both(folder: Path) -> list[dict[str, Any]]:
    """Start two processes and return what each wrote."""
    import two_runs  # noqa: PLC0415 - it builds on this module

    ways = multiprocessing.get_all_start_methods()
    two_runs.make_shards(folder)
    context: Any = multiprocessing.get_context("forkserver" if "forkserver" in ways else "spawn")
    if "forkserver" in ways:
        context.set_forkserver_preload(["two_processes"])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    both = [context.Process(target=work, args=(rank, port, folder)) for rank in (0, 1)]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    return [torch.load(folder / f"{rank}.pt", weights_only=False) for rank in (0, 1)]
