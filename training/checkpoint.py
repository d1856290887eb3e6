"""Everything that a run would lose with its process: written whole or not at all, and taken up again."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from training.config import RunConfig
from training.dataset import Batch, Batches
from training.distributed import here
from training.files import write_whole
from training.objective import texts_of
from training.sharded import as_held, moments_as_held, whole

FILE = "checkpoint.pt"

_HARMLESS = ("checkpoint_every", "evaluate_every", "unreadable_share")
"""What may differ between the run that was interrupted and the run that goes on."""


@dataclass(slots=True)
class RunState:
    """Where a run stands.

    Attributes:
        mean: The running mean of the network's weights.
        step: Steps that are done.
        seconds: That they took.
        sums: Losses since the last line of the log.
        shown: Where the weights are spread, a whole network that takes the mean to be looked at; of the first process.
    """

    network: Any
    mean: Any
    optimizer: torch.optim.Optimizer
    batches: Batches
    step: int = 0
    seconds: float = 0.0
    sums: dict[str, list[float]] = field(default_factory=dict)
    shown: Any = None


def save(state: RunState, config: RunConfig, folder: Path) -> None:
    """Write the run's checkpoint; every process has to call it, and the first one writes.

    Spread weights are gathered: the file is the same however many processes there are.
    """
    content = {
        "network": whole(state.network.state_dict()),
        "mean": whole(state.mean.state_dict()),
        "optimizer": whole(state.optimizer.state_dict()),
        "batches": state.batches.state(),
        "torch": _torch_streams(),
        "step": state.step,
        "seconds": state.seconds,
        "sums": state.sums,
        "config": _told(config),
    }
    if here().is_first:
        write_whole(content, folder / FILE)


def restore(state: RunState, config: RunConfig, folder: Path) -> bool:
    """Put the run where its checkpoint says, or return False where there is none.

    Raises:
        ValueError: The checkpoint belongs to another configuration.
    """
    path = folder / FILE
    if not path.exists():
        return False
    saved = torch.load(path, map_location="cpu", weights_only=True)
    _refuse_another(saved["config"], _told(config), path)
    for network, weights in ((state.network, saved["network"]), (state.mean, saved["mean"])):
        network.load_state_dict(as_held(weights, network.state_dict()), strict=True)
    state.optimizer.load_state_dict(moments_as_held(saved["optimizer"], state.optimizer))
    state.batches.set_state(saved["batches"])
    _set_torch_streams(saved["torch"])
    state.step, state.seconds, state.sums = saved["step"], saved["seconds"], saved["sums"]
    return True


def refuse_another(config: RunConfig, folder: Path) -> None:
    """Pass where the folder holds no checkpoint, or one of this configuration.

    Raises:
        ValueError: The checkpoint belongs to another configuration.
    """
    path = folder / FILE
    if path.exists():
        saved = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        _refuse_another(saved["config"], _told(config), path)


def set_aside(folder: Path, *names: str) -> None:
    """Give an earlier run's files the ending ``.before``, in the place of those of the run before it."""
    for name in names:
        earlier = folder / f"{name}.before"
        if (folder / name).exists():
            if earlier.is_dir():
                shutil.rmtree(earlier)
            (folder / name).replace(earlier)


def bad_batch_file(step: int) -> str:
    """Return the name of the file for the batch of a step whose loss or gradient is not finite."""
    # With several processes each saves its own: the loss does not tell whose batch caused it.
    return f"batch_{step}.pt" if here().is_first else f"batch_{step}_of_{here().rank}.pt"


def told_of_batch(batch: Batch, step: int) -> dict[str, Any]:
    """Return a batch as `torch.save` takes it, with the names of its pictures: enough for every part of its loss."""
    sets = {"planes": batch.planes, "brain": batch.brain_planes}
    content: dict[str, Any] = {
        "step": step,
        "samples": list(batch.keys),
        "pictures": torch.from_numpy(batch.pictures),
        "captions": texts_of(batch),
        "age_rows": torch.from_numpy(batch.ages.rows),
        "age_target": torch.from_numpy(batch.ages.target),
        "asked_classes": torch.from_numpy(batch.question.classes),
        "asked_answers": torch.from_numpy(batch.question.answers),
    }
    for name, captions in sets.items():
        content[f"{name}_target"] = torch.from_numpy(captions.target)
        content[f"{name}_known"] = torch.from_numpy(captions.known)
    return content


def _told(config: RunConfig) -> str:
    told = {name: value for name, value in asdict(config).items() if name not in _HARMLESS}
    return json.dumps(told, sort_keys=True)


def _filled(saved: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    """Return a configuration with the defaults of settings that did not exist when it was written."""
    inner = {
        name: _filled(saved[name], value)
        for name, value in defaults.items()
        if isinstance(value, dict) and isinstance(saved.get(name), dict)
    }
    return defaults | saved | inner


def _refuse_another(saved: str, asked: str, path: Path) -> None:
    defaults = json.loads(_told(RunConfig(name="", steps=0)))
    before, now = _filled(json.loads(saved), defaults), json.loads(asked)
    changed = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
    if changed:
        raise ValueError(
            f"{path} was written by a run with another {', '.join(changed)}: "
            "go on with the same configuration, or begin anew without --resume"
        )


def _torch_streams() -> dict[str, Any]:
    cards = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return {"cpu": torch.get_rng_state(), "cuda": cards}


def _set_torch_streams(streams: dict[str, Any]) -> None:
    torch.set_rng_state(streams["cpu"])
    if torch.cuda.is_available() and len(streams["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(streams["cuda"])
