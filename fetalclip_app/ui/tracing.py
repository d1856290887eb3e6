"""The trace of a number that is clicked, as rows of words. Draws nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from fetalclip_app.domain.biometry import Measure
from fetalclip_app.domain.history import History, StudyHistory
from fetalclip_app.domain.notes import ClipNotes
from fetalclip_app.domain.study_table import StudySize, StudyTable
from fetalclip_app.domain.trace import Trace
from fetalclip_app.ui.open_clip import OpenClip
from fetalclip_app.ui.provenance import Row

HistoryOf = Callable[[OpenClip], History]
"""What was done with a clip, as far as it has come from the archive."""


StudyHistoryOf = Callable[[OpenClip], StudyHistory]
"""The same of the study that a clip is of."""


def nothing_known(entry: OpenClip) -> tuple[()]:
    """Stand for a window without an archive."""
    return ()


def clip_rows(
    entry: OpenClip | None, notes: ClipNotes | None, history: History, name: str, fetus: str | None = ""
) -> list[Row]:
    """Return what the trace of a clip's number tells; nothing where the clip has no such number.

    Args:
        name: The number's id, without the clip's key.
    """
    found = {} if entry is None else {one.id: one for one in _of_clip(entry, notes or ClipNotes(), history, fetus)}
    return [] if entry is None or not found else rows_of(f"{entry.clip.key}.{name}", found)


def study_rows(
    table: StudyTable,
    entries: Sequence[tuple[OpenClip, ClipNotes, History, str | None]],
    name: str,
    history: StudyHistory = (),
) -> list[Row]:
    """Return the same of a study's number.

    Args:
        entries: Clips in the order by which the table numbers them.
    """
    from fetalclip_app.report.traces_of_study import study_traces  # noqa: PLC0415 - takes a while to import

    own = {number: _of_clip(*one) for number, one in enumerate(entries, start=1)}
    found = {one.id: one for each in own.values() for one in each}
    found |= {one.id: one for one in study_traces(table, own, history=history)}
    return rows_of(name, found)


def size_name(fetus: str, measure: Measure, size: StudySize) -> str:
    """Return the id of the size of a measure that enters for a fetus."""
    from fetalclip_app.report.traces_of_study import size_id  # noqa: PLC0415 - takes a while to import

    return size_id("", fetus, measure, size)


def rows_of(name: str, found: Mapping[str, Trace]) -> list[Row]:
    """Return what a trace tells; nothing where there is none of this name."""
    from fetalclip_app.wording.trace_lines import trace_lines  # noqa: PLC0415 - as the traces

    return trace_lines(found[name], found) if name in found else []


def _of_clip(entry: OpenClip, notes: ClipNotes, history: History, fetus: str | None) -> tuple[Trace, ...]:
    """Return the traces of a clip; none while its content has no name yet, or nothing was read."""
    from fetalclip_app.report.entries import ClipEntry  # noqa: PLC0415 - takes a while to import
    from fetalclip_app.report.traces import clip_traces  # noqa: PLC0415

    reading = entry.known
    if reading is None or not entry.clip.content_key.is_taken:
        return ()
    return clip_traces(ClipEntry(entry.clip, reading, fetus=fetus, notes=notes, history=history))
