"""One clip's part of the report: age, head, views, and the key frames that they were read from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from reportlab.platypus import CondPageBreak, KeepTogether, Spacer

from fetalclip_app import wording
from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.age import AgeEstimate
from fetalclip_app.domain.clip import Box
from fetalclip_app.domain.overlay import Heatmap
from fetalclip_app.domain.reading import Answer, HeadMeasurement, HeadSize
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.errors import FetalClipError
from fetalclip_app.report.build import ClipEntry
from fetalclip_app.report.charts import axis_remark, score_curve, view_bars
from fetalclip_app.report.figures import Picture, figure, scale_of
from fetalclip_app.report.style import (
    BODY,
    DOUBT_STRONG,
    FIGURES,
    GAP,
    HEADING,
    KEY_DOUBT,
    KEY_FIGURE,
    MM,
    NOTE,
    PAD,
    STRONG,
    SUBHEADING,
    card,
    columns,
    para,
    rows,
)
from fetalclip_app.wording.translate import translate as _

Flow = list[Any]


def clip_section(entry: ClipEntry, width: float, number: int | None = None) -> Flow:
    """Return the part about one clip.

    Args:
        number: Of the clip, from 1, where the report has several.
    """
    heading = entry.name if number is None else f"{number}  {entry.name}"
    head: Flow = [para(heading, HEADING), *_badges(entry, width), *_answers(entry, width), Spacer(0, 4 * MM)]
    return [CondPageBreak(90 * MM), KeepTogether(head), *_views(entry, width), *_key_frames(entry, width)]


def _badges(entry: ClipEntry, width: float) -> Flow:
    """Return one line about the file, and what the reader must know before any number."""
    clip = entry.clip
    count = entry.reading.frame_count
    facts = [_("1 frame") if count == 1 else _("{count} frames").format(count=count)]
    if clip.rate is not None:
        facts.append(wording.rate_source(clip.rate))
    facts.append(wording.calibration_source(entry.reading.calibration))
    if clip.origin.is_lossy:
        facts.append(wording.lossy())
    flow: Flow = [para(". ".join(facts) + ".", NOTE), Spacer(0, 2.5 * MM)]
    if clip.origin.is_simulated:
        flow += [card([para(wording.simulated(), DOUBT_STRONG)], width, doubt=True), Spacer(0, 2.5 * MM)]
    return flow


def _answers(entry: ClipEntry, width: float) -> Flow:
    """Return age and head side by side; where both are silent for the same reason, once across the page."""
    age, head = _answer(entry, "gestational_age"), _answer(entry, "head")
    if isinstance(age, Abstention) and isinstance(head, Abstention) and _same_reason(age, head):
        title = f"{wording.task_title('gestational_age')}, {wording.task_title('head').lower()}"
        return [_silence(title, age, width)]
    half = (width - GAP) / 2
    return [columns([_age(age, half), _head(head, half)], [half, half])]


def _same_reason(one: Abstention, other: Abstention) -> bool:
    return (one.reason, one.detail) == (other.reason, other.detail)


def _answer(entry: ClipEntry, task_key: str) -> Answer:
    finding = entry.reading.finding(task_key)
    return Abstention(Reason.NOT_APPLICABLE, "not_asked") if finding is None else finding.answer


def _silence(title: str, why: Abstention, width: float, below: Sequence[Any] = ()) -> Any:
    """Return an abstention where the number would stand: its reason, and what would help."""
    content: Flow = [para(title, SUBHEADING), para(wording.reason_title(why.reason), KEY_DOUBT)]
    content.append(para(wording.abstention(why)))
    if hint := wording.abstention_hint(why):
        content += [Spacer(0, 1 * MM), para(hint, NOTE)]
    return card([*content, *below], width, doubt=True)


def _age(answer: Answer, width: float) -> Any:
    title = wording.task_title("gestational_age")
    if isinstance(answer, Abstention):
        return _silence(title, answer, width)
    if not isinstance(answer, AgeEstimate):
        raise ValueError(f"an age that is a {type(answer).__name__}")
    (line,) = wording.answer_lines("gestational_age", answer)
    content = [para(title, SUBHEADING), para(line.value, KEY_FIGURE)]
    content += [score_curve(answer, width - 2 * PAD), para(axis_remark(), NOTE), Spacer(0, 1 * MM)]
    content += [para(note, NOTE) for note in line.notes]
    return card(content, width)


def _head(answer: Answer, width: float) -> Any:
    title = wording.task_title("head")
    if isinstance(answer, Abstention):
        return _silence(title, answer, width)
    if not isinstance(answer, HeadMeasurement):
        raise ValueError(f"a head that is a {type(answer).__name__}")
    lines = wording.answer_lines("head", answer)
    match answer.size:
        case HeadSize():
            hc, *axes = lines
            figures = [para(f"{hc.label} {hc.value}", KEY_FIGURE), _lengths(axes, width - 2 * PAD)]
            notes = [para(line.notes[0], NOTE) for line in lines]
            return card([para(title, SUBHEADING), *figures, Spacer(0, 1 * MM), *notes], width)
        case Abstention():
            return _silence(title, answer.size, width, [Spacer(0, 1.5 * MM), _lengths(lines[1:], width - 2 * PAD)])
        case _:
            assert_never(answer.size)


def _lengths(lines: Sequence[wording.Line], width: float) -> Any:
    cells = [[para(line.label, STRONG), para(line.value, FIGURES), ""] for line in lines]
    return rows(cells, [14 * MM, 26 * MM, width - 40 * MM], between=0.8 * MM)


def _views(entry: ClipEntry, width: float) -> Flow:
    """Return the bars of the planes, with those of the brain beside them where there are any."""
    half = (width - GAP) / 2
    blocks = [
        _view_block(task, seen, half)
        for task in ("views", "brain_views")
        if isinstance(seen := _answer(entry, task), ViewPrediction)
    ]
    blocks += [[Spacer(0, 0)]] * (2 - len(blocks))
    return [KeepTogether([columns(blocks, [half, half]), Spacer(0, 4 * MM)])]


def _view_block(task: str, seen: ViewPrediction, width: float) -> Flow:
    (line,) = wording.answer_lines(task, seen)
    flow: Flow = [para(f"{line.label}: {line.value}", DOUBT_STRONG if line.is_doubt else SUBHEADING)]
    if seen.abstained is not None:
        flow += [para(wording.abstention(seen.abstained)), Spacer(0, 1 * MM)]
        if hint := wording.abstention_hint(seen.abstained):
            flow += [para(hint, NOTE), Spacer(0, 1 * MM)]
    flow += [view_bars(seen, width), Spacer(0, 1 * MM), para(wording.percentages_meaning(seen.calibrated), NOTE)]
    return flow


@dataclass(frozen=True, eq=False, slots=True)
class _KeyFrame:
    """One frame worth showing, and what is drawn over its second copy."""

    index: int
    head: HeadMeasurement | None = None
    heatmap: Heatmap | None = None


def _key_frames(entry: ClipEntry, width: float) -> Flow:
    flow: Flow = []
    for key_frame in _chosen(entry):
        try:
            row = _frame_row(entry, key_frame, width)
        except FetalClipError as error:
            where = wording.frame_number(key_frame.index, len(entry.clip))
            row = [para(f"{where}: {wording.sentence(error)}", BODY)]
        flow.append(KeepTogether([*row, Spacer(0, 4 * MM)]))
    if flow:
        flow[0] = KeepTogether([para(_("Key frames"), SUBHEADING), flow[0]])
    return flow


def _chosen(entry: ClipEntry) -> list[_KeyFrame]:
    """Return the head's frame, or the clip's best where no head was measured, and the frames with heatmaps."""
    finding = entry.reading.finding("head")
    if finding is not None and isinstance(finding.answer, HeadMeasurement) and finding.frame_index is not None:
        chosen = [_KeyFrame(finding.frame_index, head=finding.answer)]
    else:
        chosen = [_KeyFrame(_best_frame(entry))]
    return chosen + [_KeyFrame(index, heatmap=heatmap) for index, heatmap in entry.heatmaps]


def _best_frame(entry: ClipEntry) -> int:
    seen = entry.reading.answer("views", ViewPrediction)
    frames = [] if seen is None else seen.frames_of(seen.best).tolist()
    return int(frames[0]) if frames else 0


def _frame_row(entry: ClipEntry, key_frame: _KeyFrame, width: float) -> Flow:
    """Return the plain copy, the annotated one beside it, and their captions."""
    half = (width - GAP) / 2
    crop = _inside(entry.reading.crop, entry.clip.height, entry.clip.width)
    pixels = entry.clip.frame(key_frame.index).pixels
    plain = Picture(pixels, crop, scale_of(entry.reading.calibration, crop))
    where = f"{_frame_title(entry, key_frame.index)}."
    cell = [figure(plain, half), Spacer(0, 1.5 * MM), para(where, NOTE)]
    if key_frame.head is not None:
        head = key_frame.head
        drawn = Picture(pixels, crop, plain.pixel_mm, head.outline, head.ellipse)
        text = _("Outline of the head and its ellipse, which fits it by {fit}.").format(fit=wording.percent(head.fit))
    elif key_frame.heatmap is not None:
        drawn = Picture(pixels, crop, plain.pixel_mm, heatmap=key_frame.heatmap)
        (line,) = wording.answer_lines("views", key_frame.heatmap)
        text = f"{line.label}: {line.value}. {line.notes[0]}"
    else:
        reason = _("No overlay: nothing was measured in this clip.")
        return [columns([cell, [para(reason, NOTE)]], [half, half])]
    return [columns([cell, [figure(drawn, half), Spacer(0, 1.5 * MM), para(text, NOTE)]], [half, half])]


def _frame_title(entry: ClipEntry, index: int) -> str:
    """Return ``Frame 12 of 87: Brain 91%, Trans-thalamic 78%``, the shares being this frame's own."""
    number = wording.frame_number(index, len(entry.clip))
    seen = [_share(entry, task, index) for task in ("views", "brain_views")]
    shares = ", ".join(text for text in seen if text)
    title = number[:1].upper() + number[1:]
    return f"{title}: {shares}" if shares else title


def _share(entry: ClipEntry, task: str, index: int) -> str:
    seen = entry.reading.answer(task, ViewPrediction)
    if seen is None or index >= len(seen.per_frame) or math.isnan(seen.per_frame[index, 0]):
        return ""
    best = int(seen.per_frame[index].argmax())
    return f"{wording.view_title(seen.keys[best])} {wording.percent(float(seen.per_frame[index, best]))}"


def _inside(crop: Box, height: int, width: int) -> Box:
    """Return the part of ``crop`` that lies inside the frame."""
    return Box(max(crop.left, 0), max(crop.top, 0), min(crop.right, width), min(crop.bottom, height))
