"""Pictures in memory, and batches with the captions that are true of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.imaging.fan import find_fan
from fetalclip_app.imaging.preprocess import PreprocessSpec, letterboxed, scaled
from training import augment, captions, distractors
from training.augment import AugmentConfig, Grey, changed_input, grey_input
from training.ladder import AgeLadder, ladder_days, scale_and_age
from training.manifest import Sample
from training.pictures import frame_of
from training.question import UNASKED, Question
from training.truth import CaptionSet, brain_labels, plane_labels, with_pairs
from training.written import TEXTBOOK, Captions

STORED_SIDE = 288
"""Pictures wait at this size: larger than the network's input, so that a zoom of 1.15 loses little."""


@dataclass(frozen=True, eq=False, slots=True)
class Stored:
    """A picture after the app's crop and padding, at `STORED_SIDE`.

    Attributes:
        square_side: Side of the padded square in the file's own pixels.
    """

    sample: Sample
    grey: Grey
    square_side: int


def load(data: Path, samples: Sequence[Sample]) -> list[Stored]:
    """Read pictures by the app's own road: its crop, its padding, its resampling."""
    return [as_stored(sample, frame_of(data, sample)) for sample in samples]


def as_stored(sample: Sample, pixels: NDArray[np.uint8]) -> Stored:
    """Return a picture of a file, uint8 (H, W, 3), as it waits in memory."""
    crop = find_fan(pixels)
    square = letterboxed(pixels, crop)
    return Stored(sample, scaled(square, STORED_SIDE).max(axis=2), len(square))


def stored_simulation(sample: Sample, pixels: NDArray[np.uint8]) -> Stored:
    """Return a simulated picture as if it had been read from a file."""
    return as_stored(sample, pixels)


@dataclass(frozen=True, eq=False, slots=True)
class Batch:
    """What one training step sees.

    Attributes:
        keys: `Sample.key` of each picture; empty for a distractor.
    """

    pictures: NDArray[np.float32]
    planes: CaptionSet
    brain_planes: CaptionSet
    ages: AgeLadder
    keys: tuple[str, ...] = ()
    question: Question = UNASKED


@dataclass(frozen=True, slots=True)
class BatchConfig:
    """What a batch is made of.

    Attributes:
        shares: Kind of picture -> share of the batch; kinds without pictures take no part. ``textbook`` is one too.
        ladder: Captions of different ages for each picture of known age.
        aged: Largest number of pictures in a batch that get a ladder.
        bell_days: Standard deviation of the ladder's target.
        jigsaw: Share of the distractors that are scans cut up: the texture of ultrasound without its anatomy.
        rescaled: Share of aged pictures whose scale is re-declared: the same picture under another
            mm/pixel is a head of another size, and its age follows by the same formula.
        written: Share of the plane captions that are taken from a file, of pictures that have such captions.
        told_age: Share of the captions that add the age, of pictures whose age is known.
        varied: Captions are drawn anew each time and tell circumstances; otherwise each class has one sentence.
        own_alone: See `training.truth.Labels`.
        asked: Each batch asks the app's own question about sub-planes, too (`training.question`).
        even_sub_planes: Sub-planes are drawn equally often; otherwise as often as the set has them.
    """

    size: int = 32
    shares: tuple[tuple[str, float], ...] = (
        ("hc18", 0.26),
        ("brain", 0.28),
        ("heart", 0.12),
        ("abdomen", 0.09),
        ("femur", 0.08),
        ("cervix", 0.02),
        ("other", 0.03),
        ("distractor", 0.05),
        ("simulated", 0.07),
    )
    ladder: int = 12
    aged: int = 10
    bell_days: float = 3.0
    rescaled: float = 0.6
    jigsaw: float = 0.5
    written: float = 0.0
    told_age: float = 0.0
    varied: bool = True
    own_alone: bool = False
    asked: bool = False
    even_sub_planes: bool = True


class Batches:
    """Draws batches for ever; the same seed draws the same ones."""

    def __init__(
        self,
        stored: Sequence[Stored],
        *,
        spec: PreprocessSpec,
        batch: BatchConfig,
        augmentation: AugmentConfig,
        seed: int,
        written: Captions | None = None,
    ) -> None:
        """Draw from ``stored``; ``written`` are captions from files, those of all textbook figures among them.

        Raises:
            ValueError: A textbook's figure has no caption.
        """
        self._written = written or {}
        bare = [item.sample.key for item in stored if item.sample.source == TEXTBOOK]
        bare = [key for key in bare if key not in self._written]
        if bare:
            raise ValueError(f"{len(bare)} figures have no caption: {', '.join(bare[:20])}")
        self._spec, self._batch, self._augmentation = spec, batch, augmentation
        self.reseed(seed)
        self._phrases = captions.Phrases.bundled(varied=batch.varied)
        self._pairs = {key: number for number, key in enumerate(sorted(self._written))}
        self._trained = frozenset(item.sample.plane for item in stored if item.sample.plane)
        self._restock(stored)

    def _restock(self, stored: Sequence[Stored]) -> None:
        """Draw from these pictures from now on."""
        self._pools = _pools(stored)
        shares = [(kind, share) for kind, share in self._batch.shares if kind == "distractor" or kind in self._pools]
        self._kinds = [kind for kind, _ in shares]
        self._shares = np.array([share for _, share in shares]) / sum(share for _, share in shares)

    def reseed(self, seed: int) -> None:
        """Begin both random streams anew."""
        self._rng, self._draw = np.random.default_rng(seed), Random(seed)

    def draw(self) -> Batch:
        """Return the next batch."""
        kinds = self._rng.choice(len(self._kinds), self._batch.size, p=self._shares)
        shown = [self._show(self._kinds[kind]) for kind in kinds]
        pictures = np.stack([picture for picture, _, _ in shown])
        samples = [sample for _, sample, _ in shown]
        scales = [spacing_mm for _, _, spacing_mm in shown]
        told = [self._told(sample, spacing_mm) for sample, spacing_mm in zip(samples, scales, strict=True)]
        return Batch(
            pictures,
            self._plane_captions(samples, told),
            self._brain_captions(samples, told),
            self._ladder(samples, scales),
            tuple(sample.key if sample else "" for sample in samples),
            self._question(samples),
        )

    def _told(self, sample: Sample | None, spacing_mm: float | None) -> captions.Circumstances:
        if not self._batch.varied:
            return captions.UNSAID
        return captions.of_sample(sample, spacing_mm).some(self._draw, self._batch.told_age)

    def state(self) -> dict[str, Any]:
        """Return where the two random streams stand: numbers, strings and lists, for JSON or `torch.save`."""
        version, numbers, spare = self._draw.getstate()
        return {"pictures": self._rng.bit_generator.state, "captions": [version, list(numbers), spare]}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on as the batches went on that gave ``state``.

        Raises:
            KeyError: ``state`` is not of this kind.
        """
        version, numbers, spare = state["captions"]
        self._rng.bit_generator.state = state["pictures"]
        self._draw.setstate((version, tuple(numbers), spare))

    def _show(self, kind: str) -> tuple[NDArray[np.float32], Sample | None, float | None]:
        """Return a changed picture, its sample (None for a distractor) and its mm per network pixel."""
        size = self._spec.size
        if kind == "distractor":
            return grey_input(self._distractor(size), self._spec), None, None
        item = self._choose(kind)
        geometry = augment.random_geometry(size, STORED_SIDE, self._augmentation, self._rng)
        pixel_mm = item.sample.pixel_mm
        spacing_mm = None if pixel_mm is None else pixel_mm * item.square_side / size / geometry.zoom
        shown = changed_input(item.grey, geometry, self._spec, self._augmentation, self._rng)
        return shown, item.sample, spacing_mm

    def _distractor(self, size: int) -> Grey:
        if self._rng.random() < self._batch.jigsaw:
            kinds = [kind for kind in self._kinds if kind != "distractor"]
            whole = self._choose(kinds[int(self._rng.integers(len(kinds)))]).grey
            return distractors.jigsaw(whole, size, self._rng)
        return distractors.draw(size, self._rng)

    def _choose(self, kind: str) -> Stored:
        pool = self._pools[kind]
        if kind == "brain" and self._batch.even_sub_planes:
            pool = pool_of_subplane(pool, self._rng)
        return pool[int(self._rng.integers(len(pool)))]

    def _plane_captions(self, samples: Sequence[Sample | None], told: Sequence[captions.Circumstances]) -> CaptionSet:
        rows = [sample.plane if sample is not None else None for sample in samples]
        own = [row for row, plane in enumerate(rows) if plane is not None]
        written = {row: text for row in own if (text := self._written_caption(samples[row])) is not None}
        texts = [
            written.get(row) or captions.plane_caption(rows[row] or "", self._phrases, self._draw, told[row])
            for row in own
        ]
        unseen = captions.unseen_planes(self._trained)
        texts += [captions.plane_caption(plane, self._phrases, self._draw) for plane in unseen]
        texts.append(self._draw.choice(distractors.CAPTIONS))
        named = [*(rows[row] for row in own), *unseen, None]
        said = [row in written or told[row] != captions.UNSAID for row in own]
        labels = plane_labels(rows, [sample is None for sample in samples], named, own, said)
        labels = replace(labels, own_alone=self._batch.own_alone)
        figures = {row: s.key for row, s in enumerate(samples) if s is not None and s.source == TEXTBOOK}
        texts += [self._draw.choice(self._written[key]) for key in figures.values()]
        return CaptionSet.of(texts, with_pairs(labels, list(figures), [self._pairs[key] for key in figures.values()]))

    def _written_caption(self, sample: Sample | None) -> str | None:
        """Return a caption from a file this time, or None for a template's. Without a file nothing is drawn."""
        texts = self._written.get(sample.key) if sample is not None and self._batch.written > 0 else None
        return self._draw.choice(texts) if texts and self._draw.random() < self._batch.written else None

    def _brain_captions(self, samples: Sequence[Sample | None], told: Sequence[captions.Circumstances]) -> CaptionSet:
        rows = [sample.brain_plane if sample is not None else None for sample in samples]
        own = [row for row, plane in enumerate(rows) if plane is not None]
        texts = [captions.brain_caption(rows[row] or "", self._phrases, self._draw, told[row]) for row in own]
        labels = brain_labels(rows, own, [told[row] != captions.UNSAID for row in own])
        return CaptionSet.of(texts, replace(labels, own_alone=self._batch.own_alone))

    def _question(self, samples: Sequence[Sample | None]) -> Question:
        if not self._batch.asked:
            return UNASKED
        return Question.of(self._phrases.brain_planes, [sample.brain_plane if sample else None for sample in samples])

    def _ladder(self, samples: Sequence[Sample | None], scales: Sequence[float | None]) -> AgeLadder:
        rows: list[int] = []
        texts: list[str] = []
        targets: list[NDArray[np.float64]] = []
        for row, (sample, spacing_mm) in enumerate(zip(samples, scales, strict=True)):
            told = scale_and_age(sample, spacing_mm, self._batch.rescaled, self._rng)
            if told is None or len(rows) == self._batch.aged:
                continue
            declared_mm, age = told
            days = ladder_days(age, self._batch.ladder, self._rng)
            template = captions.age_template(self._phrases, self._draw)
            rows.append(row)
            texts += [captions.age_caption(template, int(day), declared_mm) for day in days]
            targets.append(np.exp(-0.5 * ((days - age) / self._batch.bell_days) ** 2))
        count = self._batch.ladder
        target = np.array(targets, np.float32).reshape(len(rows), count)
        return AgeLadder(np.array(rows, np.intp), texts, target)


def pool_of_subplane(pool: Sequence[Stored], rng: np.random.Generator) -> list[Stored]:
    """Return the pictures of one sub-plane, each sub-plane (and 'unknown') equally often."""
    names = sorted({item.sample.brain_plane or "" for item in pool})
    weights = np.array([1.0 if name else 0.15 for name in names])
    name = names[int(rng.choice(len(names), p=weights / weights.sum()))]
    return [item for item in pool if (item.sample.brain_plane or "") == name]


def kind_of(sample: Sample) -> str:
    """Return which share of a batch the sample belongs to."""
    return sample.source if sample.source in ("hc18", "simulated", TEXTBOOK) else sample.plane or "other"


def _pools(stored: Sequence[Stored]) -> dict[str, list[Stored]]:
    pools: dict[str, list[Stored]] = {}
    for item in stored:
        pools.setdefault(kind_of(item.sample), []).append(item)
    return pools
