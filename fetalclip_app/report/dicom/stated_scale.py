"""A scale that a person stated, as a sentence of the image library: written so that it can be stated again."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from fetalclip_app.domain.calibration import Calibration, Ruler

_NUMBER = r"(\d+(?:\.\d+)?(?:e[+-]?\d+)?)"
_RULER = re.compile(rf"Scale by a person: the line {_NUMBER}, {_NUMBER} to {_NUMBER}, {_NUMBER} px is {_NUMBER} mm")
_TYPED = re.compile(rf"Scale by a person: {_NUMBER} mm/px")


def scales_told(calibration: Calibration | None) -> list[str]:
    """Return each region's scale that a person stated, with all its digits; nothing where the file's own counts."""
    by_hand = [] if calibration is None else [region for region in calibration.regions if region.is_manual]
    rulers = [region.ruler for region in by_hand if region.ruler is not None]
    if rulers:
        return [_ruler_told(one) for one in rulers]
    spacings = [region.spacing for region in by_hand if region.spacing is not None]
    return [f"Scale by a person: {one.row_mm!r} mm/px" for one in spacings[:1]]


def _ruler_told(one: Ruler) -> str:
    (x, y), (other_x, other_y) = one.first, one.last
    ends = f"{float(x)!r}, {float(y)!r} to {float(other_x)!r}, {float(other_y)!r}"
    return f"Scale by a person: the line {ends} px is {float(one.length_mm)!r} mm"


def rulers_in(told: Sequence[str]) -> list[Ruler]:
    """Return the rulers among some sentences, but those without a length."""
    found = (_RULER.fullmatch(one) for one in told)
    numbers = [tuple(map(float, match.groups())) for match in found if match is not None]
    made = [Ruler((x, y), (other_x, other_y), length) for x, y, other_x, other_y, length in numbers]
    return [one for one in made if 0 < one.length_mm < math.inf and one.first != one.last]


def typed_in(told: Sequence[str]) -> float | None:
    """Return the size of a pixel in mm that was typed; None where none was."""
    found = (float(match[1]) for one in told if (match := _TYPED.fullmatch(one)) is not None)
    return next((size for size in found if 0 < size < math.inf), None)
