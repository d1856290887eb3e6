"""Studies made up: clips with a person's lines, dated pregnancies, two fetuses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from fakes import make_clip, make_reading
from hand_tools import by_hand, line

from fetalclip_app.biometry.study_table import ClipValues, clip_values, study_table
from fetalclip_app.domain.biometry import BpdDefinition, Measure
from fetalclip_app.domain.dating import Dating
from fetalclip_app.domain.notes import ClipNotes, HandMeasurement
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.domain.study_table import ClipRef, StudyTable

EXAM = date(2026, 3, 14)
PIXEL_MM = 0.5


def dated(days: int = 143) -> Dating:
    """Return a dating by LMP that gives so many days on the exam's day."""
    return Dating.by_lmp(EXAM - timedelta(days=days), "A. Sonographer")


def drawn(measure: Measure, size_mm: float, edges: BpdDefinition | None = None, **more: Any) -> HandMeasurement:
    """Return a measurement of this size at `PIXEL_MM`; circles stand for HC and AC."""
    if measure in {Measure.HC, Measure.AC}:
        radius = size_mm / PIXEL_MM / (2 * 3.141592653589793)
        return by_hand(measure, Ellipse(160.0, 120.0, radius, radius, 0.0), **more)
    return by_hand(measure, line(size_mm / PIXEL_MM), bpd_definition=edges, **more)


def values(
    number: int,
    *measured: HandMeasurement,
    fetus: str | None = "",
    read: bool = False,
    best: str = "brain",
    notes: ClipNotes | None = None,
    share: float | None = None,
) -> ClipValues:
    """Return what a clip of 320 x 240 pixels gives; with ``read`` the model's answers too."""
    clip = make_clip(3, name=f"clip{number}.dcm", height=240, width=320, pixel_mm=PIXEL_MM)
    reading = make_reading(clip, best=best) if read else None
    if reading is not None and share is not None:
        views = reading.findings[0].answer
        views.per_frame[:, views.keys.index(best)] = share  # type: ignore[union-attr]
    told = notes or ClipNotes(measured=measured)
    return clip_values(ClipRef(number, clip.path.name, clip.key), told, reading, clip.calibration, fetus=fetus)


def table(*clips: ClipValues, days: int | None = 143, exam_day: date | None = EXAM) -> StudyTable:
    """Return the study of these clips."""
    return study_table(clips, title="Second trimester", dating=dated(days) if days else None, exam_day=exam_day)


def whole(number: int = 1, *, fetus: str | None = "", scale: float = 1.0) -> ClipValues:
    """Return a clip with HC, BPD (outer-inner), AC and FL by hand, of a head of 20 weeks times ``scale``."""
    lengths: Sequence[tuple[Measure, float, BpdDefinition | None]] = (
        (Measure.HC, 175.0, None),
        (Measure.BPD, 47.0, BpdDefinition.OUTER_INNER),
        (Measure.AC, 152.0, None),
        (Measure.FL, 33.0, None),
    )
    return values(number, *(drawn(name, size * scale, edges) for name, size, edges in lengths), fetus=fetus)
