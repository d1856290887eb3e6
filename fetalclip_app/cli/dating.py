"""How a pregnancy is dated on the command line, with the refusals of the window. Light imports: --help reads it too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from fetalclip_app.cli.speak import say
from fetalclip_app.errors import ErrorCode, InvalidInput
from fetalclip_app.wording.translate import translate

if TYPE_CHECKING:
    from fetalclip_app.biometry.dating_entry import DatingEntry
    from fetalclip_app.domain.dating import Dating
    from fetalclip_app.report.build import Entry

FORMS = ", ".join(("lmp=2025-10-22", "edd=2026-07-29", "crl=61.2@2026-01-10[:robinson]", "scan=12w3d@2026-01-10"))


def stated(text: str) -> DatingEntry:
    """Return what ``--dating`` states; who dated is asked by another option.

    Raises:
        ValueError: It is none of the `FORMS`.
    """
    from fetalclip_app.domain.dating import DatedBy  # noqa: PLC0415 - takes the whole domain along

    kind, _sign, rest = text.strip().partition("=")
    size, sign, day = rest.rpartition("@")
    match kind.lower():
        case "lmp" | "edd" if not sign:
            return _entry(text, DatedBy.LMP if kind.lower() == "lmp" else DatedBy.EDD, rest)
        case "crl":
            day, _colon, formula = day.partition(":")
            return _by_crl(text, size, day, formula or "intergrowth")
        case "scan":
            return _by_scan(text, size, day)
        case _:
            raise _wrong(text)


def written_day(text: str) -> date:
    """Return a day.

    Raises:
        ValueError: It is not written as ``2026-03-14``.
    """
    from fetalclip_app.domain.dating import written_day as written  # noqa: PLC0415

    day = written(text)
    if day is None:
        raise ValueError(translate("{given} is no day such as 2026-03-14", given=repr(text)))
    return day


def refuse_early(entry: DatingEntry, *, exam_day: date | None, today: date) -> None:
    """Look at what can be said of a dating before anything is read.

    Raises:
        InvalidInput: It cannot be, whenever the exam was.
    """
    from fetalclip_app.biometry.dating_entry import dated  # noqa: PLC0415
    from fetalclip_app.domain.dating import DatingRefused  # noqa: PLC0415
    from fetalclip_app.wording.dating import dating_refused  # noqa: PLC0415

    made = dated(entry, exam_day=exam_day, today=today)
    if isinstance(made, DatingRefused):
        raise InvalidInput(ErrorCode.DATING_REFUSED, reason=dating_refused(made))


def with_dating(
    entries: Sequence[Entry], entry: DatingEntry, *, exam_day: date | None, today: date
) -> tuple[list[Entry], bool]:
    """Return the entries with the dating in their study's notes, and whether it was accepted.

    A dating is of one pregnancy: clips of several studies get none. What refuses it is said, and stays beside them.
    """
    from fetalclip_app.biometry.dating_entry import dated  # noqa: PLC0415
    from fetalclip_app.domain.dating import DatingRefused, NotDated  # noqa: PLC0415
    from fetalclip_app.domain.notes import StudyNotes  # noqa: PLC0415
    from fetalclip_app.domain.study import groups_of  # noqa: PLC0415
    from fetalclip_app.report.build import ClipEntry  # noqa: PLC0415
    from fetalclip_app.wording.dating import ages_by_dating, dating_refused  # noqa: PLC0415

    groups = groups_of([one.clip for one in entries if isinstance(one, ClipEntry)])
    day = next((found for group in groups if (found := group.origin.exam_day) is not None), exam_day)
    made: Dating | DatingRefused = dated(entry, exam_day=day, today=today)
    if len({group.key for group in groups}) > 1:
        made = DatingRefused(NotDated.SEVERAL_STUDIES)
    if isinstance(made, DatingRefused):
        say(translate("The dating is left out: {reason}", reason=dating_refused(made)))
        return _each(entries, dating_refused=made), False
    say(ages_by_dating(made, day, today))
    return _each(entries, study_notes=StudyNotes(dating=made, exam_day=day)), True


def _each(entries: Sequence[Entry], **known: Any) -> list[Entry]:
    from fetalclip_app.report.build import ClipEntry  # noqa: PLC0415

    return [replace(one, **known) if isinstance(one, ClipEntry) else one for one in entries]


def _by_crl(text: str, size: str, day: str, formula: str) -> DatingEntry:
    from fetalclip_app.biometry.dating_entry import CRL_FORMULAS  # noqa: PLC0415
    from fetalclip_app.domain.dating import DatedBy  # noqa: PLC0415

    if formula not in CRL_FORMULAS:
        raise _wrong(text)
    try:
        crl_mm = float(size)
    except ValueError as error:
        raise _wrong(text) from error
    return replace(_entry(text, DatedBy.CRL, day), crl_mm=crl_mm, crl_formula=formula)


def _by_scan(text: str, size: str, day: str) -> DatingEntry:
    from fetalclip_app.domain.age import GestationalAge  # noqa: PLC0415
    from fetalclip_app.domain.dating import DatedBy  # noqa: PLC0415

    age = GestationalAge.written(size)
    if age is None:
        raise _wrong(text)
    return replace(_entry(text, DatedBy.EARLIER_SCAN, day), age=age)


def _entry(text: str, by: object, day: str) -> DatingEntry:
    from fetalclip_app.biometry.dating_entry import DatingEntry  # noqa: PLC0415
    from fetalclip_app.domain.dating import DatedBy  # noqa: PLC0415

    try:
        return DatingEntry(DatedBy(str(by)), written_day(day), "")
    except ValueError as error:
        raise _wrong(text) from error


def _wrong(text: str) -> ValueError:
    return ValueError(translate("{given} is none of {forms}", given=repr(text), forms=FORMS))
