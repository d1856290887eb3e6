"""What a person drew, made up."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from fetalclip_app.domain.biometry import Measure
from fetalclip_app.domain.notes import Act, HandMeasurement, Line
from fetalclip_app.domain.overlay import Ellipse

AT = Act("A. Sonographer", datetime(2026, 3, 14, 12, 0, tzinfo=UTC))


def by_hand(measure: Measure, shape: Line | Ellipse, **more: Any) -> HandMeasurement:
    """Return a measurement that was drawn on the first frame, unless ``more`` says otherwise."""
    return HandMeasurement(uuid.uuid4().hex, measure, more.pop("frame_index", 0), shape, AT, **more)


def line(length_px: float, *, x: float = 20.0, y: float = 30.0) -> Line:
    """Return a line to the right."""
    return Line((x, y), (x + length_px, y))
