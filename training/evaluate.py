"""What the app answers on test patients: the app's own engine over labelled pictures."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from fetalclip_app.biometry.ellipse import filled_ellipse
from fetalclip_app.biometry.growth import inside_who_band, who_median_days
from fetalclip_app.domain.age import DAYS_PER_WEEK, AgeEstimate
from fetalclip_app.domain.reading import ClipReading, HeadMeasurement, HeadSize
from fetalclip_app.domain.views import BRAIN_PLANES, ViewPrediction
from fetalclip_app.imaging.readers import read_clip
from fetalclip_app.inference.engine import Engine
from fetalclip_app.progress import CancelToken, silent
from fetalclip_app.tasks.gestational_age import HC_RANGE_MM
from fetalclip_app.tasks.keys import AGE, BRAIN_VIEWS, HEAD, VIEWS
from training.bootstrap import Floats, f1_parts, interval_of_sums, macro_f1_of_sums, mean_of_sums
from training.manifest import Sample
from training.outlines import read_outline
from training.quick_look import TEST_PLANES

ABSTAINED = "(abstained)"


@dataclass(frozen=True, eq=False, slots=True)
class Read:
    """A test picture and what the app said of it."""

    sample: Sample
    reading: ClipReading
    dice: float | None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table of results.

    Attributes:
        low, high: 95 % interval over patients.
        by_picture: The same over pictures, as is often published; None where it was not drawn.
    """

    measure: str
    count: int
    groups: int
    value: float
    low: float
    high: float
    abstained: int
    by_picture: tuple[float, float] | None = None


def read_all(engine: Engine, data: Path, samples: Sequence[Sample]) -> list[Read]:
    """Read pictures one by one, as a user would: the file, the stated scale, the engine."""
    return [_read(engine, data, sample) for sample in samples]


def _read(engine: Engine, data: Path, sample: Sample) -> Read:
    clip = read_clip(data / sample.picture)
    clip = clip if sample.pixel_mm is None else clip.with_pixel_mm(sample.pixel_mm)
    reading = engine.read(clip, CancelToken(), silent)
    dice = None
    head = reading.answer(HEAD, HeadMeasurement)
    if head is not None and sample.source == "hc18" and sample.outline is not None:
        truth = filled_ellipse(read_outline(data / sample.outline), clip.height, clip.width)
        said = filled_ellipse(head.ellipse, clip.height, clip.width)
        dice = float(2 * np.count_nonzero(truth & said) / (np.count_nonzero(truth) + np.count_nonzero(said)))
    return Read(sample, reading, dice)


def table(reads: Sequence[Read]) -> list[Row]:
    """Return every measure with its interval by patient (HC18: exam)."""
    planes = [r for r in reads if r.sample.source == "fetal_planes" and r.sample.plane is not None]
    known = [r for r in planes if r.sample.brain_plane is not None]
    heads = [r for r in reads if r.sample.source == "hc18"]
    ranged = [r for r in heads if HC_RANGE_MM[0] <= (r.sample.hc_mm or 0) <= HC_RANGE_MM[1]]
    young = [r for r in ranged if 14 * DAYS_PER_WEEK <= (r.sample.age_days or 0) <= 28 * DAYS_PER_WEEK]
    return [
        _f1_row("macro-F1 of four planes among nine classes", planes, VIEWS, TEST_PLANES),
        *(_f1_row(f"F1 {name}", planes, VIEWS, (name,)) for name in (*TEST_PLANES, "cervix")),
        _f1_row("macro-F1 of three brain sub-planes", known, BRAIN_VIEWS, BRAIN_PLANES),
        *(_f1_row(f"F1 {name}", known, BRAIN_VIEWS, (name,)) for name in BRAIN_PLANES),
        mean_row("HC absolute error, mm", heads, hc_error),
        mean_row("HC signed error, mm", heads, _hc_bias),
        mean_row("Dice of the filled outline", heads, lambda read: read.dice),
        mean_row("age inside the WHO band of the HC, share (HC 100-342 mm)", ranged, inside_band),
        mean_row("age absolute error against the WHO-median age, days (HC 100-342 mm)", ranged, age_error),
        mean_row("the same, 14 to 28 weeks", young, age_error),
    ]


def _f1_row(measure: str, reads: Sequence[Read], task: str, classes: Sequence[str]) -> Row:
    truth = [(r.sample.plane if task == VIEWS else r.sample.brain_plane) or "" for r in reads]
    return _scored(measure, truth, [said(r.reading, task) for r in reads], [r.sample.group for r in reads], classes)


def _scored(
    measure: str, truth: Sequence[str], said: Sequence[str], groups: Sequence[str], classes: Sequence[str]
) -> Row:
    parts = f1_parts(truth, said, classes)
    return row_of(measure, groups, parts, macro_f1_of_sums, count=len(truth), abstained=said.count(ABSTAINED))


def row_of(
    measure: str,
    groups: Sequence[str],
    parts: Floats,
    rate: Callable[[Floats], Floats],
    *,
    count: int,
    abstained: int = 0,
) -> Row:
    """Return a line with its value and both intervals.

    Args:
        groups: Patient of each row of ``parts``.
        parts, rate: As in `interval_of_sums`.
        count: Pictures that were asked.
    """
    low, high = interval_of_sums(groups, parts, rate)
    single = interval_of_sums([str(number) for number in range(len(groups))], parts, rate)
    value = float(rate(parts.sum(axis=0, keepdims=True))[0])
    return Row(measure, count, len(set(groups)), value, low, high, abstained, single)


def said(reading: ClipReading, task: str) -> str:
    """Return the class that the app stands by; an abstention is an error in F1."""
    answer = reading.answer(task, ViewPrediction)
    return ABSTAINED if answer is None or answer.abstained is not None else answer.best


def mean_row(measure: str, reads: Sequence[Read], value_of: Callable[[Read], float | None]) -> Row:
    """Return the mean of the pictures that were answered; the others are counted."""
    values = [value_of(read) for read in reads]
    given = [(read.sample.group, value) for read, value in zip(reads, values, strict=True) if value is not None]
    parts = np.array([(value, 1.0) for _, value in given], float).reshape(len(given), 2)
    groups = [group for group, _ in given]
    row = row_of(measure, groups, parts, mean_of_sums, count=len(reads), abstained=len(reads) - len(given))
    return replace(row, groups=len({read.sample.group for read in reads}))


def _hc_bias(read: Read) -> float | None:
    head = read.reading.answer(HEAD, HeadMeasurement)
    if head is None or not isinstance(head.size, HeadSize):
        return None
    return head.size.hc_mm - (read.sample.hc_mm or math.nan)


def hc_error(read: Read) -> float | None:
    """Return the absolute error in mm, None where no head was measured."""
    bias = _hc_bias(read)
    return None if bias is None else abs(bias)


def inside_band(read: Read) -> float | None:
    """Return 1 where the true head lies inside the WHO band of the age that was said."""
    age = read.reading.answer(AGE, AgeEstimate)
    return None if age is None else float(inside_who_band("HC", read.sample.hc_mm or 0, age.age.weeks))


def age_error(read: Read) -> float | None:
    """Return the absolute error in days against the WHO-median age."""
    age = read.reading.answer(AGE, AgeEstimate)
    reference = who_median_days("HC", read.sample.hc_mm or 0)
    return None if age is None or reference is None else abs(age.age.days - reference)


def peer_rows(data: Path, reads: Sequence[Read]) -> list[Row]:
    """Return SonoNet-16's and our F1 on the same pictures, over the planes that both know.

    Raises:
        OSError: The peer's weights are not in the data folder.
    """
    from training.sononet import SonoNet16, planes_of  # noqa: PLC0415

    shown = [r for r in reads if r.sample.source == "fetal_planes" and r.sample.plane in TEST_PLANES]
    peer = SonoNet16(data / "sononet" / "SonoNet16.npz")
    theirs: list[str] = []
    for read in shown:
        theirs += planes_of(peer.probabilities([read_clip(data / read.sample.picture).frame(0).pixels]))
    ours = [said(read.reading, VIEWS) for read in shown]
    truth = [read.sample.plane or "" for read in shown]
    groups = [read.sample.group for read in shown]
    return [
        row
        for classes in (TEST_PLANES, *((name,) for name in TEST_PLANES))
        for row in (
            _scored(f"SonoNet-16, F1 {', '.join(classes)}", truth, theirs, groups, classes),
            _scored(f"compact, F1 {', '.join(classes)}", truth, ours, groups, classes),
        )
    ]


def as_markdown(rows: Sequence[Row]) -> str:
    """Return the table as it stands in ``docs/results.md``."""
    lines = ["| measure | pictures | patients | value | 95 % interval | abstained |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {r.measure} | {r.count} | {r.groups} | {r.value:.3f} | {r.low:.3f} to {r.high:.3f} | {r.abstained} |"
        for r in rows
    ]
    return "\n".join(lines) + "\n"


def as_json(rows: Sequence[Row], facts: dict[str, Any]) -> str:
    """Return the table with what it depends on; a number that there is not is null."""
    return json.dumps({**facts, "rows": listed(rows)}, indent=2, allow_nan=False) + "\n"


def listed(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the lines as they stand in JSON."""
    return [
        {
            "measure": r.measure,
            "n": r.count,
            "patients": r.groups,
            "value": _finite(r.value),
            "interval": [_finite(r.low), _finite(r.high)],
            "interval_by_picture": None if r.by_picture is None else [_finite(end) for end in r.by_picture],
            "abstained": r.abstained,
        }
        for r in rows
    ]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
