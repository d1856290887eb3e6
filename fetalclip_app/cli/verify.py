"""Looks at a report again: finds its originals, computes its numbers anew, and says of each whether it agrees."""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from fetalclip_app.atomic import write_bytes
from fetalclip_app.cli import analyze
from fetalclip_app.cli.originals import Original, Originals
from fetalclip_app.cli.speak import complain, say, tell
from fetalclip_app.cli.verified_archive import kept_beside
from fetalclip_app.domain.probes import NamedBy
from fetalclip_app.domain.verification import Outcome, Why
from fetalclip_app.errors import FetalClipError, InvalidInput
from fetalclip_app.imaging.dicom.document import pdf_in
from fetalclip_app.imaging.files.finding import content_at
from fetalclip_app.imaging.files.sniff import Kind, kind_of
from fetalclip_app.progress import CancelToken, silent
from fetalclip_app.report.entries import ClipEntry
from fetalclip_app.report.verifying.comparing import Again, compare
from fetalclip_app.report.verifying.reading_pages import misprinted
from fetalclip_app.report.verifying.rebuilding import Row, notes_of, with_stated_scale
from fetalclip_app.report.verifying.stated import Stated, read_report
from fetalclip_app.report.verifying.summary import Verdict, verdict
from fetalclip_app.tasks.view_sets import list_view_sets, read_view_set
from fetalclip_app.wording import verified as words

if TYPE_CHECKING:
    from fetalclip_app.cli.analyze import Reader

_log = logging.getLogger(__name__)

AGREES, DIFFERS, NOT_CHECKED = 0, 1, 2
"""Exit statuses: all numbers agree; one differs, or a page was changed; none differs and one cannot be checked."""


def verify(given: argparse.Namespace) -> int:
    """Say of every number of a report whether it agrees; return the exit status.

    What keeps it from being checked at all is said too, and is no difference.

    Raises:
        InvalidInput: The report cannot be read, or a view set is wrong.
    """
    try:
        found = _looked_at(given)
    except InvalidInput:
        raise
    except FetalClipError as error:  # the report, the engine or the archive that was named cannot be read
        complain(given.prog, error)
        return NOT_CHECKED
    _tell(found)
    status = _status(found)
    if given.json is not None:
        try:
            write_bytes(given.json, (json.dumps(found.as_json(), ensure_ascii=False, indent=1) + "\n").encode())
        except FetalClipError as error:
            complain(given.prog, error)
            return status or NOT_CHECKED
    return status


def _looked_at(given: argparse.Namespace) -> Verdict:
    try:
        carried = pdf_in(given.report)
        is_dicom = kind_of(content_at(given.report)) is Kind.DICOM
    except FetalClipError:
        return _of_document(given)  # what it is, if it is anything, is said where it is read
    return _of_dicom(given) if is_dicom and carried is None else _of_document(given, carried)


def _of_dicom(given: argparse.Namespace) -> Verdict:
    from fetalclip_app.cli.verified_structured import verified_structured  # noqa: PLC0415 - highdicom takes a while

    return verified_structured(given.report, given.files, given.archive, _Engines(given).for_row)


def _of_document(given: argparse.Namespace, carried: bytes | None = None) -> Verdict:
    stated = read_report(given.report, carried)
    again = dict(_all_again(given, stated, Originals.among(given.files)))
    numbers, changes = misprinted(stated)
    kept = kept_beside(given.archive, stated, again)
    made = compare(stated, again)
    checked = (*made.numbers, *numbers, *kept.checked)
    return verdict(stated, checked, changes, others=(*made.others, *kept.others), flaws=kept.flaws)


def _status(found: Verdict) -> int:
    outcomes = {one.outcome for one in found.numbers}
    if Outcome.DIFFERS in outcomes or found.is_changed:
        return DIFFERS
    return NOT_CHECKED if Outcome.NOT_CHECKED in outcomes or not outcomes else AGREES


def _tell(found: Verdict) -> None:
    for one in found.numbers:
        tell(found.line(one))
    for line in found.other_lines():
        tell(line)
    counts = [sum(one.outcome is outcome for one in found.numbers) for outcome in Outcome]
    differ, not_checked, agree = counts
    tell(words.verified(agree, differ, not_checked))


def _all_again(given: argparse.Namespace, stated: Stated, originals: Originals) -> Iterator[tuple[int, Again]]:
    """Yield every clip's place in the report, and what it reads as now."""
    engines = _Engines(given)
    for number, (place, row) in enumerate(stated.clips, start=1):
        original = originals.of(row)
        say(f"[{number}/{len(stated.clips)}] {row['file']}: {'–' if original.path is None else original.path}")
        yield place, _again(engines, row, original)


def _again(engines: _Engines, row: Row, original: Original) -> Again:
    if original.clip is None:
        return Again(why=Why.FILE_MISSING)
    engine = engines.for_row(row)
    try:
        clip = with_stated_scale(original.clip, row)
        reading = engine.read(clip, CancelToken(), silent)
    except (FetalClipError, MemoryError) as error:
        _log.warning("an original cannot be read again: %s", error)
        return Again(why=Why.FILE_UNREADABLE)
    entry = ClipEntry(clip, reading, row["file"], fetus=row.get("fetus", ""), notes=notes_of(row))
    return Again(entry, Why.FILE_CHANGED if original.is_changed else None)


class _Engines:
    """Builds the engine that a reading asks for, each once.

    The arguments win; what they leave open is as the report states it, where that is at hand.
    """

    def __init__(self, given: argparse.Namespace) -> None:
        self._given = given
        self._built: dict[tuple[object, ...], Reader] = {}
        self._sets: dict[str, Path] | None = None

    def for_row(self, row: Row) -> Reader:
        """Return the engine for an entry of the report."""
        given, asked = argparse.Namespace(**vars(self._given)), {}
        for task in ("views", "brain_views"):
            by = f"{task}_by"
            asked[task] = getattr(given, task) or self._at_hand(row, task)
            asked[by] = getattr(given, by) or (row.get(task) or {}).get("named_by", str(NamedBy.PROMPTS))
        key = tuple(asked.values())
        if key not in self._built:
            vars(given).update(asked)
            self._built[key] = analyze.load(given)
        return self._built[key]

    def _at_hand(self, row: Row, task: str) -> Path | None:
        """Return the file of the view set that the report names by its digest; None where none is, or it is usual."""
        told: Mapping[str, str] = row["provenance"].get("view_sets", {}).get(task, {})
        if self._sets is None:
            self._sets = dict(_known_sets())
        return self._sets.get(told.get("sha256", ""))


def _known_sets() -> Iterator[tuple[str, Path]]:
    from fetalclip_app import settings  # noqa: PLC0415 - where the user's sets lie

    for path in list_view_sets([settings.view_sets_folder()]):
        try:
            yield read_view_set(path).sha256, path
        except FetalClipError:
            continue
