"""From landmarks to a measurement head: a file of its own with a licence of its own."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from fetalclip_app import RESEARCH_USE_ONLY
from fetalclip_app.imaging.preprocess import PreprocessSpec
from fetalclip_app.model import catalog, device, opening
from fetalclip_app.model.encoder import TorchBackbone
from fetalclip_app.model.heads import MEASUREMENTS
from fetalclip_app.model.landmarks import ENDS, LandmarkDecoder, LandmarkHead
from training import landmark_head, measurement_errors, own_data
from training.decoder_loop import DecoderTraining, begin, write_half
from training.files import sha256_of
from training.landmark_head import LandmarkConfig
from training.landmarks import TABLE, Marked, has_landmarks, read_landmarks
from training.licences import joined
from training.line_columns import LINE
from training.manifest import manifest_hash
from training.measurement_errors import Measured
from training.readable import leave_out
from training.recipe import RunContext
from training.run import all_samples
from training.shelf import Shelf

HEAD_NAME = "compact_measurements"

DEFINITIONS = {
    "bpd": "biparietal diameter between the outer edges of the skull",
    "ofd": "occipitofrontal diameter between the outer edges of the skull",
    "tad": "transverse diameter of the abdomen between the outer edges of the skin",
    "apad": "antero-posterior diameter of the abdomen between the outer edges of the skin",
    "ac": "pi times the mean of the two diameters of the abdomen",
    "fl": "length of the ossified shaft of the femur",
}
"""What the end points of the annotation are; looked at on training patients (docs/training.md, Heads)."""


@dataclass(frozen=True, slots=True)
class MeasurementConfig:
    """One training of the measurement head; the tower stays as it is.

    Attributes:
        model: Catalogue key of the weights that it learns on, where no bundle is named.
        bundle: An exported folder whose weights it learns on.
        held_out: Share of the training patients that are kept for measuring, beside the validation patients.
        device: As the app's setting: auto, cpu, cuda.
        unreadable_share: Largest share of pictures that may be unreadable.
        checkpoint_every: Steps between two checkpoints.
    """

    own_files: ClassVar[tuple[str, ...]] = ("manifest", "split_table")

    name: str = "measurement_head"
    steps: int = 1000
    seed: int = 11
    model: str = "compact"
    bundle: str = ""
    held_out: float = 0.0
    device: str = "auto"
    unreadable_share: float = 0.05
    checkpoint_every: int = 100
    landmarks: LandmarkConfig = field(default_factory=LandmarkConfig)

    def smoke(self) -> MeasurementConfig:
        """Return the same training so small that it takes seconds."""
        return replace(
            self, name=f"{self.name}_smoke", steps=2, device="cpu", landmarks=replace(self.landmarks, batch=4)
        )

    def execute(self, context: RunContext) -> None:
        """Train, measure on validation patients, and write ``compact_measurements.*`` into the run's folder."""
        train_measurements(self, context)


def train_measurements(config: MeasurementConfig, context: RunContext) -> None:
    """Train by a configuration.

    Raises:
        NotFinite: The loss; the batch that caused it lies in the folder.
        ValueError: There are no landmarks to learn from, or none to measure by; or too many pictures are unreadable.
    """
    samples = own_data.read(context.own, lambda: all_samples(context.data)).samples
    if not has_landmarks(context.data, samples):
        raise ValueError(
            f"there are no landmarks to learn from: {TABLE} is not in the data folder, and no sample has a {LINE}NAME"
        )
    marked, left_out = read_landmarks(context.data, samples)
    shown, watched = sides(marked, config.held_out)
    if not shown or not watched:
        raise ValueError("no landmarks of training patients, or none of validation patients")
    entry = Shelf.of(Path(config.bundle)).entry() if config.bundle else catalog.find(config.model)
    backbone = opening.open_model(entry, device.choose(config.device))
    if not hasattr(backbone.network.visual, "trunk"):
        raise ValueError("lines are learned on a convolutional image tower, and this model has another")
    course = begin(config, context, manifest=manifest_hash(samples), backbone=backbone.identity.sha256)
    lined, lost = landmark_head.stored_lines(context.data, shown)
    watched, lost_too = landmark_head.with_pictures(context.data, watched)
    leave_out(
        lost + lost_too, len(lost + lost_too) + len(lined) + len(watched), config.unreadable_share, context.folder
    )
    read = {item.stored.sample.key for item in lined}
    shown = [item for item in shown if item.sample.key in read]
    training = DecoderTraining(config.steps, config.seed, save_every=config.checkpoint_every)
    decoder = landmark_head.train(backbone.network, lined, config.landmarks, training, course)
    write_head(context, decoder, backbone, config, (shown, watched, left_out))


def train_bundled_measurements(context: RunContext, steps: int | None = None, bundle: Path | None = None) -> None:
    """Train on the bundled weights, or an exported folder's, and copy the head to where the app looks.

    Args:
        context: Its folder holds the folders of runs.
    """
    config = MeasurementConfig(bundle="" if bundle is None else str(bundle))
    config = config if steps is None else replace(config, steps=steps)
    folder, heads = context.folder / config.name, Shelf.of(bundle).heads
    config.execute(replace(context, folder=folder))
    heads.mkdir(exist_ok=True)
    for kind in ("safetensors", "json", "md"):
        shutil.copyfile(folder / f"{HEAD_NAME}.{kind}", heads / f"{HEAD_NAME}.{kind}")


def sides(marked: Sequence[Marked], held_out: float) -> tuple[list[Marked], list[Marked]]:
    """Return what is learned from, and what is measured by: validation patients and held-out training patients."""
    shown: list[Marked] = []
    watched: list[Marked] = []
    for item in marked:
        if item.sample.split == "validation":
            watched.append(item)
        elif item.sample.split == "train":
            drawn = int(hashlib.sha256(item.sample.group.encode()).hexdigest()[:8], 16) / 0xFFFFFFFF
            (watched if drawn < held_out else shown).append(item)
    return shown, watched


def write_head(
    context: RunContext,
    decoder: LandmarkDecoder,
    backbone: TorchBackbone,
    config: MeasurementConfig,
    used: tuple[Sequence[Marked], Sequence[Marked], Counter[str]],
) -> Path:
    """Write weights, facts and card of the head, and return the path of its facts.

    Args:
        used: Learned from, measured by, and what the cleaning left out.
    """
    shown, watched, left_out = used
    path = context.folder / f"{HEAD_NAME}.safetensors"
    write_half(decoder, path)
    sha256 = sha256_of(path)
    spec = PreprocessSpec(size=backbone.image_size)
    licence = joined(item.sample.licence for item in shown)
    untried = LandmarkHead(backbone, decoder, (HEAD_NAME, sha256), {"licence": licence, "spread_limit": {}})
    measured = measurement_errors.measure(untried, context.data, watched, spec)
    limits = measurement_errors.spread_limits(measured)
    told = measurement_errors.summary(measurement_errors.given(measured, limits))
    facts = {
        "kind": MEASUREMENTS,
        "ends": ENDS,
        "backbone_sha256": backbone.identity.sha256,
        "sha256": sha256,
        "preprocessing": spec.fingerprint(),
        "licence": licence,
        "data": f"{' and '.join(sorted({item.sample.source for item in shown}))}, training patients",
        "definitions": DEFINITIONS,
        "pictures": dict(sorted(Counter(item.structure for item in shown).items())),
        "left_out": dict(sorted(left_out.items())),
        "spread_limit": limits,
        "declined": measurement_errors.declined(measured, limits),
        "validation": told,
        "training": asdict(config),
    }
    path.with_suffix(".json").write_text(json.dumps(facts, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    path.with_suffix(".md").write_text(card(facts, measured), encoding="utf-8")
    print(measurement_errors.as_markdown(told), flush=True)
    return path.with_suffix(".json")


def card(facts: dict[str, Any], measured: Sequence[Measured]) -> str:
    """Return the head's model card."""
    beyond = ", ".join(f"{count} {line.upper()}" for line, count in facts["declined"].items() if count) or "none"
    counts = ", ".join(f"{count} of {structure}" for structure, count in facts["pictures"].items())
    gone = ", ".join(f"{count} ({reason})" for reason, count in facts["left_out"].items()) or "none"
    lines = [
        f"# Measurement head of the weights {facts['backbone_sha256'][:12]}",
        "",
        RESEARCH_USE_ONLY,
        "",
        f"Licence: {facts['licence']}. It covers this head alone; the model that it stands on has its own.",
        "",
        f"It marks the end points of lines. Learned from {counts} pictures: {facts['data']}; "
        f"left out as implausible: {gone}.",
        "",
        *(f"- {line.upper()}: {meaning}." for line, meaning in DEFINITIONS.items()),
        "",
        f"## On {len({item.group for item in measured})} patients that no step saw",
        "",
        measurement_errors.as_markdown(facts["validation"]),
        "",
        f"Beyond the limit of spread, and without a length: {beyond}. The limits were fitted on these same pictures;",
        "those with a missed end had no say.",
        "Errors by machine or age are not stated: the pictures are too few.",
        "Mirrored pictures were shown in training: it knows no side.",
    ]
    return "\n".join(lines) + "\n"
