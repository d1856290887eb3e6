"""Where a number comes from, as rows of words. Draws nothing."""

from __future__ import annotations

from collections.abc import Sequence

from fetalclip_app.domain.abstention import Abstention
from fetalclip_app.domain.age import AgeEstimate
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.reading import ClipReading, Finding, HeadMeasurement, HeadSize, Measurement
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.wording import (
    abstention,
    age_range,
    answer_lines,
    calibration_source,
    day_count,
    definition,
    frame_title,
    head_unchecked,
    interval_meaning,
    learned_age,
    line_definition,
    line_error,
    line_name,
    line_spread,
    line_value,
    millimetres,
    naming_meaning,
    no_probe,
    percent,
    pixels,
    reason_and_remedy,
    spread_limit,
    spread_meaning,
    unfamiliar_frame,
    unverified_model,
    view_percentages,
    view_title,
    with_unit,
)
from fetalclip_app.wording.translate import mark, translate

Row = tuple[str, str]

AGE_RULE = mark(
    "The middle of the 15 best of 175 days (14w0d to 38w6d); each day's score is the mean over 5 sentences "
    "of the similarity between picture and sentence (FetalCLIP's published rule)."
)
_FORMULAS = {
    "hc": mark("HC = π (3 (a + b) − √((3a + b)(a + 3b))), a and b in mm (Ramanujan 1914, first approximation)"),
    "bpd": mark("BPD = 2b, the minor axis of the fitted ellipse"),
    "ofd": mark("OFD = 2a, the major axis of the fitted ellipse"),
}


def lacks_probe(reading: ClipReading, task_key: str) -> bool:
    """Return whether a probe was chosen for a task and prompts had to answer, for there was none."""
    return no_probe(task_key) in reading.provenance.notices


def view_rows(clip: Clip, reading: ClipReading, finding: Finding, key: str) -> list[Row]:
    """Return what a view's percentage rests on."""
    views = finding.answer
    if not isinstance(views, ViewPrediction):
        return abstained_rows(clip, reading, finding)
    column = views.keys.index(key)
    asked = int((views.per_frame[:, 0] == views.per_frame[:, 0]).sum())
    unlike = len(views.unfamiliar)
    rows = [
        (translate("View"), f"{view_title(key)} {percent(float(views.probabilities[column]))}"),
        (
            translate("Frames"),
            translate(
                "{asked} of {total} were asked; {count} show it most",
                asked=asked,
                total=reading.frame_count,
                count=len(views.frames_of(key)),
            ),
        ),
        *(
            [
                (
                    translate("Unlike"),
                    translate(
                        "{count} of them are {what}; they are not measured",
                        count=unlike,
                        what=unfamiliar_frame(),
                    ),
                )
            ]
            if unlike
            else []
        ),
        (translate("How"), naming_meaning(views.probe)),
        *([(translate("Mind"), no_probe(finding.task_key))] if lacks_probe(reading, finding.task_key) else []),
        (translate("Meaning"), view_percentages(views)),
    ]
    if key in views.not_trained:
        rows.append(
            (
                translate("Training"),
                translate("This model was never shown this view: the percentage is a guess from words."),
            )
        )
    if views.abstained is not None:
        rows.append((translate("Why no answer"), reason_and_remedy(views.abstained)))
    return rows + _model_rows(reading, finding)


def age_rows(clip: Clip, reading: ClipReading, finding: Finding) -> list[Row]:
    """Return what the age rests on."""
    age = finding.answer
    if not isinstance(age, AgeEstimate):
        return abstained_rows(clip, reading, finding)
    rows = [
        (translate("Age"), str(age.age)),
        (translate("Spread"), f"{age_range(age.low, age.high)} ({day_count(age.spread_days)}). {spread_meaning()}"),
        *([(translate("Limit"), ground)] if (ground := spread_limit(age.limit_ground)) else []),
        *([(translate("Interval"), interval_meaning(age.interval))] if age.interval is not None else []),
        *picture_rows(reading, finding.frame_index),
        (translate("Scale"), calibration_source(reading.calibration)),
        (translate("In the prompts"), with_unit(f"{age.spacing_mm:.2f}", translate("mm per network pixel"))),
        (translate("Rule"), translate(AGE_RULE)),
    ]
    if age.learned_from_head_size:
        rows.append((translate("Mind"), learned_age()))
    if not age.head_checked:
        rows.append((translate("Mind"), head_unchecked()))
    return rows + _model_rows(reading, finding)


def head_rows(clip: Clip, reading: ClipReading, finding: Finding, which: str) -> list[Row]:
    """Return what a length rests on; ``which`` is ``hc``, ``bpd`` or ``ofd``."""
    head = finding.answer
    if not isinstance(head, HeadMeasurement):
        return abstained_rows(clip, reading, finding)
    ellipse = head.ellipse
    value = (translate("Value"), translate("No millimetres without a scale"))
    if isinstance(head.size, HeadSize):
        value = (which.upper(), millimetres(getattr(head.size, f"{which}_mm")))
    return [
        value,
        (translate("Definition"), definition(which)),
        (translate("Formula"), translate(_FORMULAS[which])),
        *picture_rows(reading, finding.frame_index),
        (
            translate("Ellipse"),
            translate(
                "2a = {major}, 2b = {minor}, turned {angle:.0f}°; it covers {share} of the outline",
                major=pixels(2 * ellipse.a),
                minor=pixels(2 * ellipse.b),
                angle=ellipse.angle_deg,
                share=percent(head.fit),
            ),
        ),
        (translate("Scale"), calibration_source(reading.calibration)),
        *_model_rows(reading, finding),
    ]


def line_rows(reading: ClipReading, finding: Finding, one: Measurement) -> list[Row]:
    """Return what a length by landmarks rests on."""
    why = [(translate("Why"), abstention(one.size_mm))] if isinstance(one.size_mm, Abstention) else []
    name, sha256 = reading.provenance.heads.get(finding.task_key, ("", ""))
    return [
        (line_name(one.name), line_value(one)),
        *why,
        (translate("Definition"), line_definition(one.name)),
        (translate("Error"), line_error(one)),
        (translate("Ends"), line_spread(one)),
        *picture_rows(reading, one.frame_index),
        (translate("Scale"), calibration_source(reading.calibration)),
        (translate("Model head"), f"{name} · {sha256[:12]} · {one.licence}"),
        *_model_rows(reading, finding),
    ]


def abstained_rows(clip: Clip, reading: ClipReading, finding: Finding) -> list[Row]:
    """Return why there is no number."""
    lines = answer_lines(finding.task_key, finding.answer)
    rows = [(lines[0].label, lines[0].value)]
    rows += [
        (translate("Why") if number == 0 else translate("What helps"), note)
        for number, note in enumerate(lines[0].notes)
    ]
    return [*rows, (translate("Scale"), calibration_source(clip.calibration)), *_model_rows(reading, finding)]


def why_rows(answer: object) -> list[Row]:
    """Return why there is no answer, and what would help; nothing where there is one."""
    return [(translate("Why"), reason_and_remedy(answer))] if isinstance(answer, Abstention) else []


def picture_rows(reading: ClipReading, frame_index: int | None) -> list[Row]:
    """Return the frame that was looked at; nothing where all of the clip was."""
    if frame_index is None:
        return []
    return [(translate("Picture"), frame_title(frame_index, reading.frame_count))]


def model_rows(reading: ClipReading, more: Sequence[Row] = ()) -> list[Row]:
    """Return which weights read it and where, what ``more`` there is to say of it, and whether they are known ones."""
    made = reading.provenance
    return [
        (translate("Model"), f"{made.model.title} · {made.model.sha256[:12]} · {made.device}"),
        *more,
        *([] if made.model.verified else [(translate("Mind"), unverified_model())]),
    ]


def _model_rows(reading: ClipReading, finding: Finding) -> list[Row]:
    made = reading.provenance
    rows = [(translate("Input"), translate("preprocessing {name}", name=made.preprocessing))]
    if finding.task_key in made.view_sets:
        name, sha256 = made.view_sets[finding.task_key]
        rows.append((translate("Prompts"), f"{name} · {sha256[:12]}"))
    probe = reading.probe(finding.task_key)
    if probe is not None:
        rows += [(translate("Probe"), f"{probe.name} · {probe.sha256[:12]}"), (translate("Its licence"), probe.licence)]
    return model_rows(reading, rows)
