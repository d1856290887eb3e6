"""The compact CLIP, taught by larger networks beside its labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from fetalclip_app.imaging.preprocess import PreprocessSpec
from training.accumulate import LossesOf
from training.config import RunConfig
from training.dataset import Stored
from training.distill import ClipTeacher, DistilConfig, Lessons, Rows, remembered
from training.distributed import here
from training.files import sha256_of
from training.pictures import frame_of
from training.quick_look import picture_rows
from training.recipe import RunContext
from training.recipes.compact import compact
from training.sononet import KNOWN_PLANES, SonoNet16, write_untrained
from training.towers import TowerConfig, architecture, begin_with, fresh_network

_AT_ONCE = 8
"""Pictures of the file's own size that SonoNet-16 reads at a time."""


@dataclass(frozen=True, slots=True)
class DistilledConfig(RunConfig):
    """A contrastive training with teachers.

    Attributes:
        distil: Who teaches, and how loud.
    """

    distil: DistilConfig = field(default_factory=DistilConfig)

    def execute(self, context: RunContext) -> None:
        """Train by contrast and by the teachers' answers."""
        from training.run import pretrain  # noqa: PLC0415 - the run knows its configuration

        pretrain(self, context, partial(self.teach, context))

    def smoke(self) -> DistilledConfig:
        """Return the same run so small that it takes seconds, with teachers that know nothing."""
        small = RunConfig.smoke(self)
        assert isinstance(small, DistilledConfig), "replace keeps the class"
        return replace(small, distil=replace(self.distil, clip=TowerConfig(shape="fetalclip", tiny=True)))

    def taught_by(self, weights: Path) -> DistilledConfig:
        """Return the same run with a checkpoint of FetalCLIP's layers as teacher."""
        return replace(self, distil=replace(self.distil, clip=TowerConfig(shape="fetalclip", weights=str(weights))))

    def teach(self, context: RunContext, stored: Sequence[Stored], base: LossesOf) -> LossesOf:
        """Return a loss that adds what the teachers say of those pictures."""
        teacher = _clip_teacher(self, context, stored) if self.distil.clip else None
        planes = _plane_rows(self, context, stored) if self.distil.plane_weight else None
        return Lessons(self.distil, base, teacher, planes)


def compact_distilled() -> DistilledConfig:
    """Return the compact model's training with SonoNet-16's planes; ``--teacher FILE`` adds FetalCLIP's weights."""
    first = compact()
    values = {entry.name: getattr(first, entry.name) for entry in fields(RunConfig)}
    return DistilledConfig(**values | {"name": "compact_distilled"})


def _clip_teacher(config: DistilledConfig, context: RunContext, stored: Sequence[Stored]) -> ClipTeacher:
    """Return the teacher with its rows of all pictures.

    Raises:
        ModelUnavailable: Its weights are missing, damaged or of other layers.
        ValueError: No weights are named: a teacher of random weights teaches nothing.
    """
    tower = config.distil.clip or TowerConfig()
    if not tower.weights and not context.smoke:
        raise ValueError("name the teacher's weights by --teacher FILE")
    shape = architecture(tower)
    network = fresh_network(shape, config.seed)
    if tower.weights:
        begin_with(network, Path(tower.weights))
    network.eval().requires_grad_(False).to(config.step.device)
    spec = PreprocessSpec(size=shape["vision_cfg"]["image_size"])
    of = {item.sample.key: item for item in stored}

    def compute(keys: list[str]) -> Rows:
        with torch.inference_mode():
            return picture_rows(network, [of[key] for key in keys], spec)

    fact = f"{sha256_of(Path(tower.weights)) if tower.weights else ''} {tower} {config.seed} {spec.fingerprint()}"
    return ClipTeacher(network, remembered(context.folder, "teacher", fact, list(of), compute))


def _plane_rows(config: DistilledConfig, context: RunContext, stored: Sequence[Stored]) -> dict[str, Rows]:
    """Return SonoNet-16's planes of the pictures that nobody labelled.

    Raises:
        OSError: Its weights are not in the data folder.
    """
    path = context.data / "sononet" / "SonoNet16.npz"
    if context.smoke:
        path = context.folder / f"untrained_{here().rank}.npz"
        write_untrained(path, config.seed)
    peer = SonoNet16(path)
    of = {item.sample.key: item.sample for item in stored if item.sample.plane is None}

    def compute(keys: list[str]) -> Rows:
        rows = [np.zeros((0, len(KNOWN_PLANES)), np.float32)]
        for start in range(0, len(keys), _AT_ONCE):
            pictures = [frame_of(context.data, of[key]) for key in keys[start : start + _AT_ONCE]]
            rows.append(peer.plane_probabilities(pictures))
        return np.concatenate(rows)

    return remembered(context.folder, "sononet", sha256_of(path), list(of), compute)
