"""Any yes-or-no label of a clip, such as congenital heart disease, from the embeddings of its frames."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from fetalclip_app.domain.backbone import Batch
from fetalclip_app.domain.clip import Clip, Frame
from fetalclip_app.domain.clip_labels import Pooling, frames_taken
from fetalclip_app.errors import UnreadableFile
from fetalclip_app.imaging.preprocess import PreprocessSpec, crop_of, prepare, prepare_batch
from fetalclip_app.imaging.readers import read_clip
from fetalclip_app.model.encoder import TorchBackbone
from training.finetune import clip_heads, moving
from training.finetune.clip_file import LabelFacts, Taught, write_label
from training.finetune.clip_heads import ClipFitConfig, LabelledClips
from training.finetune.features import ModelChoice, Rows, frame_rows, open_backbone, unit
from training.recipe import RunContext, save_config

GENERATED = "generated moving pictures: they prove the road, and nothing about patients"
TRAIN = "train"
PLANTED, PLANTED_MEANING = "Planted fault", "a generated shape has a small left chamber"


@dataclass(frozen=True, slots=True)
class ClipConfig:
    """One label of clips.

    Attributes:
        table: CSV below the data folder with the columns file (below the data folder too), group (patient) and
            label (0 or 1); a column split keeps all but its ``train`` from being seen. Empty for generated clips.
        frames: Taken from a clip at equal distances. How many FetalCLIP took is not published: chosen here.
        generated: How many clips are generated where there is no table.
        label, meaning: What the app calls it, and what yes means; a table's must be named.
        view: Plane that the clips show, as the app names it; empty for any.
        pooling: Of the head that is saved: as published, by default; both are measured.
        data_licence: Of clips and labels.
    """

    name: str
    table: str = ""
    frames: int = 8
    generated: int = 60
    label: str = ""
    meaning: str = ""
    view: str = ""
    pooling: Pooling = Pooling.CONCATENATED
    data_licence: str = ""
    seed: int = 7
    model: ModelChoice = field(default_factory=ModelChoice)
    fit: ClipFitConfig = field(default_factory=ClipFitConfig)

    def smoke(self) -> ClipConfig:
        """Return the same run so small that it takes seconds."""
        fit = replace(self.fit, folds=2, repeats=1, epochs=5)
        return replace(self, name=f"{self.name}_smoke", frames=2, generated=8, fit=fit)

    def execute(self, context: RunContext) -> None:
        """Cross-validate both heads, write their AUROC, and a head of all clips as the app loads it."""
        backbone = open_backbone(self.model)
        facts = self.facts(backbone)
        save_config(self, context.folder, clips=self.table or GENERATED)
        if self.table:
            clips, lost = read_clips(context.data, self.table, self.frames, backbone)
        else:
            clips, lost = generated_clips(self, backbone), []
        if lost:
            (context.folder / "unreadable.txt").write_text("\n".join(lost) + "\n", encoding="utf-8")
            print(f"{len(lost)} clips cannot be read: unreadable.txt", flush=True)
        said = {kind: clip_heads.held_out(clips, kind, self.fit, self.seed) for kind in clip_heads.KINDS}
        results = {kind: clip_heads.measured(clips, kind, held) for kind, held in said.items()}
        clip_heads.write(list(results.values()), self.table or GENERATED, context.folder)
        taught = Taught(clips, said[self.pooling], results[self.pooling])
        write_label(taught, facts, self.fit, self.seed, context.folder)

    def facts(self, backbone: TorchBackbone) -> LabelFacts:
        """Return what is told of the head that is saved.

        Raises:
            ValueError: A table's label has no name, or one that judges somebody's health.
        """
        identity = backbone.identity
        return LabelFacts(
            label=self.label if self.table else PLANTED,
            meaning=self.meaning if self.table else PLANTED_MEANING,
            view=self.view,
            backbone=identity.key,
            backbone_sha256=identity.sha256,
            preprocessing=PreprocessSpec(size=backbone.image_size).fingerprint(),
            licence=identity.licence or "unknown",
            data=self.table or GENERATED,
            data_licence=self.data_licence,
            generated=not self.table,
        )


def read_clips(data: Path, table: str, frames: int, backbone: TorchBackbone) -> tuple[LabelledClips, list[str]]:
    """Return the clips of a table with their features, and the files that could not be read.

    Raises:
        ValueError: A label is not 0 or 1, or no clip can be read.
    """
    rows, labels, groups, lost = [], [], [], []
    for file, group, label in _table(data / table):
        try:
            clip = read_clip(data / file)
            rows.append(_rows_of(backbone, clip, frames))
        except UnreadableFile:
            lost.append(file)
            continue
        labels.append(label)
        groups.append(group)
    if not rows:
        raise ValueError(f"{table}: no clip can be read")
    return LabelledClips(np.stack(rows), np.array(labels), tuple(groups)), lost


def generated_clips(config: ClipConfig, backbone: TorchBackbone) -> LabelledClips:
    """Return generated clips, every second with the planted fault, each of a patient of its own."""
    rng = np.random.default_rng(config.seed)
    spec = PreprocessSpec(size=backbone.image_size)
    labels = np.arange(config.generated) % 2
    rows = []
    for label in labels:
        shown = moving.frames_of(moving.random_beat(bool(label), rng), config.frames)
        pictures = np.stack([prepare(Frame(pixels), spec) for pixels in shown])
        rows.append(unit(frame_rows(backbone, iter([pictures]))))
    return LabelledClips(np.stack(rows), labels, tuple(f"generated-{number}" for number in range(len(labels))))


def _rows_of(backbone: TorchBackbone, clip: Clip, frames: int) -> Rows:
    """Return unit rows, (frames, D): one crop for the whole clip, as the app reads it."""
    spec, crop = PreprocessSpec(size=backbone.image_size), crop_of(clip)

    def batches() -> Iterator[Batch]:
        for index in frames_taken(len(clip), frames):
            yield prepare_batch([clip.frame(index)], spec, crop)

    return unit(frame_rows(backbone, batches()))


def _table(path: Path) -> Sequence[tuple[str, str, int]]:
    with path.open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    wrong = [row["file"] for row in rows if row["label"] not in ("0", "1")]
    if wrong:
        raise ValueError(f"{path.name}: the label of {wrong[0]} is neither 0 nor 1")
    taught = [row for row in rows if row.get("split", TRAIN) == TRAIN]
    return [(row["file"], row["group"], int(row["label"])) for row in taught]
