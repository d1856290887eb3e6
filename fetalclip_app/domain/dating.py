"""How old the pregnancy is by what a person entered: the only age that centiles are read at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from fetalclip_app.domain.age import GestationalAge

TERM_DAYS = 280
"""From the last menstrual period to the expected date of delivery (Naegele's rule)."""


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
        remark: What was entered: ``CRL 61.2 mm on 2026-03-02``.
    """

    origin: date
    dated_by: DatedBy
    who: str
    remark: str = ""

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
        return cls(origin, DatedBy.CRL if by_crl else DatedBy.EARLIER_SCAN, who, remark or f"{age} on {scanned}")

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
