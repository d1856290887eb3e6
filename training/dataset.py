"""Pictures in memory, and batches with the captions that are true of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fetalclip_app.biometry.growth import who_median_days
from fetalclip_app.imaging.fan import find_fan
from fetalclip_app.imaging.preprocess import PreprocessSpec, letterboxed, normalised, scaled
from fetalclip_app.tasks.gestational_age import CANDIDATES
from training import augment, captions, distractors
from training.augment import AugmentConfig, Grey
from training.manifest import Sample
from training.truth import CaptionSet, brain_labels, plane_labels

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
    return [_stored(sample, _read_rgb(data / sample.picture)) for sample in samples]


def _read_rgb(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def _stored(sample: Sample, pixels: NDArray[np.uint8]) -> Stored:
    crop = find_fan(pixels)
    square = letterboxed(pixels, crop)
    return Stored(sample, scaled(square, STORED_SIDE).max(axis=2), len(square))


def stored_simulation(sample: Sample, pixels: NDArray[np.uint8]) -> Stored:
    """Return a simulated picture as if it had been read from a file."""
    return _stored(sample, pixels)


@dataclass(frozen=True, eq=False, slots=True)
class AgeLadder:
    """For some pictures, captions that differ in the age alone.

    Attributes:
        rows: Which pictures of the batch, (R,).
        texts: R times K captions, row by row.
        target: float32, (R, K): a bell around the true age.
    """

    rows: NDArray[np.intp]
    texts: list[str]
    target: NDArray[np.float32]


@dataclass(frozen=True, eq=False, slots=True)
class Batch:
    """What one training step sees.

    Attributes:
        keys: `Sample.picture` of each picture; empty for a distractor.
    """

    pictures: NDArray[np.float32]
    planes: CaptionSet
    brain_planes: CaptionSet
    ages: AgeLadder
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BatchConfig:
    """What a batch is made of.

    Attributes:
        shares: Kind of picture -> share of the batch.
        ladder: Captions of different ages for each picture of known age.
        aged: Largest number of pictures in a batch that get a ladder.
        bell_days: Standard deviation of the ladder's target.
        jigsaw: Share of the distractors that are scans cut up: the texture of ultrasound without its anatomy.
        rescaled: Share of aged pictures whose scale is re-declared: the same picture under another
            mm/pixel is a head of another size, and its age follows by the same formula.
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


FIRST_DAY, LAST_DAY = CANDIDATES[0].days, CANDIDATES[-1].days
"""Ages that the age prompts ask about."""


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
    ) -> None:
        self._spec, self._batch, self._augmentation = spec, batch, augmentation
        self._rng, self._draw = np.random.default_rng(seed), Random(seed)
        self._phrases = captions.Phrases.bundled()
        self._pools = _pools(stored)
        shares = [(kind, share) for kind, share in batch.shares if kind == "distractor" or self._pools.get(kind)]
        self._kinds = [kind for kind, _ in shares]
        self._shares = np.array([share for _, share in shares]) / sum(share for _, share in shares)
        self._trained = frozenset(item.sample.plane for item in stored if item.sample.plane)

    def draw(self) -> Batch:
        """Return the next batch."""
        kinds = self._rng.choice(len(self._kinds), self._batch.size, p=self._shares)
        shown = [self._show(self._kinds[kind]) for kind in kinds]
        pictures = np.stack([picture for picture, _, _ in shown])
        samples = [sample for _, sample, _ in shown]
        scales = [spacing_mm for _, _, spacing_mm in shown]
        told = [
            captions.Circumstances(spacing_mm, sample.machine if sample else "").some(self._draw)
            for sample, spacing_mm in zip(samples, scales, strict=True)
        ]
        return Batch(
            pictures,
            self._plane_captions(samples, told),
            self._brain_captions(samples, told),
            self._ladder(samples, scales),
            tuple(sample.picture if sample else "" for sample in samples),
        )

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
            return self._network(self._distractor(size)), None, None
        item = self._choose(kind)
        geometry = augment.random_geometry(size, STORED_SIDE, self._augmentation, self._rng)
        grey = augment.random_tone(augment.warp(item.grey, geometry, size), self._augmentation, self._rng)
        pixel_mm = item.sample.pixel_mm
        spacing_mm = None if pixel_mm is None else pixel_mm * item.square_side / size / geometry.zoom
        return self._network(grey), item.sample, spacing_mm

    def _distractor(self, size: int) -> Grey:
        if self._rng.random() < self._batch.jigsaw:
            kinds = [kind for kind in self._kinds if kind != "distractor"]
            whole = self._choose(kinds[int(self._rng.integers(len(kinds)))]).grey
            return distractors.jigsaw(whole, size, self._rng)
        return distractors.draw(size, self._rng)

    def _choose(self, kind: str) -> Stored:
        pool = self._pools[kind]
        if kind == "brain":
            pool = pool_of_subplane(pool, self._rng)
        return pool[int(self._rng.integers(len(pool)))]

    def _network(self, grey: Grey) -> NDArray[np.float32]:
        return normalised(np.repeat(grey[:, :, None], 3, axis=2), self._spec)

    def _plane_captions(self, samples: Sequence[Sample | None], told: Sequence[captions.Circumstances]) -> CaptionSet:
        rows = [sample.plane if sample is not None else None for sample in samples]
        own = [row for row, plane in enumerate(rows) if plane is not None]
        texts = [captions.plane_caption(rows[row] or "", self._phrases, self._draw, told[row]) for row in own]
        unseen = captions.unseen_planes(self._trained)
        texts += [captions.plane_caption(plane, self._phrases, self._draw) for plane in unseen]
        texts.append(self._draw.choice(distractors.CAPTIONS))
        named = [*(rows[row] for row in own), *unseen, None]
        said = [told[row] != captions.UNSAID for row in own]
        return CaptionSet.of(texts, plane_labels(rows, [sample is None for sample in samples], named, own, said))

    def _brain_captions(self, samples: Sequence[Sample | None], told: Sequence[captions.Circumstances]) -> CaptionSet:
        rows = [sample.brain_plane if sample is not None else None for sample in samples]
        own = [row for row, plane in enumerate(rows) if plane is not None]
        texts = [captions.brain_caption(rows[row] or "", self._phrases, self._draw, told[row]) for row in own]
        return CaptionSet.of(texts, brain_labels(rows, own, [told[row] != captions.UNSAID for row in own]))

    def _ladder(self, samples: Sequence[Sample | None], scales: Sequence[float | None]) -> AgeLadder:
        rows: list[int] = []
        texts: list[str] = []
        targets: list[NDArray[np.float64]] = []
        for row, (sample, spacing_mm) in enumerate(zip(samples, scales, strict=True)):
            told = self._scale_and_age(sample, spacing_mm)
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

    def _scale_and_age(self, sample: Sample | None, spacing_mm: float | None) -> tuple[float, float] | None:
        """Return (mm per network pixel as the caption states it, age in days), or None where not both are known."""
        if sample is None or spacing_mm is None or sample.hc_mm is None:
            return None
        hc_mm = sample.hc_mm
        if self._rng.random() < self._batch.rescaled:
            wanted_mm = self._rng.uniform(100.0, 338.0)
            factor = float(np.clip(wanted_mm / hc_mm, 0.12 / spacing_mm, 1.7 / spacing_mm))
            spacing_mm, hc_mm = spacing_mm * factor, hc_mm * factor
        printed_mm = round(spacing_mm, 2)
        age = who_median_days("HC", hc_mm * printed_mm / spacing_mm)
        return None if age is None or not FIRST_DAY <= age <= LAST_DAY else (printed_mm, age)


def ladder_days(age: float, count: int, rng: np.random.Generator) -> NDArray[np.int_]:
    """Return ``count`` distinct days that the prompts ask about: the true one, near ones and far ones."""
    near = np.round(age + rng.normal(0, 12, 4 * count)).astype(int)
    far = rng.integers(FIRST_DAY, LAST_DAY + 1, 4 * count)
    wanted = np.concatenate([[round(age)], np.stack([near, far], axis=1).ravel()])
    inside = wanted[(wanted >= FIRST_DAY) & (wanted <= LAST_DAY)]
    _, first = np.unique(inside, return_index=True)
    return inside[np.sort(first)][:count]


def pool_of_subplane(pool: Sequence[Stored], rng: np.random.Generator) -> list[Stored]:
    """Return the pictures of one sub-plane, each sub-plane (and 'unknown') equally often."""
    names = sorted({item.sample.brain_plane or "" for item in pool})
    weights = np.array([1.0 if name else 0.15 for name in names])
    name = names[int(rng.choice(len(names), p=weights / weights.sum()))]
    return [item for item in pool if (item.sample.brain_plane or "") == name]


def _pools(stored: Sequence[Stored]) -> dict[str, list[Stored]]:
    pools: dict[str, list[Stored]] = {}
    for item in stored:
        sample = item.sample
        kind = sample.source if sample.source in ("hc18", "simulated") else sample.plane or "other"
        pools.setdefault(kind, []).append(item)
    return pools
