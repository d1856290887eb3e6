"""What is said of the dating of a pregnancy, and of why one is refused or holds no centile."""

from __future__ import annotations

from datetime import date
from typing import assert_never

from fetalclip_app.domain.age import GestationalAge
from fetalclip_app.domain.biometry import NoCentile
from fetalclip_app.domain.dating import DatedBy, Dating, DatingRefused, NotDated
from fetalclip_app.wording.numbers import EN_DASH, with_unit
from fetalclip_app.wording.translate import mark, translate

_BY: dict[DatedBy, str] = {
    DatedBy.LMP: mark("LMP"),
    DatedBy.CRL: mark("CRL"),
    DatedBy.EDD: mark("EDD"),
    DatedBy.EARLIER_SCAN: mark("earlier scan"),
}

_TITLES: dict[DatedBy, str] = {
    DatedBy.LMP: mark("Last menstrual period (LMP)"),
    DatedBy.CRL: mark("Crown-rump length (CRL)"),
    DatedBy.EDD: mark("Expected date of delivery (EDD)"),
    DatedBy.EARLIER_SCAN: mark("Earlier scan"),
}

_REFUSED: dict[NotDated, str] = {
    NotDated.NOBODY: mark("Say who dated the pregnancy."),
    NotDated.DAY_TO_COME: mark("{day} is still to come."),
    NotDated.EDD_TOO_FAR: mark("By this date of delivery the pregnancy would begin on {day}, which is still to come."),
    NotDated.AFTER_EXAM: mark("By this the pregnancy begins on or after the day of the exam, {day}."),
    NotDated.TOO_LONG_AGO: mark("By this the pregnancy would have lasted more than 45 weeks on {day}, the exam's day."),
    NotDated.SCAN_NOT_EARLIER: mark(
        "An earlier scan lies before this exam, {day}: an exam's own age cannot date its centiles."
    ),
    NotDated.CRL_OUT_OF_RANGE: mark("This formula dates a CRL of {limits} ({citation})."),
    NotDated.AGE_IMPOSSIBLE: mark("This is no gestational age. Write it as 12w3d."),
    NotDated.SEVERAL_STUDIES: mark("These files are of several studies, and it is of one pregnancy."),
}

_NO_AGE: dict[NoCentile, tuple[str, str]] = {
    NoCentile.NO_DATING: (
        mark("No dating"),
        mark("Nobody entered a dating, and centiles are not read at an age from the same picture."),
    ),
    NoCentile.DATING_REFUSED: (
        mark("Dating left out"),
        mark("The dating that was entered is left out, and centiles are not read at an age from the same picture."),
    ),
    NoCentile.EXAM_DAY_UNKNOWN: (
        mark("Exam date unknown"),
        mark("The files do not say when the exam was, so the dating gives no age for it."),
    ),
    NoCentile.DATED_BY_THIS_EXAM: (
        mark("Dated by this exam"),
        mark("The dating rests on a scan that is not earlier than this exam."),
    ),
    NoCentile.DATING_DOES_NOT_HOLD: (
        mark("Dating does not fit"),
        mark("By the dating nobody was pregnant on the day of this exam."),
    ),
    NoCentile.AGE_OUTSIDE_CHART: (
        mark("Age outside the chart"),
        mark("The chart holds from 14 to 40 weeks; nothing is read beyond."),
    ),
    NoCentile.OTHER_DEFINITION: (
        mark("Other BPD definition"),
        mark("The chart is of a BPD between other edges of the skull."),
    ),
    NoCentile.OTHER_FORMULA: (
        mark("Other weight formula"),
        mark("The chart is of weights by HC, AC and FL (Hadlock III)."),
    ),
    NoCentile.NOT_ON_CHART: (mark("Not on this chart"), mark("This chart has no curve of this measure.")),
}


def dated_by(by: DatedBy) -> str:
    """Return what a dating rests on, as it stands behind a centile: ``LMP``."""
    return translate(_BY[by])


def dated_by_title(by: DatedBy) -> str:
    """Return the same in words."""
    return translate(_TITLES[by])


def dating_refused(refused: DatingRefused) -> str:
    """Return why what was entered is no dating."""
    low, high = refused.limits or (0.0, 0.0)
    return translate(
        _REFUSED[refused.why],
        day=refused.day.isoformat() if refused.day is not None else "",
        limits=with_unit(f"{low:g}{EN_DASH}{high:g}", "mm"),
        citation=refused.citation,
    )


def no_centile_title(why: NoCentile) -> str:
    """Return in two words why there is no centile."""
    return translate(_NO_AGE[why][0])


def no_centile(why: NoCentile) -> str:
    """Return the same in a sentence."""
    return translate(_NO_AGE[why][1])


def dating_line(dating: Dating) -> str:
    """Return a dating in one line: ``Dated by LMP (LMP 2025-10-22), by A. Sonographer; EDD 2026-07-29``."""
    return translate(
        "Dated by {by} ({remark}), by {who}; EDD {edd}",
        by=dated_by(dating.dated_by),
        remark=dating.remark,
        who=dating.who,
        edd=dating.expected_delivery.isoformat(),
    )


def ages_by_dating(dating: Dating, exam_day: date | None, today: date) -> str:
    """Return the age on the exam's day and today: ``20w3d on the exam's day, 2026-03-14. Today 22w1d.``."""
    said: list[str] = []
    age = dating.age_at_exam(exam_day)
    match age:
        case GestationalAge():
            day = exam_day.isoformat() if exam_day is not None else ""
            said.append(translate("{age} on the exam's day, {day}.", age=age, day=day))
        case NoCentile():
            said.append(no_centile(age))
        case _:
            assert_never(age)
    now = dating.age_on(today)
    if now is not None:
        said.append(translate("Today {age}.", age=now))
    said.append(translate("EDD {day}.", day=dating.expected_delivery.isoformat()))
    return " ".join(said)
