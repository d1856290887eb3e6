"""A checklist's answers in words: what was seen where, what is doubtful about it, what only a person can say."""

from __future__ import annotations

from collections.abc import Mapping

from fetalclip_app.domain.biometry import Measure
from fetalclip_app.domain.checklist import (
    Checklist,
    ChecklistFindings,
    Doubt,
    Evidence,
    ItemFinding,
    Section,
    StudyChecklist,
)
from fetalclip_app.domain.notes import ItemMark, ItemState
from fetalclip_app.wording.by_hand import measure_name
from fetalclip_app.wording.numbers import frame_number, millimetres, percent
from fetalclip_app.wording.people import study_heading
from fetalclip_app.wording.translate import mark, translate
from fetalclip_app.wording.views import view_title

_MOST_PLACES = 4
"""Clips named in what is told of an item; of more, the number."""

_STATES: dict[ItemState | None, str] = {
    ItemState.SEEN: mark("seen"),
    ItemState.DOUBTFUL: mark("doubtful"),
    ItemState.MISSING: mark("missing"),
    None: mark("for you"),
}

_DOUBTS: dict[Doubt, str] = {
    Doubt.WIDER_VIEW: mark("The model sees the view, and cannot tell whether it shows this."),
    Doubt.LOW_QUALITY: mark("Only in frames that are blurred or cut by the edge of the fan."),
    Doubt.FEW_FRAMES: mark("Only in a few frames of a clip that shows another view."),
    Doubt.FETUS_NOT_STATED: mark("Nobody said which fetus this clip shows."),
    Doubt.NOT_TRAINED: mark("The model never saw this view in training."),
    Doubt.UNCLEAR_LEAD: mark("Another view fits almost as well."),
    Doubt.UNFAMILIAR: mark("These frames are unlike the training pictures."),
    Doubt.HELD_BACK: mark("Held back until you have measured it by hand."),
    Doubt.NO_LENGTH: mark("It has no length in millimetres."),
}


def item_state(state: ItemState | None) -> str:
    """Return the state of an item in a word; None is an item that only a person can answer."""
    return translate(_STATES[state])


def section_title(section: Section) -> str:
    """Return the heading of some items; those of the bundled checklist are translated."""
    return translate(section.title)


def item_title(finding: ItemFinding) -> str:
    """Return an item's title; those of the bundled checklist are translated."""
    return translate(finding.item.title)


def doubt_reason(doubt: Doubt) -> str:
    """Return why what was seen does not settle an item."""
    return translate(_DOUBTS[doubt])


def evidence_value(one: Evidence) -> str:
    """Return what was seen or measured: ``Femur 91%``, ``HC 175.2 mm``; a view that a person named says so."""
    if isinstance(one.support, Measure):
        name = measure_name(one.support)
        return name if one.size_mm is None else f"{name} {millimetres(one.size_mm)}"
    title = view_title(one.support.view)
    if one.probability is None:
        return translate("{view}, named by hand").format(view=title)
    return f"{title} {percent(one.probability)}"


def evidence_place(one: Evidence, clip_name: str, frames: int) -> str:
    """Return where it was seen: ``femur.dcm, frame 15 of 60``."""
    return clip_name if one.frame_index is None else f"{clip_name}, {frame_number(one.frame_index, frames)}"


def clip_place(one: Evidence, clip_number: int | None, frames: int) -> str:
    """Return where it was seen in a report: ``clip 2, frame 15 of 60``; None is the number of a report's only clip."""
    named = [] if clip_number is None else [translate("clip {number}").format(number=clip_number)]
    return ", ".join([*named, *([] if one.frame_index is None else [frame_number(one.frame_index, frames)])])


def marked_by(word: ItemMark) -> str:
    """Return who said so, and when."""
    when = f"{word.act.when:%Y-%m-%d %H:%M}"
    if word.act.who:
        return translate("{state}, as {who} says ({when})").format(
            state=item_state(word.state), who=word.act.who, when=when
        )
    return translate("{state}, by hand ({when})").format(state=item_state(word.state), when=when)


def said_by(word: ItemMark) -> str:
    """Return who said so, and when, beside the state itself."""
    who, when = word.act.who or translate("a person"), f"{word.act.when:%Y-%m-%d %H:%M}"
    return translate("Said by {who}, {when}.").format(who=who, when=when)


def open_item() -> str:
    """Return the state, in a report, of an item that only a person can answer and nobody has."""
    return translate("open")


def open_meaning() -> str:
    """Return what an open item is."""
    return translate("Open: the model cannot tell this, and nobody has said.")


def only_a_person() -> str:
    """Return what is said of an item that no view and no measurement can answer."""
    return translate("The model cannot tell this. It is for you to say.")


def nothing_seen() -> str:
    """Return what is said of an item that no clip supports."""
    return translate("No clip that is read shows it.")


def item_value(finding: ItemFinding) -> str:
    """Return what stands at the end of an item's line: a share or a length where it is seen, else its state."""
    best = finding.best
    if finding.mark is not None:
        return translate("{state}, by hand").format(state=item_state(finding.mark.state))
    if finding.state is not ItemState.SEEN or best is None:
        return item_state(finding.state)
    if best.size_mm is not None:
        return millimetres(best.size_mm)
    return item_state(finding.state) if best.probability is None else percent(best.probability)


def item_line(finding: ItemFinding) -> str:
    """Return an item in one line, for those who hear it: ``Femur: seen, 91%``."""
    state, value = item_state(finding.state), item_value(finding)
    said = value if value.startswith(state) else f"{state}, {value}"
    return f"{item_title(finding)}: {said}"


def item_told(finding: ItemFinding, clips: Mapping[str, tuple[str, int]]) -> str:
    """Return all that is known of an item, line by line.

    Args:
        clips: Content key -> name and number of frames of the study's clips.
    """
    lines = [f"{item_title(finding)}: {item_state(finding.state)}."]
    lines += [translate(finding.item.look_for)] if finding.item.look_for else []
    lines += [f"{marked_by(finding.mark)}."] if finding.mark is not None else []
    told = [one for one in finding.evidence if one.clip_key in clips]
    for one in told[:_MOST_PLACES]:
        doubt = "" if one.doubt is None else f" {doubt_reason(one.doubt)}"
        lines.append(f"{evidence_value(one)}: {evidence_place(one, *clips[one.clip_key])}.{doubt}")
    if len(told) > _MOST_PLACES:
        lines.append(translate("And {count} more.").format(count=len(told) - _MOST_PLACES))
    if not finding.item.supports:
        lines.append(only_a_person())
    elif not told:
        lines.append(nothing_seen())
    return "\n".join(lines)


def mark_noted(finding: ItemFinding, state: ItemState | None) -> str:
    """Return what undo calls a mark; None takes one back."""
    if state is None:
        return translate("Checklist: {item} left to the clips").format(item=item_title(finding))
    return translate("Checklist: {item} {state}").format(item=item_title(finding), state=item_state(state))


def checklist_title() -> str:
    """Return the heading."""
    return translate("Checklist")


def checklist_count(found: ChecklistFindings) -> str:
    """Return how far a checklist is: ``Checklist 7/14``, of one of several fetuses ``Checklist 7/14, fetus A``."""
    text = f"{checklist_title()} {found.seen}/{len(found.findings)}"
    return translate("{count}, fetus {fetus}").format(count=text, fetus=found.fetus) if found.fetus else text


def checklist_name(checklist: Checklist) -> str:
    """Return name, version and the first digits of the file's SHA-256."""
    return f"{checklist.name} {checklist.version} · {checklist.sha256[:8]}"


def not_all_read(found: ChecklistFindings) -> str:
    """Return that some clips are not read yet; empty where all are."""
    if found.read == found.clips:
        return ""
    return translate("{read} of {clips} clips are read.").format(read=found.read, clips=found.clips)


def study_of_checklist(one: StudyChecklist) -> str:
    """Return whose study a checklist is about, and which."""
    folder = one.study.folder.name if one.study.folder is not None else ""
    return " · ".join(filter(None, study_heading(one.study.origin, folder)))


def checklist_meaning() -> str:
    """Return what the list says and what it does not."""
    return translate("It says what was seen in the clips, not whether it is as it should be.")
