"""Small growth charts with one axis of weeks, and the axis of ages: the window's drawings, as vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fetalclip_app.biometry.curves import GrowthCurves, ticks
from fetalclip_app.domain.age import DAYS_PER_WEEK, AgeEstimate
from fetalclip_app.report.fonts import BOLD, REGULAR, drawable, shortened, text_width
from fetalclip_app.report.style import ACCENT, ACCENT_PALE, DOUBT, INK, LINE, MM, MUTED, PALE, Painted
from fetalclip_app.wording.age_axis import AgeKind, AxisRow, axis_span, named_weeks

CHART_HEIGHT = 46 * MM
_LEFT, _RIGHT, _TOP, _BOTTOM = 9 * MM, 9 * MM, 6.5 * MM, 6 * MM
_ROW, _CURVE, _WEEKS = 5.2 * MM, 20 * MM, 7 * MM
_NAMES, _VALUES = 42 * MM, 32 * MM


@dataclass(frozen=True, slots=True)
class ChartTitle:
    """What a chart is of, whose it is, and its unit."""

    name: str
    chart: str
    unit: str


def growth_chart(curves: GrowthCurves, title: ChartTitle, *, size: float, weeks: float, width: float) -> Painted:
    """Return one chart with one size as a dot."""
    sizes = [*(value for _percent, curve in curves.curves for value in curve), size]
    low, high = min(sizes), max(sizes)
    low, high = max(low - 0.04 * (high - low), 0.0), high + 0.04 * (high - low)
    first, last = curves.weeks[0], curves.weeks[-1]

    def across(week: float) -> float:
        return _LEFT + (width - _LEFT - _RIGHT) * (week - first) / (last - first)

    def up(value: float) -> float:
        return _BOTTOM + (CHART_HEIGHT - _TOP - _BOTTOM) * (value - low) / (high - low)

    def paint(canvas: Any) -> None:
        _titled(canvas, title, width)
        canvas.setFillColor(MUTED)
        canvas.setFont(REGULAR, 6.5)
        canvas.drawRightString(_LEFT - 1 * MM, _BOTTOM - 3.2 * MM, title.unit)
        canvas.setLineWidth(0.4)
        canvas.setStrokeColor(PALE)
        for value in ticks(low, high, 5):
            canvas.line(across(first), up(value), across(last), up(value))
            canvas.drawRightString(_LEFT - 1 * MM, up(value) - 0.8 * MM, f"{value:g}")
        for week in range(16, int(last) + 1, 8):
            canvas.line(across(week), _BOTTOM, across(week), CHART_HEIGHT - _TOP)
            canvas.drawCentredString(across(week), _BOTTOM - 3.2 * MM, f"{week}w")
        _curves(canvas, curves, across, up)
        canvas.setFillColor(ACCENT)
        canvas.setStrokeColor(INK)
        canvas.circle(across(weeks), up(size), 1.0 * MM, stroke=1, fill=1)

    return Painted(width, CHART_HEIGHT, paint)


def _titled(canvas: Any, title: ChartTitle, width: float) -> None:
    """Write what the chart is of, and whose it is behind it."""
    name = shortened(drawable(f"{title.name},"), width, 8, bold=True)
    end = text_width(name, 8, bold=True) + 1.2 * MM
    canvas.setFillColor(INK)
    canvas.setFont(BOLD, 8)
    canvas.drawString(0, CHART_HEIGHT - 3 * MM, name)
    canvas.setFillColor(MUTED)
    canvas.setFont(REGULAR, 7)
    canvas.drawString(end, CHART_HEIGHT - 3 * MM, shortened(drawable(title.chart), width - end, 7))


def _curves(canvas: Any, curves: GrowthCurves, across: Any, up: Any) -> None:
    beneath = 1e9
    for percent, sizes in reversed(curves.curves):
        is_median = percent == 50
        path = canvas.beginPath()
        for place, (week, size) in enumerate(zip(curves.weeks, sizes, strict=True)):
            (path.lineTo if place else path.moveTo)(across(week), up(size))
        canvas.setStrokeColor(INK if is_median else LINE)
        canvas.setLineWidth(1.0 if is_median else 0.6)
        canvas.drawPath(path)
        canvas.setFillColor(INK if is_median else MUTED)
        canvas.setFont(REGULAR, 6)
        beneath = min(up(sizes[-1]) - 0.7 * MM, beneath - 2.3 * MM)
        canvas.drawString(across(curves.weeks[-1]) + 0.8 * MM, beneath, f"P{percent:g}")


def ages_axis(rows: Sequence[AxisRow], scores: tuple[str, AgeEstimate] | None, width: float) -> Painted:
    """Return every age on one axis: the model's scores on top, then a dot for each, with its spread where known.

    Args:
        scores: Name of the curve of scores, and the estimate that it is of.
    """
    name, estimate = scores or ("", None)
    curve = _CURVE if estimate is not None else 0.0
    height = curve + _ROW * len(rows) + _WEEKS
    first, last = axis_span(rows, estimate)
    values = min(max(_VALUES, *(_width_of(row) for row in rows)), 2 * _VALUES)
    dated = next((row.days for row in rows if row.kind is AgeKind.DATING), None)

    def across(day: float) -> float:
        return _NAMES + (width - _NAMES - values - 4 * MM) * (day - first) / (last - first)

    def paint(canvas: Any) -> None:
        _grid(canvas, across, (first, last), height)
        if estimate is not None:
            _scores(canvas, across, estimate, height)
            canvas.setFillColor(MUTED)
            canvas.setFont(REGULAR, 7.5)
            canvas.drawString(0, height - 4 * MM, shortened(drawable(name), _NAMES - 3 * MM, 7.5))
        if dated is not None:
            canvas.setDash(2, 1.5)
            canvas.setStrokeColor(DOUBT)
            canvas.setLineWidth(0.8)
            canvas.line(across(dated), _WEEKS, across(dated), height)
            canvas.setDash()
        for place, row in enumerate(rows):
            _row(canvas, across, row, height - curve - (place + 0.5) * _ROW, (width, values), (first, last))

    return Painted(width, height, paint)


def _width_of(row: AxisRow) -> float:
    return text_width(drawable(row.text), 8.5, bold=row.days is not None)


def _grid(canvas: Any, across: Any, span: tuple[int, int], height: float) -> None:
    canvas.setFont(REGULAR, 7.5)
    canvas.setFillColor(MUTED)
    canvas.setLineWidth(0.4)
    for day in named_weeks(span):
        canvas.setStrokeColor(PALE)
        canvas.line(across(day), _WEEKS, across(day), height)
        canvas.drawCentredString(across(day), _WEEKS - 4.2 * MM, f"{day // DAYS_PER_WEEK}w")
    canvas.setStrokeColor(LINE)
    canvas.line(across(span[0]), _WEEKS, across(span[1]), _WEEKS)


def _scores(canvas: Any, across: Any, estimate: AgeEstimate, height: float) -> None:
    floor, top = height - _CURVE + 1 * MM, height - 1.5 * MM
    canvas.setFillColor(ACCENT_PALE)
    low, high = across(estimate.low.days - 0.5), across(estimate.high.days + 0.5)
    canvas.rect(low, floor, high - low, top - floor, stroke=0, fill=1)
    path = canvas.beginPath()
    for place, level in enumerate(estimate.levels.tolist()):
        point = across(estimate.first_day + place), floor + 0.5 * MM + level * (top - floor - 1.5 * MM)
        (path.lineTo if place else path.moveTo)(*point)
    canvas.setStrokeColor(INK)
    canvas.setLineWidth(1.1)
    canvas.drawPath(path)
    canvas.setStrokeColor(ACCENT)
    canvas.line(across(estimate.age.days), floor, across(estimate.age.days), top)


def _row(  # noqa: PLR0917 - the paper, the row and its place
    canvas: Any, across: Any, row: AxisRow, middle: float, widths: tuple[float, float], span: tuple[int, int]
) -> None:
    width, values = widths
    canvas.setFont(REGULAR, 8.5)
    canvas.setFillColor(INK)
    canvas.drawString(0, middle - 1.1 * MM, shortened(drawable(row.label), _NAMES - 3 * MM, 8.5))
    canvas.setFont(BOLD if row.days is not None else REGULAR, 8.5)
    canvas.setFillColor(INK if row.days is not None else DOUBT)
    canvas.drawRightString(
        width, middle - 1.1 * MM, shortened(drawable(row.text), values, 8.5, bold=row.days is not None)
    )
    if row.published is not None:
        low, high = (min(max(day, span[0]), span[1]) for day in row.published)
        canvas.setStrokeColor(LINE)
        canvas.setLineWidth(0.4)
        canvas.line(across(low), middle, across(high), middle)
    if row.interval is not None:
        canvas.setStrokeColor(ACCENT)
        canvas.setLineWidth(0.7)
        first, last = map(across, row.interval)
        canvas.line(first, middle, last, middle)
        for end in (first, last):
            canvas.line(end, middle - 1.3 * MM, end, middle + 1.3 * MM)
    if row.low is not None and row.high is not None:
        canvas.setFillColor(ACCENT_PALE)
        left, right = across(row.low - 0.5), across(row.high + 0.5)
        canvas.rect(left, middle - 1.1 * MM, right - left, 2.2 * MM, stroke=0, fill=1)
    if row.days is None:
        return
    canvas.setFillColor({AgeKind.DATING: DOUBT, AgeKind.MODEL: ACCENT, AgeKind.FORMULA: INK}[row.kind])
    at = across(row.days)
    if row.kind is AgeKind.DATING:
        path = canvas.beginPath()
        path.moveTo(at, middle - 1.5 * MM)
        for x, y in ((1.5, 0), (0, 1.5), (-1.5, 0)):
            path.lineTo(at + x * MM, middle + y * MM)
        path.close()
        canvas.drawPath(path, stroke=0, fill=1)
    else:
        canvas.circle(at, middle, 1.0 * MM, stroke=0, fill=1)
