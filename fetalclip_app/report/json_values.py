"""Numbers and abstentions as they stand in the JSON: finite, rounded, each with its sentence."""

from __future__ import annotations

import math
from typing import Any

from fetalclip_app import wording
from fetalclip_app.domain.abstention import Abstention

DIGITS = 6
"""Decimals of every fraction: float32 holds no more."""


def abstention(answer: Abstention) -> dict[str, Any]:
    """Return why there is no answer, with what its sentence names."""
    finite = {
        name: value for name, value in answer.parameters.items() if not isinstance(value, float) or math.isfinite(value)
    }
    return {
        "reason": str(answer.reason),
        "detail": answer.detail,
        "sentence": wording.abstention(answer),
        "parameters": {name: number(v) if isinstance(v, float) else v for name, v in finite.items()},
    }


def number(value: float) -> float:
    """Return a plain, finite, rounded number.

    Raises:
        ValueError: Not finite: such a number must not leave the program.
    """
    if not math.isfinite(value):
        raise ValueError(f"{value} in an export")
    return round(float(value), DIGITS)
