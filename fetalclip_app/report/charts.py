"""Small charts as vectors: the age's score curve, and bars for the views."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fetalclip_app import wording
from fetalclip_app.domain.age import DAYS_PER_WEEK, AgeEstimate
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.report.fonts import BOLD, REGULAR, drawable, shortened, text_width
from fetalclip_app.report.style import ACCENT, ACCENT_PALE, INK, LINE, MM, MUTED, PALE, Painted
from fetalclip_app.wording.translate import translate as _

Place = Callable[[float], float]

MOST_BARS = 12
"""A user's own set may have any number of classes; a page may not."""

_CURVE_HEIGHT = 24 * MM
_AXIS = 7.5 * MM
_ROW = 4.9 * MM


def score_curve(estimate: AgeEstimate, width: float) -> Painted:
    """Return the scores over the candidate days: the curve, the spread of the best as a band, the age as a dot."""
    return Painted(width, _CURVE_HEIGHT, _Curve(estimate, width))


@dataclass(frozen=True, eq=False, slots=True)
class _Curve:
    """Paints one score curve."""

    estimate: AgeEstimate
    width: float

    def __call__(self, canvas: Any) -> None:
        across, up = self._places()
        estimate, floor, top = self.estimate, _AXIS, _CURVE_HEIGHT - 1 * MM
        canvas.setFillColor(ACCENT_PALE)
        low, high = across(estimate.low.days - 0.5), across(estimate.high.days + 0.5)
        canvas.rect(low, floor, high - low, top - floor, stroke=0, fill=1)
        _weeks(canvas, across, estimate.first_day, estimate.first_day + len(estimate.scores) - 1)
        path = canvas.beginPath()
        for index, score in enumerate(estimate.scores):
            point = across(estimate.first_day + index), up(float(score))
            (path.lineTo if index else path.moveTo)(*point)
        canvas.setStrokeColor(INK)
        canvas.setLineWidth(1.1)
        canvas.setLineJoin(1)
        canvas.drawPath(path)
        index = min(max(estimate.age.days - estimate.first_day, 0), len(estimate.scores) - 1)
        canvas.setFillColor(ACCENT)
        canvas.circle(across(estimate.age.days), up(float(estimate.scores[index])), 1.1 * MM, stroke=0, fill=1)

    def _places(self) -> tuple[Place, Place]:
        first, last = self.estimate.first_day, self.estimate.first_day + len(self.estimate.scores) - 1
        floor, top = _AXIS + 1.5 * MM, _CURVE_HEIGHT - 2.5 * MM
        low, high = float(np.min(self.estimate.scores)), float(np.max(self.estimate.scores))
        inset = 3 * MM

        def across(day: float) -> float:
            return inset + (day - first) / max(last - first, 1) * (self.width - 2 * inset)

        def up(score: float) -> float:
            return floor + (score - low) / max(high - low, 1e-6) * (top - floor)

        return across, up


def age_axis(ages: Sequence[tuple[str, AgeEstimate]], width: float) -> Painted:
    """Return the ages of several clips on one axis: a bar for each spread, a dot for each median."""
    height = _AXIS + _ROW * len(ages) + 1 * MM

    def paint(canvas: Any) -> None:
        first = min(age.first_day for _label, age in ages)
        last = max(age.first_day + len(age.scores) - 1 for _label, age in ages)
        left = 12 * MM

        def across(day: float) -> float:
            return left + (day - first) / max(last - first, 1) * (width - left - 3 * MM)

        _weeks(canvas, across, first, last)
        for row, (label, age) in enumerate(ages):
            middle = height - (row + 0.5) * _ROW
            canvas.setFillColor(INK)
            canvas.setFont(BOLD, 9)
            canvas.drawString(0, middle - 1.1 * MM, label)
            low, high = across(age.low.days - 0.5), across(age.high.days + 0.5)
            canvas.setFillColor(ACCENT_PALE)
            canvas.rect(low, middle - 1.1 * MM, high - low, 2.2 * MM, stroke=0, fill=1)
            canvas.setFillColor(ACCENT)
            canvas.circle(across(age.age.days), middle, 1.1 * MM, stroke=0, fill=1)

    return Painted(width, height, paint)


def _weeks(canvas: Any, across: Place, first: int, last: int) -> None:
    """Draw the axis of completed weeks, with a mark every four."""
    canvas.setStrokeColor(LINE)
    canvas.setLineWidth(0.5)
    canvas.line(across(first), _AXIS, across(last), _AXIS)
    canvas.setFillColor(MUTED)
    canvas.setFont(REGULAR, 7.5)
    for day in range(first, last + 1):
        week, rest = divmod(day, DAYS_PER_WEEK)
        if rest == 0 and (week - 14) % 4 == 0:
            canvas.line(across(day), _AXIS, across(day), _AXIS - 0.9 * MM)
            canvas.drawCentredString(across(day), _AXIS - 5.6 * MM, f"{week}w")


def view_bars(seen: ViewPrediction, width: float) -> Painted:
    """Return one bar for each class that `shown_keys` names; the best is dark, classes never trained say so."""
    keys = shown_keys(seen)
    height = _ROW * len(keys)

    def paint(canvas: Any) -> None:
        for row, key in enumerate(keys):
            _bar(canvas, seen, key, height - (row + 1) * _ROW, width)

    return Painted(width, height, paint)


def shown_keys(seen: ViewPrediction) -> tuple[str, ...]:
    """Return the classes that get a bar: the `MOST_BARS` most probable, in the set's order."""
    best = set(np.argsort(-seen.probabilities, kind="stable")[:MOST_BARS].tolist())
    return tuple(key for index, key in enumerate(seen.keys) if index in best)


def _bar(canvas: Any, seen: ViewPrediction, key: str, bottom: float, width: float) -> None:
    share = float(seen.probabilities[seen.keys.index(key)])
    is_best, is_known = key == seen.best, key not in seen.not_trained
    name_width, number_width = _name_width(seen.keys, width), 12 * MM
    remark_width = 19 * MM if seen.not_trained else 0.0
    left, room = name_width, width - name_width - number_width - remark_width
    baseline = bottom + _ROW / 2 - 1.1 * MM
    font = BOLD if is_best else REGULAR
    canvas.setFillColor(INK if is_best or is_known else MUTED)
    canvas.setFont(font, 9)
    canvas.drawString(0, baseline, shortened(drawable(wording.view_title(key)), name_width - 3 * MM, 9, bold=is_best))
    canvas.drawRightString(width, baseline, wording.percent(share))
    canvas.setFillColor(PALE)
    canvas.rect(left, bottom + _ROW / 2 - 1.1 * MM, room, 2.2 * MM, stroke=0, fill=1)
    if share > 0:
        canvas.setFillColor(ACCENT if is_best else LINE)
        canvas.rect(left, bottom + _ROW / 2 - 1.1 * MM, max(room * share, 0.4), 2.2 * MM, stroke=0, fill=1)
    if not is_known:
        canvas.setFillColor(MUTED)
        canvas.setFont(REGULAR, 7.5)
        canvas.drawString(left + room + 3 * MM, baseline, wording.not_trained_view())


def _name_width(keys: Sequence[str], width: float) -> float:
    wanted = max(text_width(drawable(wording.view_title(key)), 9, bold=True) for key in keys) + 3 * MM
    return min(wanted, 0.45 * width)


def axis_remark() -> str:
    """Return what the curve shows."""
    return _("Score by day; band: the 15 best; dot: their median.")
