"""Numbers and abstentions as they stand in the JSON: finite, rounded, each with its sentence."""

from __future__ import annotations

import math
from typing import Any

from fetalclip_app import wording
from fetalclip_app.domain.abstention import Abstention
from fetalclip_app.domain.notes import Line
from fetalclip_app.domain.overlay import Ellipse

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


def ellipse(shape: Ellipse) -> dict[str, float]:
    """Return an ellipse in frame pixels."""
    named = {"cx": shape.cx, "cy": shape.cy, "a": shape.a, "b": shape.b, "angle": shape.angle_deg}
    return {name: number(value) for name, value in named.items()}


def line(shape: Line) -> dict[str, list[float]]:
    """Return a line's ends in frame pixels."""
    return {name: [number(x), number(y)] for name, (x, y) in (("first", shape.first), ("last", shape.last))}
