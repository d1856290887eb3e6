"""Dates, moved back by whole days so that the time between two of them stays."""

from __future__ import annotations

import re
from datetime import date, timedelta

_DATE = re.compile(r"(\d{4})(?:(\d{2})(\d{2})|\.(\d{2})\.(\d{2}))")
"""YYYYMMDD, and YYYY.MM.DD as ACR-NEMA wrote it."""

_TIME = re.compile(r"\d{2}:?(\d{2}:?(\d{2}(\.\d{1,6})?)?)?")
_DATE_AND_TIME = re.compile(r"(\d{8})((?:\d{2}(?:\d{2}(?:\d{2}(?:\.\d{1,6})?)?)?)?)([+-]\d{4})?")


def shifted_date(text: str, days: int) -> str:
    """Return a DICOM date, ``days`` earlier; empty where ``text`` is no date."""
    found = _DATE.fullmatch(text.strip())
    if found is None:
        return ""
    year, *rest = (int(part) for part in found.groups() if part is not None)
    try:
        return f"{date(year, *rest) - timedelta(days):%Y%m%d}".rjust(8, "0")
    except (ValueError, OverflowError):
        return ""


def shifted_moment(text: str, days: int) -> str:
    """Return a DICOM date and time, ``days`` earlier, time of day and zone as they were.

    Empty where ``text`` is none, or has no day (a month cannot be moved by days).
    """
    found = _DATE_AND_TIME.fullmatch(text.strip())
    if found is None:
        return ""
    day, time_of_day, zone = found.groups()
    moved = shifted_date(day, days)
    return moved and moved + time_of_day + (zone or "")


def checked_time(text: str) -> str:
    """Return a DICOM time of day as it is; empty where ``text`` is none."""
    return text.strip() if _TIME.fullmatch(text.strip()) else ""
