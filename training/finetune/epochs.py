"""Trains a tower with a layer on top by epochs: goes on where it was stopped, stops when it gets no better."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import nn

from fetalclip_app.imaging.preprocess import PreprocessSpec
from training import augment, not_finite
from training.augment import AugmentConfig, changed_input
from training.dataset import STORED_SIDE
from training.files import LOG, tell_line, write_whole
from training.finetune.linear import Labels
from training.finetune.pictures import Picture, plain_input

LENGTH = 10.0
"""What a tower's unit rows are multiplied with, so that a fresh layer is no harder to teach than on plain features:
about their length (chosen here)."""

CHECKPOINT = "last.pt"

LossOf = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""Called with (logits, labels); returns the mean loss."""


@dataclass(frozen=True, slots=True)
class EpochConfig:
    """One training by epochs.

    Attributes:
        patience: Epochs without a lower validation loss before it stops.
        seed: Of the order and of the changes of every epoch; they do not depend on where a run was stopped.
    """

    epochs: int = 20
    batch: int = 32
    patience: int = 4
    clip_norm: float = 1.0
    seed: int = 7


@dataclass(frozen=True, eq=False, slots=True)
class Shown:
    """Pictures with their labels and patients."""

    pictures: Sequence[Picture]
    labels: Labels
    groups: tuple[str, ...]

    def parted(self, apart: frozenset[str]) -> tuple[Shown, Shown]:
        """Return the pictures of all other patients, and those of these."""
        sides = [
            [row for row, group in enumerate(self.groups) if (group in apart) is wanted] for wanted in (False, True)
        ]
        first, second = (
            Shown([self.pictures[row] for row in rows], self.labels[rows], tuple(self.groups[row] for row in rows))
            for rows in sides
        )
        return first, second


class Tower(nn.Module):
    """An image tower of open_clip with one linear layer on its unit rows, times a number.

    The app's heads are given unit rows, so that such a layer serves there as it is. Batch norms keep the statistics
    of the backbone: batches here are small.
    """

    def __init__(self, visual: nn.Module, width: int, outputs: int) -> None:
        super().__init__()
        self.visual, self.last = visual, nn.Linear(width, outputs)

    def train(self, mode: bool = True) -> Tower:
        """Set the mode of all modules but the batch norms."""
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return logits, (N, outputs), for pictures (N, 3, S, S)."""
        logits: torch.Tensor = self.last(self.rows(pictures))
        return logits

    def rows(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return unit rows times `LENGTH`, (N, D)."""
        return LENGTH * F.normalize(self.visual(pictures), dim=-1)


@dataclass(frozen=True, eq=False, slots=True)
class Trainee:
    """What is trained, how, and on what.

    Attributes:
        kept: Names the part of the model's state that changes: what checkpoints hold. The rest is the backbone's.
    """

    model: nn.Module
    optimizer: torch.optim.Optimizer
    loss: LossOf
    spec: PreprocessSpec
    augmentation: AugmentConfig
    kept: Callable[[str], bool] = lambda name: True

    @property
    def device(self) -> torch.device:
        """Where the model lies; pictures and labels follow it."""
        return next(self.model.parameters()).device

    def state(self) -> dict[str, torch.Tensor]:
        """Return a copy of the state that changes."""
        return {name: copy.deepcopy(tensor) for name, tensor in self.model.state_dict().items() if self.kept(name)}

    def restore(self, state: dict[str, torch.Tensor]) -> None:
        """Take a state of `state`."""
        self.model.load_state_dict({**self.model.state_dict(), **state}, strict=True)


def train(trainee: Trainee, taught: Shown, held: Shown, config: EpochConfig, folder: Path, *, resume: bool) -> float:
    """Train, leave the model at its best epoch, and return that epoch's validation loss.

    Raises:
        NotFinite: The loss, in training or on ``held``; what caused it lies in the folder.
    """
    epoch, best, best_epoch, best_state = _begin(trainee, folder, resume=resume)
    while epoch < config.epochs and epoch - best_epoch < config.patience:
        epoch += 1
        with not_finite.batch_kept(folder):
            loss = _one_epoch(trainee, taught, config, epoch)
            held_loss = held_loss_of(trainee, held, config.batch)
        if held_loss < best:
            best, best_epoch, best_state = held_loss, epoch, trainee.state()
        tell_line(folder, {"epoch": epoch, "loss": round(loss, 5), "validation_loss": round(held_loss, 5)})
        write_whole(
            {
                "model": trainee.state(),
                "optimizer": trainee.optimizer.state_dict(),
                "epoch": epoch,
                "best": best,
                "best_epoch": best_epoch,
                "best_model": best_state,
            },
            folder / CHECKPOINT,
        )
    trainee.restore(best_state)
    trainee.model.eval()
    return best


def logits_of(trainee: Trainee, pictures: Sequence[Picture], batch: int) -> NDArray[np.float32]:
    """Return logits, (N, outputs), for pictures as the app shows them."""
    model, device = trainee.model.eval(), trainee.device
    return answers(lambda shown: model(shown.to(device)), trainee.spec, pictures, batch)


def answers(
    step: Callable[[torch.Tensor], torch.Tensor], spec: PreprocessSpec, pictures: Sequence[Picture], batch: int
) -> NDArray[np.float32]:
    """Return what ``step`` says of pictures as the app shows them, joined.

    Args:
        step: Is given float32, (n, 3, S, S), on the CPU, for n up to ``batch``; answers from any device.
    """
    shown = (
        torch.from_numpy(np.stack([plain_input(picture, spec) for picture in pictures[at : at + batch]]))
        for at in range(0, len(pictures), batch)
    )
    with torch.inference_mode():
        parts = [step(part).cpu() for part in shown]
    joined: NDArray[np.float32] = torch.cat(parts).numpy()
    return joined


def held_loss_of(trainee: Trainee, held: Shown, batch: int) -> float:
    """Return the mean loss on pictures as the app shows them.

    Raises:
        NotFinite: It is no number; its batch are the pictures whose logits are none.
    """
    logits, labels = torch.from_numpy(logits_of(trainee, held.pictures, batch)), torch.from_numpy(held.labels)
    loss = trainee.loss(logits, labels)

    def culprits() -> dict[str, Any]:
        rows = torch.nonzero(~torch.isfinite(logits).all(dim=1)).flatten()
        pictures = [torch.from_numpy(plain_input(held.pictures[row], trainee.spec)) for row in rows.tolist()[:batch]]
        return {"pictures": pictures, "logits": logits[rows], "labels": labels[rows], "rows": rows.tolist()}

    not_finite.check("loss", loss, "on held-back pictures", culprits)
    return float(loss)


def loss_of(trainee: Trainee, pictures: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the loss of a batch from anywhere, (n, 3, S, S) and (n,), computed where the model lies."""
    return trainee.loss(trainee.model(pictures.to(trainee.device)), labels.to(trainee.device))


def _begin(trainee: Trainee, folder: Path, *, resume: bool) -> tuple[int, float, int, dict[str, torch.Tensor]]:
    path = folder / CHECKPOINT
    if not (resume and path.exists()):
        (folder / LOG).unlink(missing_ok=True)
        return 0, math.inf, 0, trainee.state()
    saved = torch.load(path, map_location="cpu", weights_only=True)
    trainee.restore(saved["model"])
    trainee.optimizer.load_state_dict(saved["optimizer"])
    return saved["epoch"], saved["best"], saved["best_epoch"], saved["best_model"]


def _one_epoch(trainee: Trainee, taught: Shown, config: EpochConfig, epoch: int) -> float:
    torch.manual_seed(config.seed * 1_000_003 + epoch)
    rng = np.random.default_rng([config.seed, epoch])
    trainee.model.train()
    order = rng.permutation(len(taught.pictures))
    losses = []
    for start in range(0, len(order), config.batch):
        chosen = order[start : start + config.batch]
        pictures = torch.from_numpy(np.stack([_changed(taught.pictures[row], trainee, rng) for row in chosen]))
        labels = torch.from_numpy(taught.labels[chosen])
        loss = loss_of(trainee, pictures, labels)
        culprit = {"pictures": pictures, "labels": labels, "epoch": epoch, "rows": chosen.tolist()}
        not_finite.check("loss", loss, f"in epoch {epoch}", culprit.copy)
        trainee.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(trainee.model.parameters(), config.clip_norm)
        trainee.optimizer.step()
        losses.append(loss.item())
    return float(np.mean(losses))


def _changed(picture: Picture, trainee: Trainee, rng: np.random.Generator) -> NDArray[np.float32]:
    size = trainee.spec.size
    geometry = augment.random_geometry(size, STORED_SIDE, trainee.augmentation, rng)
    return changed_input(picture.grey, geometry, trainee.spec, trainee.augmentation, rng)
