"""Whether a report that may have been edited by hand holds what is read of it, in the form in which it is read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from fetalclip_app.domain.biometry import BpdDefinition
from fetalclip_app.domain.trace import By, Did
from fetalclip_app.report.verifying.rebuilding import Row, dating_of, exam_day_of, notes_of, rulers_of


def look_at(rows: Sequence[Row]) -> None:
    """Refuse entries that lack what a reading is made anew from, or hold it in another form.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: They do.
    """
    clips = [row for row in rows if "provenance" in row]
    studies = [row for row in rows if "growth" in row]
    for row in clips:
        _look_at_clip(row)
    for row in studies:
        dating_of(row["growth"])
        exam_day_of(row["growth"])
        if not all(1 <= int(ref["number"]) <= len(clips) and ref["key"] for ref in row["clips"]):
            raise ValueError("a study of clips that are not there")
    for told in (told for row in (*clips, *studies) for told in row.get("numbers", ())):
        _look_at_number(told)


def _look_at_clip(row: Row) -> None:
    notes_of(row)
    if any(not 0 < one.length_mm < math.inf or one.first == one.last for one in rulers_of(row)):
        raise ValueError("a ruler without a length")
    provenance, calibration = row["provenance"], row.get("calibration")
    _texts(row["file"], provenance["clip"]["key"], provenance["model"]["sha256"])
    for task in ("views", "brain_views"):
        _tables(row.get(task) or {}, provenance.get("view_sets", {}).get(task, {}))
    if calibration is not None:
        _texts(calibration["source"])
        _tables(*calibration["regions"])
        if any(region["by_hand"] and not float(region["row_mm"]) > 0 for region in calibration["regions"]):
            raise ValueError("a scale of nothing")


def _look_at_number(told: Row) -> None:
    _texts(told["id"], told["of"], told["unit"], *told.get("inputs", ()), told.get("fetus") or "")
    By(told["by"])
    if "bpd_definition" in told:
        BpdDefinition(told["bpd_definition"])
    _texts(*(picture["clip"] for picture in told.get("pictures", ())))
    for edit in told.get("edits", ()):
        Did(edit["did"])
        _texts(edit["who"], edit["when"] or "")
        _numbers(edit["before"], edit["after"])
    made = told.get("made_by")
    if made is not None:
        _texts(made["model_sha256"], made["preprocessing"], made["app_version"], made["device"])
        _tables(*(made[name] for name in ("prompts", "head", "probe") if name in made))


def _texts(*values: Any) -> None:
    if not all(isinstance(value, str) for value in values):
        raise TypeError("no text")


def _tables(*values: Any) -> None:
    if not all(isinstance(value, dict) for value in values):
        raise TypeError("no table")


def _numbers(*values: Any) -> None:
    if not all(value is None or isinstance(value, int | float) for value in values):
        raise TypeError("no number")
