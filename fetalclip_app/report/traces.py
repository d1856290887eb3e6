"""Where every number of a report comes from: the one function that window, JSON, PDF and DICOM ask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fetalclip_app.domain.study_table import StudyTable
from fetalclip_app.domain.trace import Trace
from fetalclip_app.report.studies import study_tables
from fetalclip_app.report.traces_of_clip import Traced, hand_traces, model_traces
from fetalclip_app.report.traces_of_study import study_traces

if TYPE_CHECKING:
    from fetalclip_app.report.entries import ClipEntry


def traces(clips: Sequence[ClipEntry], studies: Sequence[StudyTable] | None = None) -> tuple[Trace, ...]:
    """Return the trace of every number: clip by clip, then study by study.

    Two clips of the same content have the same numbers, and give them once.

    Args:
        studies: Those of `study_tables` for the same clips in the same order, where they are at hand.
    """
    tables = study_tables(clips) if studies is None else studies
    found = [trace for entry in clips for trace in clip_traces(entry)]
    found += [trace for each in traces_of_studies(clips, tables) for trace in each]
    return tuple({trace.id: trace for trace in reversed(found)}.values())[::-1]


def clip_traces(entry: ClipEntry) -> tuple[Trace, ...]:
    """Return the traces of one clip's numbers: the model's, then a person's."""
    of = Traced(entry.clip, entry.name, entry.fetus)
    return (*model_traces(of, entry.reading, entry.history), *hand_traces(of, entry.notes, entry.history))


def traces_of_studies(clips: Sequence[ClipEntry], studies: Sequence[StudyTable]) -> list[tuple[Trace, ...]]:
    """Return the traces of each study's own numbers."""
    own = {number: clip_traces(entry) for number, entry in enumerate(clips, start=1)}
    prefixes = study_prefixes(len(studies))
    return [
        tuple(study_traces(table, own, prefix, clips[table.clips[0].number - 1].study_history))
        for prefix, table in zip(prefixes, studies, strict=True)
    ]


def study_prefixes(count: int) -> list[str]:
    """Return what stands before the ids of each study's numbers: nothing where there is but one."""
    return ["".join(["study", str(number)]) if count > 1 else "" for number in range(1, count + 1)]
