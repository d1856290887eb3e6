"""Any yes-or-no label of a clip, such as congenital heart disease, from the embeddings of its frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from fetalclip_app.domain.backbone import Batch
from fetalclip_app.domain.clip import Clip, Frame
from fetalclip_app.domain.clip_labels import Pooling, frames_taken
from fetalclip_app.errors import UnreadableFile
from fetalclip_app.imaging.preprocess import PreprocessSpec, crop_of, prepare, prepare_batch
from fetalclip_app.imaging.readers import read_clip
from fetalclip_app.model.encoder import TorchBackbone
from training import not_finite
from training.finetune import clip_heads, moving
from training.finetune.clip_file import LabelFacts, Taught, write_label
from training.finetune.clip_heads import ClipFitConfig, LabelledClips
from training.finetune.features import ModelChoice, Rows, frame_rows, open_backbone, unit
from training.finetune.labelled import ClipList, clips_of_manifest, clips_of_table
from training.manifest_file import LABEL, ManifestError
from training.recipe import RunContext, save_config
from training.settings import SettingError

GENERATED = "generated moving pictures: they prove the road, and nothing about patients"
PLANTED, PLANTED_MEANING = "Planted fault", "a generated shape has a small left chamber"


@dataclass(frozen=True, slots=True)
class ClipConfig:
    """One label of clips.

    Attributes:
        table: CSV below the data folder with the columns file (below the data folder too), group (patient) and
            label (0 or 1); a column split keeps all but its ``train`` from being seen. Empty for the clips of
            ``--manifest``, or generated ones.
        frames: Taken from a clip at equal distances. How many FetalCLIP took is not published: chosen here.
        generated: How many clips are generated where there is no table.
        label, meaning: What the app calls it, and what yes means; both must be named of clips that are not generated.
        column: NAME of the manifest's ``label:NAME``; empty where it is ``label``.
        view: Plane that the clips show, as the app names it; empty for any.
        pooling: Of the head that is saved: as published, by default; both are measured.
        data_licence: Of clips and labels; empty for what the manifest states.
    """

    own_files: ClassVar[tuple[str, ...]] = ("manifest", "split_table")

    name: str
    table: str = ""
    frames: int = 8
    generated: int = 60
    label: str = ""
    meaning: str = ""
    column: str = ""
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
        """Cross-validate both heads, write their AUROC, and a head of all clips as the app loads it.

        Raises:
            ManifestError: The table or manifest is not there or contradicts itself.
            SettingError: The label is not named, or judges somebody's health.
            NotFinite: A loss, or a feature of a clip; what caused it lies in the run's folder.
        """
        listed = self.listed(context)
        source = listed.name if listed else GENERATED
        backbone = open_backbone(self.model)
        facts = self.facts(backbone, listed)
        save_config(self, context.folder, clips=source, **(listed.facts if listed else {}))
        clips, lost = (
            read_clips(context.data, listed, self.frames, backbone) if listed else (generated_clips(self, backbone), [])
        )
        if lost:
            (context.folder / "unreadable.txt").write_text("\n".join(lost) + "\n", encoding="utf-8")
            print(f"{len(lost)} clips cannot be read: unreadable.txt", flush=True)
        with not_finite.batch_kept(context.folder):
            said = {kind: clip_heads.held_out(clips, kind, self.fit, self.seed) for kind in clip_heads.KINDS}
            results = {kind: clip_heads.measured(clips, kind, held) for kind, held in said.items()}
            clip_heads.write(list(results.values()), source, context.folder)
            taught = Taught(clips, said[self.pooling], results[self.pooling])
            write_label(taught, facts, self.fit, self.seed, context.folder)

    def listed(self, context: RunContext) -> ClipList | None:
        """Return the clips of the table or of the manifest; None where neither is named.

        Raises:
            ManifestError: Both are named, or what is named is not there or contradicts itself.
        """
        if context.own.manifest is None:
            return clips_of_table(context.data, self.table) if self.table else None
        if self.table:
            raise ManifestError(f"clips are those of {self.table} or those of --manifest: name one")
        if not (self.column or self.label):
            raise SettingError(f"name the manifest's {LABEL}NAME by --set label=NAME, and what yes means by meaning")
        return clips_of_manifest(context.own, self.column or self.label)

    def facts(self, backbone: TorchBackbone, listed: ClipList | None) -> LabelFacts:
        """Return what is told of the head that is saved.

        Raises:
            SettingError: A label of listed clips has no name or meaning, or one that judges somebody's health.
        """
        identity = backbone.identity
        try:
            return LabelFacts(
                label=self.label if listed else PLANTED,
                meaning=self.meaning if listed else PLANTED_MEANING,
                view=self.view,
                backbone=identity.key,
                backbone_sha256=identity.sha256,
                preprocessing=PreprocessSpec(size=backbone.image_size).fingerprint(),
                licence=identity.licence or "unknown",
                data=listed.name if listed else GENERATED,
                data_licence=self.data_licence or ", ".join(listed.licences if listed else ()),
                generated=not listed,
            )
        except ValueError as error:
            raise SettingError(f"{error} (--set label=..., meaning=..., view=...)") from error


def read_clips(data: Path, listed: ClipList, frames: int, backbone: TorchBackbone) -> tuple[LabelledClips, list[str]]:
    """Return the clips of a list with their features, and the files that could not be read.

    Raises:
        ManifestError: No clip can be read.
    """
    rows, read, lost = [], [], []
    for item in listed.clips:
        try:
            rows.append(_rows_of(backbone, read_clip(data / item.file), frames))
        except UnreadableFile:
            lost.append(item.file)
            continue
        read.append(item)
    if not rows:
        raise ManifestError(f"{listed.name}: no clip can be read")
    return LabelledClips(np.stack(rows), np.array([i.label for i in read]), tuple(i.group for i in read)), lost


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
