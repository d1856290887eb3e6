"""Trainings of seconds of every head on made-up pictures. As a program it tells each step, and can be killed at any."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import tiny_models
import torch

from fetalclip_app.model import opening
from training import head_outline, landmark_head, mask_head, run
from training.commands.catalog import find_recipe
from training.recipe import RunContext

DRAWS: dict[str, Any] = {"outline_head": head_outline, "measurement_head": landmark_head, "mask_head": mask_head}
"""Recipe -> the module whose ``draw`` begins each of its steps."""


def train(name: str, data: Path, folder: Path, *, resume: bool = False) -> None:
    """Train five steps with a checkpoint after each second one; masks learn on a transformer."""
    layers = tiny_models.VIT if name == "mask_head" else tiny_models.CONVNET
    config = replace(find_recipe(name).smoke(), steps=5, checkpoint_every=2)
    with mock.patch.object(opening, "open_model", lambda *_, **__: tiny_models.backbone(layers)):
        config.execute(RunContext(data, folder, smoke=True, resume=resume))


def main(name: str, data: Path, folder: Path, threads: int) -> None:
    """Train and say so before each step."""
    torch.set_num_threads(threads)
    run.SPLITS = data.parent / "splits"
    drawn, begun = DRAWS[name].draw, 0

    def telling(*arguments: Any) -> Any:
        nonlocal begun
        begun += 1
        print(f"step {begun}", flush=True)  # noqa: T201 - who starts this program listens
        return drawn(*arguments)

    DRAWS[name].draw = telling
    train(name, data, folder)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
