"""Where a person's measurement comes from, as rows of words."""

from __future__ import annotations

from fetalclip_app.domain.calibration import Calibration
from fetalclip_app.domain.measuring import Refusal
from fetalclip_app.domain.notes import Line
from fetalclip_app.domain.values import HandValue, Repeats
from fetalclip_app.ui.provenance import Row
from fetalclip_app.wording import by_hand as words
from fetalclip_app.wording import calibration_source, frame_number, millimetres, pixels
from fetalclip_app.wording.translate import translate


def hand_rows(found: Repeats, calibration: Calibration | None, frame_count: int) -> list[Row]:
    """Return what a person's value rests on: every repeat, who drew it, how it is defined, and the scale."""
    size = found.size_mm
    value = pixels(found.size_px) if isinstance(size, Refusal) else millimetres(size)
    name = words.measure_name(found.measure)
    edges = found.bpd_definition
    rows = [
        (f"{found.fetus} {name}".strip(), value),
        *([(translate("Why"), words.why_pixels(size))] if isinstance(size, Refusal) else []),
        (translate("Definition"), words.drawn_definition(found.measure)),
        *([(translate("Edges"), words.edges_meaning(edges))] if edges is not None else []),
    ]
    if len(found.values) > 1:
        rows.append((translate("Repeats"), words.repeats_said(found)))
    rows += [_repeat(number, one, frame_count) for number, one in enumerate(found.values, start=1)]
    if found.is_begun_by_model:
        rows.append((translate("Mind"), words.begun_by_model()))
    if not isinstance(found.values[-1].drawn.shape, Line):
        rows.append((translate("Formula"), words.ellipse_formula()))
    return [*rows, (translate("Scale"), calibration_source(calibration))]


def _repeat(number: int, one: HandValue, frame_count: int) -> Row:
    frame = frame_number(one.drawn.frame_index, frame_count)
    said = f"{words.measured_value(one.measured)}, {frame}, {words.act_said(one.drawn.act)}"
    return translate("Drawn {number}", number=number), said
