"""One clip's part of the report: age, head, views, and the key frames that they were read from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, assert_never

from reportlab.platypus import CondPageBreak, KeepTogether, PageBreak, Spacer

from fetalclip_app import wording
from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.age import AgeEstimate
from fetalclip_app.domain.reading import Answer, HeadMeasurement, HeadSize
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.report.build import ClipEntry
from fetalclip_app.report.by_hand import by_hand_block
from fetalclip_app.report.charts import axis_remark, score_curve, shown_keys, view_bars
from fetalclip_app.report.key_frames import key_frames
from fetalclip_app.report.label_block import labels_block
from fetalclip_app.report.line_block import lines_block
from fetalclip_app.report.pooled_block import pooled_block
from fetalclip_app.report.structure_block import structures_block
from fetalclip_app.report.style import (
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
    Air,
    card,
    cards,
    columns,
    cut,
    para,
    rows,
)
from fetalclip_app.wording.noted import named_by_hand
from fetalclip_app.wording.translate import translate as _
from fetalclip_app.wording.translate import within

Flow = list[Any]

_MOST_LETTERS = 160
"""Of a patient or a study in a heading."""

_LEAST = 100 * MM
"""A clip begins a new page where less is left: its heading and its answers stand together."""


def clip_section(
    entry: ClipEntry,
    width: float,
    number: int | None = None,
    *,
    says_whose: bool = False,
    says_fetus: bool = False,
    plain_copies: bool = True,
) -> Flow:
    """Return the part about one clip.

    Args:
        number: Of the clip, from 1, where the report has several.
        says_fetus: Its heading names the fetus, as the report is about several.
        says_whose: Its heading names patient and study, which the report's header cannot name for all clips.
        plain_copies: As those of `key_frames`.
    """
    heading = entry.name if number is None else f"{number}  {entry.name}"
    heading = f"{wording.fetus_title(entry.fetus)}  ·  {heading}" if says_fetus else heading
    whose: Flow = []
    if says_whose:
        about = "  ·  ".join(cut(text, _MOST_LETTERS) for text in (entry.patient, entry.study))
        whose = [para(about, STRONG), Spacer(0, 1.5 * MM)]
    start: Flow = [] if number is None else [Air(0, 4 * MM), CondPageBreak(_LEAST)]
    start = [PageBreak()] if number is not None and says_whose else start  # no two patients share a page
    mine = by_hand_block(entry, width)
    head = [para(heading, HEADING), *whose, *_badges(entry, width), *mine]
    answers = [*_answers(entry, width), *lines_block(entry, width), *structures_block(entry, width)]
    answers += [*labels_block(entry, width), Spacer(0, 4 * MM), *pooled_block(entry, width)]
    of = _which(entry, number)
    first, *pictures = _views_and_pictures(entry, width, of, plain_copies=plain_copies)
    is_short = not mine and entry.reading.answer("brain_views", ViewPrediction) is None
    whole, rest = ([*head, *answers, first], []) if is_short else ([*head, answers[0]], [*answers[1:], first])
    return [*start, KeepTogether(whole), *rest, *pictures]


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
    doubts = [wording.simulated()] if clip.origin.is_simulated else []
    doubts += [wording.missing_frames(clip.missing_frames)] if clip.missing_frames else []
    for doubt in doubts:
        flow += [card([para(doubt, DOUBT_STRONG)], width, doubt=True), Spacer(0, 2.5 * MM)]
    return flow


def _answers(entry: ClipEntry, width: float) -> Flow:
    """Return age and head side by side; where both are silent for the same reason, once across the page."""
    age, head = _answer(entry, "gestational_age"), _answer(entry, "head")
    if isinstance(age, Abstention) and isinstance(head, Abstention) and _same_reason(age, head):
        title = f"{wording.task_title('gestational_age')}, {within(wording.task_title('head'))}"
        return [card(_silence(title, age), width, doubt=True)]
    inner = (width - GAP) / 2 - 2 * PAD
    doubts = isinstance(age, Abstention), isinstance(head, Abstention) or isinstance(_size(head), Abstention)
    return [cards(_age(age, inner), _head(head, inner), width, doubts)]


def _size(head: Answer) -> HeadSize | Abstention | None:
    return head.size if isinstance(head, HeadMeasurement) else None


def _same_reason(one: Abstention, other: Abstention) -> bool:
    return (one.reason, one.detail) == (other.reason, other.detail)


def _answer(entry: ClipEntry, task_key: str) -> Answer:
    finding = entry.reading.finding(task_key)
    return Abstention(Reason.NOT_APPLICABLE, "not_asked") if finding is None else finding.answer


def _silence(title: str, why: Abstention, below: Sequence[Any] = ()) -> Flow:
    """Return an abstention where the number would stand: its reason, and what would help."""
    content: Flow = [para(title, SUBHEADING), para(wording.reason_title(why.reason), KEY_DOUBT)]
    content.append(para(wording.abstention(why)))
    if hint := wording.abstention_hint(why):
        content += [Spacer(0, 1 * MM), para(hint, NOTE)]
    return [*content, *below]


def _age(answer: Answer, width: float) -> Flow:
    title = wording.task_title("gestational_age")
    if isinstance(answer, Abstention):
        return _silence(title, answer)
    if not isinstance(answer, AgeEstimate):
        raise ValueError(f"an age that is a {type(answer).__name__}")
    (line,) = wording.answer_lines("gestational_age", answer)
    content = [para(title, SUBHEADING), para(line.value, KEY_FIGURE)]
    content += [score_curve(answer, width), para(axis_remark(), NOTE), Spacer(0, 1 * MM)]
    return [*content, *(para(note, NOTE) for note in line.notes)]


def _head(answer: Answer, width: float) -> Flow:
    title = wording.task_title("head")
    if isinstance(answer, Abstention):
        return _silence(title, answer)
    if not isinstance(answer, HeadMeasurement):
        raise ValueError(f"a head that is a {type(answer).__name__}")
    lines = wording.answer_lines("head", answer)
    match answer.size:
        case HeadSize():
            hc, *axes = lines
            figures = [para(f"{hc.label} {hc.value}", KEY_FIGURE), _lengths(axes, width)]
            notes = [para(line.notes[0], NOTE) for line in lines]
            return [para(title, SUBHEADING), *figures, Spacer(0, 1 * MM), *notes]
        case Abstention():
            return _silence(title, answer.size, [Spacer(0, 1.5 * MM), _lengths(lines[1:], width)])
        case _:
            assert_never(answer.size)


def _lengths(lines: Sequence[wording.Line], width: float) -> Any:
    cells = [[para(line.label, STRONG), para(line.value, FIGURES), ""] for line in lines]
    return rows(cells, [14 * MM, 26 * MM, width - 40 * MM], between=0.8 * MM)


def _which(entry: ClipEntry, number: int | None) -> str:
    """Return which of several clips it is: what stands on a page where its heading is on the one before."""
    if number is None:
        return ""
    clip = _("clip {number}", number=number)
    fetus = f"{wording.fetus_title(entry.fetus)}, " if entry.fetus else ""
    text = f"{fetus}{clip}"
    return text[:1].upper() + text[1:]


def _views_and_pictures(entry: ClipEntry, width: float, of: str, *, plain_copies: bool) -> Flow:
    """Return the bars of the planes, beside them those of the brain, and the key frames; two in a row."""
    half = (width - GAP) / 2
    cells = [
        _view_block(task, seen, half, of, named_by_hand(entry.notes, len(entry.clip)) if task == "views" else "")
        for task in ("views", "brain_views")
        if isinstance(seen := _answer(entry, task), ViewPrediction)
    ]
    cells += key_frames(entry, half, plain_copies=plain_copies, of=of)
    cells += [[Spacer(0, 0)]] * (len(cells) % 2)
    return [columns(cells[place : place + 2], [half, half], after=4 * MM) for place in range(0, len(cells), 2)]


def _view_block(task: str, seen: ViewPrediction, width: float, of: str, by_hand: str) -> Flow:
    (line,) = wording.answer_lines(task, seen)
    named = f"{line.label} {wording.named_by(seen.probe)}: {line.value}"
    flow: Flow = [para(of, NOTE)] if of else []
    flow.append(para(named, DOUBT_STRONG if line.is_doubt else SUBHEADING))
    flow += [para(by_hand, STRONG), Spacer(0, 1 * MM)] if by_hand else []
    if seen.abstained is not None:
        flow += [para(wording.abstention(seen.abstained)), Spacer(0, 1 * MM)]
        if hint := wording.abstention_hint(seen.abstained):
            flow += [para(hint, NOTE), Spacer(0, 1 * MM)]
    if left_out := wording.frames_left_out(seen.left_out, len(seen.per_frame)):
        flow += [para(left_out, DOUBT_STRONG), Spacer(0, 1 * MM)]
    flow += [view_bars(seen, width), Spacer(0, 1 * MM)]
    if hidden := len(seen.keys) - len(shown_keys(seen)):
        flow.append(para(_("{count} less probable classes are not shown.").format(count=hidden), NOTE))
    return [*flow, para(line.notes[-1], NOTE)]
