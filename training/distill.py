"""What a student learns from larger networks: how alike captions are to a picture, and which plane it shows.

Teachers look once at each picture as it was stored, and their answers are kept in the run's folder. The student sees
the same picture turned, zoomed and darkened anew each time: its plane is the same, and a large teacher's pass through
every changed picture would cost many times the student's own step. What a change does alter is the spacing; captions
that tell one are therefore left out, and so are distractors, which exist for one step only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from fetalclip_app.domain.views import PLANES
from training.accumulate import LossesOf, Parts
from training.config import RunConfig
from training.dataset import Batch
from training.distributed import counts_of, gathered, here
from training.files import whole
from training.objective import Encoded, Temperature
from training.quick_look import encode_texts
from training.sononet import KNOWN_PLANES
from training.towers import TowerConfig
from training.truth import UNLABELLED, CaptionSet

Rows = NDArray[np.float32]

SURE = 0.5
"""Least share of the peer's answer that has to lie on planes of the batch; below it says 'none of these'. Chosen."""


@dataclass(frozen=True, slots=True)
class DistilConfig:
    """Which teachers, and how much they count beside the labels.

    Attributes:
        clip: A CLIP with its weights; None for none.
        softness: Divides both sides' logits: above 1 the teacher's doubts count more (Hinton 2015).
        plane_weight: Of SonoNet-16's planes; 0 for none.
    """

    clip: TowerConfig | None = None
    clip_weight: float = 1.0
    softness: float = 2.0
    plane_weight: float = 0.5


class ClipTeacher:
    """A CLIP's similarities between the batch's pictures and captions.

    Args:
        network: In evaluation mode.
        pictures: Sample's picture -> unit row.
    """

    def __init__(self, network: Any, pictures: Mapping[str, Rows]) -> None:
        self._network, self._pictures = network, pictures
        self._texts: dict[str, Rows] = {}
        self._scale = float(network.logit_scale.detach().exp().clamp(max=100.0))

    def knows(self, keys: Sequence[str]) -> list[int]:
        """Return the places of the pictures that it has seen."""
        return [place for place, key in enumerate(keys) if key in self._pictures]

    def logits(self, keys: Sequence[str], texts: Sequence[str]) -> torch.Tensor:
        """Return scaled similarities, (pictures, texts); each sentence is encoded once."""
        new = sorted(set(texts) - self._texts.keys())
        if new:
            with torch.inference_mode():
                self._texts |= dict(zip(new, encode_texts(self._network, new), strict=True))
        pictures, sentences = [self._pictures[key] for key in keys], [self._texts[text] for text in texts]
        return torch.from_numpy(self._scale * np.stack(pictures) @ np.stack(sentences).T)


def divergence(student_NM: torch.Tensor, teacher_NM: torch.Tensor, softness: float) -> torch.Tensor:
    """Return the mean over rows of KL(teacher, student), times softness squared so that gradients keep their size."""
    said, wanted = F.log_softmax(student_NM / softness, dim=1), F.log_softmax(teacher_NM / softness, dim=1)
    return F.kl_div(said, wanted, reduction="batchmean", log_target=True) * softness**2


def similarity_lesson(
    features: Encoded, batch: Batch, temperature: Temperature, teacher: ClipTeacher, softness: float
) -> torch.Tensor:
    """Return how far the student's similarities are from the teacher's: pictures to captions and back, on average."""
    rows = teacher.knows(batch.keys)
    lesson = features.images.sum() * 0.0
    for texts_MD, captions in ((features.planes, batch.planes), (features.brain, batch.brain_planes)):
        columns = np.flatnonzero(~captions.labels.told)
        if not rows or not len(columns):
            continue
        student = temperature.scale * features.images[rows] @ texts_MD[columns].T
        wanted = teacher.logits([batch.keys[row] for row in rows], [captions.texts[column] for column in columns])
        wanted = wanted.to(student.device)
        lesson = lesson + (divergence(student, wanted, softness) + divergence(student.T, wanted.T, softness)) / 2
    return lesson


def plane_lesson(features: Encoded, batch: Batch, temperature: Temperature, planes: Mapping[str, Rows]) -> torch.Tensor:
    """Return how far the student's planes are from SonoNet-16's, on pictures that nobody labelled.

    A label is worth more than a peer that was trained on another hospital's frames (docs/results.md). The student's
    share of a plane comes from the mean similarity of the batch's captions that name it.

    Args:
        planes: Sample's picture -> the peer's probabilities, in the order of `KNOWN_PLANES`.
    """
    columns = _columns(batch.planes)
    labels = batch.planes.labels
    asked = [row for row, key in enumerate(batch.keys) if labels.pictures[row] == UNLABELLED and key in planes]
    known = [place for place, own in enumerate(columns) if len(own)]
    wanted_RK = np.array([planes[batch.keys[row]][known] for row in asked], np.float32).reshape(-1, len(known))
    sure = wanted_RK.sum(axis=1) >= SURE
    if not sure.any() or len(known) < 2:
        return features.images.sum() * 0.0
    rows = [row for row, is_sure in zip(asked, sure, strict=True) if is_sure]
    logits_RM = temperature.scale * features.images[rows] @ features.planes.T
    student_RK = torch.stack([logits_RM[:, columns[place]].mean(dim=1) for place in known], dim=1)
    teacher_RK = torch.from_numpy(wanted_RK[sure]).clamp(min=1e-6).log().to(student_RK.device)
    return divergence(student_RK, teacher_RK, 1.0)


def _columns(captions: CaptionSet) -> list[NDArray[np.intp]]:
    """Return for each known plane the captions that name it and nothing else."""
    labels = captions.labels
    return [np.flatnonzero((labels.captions == PLANES.index(plane)) & ~labels.told) for plane in KNOWN_PLANES]


@dataclass(frozen=True, eq=False, slots=True)
class Lessons:
    """A `LossesOf` that adds the teachers' parts to another's.

    With several processes, each one's teachers speak of its own batch; the processes' parts are averaged.

    Attributes:
        base: The contrastive loss.
        planes: See `plane_lesson`; None without that teacher.
    """

    config: DistilConfig
    base: LossesOf
    clip: ClipTeacher | None = None
    planes: Mapping[str, Rows] | None = None

    def __call__(self, features: Encoded, batch: Batch, temperature: Temperature, config: RunConfig) -> Parts:
        """Return all parts of the loss."""
        parts = self.base(features, batch, temperature, config)
        if self.clip is not None:
            lesson = similarity_lesson(features, batch, temperature, self.clip, self.config.softness)
            parts["teacher"] = self.config.clip_weight * lesson
        if self.planes is not None:
            parts["sononet"] = self.config.plane_weight * plane_lesson(features, batch, temperature, self.planes)
        return parts


def remembered(
    folder: Path, name: str, fact: str, keys: Sequence[str], compute: Callable[[list[str]], Rows]
) -> dict[str, Rows]:
    """Return a teacher's row for each picture, from the run's folder where the same teacher saw the same pictures.

    Each of several processes computes its share; all get all.

    Args:
        fact: What the rows depend on beside the pictures.
        compute: From keys to rows, float32, (N, D).
    """
    world = here()
    shares = [list(keys[rank :: world.size]) for rank in range(world.size)]
    path = folder / f"{name}_{world.rank}_of_{world.size}.npz"
    rows = _saved(path, fact, shares[world.rank])
    if rows is None:
        rows = compute(shares[world.rank])
        told = _digest(fact, shares[world.rank])
        with whole(path) as stream:
            np.savez(stream, rows=rows, told=np.array(told))
    if world.size > 1:
        parts = gathered(torch.from_numpy(rows).to(world.device), counts_of(len(rows), world.device))
        rows = torch.cat(parts).cpu().numpy()
    return dict(zip([key for share in shares for key in share], rows, strict=True))


def _saved(path: Path, fact: str, keys: Sequence[str]) -> Rows | None:
    if not path.exists():
        return None
    with np.load(path) as arrays:
        rows: Rows = arrays["rows"]
        return rows if str(arrays["told"]) == _digest(fact, keys) else None


def _digest(fact: str, keys: Sequence[str]) -> str:
    return hashlib.sha256("\n".join([fact, *keys]).encode()).hexdigest()
