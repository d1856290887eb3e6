"""Every number of a report as a row of a table, with where it comes from; an abstention is a row with its reason."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from fetalclip_app import RESEARCH_USE_ONLY, wording
from fetalclip_app.atomic import write_bytes
from fetalclip_app.domain.abstention import Abstention
from fetalclip_app.domain.clip_labels import ClipLabels
from fetalclip_app.domain.pooled import WholeClip
from fetalclip_app.domain.reading import Finding, HeadMeasurement, LineMeasurements
from fetalclip_app.domain.structures import Structures
from fetalclip_app.domain.study_table import StudyRow
from fetalclip_app.domain.trace import Trace
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.report.entries import ClipEntry
from fetalclip_app.report.json_values import number
from fetalclip_app.report.studies import study_tables
from fetalclip_app.report.traces import traces
from fetalclip_app.wording.growth import row_reason
from fetalclip_app.wording.translate import SOURCE, speaking

COLUMNS = (
    *("id", "of", "kind", "value", "unit", "abstained", "by", "fetus", "bpd_definition"),
    *("clip", "file", "frame", "row_mm", "column_mm"),
    *("equation", "citation", "model", "model_sha256", "changed_by", "changed_at", "note"),
)
"""Frames count from 0, as in the JSON; a number of several pictures names each, with semicolons between."""

Row = dict[str, object]


def write_csv(path: Path, clips: Sequence[ClipEntry]) -> None:
    """Write the table; always in English, UTF-8 with the mark by which spreadsheets know it.

    Raises:
        ExportFailed: The file could not be written.
    """
    target = io.StringIO(newline="")
    table = csv.DictWriter(target, COLUMNS, restval="")
    table.writeheader()
    with speaking(SOURCE):
        for row in (*map(_number, traces(clips)), *_abstentions(clips)):
            table.writerow({name: _plain(value) for name, value in {**row, "note": RESEARCH_USE_ONLY}.items()})
    write_bytes(path, target.getvalue().encode("utf-8-sig", errors="backslashreplace"))


def _number(one: Trace) -> Row:
    edit = one.edits[-1] if one.edits else None
    made = one.made_by
    return {
        **{"id": one.id, "of": one.of, "kind": one.kind, "value": number(one.value), "unit": one.unit, "by": one.by},
        **{"fetus": one.fetus, "bpd_definition": one.definition, "clip": one.clip},
        "file": _each(picture.file for picture in one.pictures),
        "frame": _each(picture.frame_index for picture in one.pictures),
        "row_mm": _each(picture.row_mm for picture in one.pictures),
        "column_mm": _each(picture.column_mm for picture in one.pictures),
        **({} if one.equation is None else {"equation": one.equation.key, "citation": one.equation.citation}),
        **({} if made is None else {"model": made.model_title, "model_sha256": made.model_sha256}),
        **({} if edit is None else {"changed_by": edit.who, "changed_at": edit.when}),
    }


def _abstentions(clips: Sequence[ClipEntry]) -> Iterator[Row]:
    """Yield what there is no number of: clip by clip, then study by study."""
    for entry in clips:
        for finding in entry.reading.findings:
            for of, why, frame in _silences(finding):
                yield {
                    **{"of": of, "abstained": wording.abstention(why), "fetus": entry.fetus},
                    **{"clip": entry.clip.key, "file": entry.name, "frame": frame},
                }
    for study in study_tables(clips):
        named = {ref.number: ref for ref in study.clips}
        for table in study.fetuses:
            mine = [named[number] for number in table.clips]
            whose: Row = {"clip": _each(ref.key for ref in mine), "file": _each(ref.name for ref in mine)}
            yield from ({**_no_size(row, table.fetus), **whose} for row in table.rows if row.value is None)


def _silences(finding: Finding) -> Iterator[tuple[str, Abstention, int | None]]:
    """Yield what of a finding there is no number of, why, and on which frame."""
    answer, parts = finding.answer, list[tuple[str, object, int | None]]()
    match answer:
        case HeadMeasurement():
            parts = [(finding.task_key, answer.size, finding.frame_index)]
        case LineMeasurements():
            parts = [(one.name, one.size_mm, one.frame_index) for one in answer.measurements]
        case WholeClip():
            parts = [(f"whole_clip.{one.name}.{one.by}", one.size, None) for one in answer.lengths]
        case Structures():
            parts = [(one.name, one.found, one.frame_index) for one in answer.structures]
        case ClipLabels():
            parts = [(one.head.label, one.probability, one.frame_index) for one in answer.labels]
        case ViewPrediction():
            parts = [(finding.task_key, answer.abstained, finding.frame_index)]
        case _:
            parts = [(finding.task_key, answer, finding.frame_index)]
    yield from ((of, why, frame) for of, why, frame in parts if isinstance(why, Abstention))


def _no_size(row: StudyRow, fetus: str) -> Row:
    return {"of": row.measure, "abstained": row_reason(row), "fetus": fetus, "bpd_definition": row.bpd_definition}


def _each(values: Iterator[object]) -> str:
    return "; ".join("" if value is None else str(value) for value in values)


def _plain(value: object) -> object:
    """Return a value that no spreadsheet takes for a formula: what files say of themselves may begin like one."""
    text = "" if value is None else value
    return f"'{text}" if isinstance(text, str) and text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
