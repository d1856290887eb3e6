"""What a contrastive run learns from: the published sets, or a researcher's own pictures and captions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from training.config import DataConfig, RunConfig
from training.dataset import kind_of
from training.files import sha256_of
from training.manifest import NAMED, Sample, manifest_hash, read_split, refuse_overlap
from training.manifest_file import ManifestError, read_manifest
from training.recipe import OwnFiles
from training.shard_batches import samples_of
from training.shards import INDEX
from training.written import Captions, Textbook, read_textbook, read_written

WRITTEN_SHARE = 0.5
"""Of the captions of pictures that have written ones, where the recipe names no share."""

KIND_SHARE = 0.05
"""Of the batch, for a textbook's figures and for each kind of picture that the recipe names no share for."""


@dataclass(frozen=True, slots=True)
class Material:
    """What a run was given.

    Attributes:
        samples: The manifest, or the published sets.
        figures: Of a textbook; they are trained on and never looked at.
        captions: From files, the figures' among them.
    """

    samples: list[Sample]
    figures: tuple[Sample, ...] = ()
    captions: Captions = field(default_factory=dict)

    def side(self, name: str) -> list[Sample]:
        """Return the samples of one side of the split."""
        return [sample for sample in self.samples if sample.split == name]


def read(own: OwnFiles, published: Callable[[], list[Sample]]) -> Material:
    """Read the files that are named.

    Args:
        published: Called where no manifest is named.

    Raises:
        ManifestError: A file contradicts itself or the others, or nothing is for training; the sentence says where.
        ValueError: A patient of the published sets is on two sides of the split.
    """
    samples = published() if own.manifest is None else read_manifest(own.manifest, _split_of(own))
    samples = samples if own.shards is None else _with_shards(own.shards, samples)
    refuse_overlap(samples)
    if own.manifest is not None and not any(sample.split == "train" for sample in samples):
        raise ManifestError(f"{own.manifest.name}: no picture is for training (column split)")
    written = {} if own.written is None else read_written(own.written, samples)
    book = Textbook(()) if own.textbook is None else read_textbook(own.textbook)
    twice = sorted({sample.key for sample in samples} & book.captions.keys())
    if twice:
        raise ManifestError(f"{len(twice)} figures of the textbook are scans as well: {', '.join(twice[:NAMED])}")
    return Material(samples, book.figures, written | book.captions)


def resolved(config: RunConfig, own: OwnFiles, material: Material) -> RunConfig:
    """Return the configuration with the shares and hashes of what the run was given; without own files unchanged.

    Pictures of a kind that the recipe names no share for would wait for ever: they get `KIND_SHARE`.
    """
    if own == OwnFiles():
        return config
    kinds = {kind_of(sample) for sample in (*material.side("train"), *material.figures)}
    unnamed = sorted(kinds - {kind for kind, _ in config.batch.shares})
    shares = (*config.batch.shares, *((kind, KIND_SHARE) for kind in unnamed))
    written = config.batch.written or (WRITTEN_SHARE if own.written else 0.0)
    data = DataConfig(
        manifest="" if own.manifest is None else manifest_hash(material.samples),
        written="" if own.written is None else sha256_of(own.written),
        textbook="" if own.textbook is None else sha256_of(own.textbook),
        shards="" if own.shards is None else sha256_of(own.shards / INDEX),
    )
    return replace(config, batch=replace(config.batch, shares=shares, written=written), data=data)


def _split_of(own: OwnFiles) -> dict[str, str] | None:
    return None if own.split_table is None else read_split(own.split_table)


def _with_shards(folder: Path, samples: list[Sample]) -> list[Sample]:
    """Return the samples of the shards, and those of the others that nobody trains on.

    Raises:
        ManifestError: The folder holds no shards, pictures that are not for training, or patients of another side.
    """
    if not (folder / INDEX).exists():
        raise ManifestError(f"{folder.name}: it holds no shards ({INDEX})")
    taught = samples_of(folder)
    others = [sample.key for sample in taught if sample.split != "train"]
    if others:
        raise ManifestError(f"{folder.name}: {len(others)} pictures are not for training: {', '.join(others[:NAMED])}")
    both = taught + [sample for sample in samples if sample.split != "train"]
    try:
        refuse_overlap(both)
    except ValueError as error:
        raise ManifestError(f"{folder.name} beside the other pictures: {error}") from error
    return both
