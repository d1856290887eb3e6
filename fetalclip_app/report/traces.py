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
    from fetalclip_app.report.build import ClipEntry


def traces(clips: Sequence[ClipEntry], studies: Sequence[StudyTable] | None = None) -> tuple[Trace, ...]:
    """Return the trace of every number: clip by clip, then study by study.

    Two clips of the same content have the same numbers, and give them once.

    Args:
        studies: Those of `study_tables` for the same clips in the same order, where they are at hand.
    """
    own = {number: clip_traces(entry) for number, entry in enumerate(clips, start=1)}
    found = [trace for each in own.values() for trace in each]
    tables = study_tables(clips) if studies is None else studies
    for number, table in enumerate(tables, start=1):
        found += study_traces(table, own, f"study{number}" if len(tables) > 1 else "")
    return tuple({trace.id: trace for trace in reversed(found)}.values())[::-1]


def clip_traces(entry: ClipEntry) -> tuple[Trace, ...]:
    """Return the traces of one clip's numbers: the model's, then a person's."""
    of = Traced(entry.clip, entry.name, entry.fetus)
    return (*model_traces(of, entry.reading), *hand_traces(of, entry.notes))
