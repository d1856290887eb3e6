"""Signatures and marks of a report beside those that the archive keeps of the same studies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fetalclip_app.domain.checklist import Item
from fetalclip_app.domain.notes import StudyNotes
from fetalclip_app.report.json_checklist import mark_told
from fetalclip_app.report.json_sign_off import sign_off_told
from fetalclip_app.report.json_traces import pointer
from fetalclip_app.report.verifying.other_values import OtherValue
from fetalclip_app.report.verifying.rebuilding import Row
from fetalclip_app.report.verifying.stated import Stated


def other_words(stated: Stated, studies: Mapping[int, StudyNotes]) -> Iterator[OtherValue]:
    """Yield what a person signed or marked, by the report, where the archive keeps something else, or nothing.

    Args:
        studies: What is kept, by the place of the study's entry in the report; of others nothing is said.
    """
    for place, row in enumerate(stated.rows):
        mine = [notes for number, notes in studies.items() if _is_of(row, stated.rows[number])]
        if len(mine) == 1:
            yield from _signature(place, row, mine[0])
            yield from _marks(place, row, mine[0])


def _is_of(row: Row, study: Row) -> bool:
    """Whether an entry is about a study: a checklist names its clips, a signature the study."""
    if "checklist" in row:
        return set(row.get("clips", ())) <= {ref["key"] for ref in study["clips"]}
    return bool(row.get("study") == study["study"])


def _signature(place: int, row: Row, notes: StudyNotes) -> Iterator[OtherValue]:
    if "sign_off" in row:
        kept = {} if notes.signed is None else sign_off_told(notes.signed)
        yield from _others(place, ("sign_off",), row["sign_off"], kept, ("name", "when", "sealed"))


def _marks(place: int, row: Row, notes: StudyNotes) -> Iterator[OtherValue]:
    for number, item in enumerate(row.get("checklist", {}).get("items", ())):
        told, of_fetus = item.get("mark") or {}, Item(item["key"], "").mark_key(row.get("fetus", ""))
        known = notes.checklist.get(of_fetus) or (notes.checklist.get(item["key"]) if told else None)  # if it is shared
        at = "checklist", "items", number, "mark"
        kept = {} if known is None else mark_told(known)
        yield from _others(place, at, told, kept, ("state", "who", "when", "remark"))


def _others(
    place: int, at: tuple[str | int, ...], told: Mapping[str, Any], kept: Mapping[str, Any], names: tuple[str, ...]
) -> Iterator[OtherValue]:
    """Yield the first of these that is another: what follows it is another act's too."""
    for name in names:
        if told.get(name) != kept.get(name):
            yield OtherValue(place, pointer(*at, name), told.get(name), kept.get(name))
            return
