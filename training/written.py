"""Captions that no template made: a language model's, from a file, and those of a textbook's figures."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from training.manifest import NAMED, Sample
from training.manifest_file import ManifestError

TEXTBOOK = "textbook"
"""`Sample.source` of figures, and their kind in a batch."""

Captions = dict[str, tuple[str, ...]]
"""`Sample.key` -> its captions."""


@dataclass(frozen=True, slots=True)
class Textbook:
    """Figures as samples without a plane, and what the book says of them."""

    figures: tuple[Sample, ...]
    captions: Captions = field(default_factory=dict)


def read_written(path: Path, samples: Iterable[Sample]) -> Captions:
    """Return the captions of a CSV table or JSON lines with ``picture`` and ``caption``; several lines a picture are
    several captions, and JSON may hold a list.

    Batches use those of pictures with a plane. Nothing checks whether a caption is true: read some before you train.

    Args:
        path: The file.
        samples: All that may be meant; a frame of a clip is named ``file#frame``.

    Raises:
        ManifestError: A line has no caption, or names a picture that no sample is; the sentence names them.
    """
    captions: dict[str, list[str]] = {}
    for number, row in _rows(path):
        told = row.get("caption")
        texts = [_text(path, number, text) for text in (told if isinstance(told, list) else [told])]
        captions.setdefault(_name(path, number, row), []).extend(texts)
    unknown = sorted(captions.keys() - {sample.key for sample in samples})
    if unknown:
        more = f" and {len(unknown) - NAMED} more" if len(unknown) > NAMED else ""
        raise ManifestError(f"{path.name}: {len(unknown)} pictures are unknown: {', '.join(unknown[:NAMED])}{more}")
    return {name: tuple(texts) for name, texts in captions.items()}


def read_textbook(path: Path) -> Textbook:
    """Return figures with their captions, for training alone: ``picture``, ``caption``, ``licence`` and, if the figures
    are of several books, ``book``.

    Raises:
        ManifestError: A line lacks a picture, caption or licence, or a figure has two licences or books.
    """
    figures: dict[str, Sample] = {}
    captions: dict[str, tuple[str, ...]] = {}
    for number, row in _rows(path):
        name = _name(path, number, row)
        caption = _text(path, number, row.get("caption"))
        licence = str(row.get("licence") or "").strip()
        if not licence:
            raise ManifestError(f"{path.name}, line {number}, column licence: it is empty")
        book = str(row.get("book") or path.stem).strip()
        figure = Sample(picture=name, source=TEXTBOOK, group=f"{TEXTBOOK} {book}", split="train", licence=licence)
        if figures.setdefault(name, figure) != figure:
            raise ManifestError(f"{path.name}, line {number}: {name} has another book or licence above")
        captions[name] = (*captions.get(name, ()), caption)
    return Textbook(tuple(figures.values()), captions)


def _rows(path: Path) -> Iterator[tuple[int, dict[str, object]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        if path.suffix == ".jsonl":
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, _object(path, number, line)
        else:
            reader = csv.DictReader(file, strict=True)
            for row in reader:
                yield reader.line_num, dict(row)


def _object(path: Path, number: int, line: str) -> dict[str, object]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise ManifestError(f"{path.name}, line {number}: no JSON: {error}") from error
    if not isinstance(row, dict):
        raise ManifestError(f"{path.name}, line {number}: no object with columns")
    return row


def _name(path: Path, number: int, row: dict[str, object]) -> str:
    name = row.get("picture")
    if not isinstance(name, str) or not name.strip():
        raise ManifestError(f"{path.name}, line {number}, column picture: it is empty")
    return name.strip()


def _text(path: Path, number: int, text: object) -> str:
    if not isinstance(text, str) or not text.strip():
        raise ManifestError(f"{path.name}, line {number}, column caption: it is empty")
    return " ".join(text.split())
