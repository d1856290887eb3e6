"""Errors and answers as sentences: used by window, command line and report; knows no window.

The model 'sees', 'estimates' and 'cannot tell'. It judges nobody's health, and no sentence here does.
"""

from __future__ import annotations

from fetalclip_app.wording.abstentions import DETAILS, abstention, abstention_hint, reason_title
from fetalclip_app.wording.answers import Line, answer_lines
from fetalclip_app.wording.errors import hint, sentence, unexpected
from fetalclip_app.wording.numbers import (
    THIN_SPACE,
    age_range,
    day_count,
    dicom_date,
    frame_number,
    millimetres,
    percent,
    pixel_size,
    pixels,
    weeks_and_days,
    with_unit,
)
from fetalclip_app.wording.people import patient_title, patients_of, person_name, study_title
from fetalclip_app.wording.sources import (
    calibration_source,
    definition,
    distrust,
    frames_missing,
    head_unchecked,
    interval_meaning,
    learned_age,
    lossy,
    missing_frames,
    no_interval,
    not_trained_view,
    notice,
    percentages_error,
    percentages_meaning,
    rate_source,
    simulated,
    spread_limit,
    spread_meaning,
    unfamiliar_frame,
    unverified_model,
    where_not_why,
)
from fetalclip_app.wording.views import method_title, task_title, view_title

__all__ = [
    "DETAILS",
    "THIN_SPACE",
    "Line",
    "abstention",
    "abstention_hint",
    "age_range",
    "answer_lines",
    "calibration_source",
    "day_count",
    "definition",
    "dicom_date",
    "distrust",
    "frame_number",
    "frames_missing",
    "head_unchecked",
    "hint",
    "interval_meaning",
    "learned_age",
    "lossy",
    "method_title",
    "millimetres",
    "missing_frames",
    "no_interval",
    "not_trained_view",
    "notice",
    "patient_title",
    "patients_of",
    "percent",
    "percentages_error",
    "percentages_meaning",
    "person_name",
    "pixel_size",
    "pixels",
    "rate_source",
    "reason_title",
    "sentence",
    "simulated",
    "spread_limit",
    "spread_meaning",
    "study_title",
    "task_title",
    "unexpected",
    "unfamiliar_frame",
    "unverified_model",
    "view_title",
    "weeks_and_days",
    "where_not_why",
    "with_unit",
]
