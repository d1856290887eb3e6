"""What the app must know before it lets a model be asked: the words of its captions, and pictures to compare with."""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from fetalclip_app.domain.age import DAYS_PER_WEEK
from fetalclip_app.domain.vocabulary import Vocabulary, normal, words_of
from fetalclip_app.inference.language import BACKGROUND, VOCABULARY
from fetalclip_app.inference.load import load_engine
from training import calibrate
from training.calibrate import Seen
from training.captions import (
    Circumstances,
    Phrases,
    age_caption,
    age_template,
    brain_caption,
    plane_caption,
    unseen_planes,
)
from training.export import write_manifest
from training.ladder import FIRST_DAY, LAST_DAY
from training.manifest import Sample
from training.number_sense import SPACING_MM
from training.shelf import Shelf

DRAWS = 4000
"""Captions drawn of each plane: some hundreds of times what it takes until no new word comes."""

FEWEST, MOST = 20, 150
"""A plane with fewer pictures is no background: one of them would count for too much. More pictures than that add
nothing, as every plane counts as much as every other."""

SIDES = ("validation", "train")
"""Pictures of validation patients come first: of them the model learned nothing."""

VOCABULARY_FILE, BACKGROUND_FILE = "vocabulary.json", "background.npz"


def write_language(data: Path, samples: Sequence[Sample], bundle: Path | None = None) -> None:
    """Write a model's words and background beside its weights, and name both in its manifest.

    Raises:
        ValueError: No plane has enough pictures.
    """
    shelf = Shelf.of(bundle)
    engine = load_engine(shelf.request)
    seen, lost = calibrate.see(engine, data, chosen(samples))
    for one in lost:
        print(f"left out: {one.picture} ({one.reason})", flush=True)
    words = vocabulary(engine.identity.trained_views, machines(samples), Phrases.bundled())
    path = shelf.model / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["language"] = {
        VOCABULARY: save_vocabulary(words, shelf.model),
        BACKGROUND: save_background(seen, shelf.model),
    }
    write_manifest(shelf.model, manifest)
    print(json.dumps(manifest["language"], indent=2))


def chosen(samples: Sequence[Sample], seed: int = 0) -> list[Sample]:
    """Return the pictures of a background: at most `MOST` of a plane, no test patient, no changed copy."""
    order = list(samples)
    Random(seed).shuffle(order)
    found: dict[str, list[Sample]] = {}
    for side in SIDES:
        for sample in order:
            if sample.split == side and sample.plane is not None and not sample.augmented:
                found.setdefault(sample.plane, []).append(sample)
    return [sample for plane in sorted(found) for sample in found[plane][:MOST] if len(found[plane]) >= FEWEST]


def machines(samples: Sequence[Sample]) -> tuple[str, ...]:
    """Return the scanners that captions may name: those of training pictures."""
    return tuple(sorted({sample.machine for sample in samples if sample.split == "train" and sample.machine}))


def vocabulary(trained: Sequence[str], scanners: Sequence[str], phrases: Phrases, seed: int = 0) -> Vocabulary:
    """Return the words of the captions that trainings draw.

    Args:
        trained: Planes and sub-planes that training pictures show.
        scanners: Names of their machines.
        phrases: The sentences of the prompt files.
        seed: Of the draws.
    """
    draw = Random(seed)
    seen = frozenset(trained)
    true, wrong = set[str](), set[str]()

    def hear(texts: set[str], caption: Callable[..., str], name: str) -> None:
        for number in range(DRAWS):
            scanner = scanners[number % len(scanners)] if scanners else ""
            told = Circumstances(SPACING_MM[0], scanner).some(draw)
            texts.add(caption(name, phrases, draw, told))

    for plane in phrases.planes.keys() & seen:
        hear(true, plane_caption, plane)
    for sub_plane in phrases.brain_planes.keys() & seen:
        hear(true, brain_caption, sub_plane)
    for plane in unseen_planes(seen):
        hear(wrong, plane_caption, plane)
    true |= {age_caption(age_template(phrases, draw), FIRST_DAY, SPACING_MM[0]) for _ in range(DRAWS)}
    known = _words(true)
    units = {
        "week": (FIRST_DAY // DAYS_PER_WEEK, LAST_DAY // DAYS_PER_WEEK),
        "day": (0, DAYS_PER_WEEK - 1),
        "mm": SPACING_MM,
    }
    return Vocabulary(known, _words(wrong) - known, units)


def _words(texts: set[str]) -> frozenset[str]:
    """Return all words in the form that is compared; of one with a hyphen its parts, too."""
    written = {word for text in texts for word in words_of(text)}
    parts = {part for word in written for part in word.split("-")}
    return frozenset(normal(word) for word in written | parts if not word[0].isdigit())


def save_vocabulary(words: Vocabulary, folder: Path) -> dict[str, Any]:
    """Write the words beside the weights and return what the manifest says of the file."""
    said = {
        "words": sorted(words.words),
        "unseen": sorted(words.unseen),
        "units": {unit: list(ends) for unit, ends in sorted(words.units.items())},
    }
    content = (json.dumps(said, indent=1) + "\n").encode()
    return _written(content, folder / VOCABULARY_FILE) | {"words": len(words.words)}


def save_background(seen: Sequence[Seen], folder: Path) -> dict[str, Any]:
    """Write the rows of pictures beside the weights, and return what the manifest says of the file.

    Every plane counts as much as every other, however many pictures it has: else most of any background would be
    heads, and no head would stand out.

    Raises:
        ValueError: There are none.
    """
    if not seen:
        raise ValueError(f"no plane has {FEWEST} pictures: there is nothing to compare with")
    planes = Counter(str(item.sample.plane) for item in seen)
    sides = Counter(item.sample.split for item in seen)
    rows = np.stack([item.embedding for item in seen]).astype(np.float16)
    weights = np.array([1 / (len(planes) * planes[str(item.sample.plane)]) for item in seen], np.float32)
    stream = io.BytesIO()
    np.savez(stream, rows=rows, weights=weights)
    return _written(stream.getvalue(), folder / BACKGROUND_FILE) | {
        "pictures": len(rows),
        "planes": dict(sorted(planes.items())),
        "patients_of": dict(sorted(sides.items())),
        "sources": sorted({f"{item.sample.source} ({item.sample.licence})" for item in seen}),
    }


def _written(content: bytes, path: Path) -> dict[str, Any]:
    path.write_bytes(content)
    return {"file": path.name, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
