"""What a report was made of, made anew from what it states: scales, lines and datings by a person."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from fetalclip_app.domain.biometry import BpdDefinition, Measure
from fetalclip_app.domain.calibration import CalibrationSource, Ruler
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.dating import DatedBy, Dating, DatingRefused, NotDated
from fetalclip_app.domain.measuring import Refusal
from fetalclip_app.domain.notes import Act, ClipNotes, Enters, HandMeasurement, Line
from fetalclip_app.domain.overlay import Ellipse

Row = dict[str, Any]
"""An entry of the report's JSON, or a part of one."""

_BY_HAND = (CalibrationSource.USER, CalibrationSource.USER_OVERRIDE)


def with_stated_scale(clip: Clip, row: Row) -> Clip:
    """Return a clip with the scale that a person had stated for it, by the report's entry of the clip."""
    calibration = row.get("calibration")
    if calibration is None or calibration["source"] not in _BY_HAND:
        return clip
    regions = [region for region in calibration["regions"] if region["by_hand"]]
    rulers = rulers_of(row)
    for ruler in rulers:
        made = clip.with_ruler(ruler)
        clip = clip if isinstance(made, Refusal) else made
    if not rulers and regions:
        clip = clip.with_pixel_mm(float(regions[0]["row_mm"]), override=True)
    return clip


def rulers_of(row: Row) -> list[Ruler]:
    """Return the rulers by which a person had stated a scale, by the report's entry of the clip."""
    regions = (row.get("calibration") or {}).get("regions", ())
    return [_ruler(region["ruler"]) for region in regions if region["by_hand"] and "ruler" in region]


def _ruler(told: Row) -> Ruler:
    first, last = ((float(x), float(y)) for x, y in (told["first"], told["last"]))
    return Ruler(first, last, float(told["length_mm"]))


def notes_of(row: Row) -> ClipNotes:
    """Return what a person drew in a clip, and whose value she let enter."""
    told = row.get("by_hand")
    if told is None:
        return ClipNotes()
    enters = {Measure(measure): Enters(whose) for measure, whose in told["enters"].items()}
    return ClipNotes(measured=tuple(drawn_of(one) for one in told["measured"]), enters=enters)


def drawn_of(told: Row) -> HandMeasurement:
    """Return one measurement that a person drew."""
    edges = told.get("bpd_definition")
    return HandMeasurement(
        str(told["uid"]),
        Measure(told["measure"]),
        int(told["frame"]),
        _line(told["line"]) if "line" in told else _ellipse(told["ellipse"]),
        Act(str(told["who"]), datetime.fromisoformat(told["when"])),
        None if edges is None else BpdDefinition(edges),
        begun_by_model=bool(told["begun_by_model"]),
    )


def _line(told: Row) -> Line:
    first, last = told["first"], told["last"]
    return Line((float(first[0]), float(first[1])), (float(last[0]), float(last[1])))


def _ellipse(told: Row) -> Ellipse:
    return Ellipse(*(float(told[name]) for name in ("cx", "cy", "a", "b", "angle")))


def dating_of(growth: Row) -> tuple[Dating | None, DatingRefused | None]:
    """Return the dating of a study, and why one was left out."""
    refused = growth.get("dating_refused")
    if refused is not None:
        return None, DatingRefused(NotDated(refused["reason"]))
    told = growth["dating"]
    if told is None:
        return None, None
    scanned = told.get("scanned")
    return (
        Dating(
            date.fromisoformat(told["day_0"]),
            DatedBy(told["by"]),
            str(told["who"]),
            str(told["entered"]),
            None if scanned is None else date.fromisoformat(scanned),
        ),
        None,
    )


def exam_day_of(growth: Row) -> date | None:
    """Return when the exam was, as the report states it."""
    told = growth["exam_day"]
    return None if told is None else date.fromisoformat(told)
