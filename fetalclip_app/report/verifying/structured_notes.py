"""What a DICOM structured report states of its clips: their content, whose they are, their scale, what was drawn."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from pydicom.sr.coding import Code

from fetalclip_app.domain.biometry import BpdDefinition, Measure
from fetalclip_app.domain.calibration import Ruler
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.dating import TERM_DAYS, DatedBy, Dating
from fetalclip_app.domain.measuring import Refusal
from fetalclip_app.domain.notes import FETUSES, Act, ClipNotes, Enters, HandMeasurement, StudyNotes
from fetalclip_app.domain.structured import SrRow, StructuredReport
from fetalclip_app.domain.trace import By
from fetalclip_app.report.dicom import codes
from fetalclip_app.report.dicom.geometry import shape_of
from fetalclip_app.report.dicom.numbers import NOBODY_NAMED
from fetalclip_app.report.dicom.stated_scale import rulers_in, typed_in
from fetalclip_app.wording.dating import dated_by
from fetalclip_app.wording.translate import SOURCE, speaking

CLIP_KEY = re.compile(r"([0-9a-f]{16})\.")
_SHA256 = re.compile(r"\bSHA-256 ([0-9a-f]{64})$")
_MEASURES = {str(one): one for one in Measure}
_EDGES = {str(one): one for one in BpdDefinition}


@dataclass(frozen=True, slots=True)
class StatedClip:
    """A clip of a report.

    Attributes:
        key: `domain.clip.Clip.key`.
        sha256: Of its file; the key where the report has no more.
        uids: SOP Instance UIDs of the objects that stand for it.
        fetus: As `report.entries.ClipEntry.fetus`.
        notes: What was drawn in it, and whose value enters.
        pixel_mm: Size of a pixel that a person typed.
    """

    key: str
    sha256: str
    uids: tuple[str, ...] = ()
    fetus: str | None = ""
    notes: ClipNotes = field(default_factory=ClipNotes)
    pixel_mm: float | None = None

    def scaled(self, clip: Clip) -> Clip:
        """Return the clip with the scale that a person had stated for it."""
        for ruler in self.notes.rulers:
            made = clip.with_ruler(ruler)
            clip = clip if isinstance(made, Refusal) else made
        return clip if self.pixel_mm is None else clip.with_pixel_mm(self.pixel_mm, override=True)


def stated_clips(report: StructuredReport) -> tuple[StatedClip, ...]:
    """Return the clips that a report is about: those of its image library, and those that its numbers are of."""
    files: dict[str, list[str]] = {}
    scales: dict[str, tuple[str, ...]] = {}
    for uid, told in report.sources:
        for match in (_SHA256.search(one) for one in told):
            if match is not None:
                files.setdefault(match[1], []).append(uid)
                scales[match[1]] = told
    keys = {sha256[:16] for sha256 in files}
    named = (CLIP_KEY.match(row.tracking) for row in report.rows)
    others = dict.fromkeys(match[1] for match in named if match is not None and match[1] not in keys)
    return tuple(
        _clip(report, sha256, tuple(files.get(sha256, ())), scales.get(sha256, ())) for sha256 in (*files, *others)
    )


def study_notes(report: StructuredReport) -> StudyNotes:
    """Return what a person stated of the study: its dating, and how many fetuses."""
    days = {row.code: _day(row.text) for row in report.rows if row.code in {_code(codes.LMP), _code(codes.EDD)}}
    born, lmp = days.get(_code(codes.EDD)), days.get(_code(codes.LMP))
    by = DatedBy.LMP if lmp is not None else _dated_by(report)
    dating = None if born is None else Dating(born - timedelta(days=TERM_DAYS), by, "")
    named = {row.fetus for row in report.rows} & set(FETUSES)
    last = max((FETUSES.index(one) for one in named), default=-1)
    return StudyNotes(dating=dating, fetuses=FETUSES[: last + 1])


def _dated_by(report: StructuredReport) -> DatedBy:
    """Return what a dating rests on, as the remark beside its age says."""
    said = next((remark for row in report.rows if row.tracking == "dating" for remark in row.remarks), "")
    with speaking(SOURCE):
        return next((one for one in DatedBy if said.endswith(f" {dated_by(one)}")), DatedBy.EDD)


def _code(code: Code) -> str:
    return f"{code.value} {code.scheme_designator}"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _clip(report: StructuredReport, sha256: str, uids: tuple[str, ...], told: Sequence[str]) -> StatedClip:
    key = sha256[:16]
    rows = [row for row in report.rows if _is_of(row, key, uids)]
    measured = tuple(one for row in rows if (one := _measured(row)) is not None)
    by_model = {measure for row in rows if (measure := _chosen_of_model(row, {one.measure for one in measured}))}
    fetuses = {row.fetus for row in report.rows} & set(FETUSES)
    fetus = next((row.fetus for row in rows), None) if fetuses else ""
    rulers: tuple[Ruler, ...] = tuple(rulers_in(told))
    notes = ClipNotes(rulers, fetus or "", measured=measured, enters=dict.fromkeys(by_model, Enters.MODEL))
    return StatedClip(key, sha256, uids, fetus, notes, typed_in(told))


def _is_of(row: SrRow, key: str, uids: Sequence[str]) -> bool:
    match = CLIP_KEY.match(row.tracking)
    return match[1] == key if match is not None else bool({uid for uid, _frame in row.images} & set(uids))


def _measured(row: SrRow) -> HandMeasurement | None:
    """Return what a person drew for a number: the report holds it where it is one line or ellipse alone."""
    parts = row.tracking.split(".")
    measure = next((_MEASURES[part] for part in parts if part in _MEASURES), None)
    if str(By.PERSON) not in parts or measure is None or row.drawn is None or not row.observed:
        return None
    shape = shape_of(*row.drawn)
    edges = next((_EDGES[part] for part in parts if part in _EDGES), None)
    frame = row.images[0][1] if row.images else None
    try:
        when = datetime.strptime(row.observed, "%Y%m%d%H%M%S%z")
    except ValueError:
        return None
    act = Act("" if row.whose == NOBODY_NAMED else row.whose, when)
    if shape is None:
        return None
    return HandMeasurement(row.tracking, measure, (frame or 1) - 1, shape, act, edges, row.fetus)


def _chosen_of_model(row: SrRow, drawn: set[Measure]) -> Measure | None:
    """Return the measure of which the model's value enters though a person drew it, or by a person's choice."""
    parts = row.tracking.split(".")
    measure = next((_MEASURES[part] for part in parts if part in _MEASURES), None)
    enters = CLIP_KEY.match(row.tracking) is None and parts[-1] in {str(By.OUTLINE), str(By.LANDMARKS)}
    is_chosen = measure in drawn or codes.USER_CHOSEN.meaning in row.kind
    return measure if enters and is_chosen else None
