"""What a signature covers: all that a report says of a study, in one form, and its SHA-256.

The record holds whose study it is, every number to the digits that are printed, every abstention, what each was
read with, what a person decided, and the checklists. It does not hold where the files lie, their order, the device,
or how a sentence is worded: another folder, another language or another processor breaks no seal.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fetalclip_app.domain.checklist import StudyChecklist
from fetalclip_app.domain.notes import study_key
from fetalclip_app.domain.sign_off import SealState, SignOff, seal_state
from fetalclip_app.domain.study import Group, groups_of
from fetalclip_app.report.as_json import as_table
from fetalclip_app.report.entries import ClipEntry
from fetalclip_app.report.json_checklist import as_entries
from fetalclip_app.report.json_study import as_study_entries
from fetalclip_app.report.studies import each_of_somebody, study_tables
from fetalclip_app.wording import patient_title, study_title
from fetalclip_app.wording.translate import SOURCE, speaking

PRINTED_DIGITS, PRINTED_DECIMALS = 4, 2
"""A number in the record has so many significant digits, and no more decimals, as on the pages: 175.2 mm, 1234 g, 0.91.

With more, another number of threads would break a seal: the spread of a whole clip differs in its third digit.
"""

_SCALE = "calibration"
"""What the file or a person states of the size of a pixel: no network works it out, and all digits count."""

_NOT_SIGNED = frozenset(
    {
        *("file", "device", "notices", "app_version", "research_use_only"),
        *("numbers", "per_frame", "scores", "values", "ellipse", "outline", "ends"),
        *("sentence", "sentences", "hint", "meaning", "said", "title", "definition", "remark", "depends", "scales"),
    }
)
"""Names in the JSON of what differs without another number; of drawings and traces whose numbers are in the record."""

_BY_A_PERSON = frozenset({"mark", "measured"})
"""What a person drew, marked or wrote: a shape moved at its size, or another remark, makes another report."""


@dataclass(frozen=True, slots=True)
class SignedStudy:
    """A study of a report with the signature under it.

    Attributes:
        key: `domain.notes.study_key`.
        title: For a person; empty where the files say nothing of the study.
        clips: How many there are of it.
        record: What the report says of it now (`canonical`).
    """

    key: str
    title: str
    clips: int
    signed: SignOff | None
    record: bytes

    @property
    def seal(self) -> str:
        """SHA-256 of the record, in hex."""
        return hashlib.sha256(self.record).hexdigest()

    @property
    def state(self) -> SealState:
        """What is to be said of the signature."""
        return seal_state(self.signed, self.seal)


def signed_studies(clips: Sequence[ClipEntry], checklists: Sequence[StudyChecklist] = ()) -> tuple[SignedStudy, ...]:
    """Return every study of a report in the order of their first clips, each with its seal."""
    studies: list[SignedStudy] = []
    for group, members in studied(each_of_somebody(clips)):
        key = study_key(group)
        record = record_of(members, [one for one in checklists if study_key(one.study) == key])
        studies.append(
            SignedStudy(key, study_title(group.origin), len(members), members[0].study_notes.signed, canonical(record))
        )
    return tuple(studies)


def studied(clips: Sequence[ClipEntry]) -> list[tuple[Group, list[ClipEntry]]]:
    """Return the clips of each study, in the order of their first clips."""
    found: dict[str, tuple[Group, list[ClipEntry]]] = {}
    for entry, group in zip(clips, groups_of([entry.clip for entry in clips]), strict=True):
        found.setdefault(study_key(group), (group, []))[1].append(entry)
    return list(found.values())


def record_of(clips: Sequence[ClipEntry], checklists: Sequence[StudyChecklist] = ()) -> dict[str, Any]:
    """Return what a signature under one study covers: plain values, the same whatever order the clips come in.

    Raises:
        ValueError: No clip at all.
    """
    ordered = sorted(clips, key=lambda entry: entry.clip.key)
    origin = ordered[0].clip.origin
    with speaking(SOURCE):
        whose = {"patient": patient_title(origin), "study": study_title(origin)}
    growth = [table["growth"] for table in as_study_entries(study_tables(ordered))]
    lists = [{**one, "clips": sorted(one["clips"])} for one in as_entries(checklists)]
    rows = [{**row, **_chosen(entry)} for row, entry in zip(as_table(ordered), ordered, strict=True)]
    record: dict[str, Any] = _signed({**whose, "clips": rows, "growth": growth, "checklists": lists})
    return record


def _chosen(entry: ClipEntry) -> dict[str, Any]:
    """Return which frames a person chose as the best, and which views she named; nothing where she did neither."""
    best, named = dict(entry.notes.best), {str(index): view for index, view in entry.notes.named.items()}
    return {"chosen": {"best": best, "named": named}} if best or named else {}


def canonical(record: dict[str, Any]) -> bytes:
    """Return the record as the text whose SHA-256 is the seal."""
    return json.dumps(record, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode(
        "utf-8", errors="backslashreplace"
    )


def _signed(value: Any, decimals: int | None = PRINTED_DECIMALS, left_out: frozenset[str] = _NOT_SIGNED) -> Any:
    if isinstance(value, dict):
        return {
            name: _signed(one, None if name == _SCALE else decimals, frozenset() if name in _BY_A_PERSON else left_out)
            for name, one in value.items()
            if name not in left_out
        }
    if isinstance(value, list):
        return [_signed(one, decimals, left_out) for one in value]
    if not isinstance(value, float):
        return value
    return value if decimals is None else float(f"{round(value, decimals):.{PRINTED_DIGITS}g}")
