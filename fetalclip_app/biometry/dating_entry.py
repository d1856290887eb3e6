"""From what a person enters of a pregnancy to its dating, or why it is refused. None of it is read from a picture."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date

from fetalclip_app.biometry.dating import INTERGROWTH_CRL, ROBINSON_CRL, Formula
from fetalclip_app.domain.age import GestationalAge
from fetalclip_app.domain.dating import DatedBy, Dating, DatingRefused, NotDated

CRL_FORMULAS: dict[str, Formula] = {"intergrowth": INTERGROWTH_CRL, "robinson": ROBINSON_CRL}
"""By the name that is asked for; the first is proposed."""

_REMARK = re.compile(r"CRL (?P<mm>\d+(\.\d+)?) mm, (?P<day>\d{4}-\d\d-\d\d), (?P<citation>.+)")


@dataclass(frozen=True, slots=True)
class DatingEntry:
    """What was entered.

    Attributes:
        day: The LMP, the EDD, or the day of the scan.
        who: Who dated.
        crl_mm: Of a dating by CRL.
        crl_formula: A name of `CRL_FORMULAS`.
        age: What an earlier scan gave; None where it was no gestational age.
    """

    dated_by: DatedBy
    day: date
    who: str
    crl_mm: float = math.nan
    crl_formula: str = "intergrowth"
    age: GestationalAge | None = None


def dated(entry: DatingEntry, *, exam_day: date | None, today: date) -> Dating | DatingRefused:
    """Return the dating, or why it is refused.

    Args:
        exam_day: Of the exam that the dating is entered for; None where it is not known.
    """
    if not entry.who.strip():
        return DatingRefused(NotDated.NOBODY)
    made = _made(entry)
    return made if isinstance(made, DatingRefused) else _held(made, exam_day, today)


def entered(dating: Dating) -> DatingEntry:
    """Return what was entered for a dating; a CRL that its remark does not tell is not a number."""
    match dating.dated_by:
        case DatedBy.LMP:
            return DatingEntry(dating.dated_by, dating.origin, dating.who)
        case DatedBy.EDD:
            return DatingEntry(dating.dated_by, dating.expected_delivery, dating.who)
        case DatedBy.CRL | DatedBy.EARLIER_SCAN:
            day = dating.scanned or dating.origin
            told = _REMARK.fullmatch(dating.remark) if dating.dated_by is DatedBy.CRL else None
            formula = _formula_cited(told["citation"]) if told is not None else None
            if told is None or formula is None:
                return DatingEntry(dating.dated_by, day, dating.who, age=dating.age_on(day))
            return DatingEntry(dating.dated_by, day, dating.who, float(told["mm"]), formula)


def _formula_cited(citation: str) -> str | None:
    return next((name for name, formula in CRL_FORMULAS.items() if formula.citation == citation), None)


def _made(entry: DatingEntry) -> Dating | DatingRefused:
    who = entry.who.strip()
    match entry.dated_by:
        case DatedBy.LMP:
            return Dating.by_lmp(entry.day, who)
        case DatedBy.EDD:
            return Dating.by_edd(entry.day, who)
        case DatedBy.CRL:
            return _by_crl(entry, who)
        case DatedBy.EARLIER_SCAN:
            if entry.age is None:
                return DatingRefused(NotDated.AGE_IMPOSSIBLE)
            return Dating.by_scan(entry.day, entry.age, who)


def _by_crl(entry: DatingEntry, who: str) -> Dating | DatingRefused:
    formula = CRL_FORMULAS[entry.crl_formula]
    days = formula.days(entry.crl_mm)
    if days is None:
        return DatingRefused(
            NotDated.CRL_OUT_OF_RANGE, limits=(formula.mm_low, formula.mm_high), citation=formula.citation
        )
    remark = f"CRL {float(entry.crl_mm)} mm, {entry.day.isoformat()}, {formula.citation}"
    return Dating.by_scan(entry.day, GestationalAge(round(days)), who, remark=remark, by_crl=True)


def _held(made: Dating, exam_day: date | None, today: date) -> Dating | DatingRefused:
    """Refuse what cannot be: days to come, and an exam before the pregnancy or after any."""
    if made.scanned is not None and made.scanned > today:
        return DatingRefused(NotDated.DAY_TO_COME, made.scanned)
    if made.origin > today:
        far = made.dated_by is DatedBy.EDD
        return DatingRefused(NotDated.EDD_TOO_FAR if far else NotDated.DAY_TO_COME, made.origin)
    if exam_day is None:
        return made
    if made.scanned is not None and _is_too_late(made, made.scanned, exam_day):
        return DatingRefused(NotDated.SCAN_NOT_EARLIER, exam_day)
    if made.origin >= exam_day:
        return DatingRefused(NotDated.AFTER_EXAM, exam_day)
    return made if made.age_on(exam_day) is not None else DatingRefused(NotDated.TOO_LONG_AGO, exam_day)


def _is_too_late(made: Dating, scanned: date, exam_day: date) -> bool:
    """A CRL may be of this exam, for it is no length that the charts are of; an age from its head may not."""
    return scanned > exam_day if made.dated_by is DatedBy.CRL else scanned >= exam_day
