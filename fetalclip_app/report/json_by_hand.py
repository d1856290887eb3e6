"""What a person drew in a clip, as JSON: enough to measure it again."""

from __future__ import annotations

from typing import Any

from fetalclip_app.biometry.values import MEASURED, length_of, repeats
from fetalclip_app.domain.calibration import Calibration
from fetalclip_app.domain.notes import ClipNotes, HandMeasurement, Line
from fetalclip_app.report.json_values import ellipse, line, number


def by_hand(notes: ClipNotes, calibration: Calibration | None) -> dict[str, Any]:
    """Return the key ``by_hand``; no key where nothing was drawn and nothing chosen."""
    if not notes.measured and not notes.enters:
        return {}
    means = [found for measure in MEASURED for found in repeats(notes, calibration, measure)]
    return {
        "by_hand": {
            "measured": [drawn(one, calibration) for one in notes.measured],
            "means": [
                {
                    "measure": str(one.measure),
                    **({} if one.bpd_definition is None else {"bpd_definition": str(one.bpd_definition)}),
                    "mm": number(one.size_mm),
                    "repeats": len(one.sizes_mm),
                }
                for one in means
                if isinstance(one.size_mm, float)
            ],
            "enters": {str(measure): str(whose) for measure, whose in notes.enters.items()},
        }
    }


def drawn(one: HandMeasurement, calibration: Calibration | None) -> dict[str, Any]:
    """Return one measurement that a person drew, with its length at this scale."""
    measured = length_of(one.shape, calibration)
    return {
        "uid": one.uid,
        "measure": str(one.measure),
        **({} if one.bpd_definition is None else {"bpd_definition": str(one.bpd_definition)}),
        "frame": one.frame_index,
        **({"line": line(one.shape)} if isinstance(one.shape, Line) else {"ellipse": ellipse(one.shape)}),
        **({} if measured.length_mm is None else {"mm": number(measured.length_mm)}),
        **({} if measured.refusal is None else {"why_none": str(measured.refusal)}),
        "begun_by_model": one.begun_by_model,
        "who": one.act.who,
        "when": one.act.when.isoformat(),
    }
