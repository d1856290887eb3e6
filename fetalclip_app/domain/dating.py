"""How old the pregnancy is by what a person entered: the only age that centiles are read at."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from fetalclip_app.domain.age import GestationalAge
from fetalclip_app.domain.biometry import NoCentile

TERM_DAYS = 280
"""From the last menstrual period to the expected date of delivery (Naegele's rule)."""


_FIRST_YEAR = 1900
"""No scan is older: an earlier year is a slip of the hand."""


def written_day(text: str) -> date | None:
    """Return the day that a person writes as ``2026-03-14`` or ``14.3.2026``; None for any other text.

    A day between slashes is refused: the month may stand first or second.
    """
    dotted = re.fullmatch(r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})", text.strip(), re.ASCII)
    found = dotted or re.fullmatch(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})", text.strip(), re.ASCII)
    if found is None or int(found["year"]) < _FIRST_YEAR:
        return None
    try:
        return date(int(found["year"]), int(found["month"]), int(found["day"]))
    except ValueError:
        return None


class DatedBy(StrEnum):
    """What a dating rests on."""

    LMP = "lmp"
    CRL = "crl"
    EDD = "edd"
    EARLIER_SCAN = "earlier_scan"


@dataclass(frozen=True, slots=True)
class Dating:
    """A dating as a person entered it.

    Attributes:
        origin: Day 0: the first day of the last menstrual period, or the day that it comes to.
        dated_by: What it rests on.
        who: Who dated; asked for wherever a dating is entered.
        remark: What was entered: ``CRL 61.2 mm, 2026-03-02``, in no language.
        scanned: The day of the scan that it rests on; None for one that rests on no scan.
    """

    origin: date
    dated_by: DatedBy
    who: str
    remark: str = ""
    scanned: date | None = None

    @classmethod
    def by_lmp(cls, lmp: date, who: str) -> Dating:
        """Return the dating by the first day of the last menstrual period."""
        return cls(lmp, DatedBy.LMP, who, f"LMP {lmp.isoformat()}")

    @classmethod
    def by_edd(cls, edd: date, who: str) -> Dating:
        """Return the dating by the expected date of delivery."""
        return cls(edd - timedelta(days=TERM_DAYS), DatedBy.EDD, who, f"EDD {edd.isoformat()}")

    @classmethod
    def by_scan(cls, scanned: date, age: GestationalAge, who: str, *, remark: str = "", by_crl: bool = False) -> Dating:
        """Return the dating by an age that an earlier scan gave."""
        origin = scanned - timedelta(days=age.days)
        by = DatedBy.CRL if by_crl else DatedBy.EARLIER_SCAN
        return cls(origin, by, who, remark or f"{age}, {scanned}", scanned)

    @property
    def expected_delivery(self) -> date:
        """The expected date of delivery."""
        return self.origin + timedelta(days=TERM_DAYS)

    def age_on(self, day: date) -> GestationalAge | None:
        """Return the age on a day; None where that day lies before day 0, or after any pregnancy."""
        try:
            return GestationalAge((day - self.origin).days)
        except ValueError:
            return None

    def age_at_exam(self, exam_day: date | None) -> GestationalAge | NoCentile:
        """Return the age on the day of an exam, or why centiles of that exam cannot be read at it."""
        if exam_day is None:
            return NoCentile.EXAM_DAY_UNKNOWN
        if self.dated_by is DatedBy.EARLIER_SCAN and self.scanned is not None and self.scanned >= exam_day:
            return NoCentile.DATED_BY_THIS_EXAM
        return self.age_on(exam_day) or NoCentile.DATING_DOES_NOT_HOLD


def exam_age(dating: Dating | None, exam_day: date | None) -> GestationalAge | NoCentile:
    """Return the age that centiles of an exam are read at, or why there is none."""
    return NoCentile.NO_DATING if dating is None else dating.age_at_exam(exam_day)


class NotDated(StrEnum):
    """Why what was entered is no dating."""

    NOBODY = "nobody"
    """It is not said who dated."""

    DAY_TO_COME = "day_to_come"
    EDD_TOO_FAR = "edd_too_far"
    """By this date of delivery the pregnancy has not begun."""

    AFTER_EXAM = "after_exam"
    """Day 0 lies on or after the exam's day."""

    TOO_LONG_AGO = "too_long_ago"
    """No pregnancy would last until the exam."""

    SCAN_NOT_EARLIER = "scan_not_earlier"
    CRL_OUT_OF_RANGE = "crl_out_of_range"
    AGE_IMPOSSIBLE = "age_impossible"
    SEVERAL_STUDIES = "several_studies"
    """It was stated for files of several studies, and is of one pregnancy."""


@dataclass(frozen=True, slots=True)
class DatingRefused:
    """Why what was entered is refused.

    Attributes:
        day: The day that does not fit.
        limits: Of a CRL, in mm.
        citation: Of the formula whose limits these are.
    """

    why: NotDated
    day: date | None = None
    limits: tuple[float, float] | None = None
    citation: str = ""
