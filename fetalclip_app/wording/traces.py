"""What numbers are called, and how they are printed."""

from __future__ import annotations

from collections.abc import Callable

from fetalclip_app.domain.age import LAST_DAYS, GestationalAge
from fetalclip_app.domain.trace import Kind
from fetalclip_app.wording.growth import grams
from fetalclip_app.wording.numbers import day_count, millimetres, percent, square_millimetres


def printed_forms(kind: Kind, value: float) -> tuple[str, ...]:
    """Return every way in which a page, or a line, may print a number; the first is the usual one.

    None for a number that is told in a sentence with others.
    """
    return _FORMS[kind](value)


def _length(value: float) -> tuple[str, ...]:
    return millimetres(value), millimetres(value, 2)


def _age(value: float) -> tuple[str, ...]:
    days = round(value)
    return (str(GestationalAge(days)) if 0 <= days <= LAST_DAYS else day_count(value),)


def _centile(value: float) -> tuple[str, ...]:
    whole = int(value + 0.5)
    usual = "< P1" if whole < 1 else "> P99" if whole > 99 else f"P{whole}"
    return usual, f"P{value:g}", f"P{max(whole, 1)}", f"P{min(whole, 99)}"


_FORMS: dict[Kind, Callable[[float], tuple[str, ...]]] = {
    Kind.LENGTH: _length,
    Kind.AREA: lambda value: (square_millimetres(value),),
    Kind.SHARE: lambda value: (percent(value),),
    Kind.AGE: _age,
    Kind.WEIGHT: lambda value: (grams(value),),
    Kind.CENTILE: _centile,
    Kind.Z_SCORE: lambda value: (f"z {value:+.2f}",),
    Kind.DIFFERENCE: lambda value: (),
}


def printed(kind: Kind, value: float) -> str:
    """Return a number as people read it, with its unit."""
    return day_count(value) if kind is Kind.DIFFERENCE else printed_forms(kind, value)[0]
