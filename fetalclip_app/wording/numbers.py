"""How numbers with their units are written, everywhere alike."""

from __future__ import annotations

import math
from datetime import date

from fetalclip_app.domain.age import GestationalAge
from fetalclip_app.wording.translate import translate

THIN_SPACE = "\u2009"
EN_DASH = "\u2013"
TIMES = "\u00d7"


def with_unit(number: str, unit: str) -> str:
    """Return number and unit with a thin space between them."""
    return f"{number}{THIN_SPACE}{unit}"


def millimetres(value_mm: float, digits: int = 1) -> str:
    """Return a length such as ``175.2 mm``."""
    return with_unit(f"{_finite(value_mm):.{digits}f}", "mm")


def pixels(value_px: float) -> str:
    """Return a length without a scale, such as ``512 px``."""
    return with_unit(f"{_finite(value_px):.0f}", "px")


def square_millimetres(value_mm2: float) -> str:
    """Return an area such as ``7021 mm²``; below 100 with a decimal."""
    return with_unit(f"{_finite(value_mm2):.{1 if value_mm2 < 100 else 0}f}", "mm²")


def square_pixels(count: int) -> str:
    """Return an area without a scale, such as ``5120 px²``."""
    return with_unit(str(count), "px²")


def pixel_size(row_mm: float, column_mm: float) -> str:
    """Return the size of a pixel: ``0.187 mm/px``, or both sides where they differ."""
    if abs(row_mm - column_mm) < 0.0005:
        return with_unit(f"{row_mm:.3f}", "mm/px")
    return with_unit(f"{column_mm:.3f} {TIMES} {row_mm:.3f}", "mm/px")


def percent(share: float) -> str:
    """Return a share of 0 to 1 as ``91%``; never 0% or 100% for what is only nearly so."""
    value = 100 * _finite(share)
    if 0 < value < 1:
        return "<1%"
    if 99 < value < 100:
        return ">99%"
    return f"{value:.0f}%"


def age_range(low: GestationalAge, high: GestationalAge) -> str:
    """Return ``19w2d–21w5d``."""
    return f"{low}{EN_DASH}{high}"


def day_count(days: float) -> str:
    """Return a number of days: ``1 day``, ``16 days``."""
    rounded = round(_finite(days))
    return with_unit(str(rounded), translate("day") if rounded == 1 else translate("days"))


def frame_number(index: int, count: int | None = None) -> str:
    """Return a frame as people count it, from 1: ``frame 12 of 87``."""
    if count is None:
        return translate("frame {number}").format(number=index + 1)
    return translate("frame {number} of {count}").format(number=index + 1, count=count)


def frame_title(index: int, count: int | None = None) -> str:
    """Return the same as it stands at the beginning of a line: ``Frame 12 of 87``."""
    text = frame_number(index, count)
    return text[:1].upper() + text[1:]


def dicom_date(text: str) -> str:
    """Return DICOM's ``YYYYMMDD`` as ``2024-03-31``; anything else as it stands.

    Source: DICOM PS3.5, table 6.2-1, value representation DA.
    """
    if len(text) != 8 or not text.isdigit():
        return text
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:])).isoformat()
    except ValueError:
        return text


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(f"{value} cannot be written as a number")
    return float(value)
