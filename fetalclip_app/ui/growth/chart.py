"""Draws one growth chart: its curves over weeks, and each fetus's size as a dot at the dating's age."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from fetalclip_app.biometry.curves import GrowthCurves, ticks
from fetalclip_app.ui.theme import caption_font, text_font, tokens
from fetalclip_app.wording.translate import translate

_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 48.0, 26.0, 30.0
_DOT = 5.0
_TICK_WEEKS = 4


@dataclass(frozen=True, slots=True)
class Dot:
    """A size at an age; without an age the size alone, as a line across.

    Attributes:
        label: Whose; empty in a single pregnancy.
    """

    label: str
    size: float
    weeks: float | None


class GrowthChart(QWidget):
    """One measure of one chart.

    Attributes:
        dots: The sizes that are drawn.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumSize(460, 320)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._curves: GrowthCurves | None = None
        self.dots: tuple[Dot, ...] = ()
        self._unit = ""

    def sizeHint(self) -> QSize:
        """Return room to read the curves apart."""
        return QSize(680, 440)

    def show_chart(self, curves: GrowthCurves | None, dots: tuple[Dot, ...], unit: str, spoken: str) -> None:
        """Draw these; ``spoken`` says the same in words."""
        self._curves, self.dots, self._unit = curves, dots, unit
        self.setAccessibleName(spoken)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw grid, curves and dots."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(tokens().raised))
        if self._curves is not None:
            self._draw_grid(painter, self._curves)
            self._draw_curves(painter, self._curves)
            for dot in self.dots:
                self._draw_dot(painter, dot)
        painter.end()

    def _limits(self) -> tuple[float, float]:
        assert self._curves is not None
        sizes = [size for _percent, curve in self._curves.curves for size in curve]
        sizes += [dot.size for dot in self.dots]
        low, high = min(sizes), max(sizes)
        air = 0.04 * (high - low)
        return max(low - air, 0.0), high + air

    def place(self, dot: Dot) -> QPointF:
        """Return where a dot is drawn."""
        return QPointF(self._x(dot.weeks or 0.0), self._y(dot.size))

    def _x(self, weeks: float) -> float:
        assert self._curves is not None
        first, last = self._curves.weeks[0], self._curves.weeks[-1]
        return _LEFT + (self.width() - _LEFT - _RIGHT) * (weeks - first) / (last - first)

    def _y(self, size: float) -> float:
        low, high = self._limits()
        return self.height() - _BOTTOM - (self.height() - _TOP - _BOTTOM) * (size - low) / (high - low)

    def _draw_grid(self, painter: QPainter, curves: GrowthCurves) -> None:
        painter.setFont(caption_font())
        faint, muted = QPen(QColor(tokens().hover), 1), QColor(tokens().muted)
        left, right, floor = _LEFT, self.width() - _RIGHT, self.height() - _BOTTOM
        for size in ticks(*self._limits()):
            y = self._y(size)
            painter.setPen(faint)
            painter.drawLine(QPointF(left, y), QPointF(right, y))
            painter.setPen(muted)
            at = QRectF(0, y - 8, _LEFT - 8, 16)
            painter.drawText(at, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{size:g}")
        first, last = int(curves.weeks[0]), int(curves.weeks[-1])
        for week in range(-(-first // _TICK_WEEKS) * _TICK_WEEKS, last + 1, _TICK_WEEKS):
            x = self._x(week)
            painter.setPen(faint)
            painter.drawLine(QPointF(x, _TOP), QPointF(x, floor))
            painter.setPen(muted)
            painter.drawText(QRectF(x - 24, floor + 6, 48, 16), Qt.AlignmentFlag.AlignCenter, f"{week}w")
        painter.drawText(QRectF(8, 4, 120, 16), Qt.AlignmentFlag.AlignLeft, self._unit)

    def _draw_curves(self, painter: QPainter, curves: GrowthCurves) -> None:
        beneath = -1e9
        for percent, sizes in reversed(curves.curves):
            is_median = percent == 50
            line = [QPointF(self._x(week), self._y(size)) for week, size in zip(curves.weeks, sizes, strict=True)]
            painter.setPen(QPen(QColor(tokens().text if is_median else tokens().muted), 2.0 if is_median else 1.1))
            painter.drawPolyline(QPolygonF(line))
            painter.setFont(caption_font())
            y = max(line[-1].y(), beneath + 13)
            beneath = y
            at = QRectF(self.width() - _RIGHT + 6, y - 8, _RIGHT - 6, 16)
            painter.drawText(at, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, f"P{percent:g}")

    def _draw_dot(self, painter: QPainter, dot: Dot) -> None:
        accent, y = QColor(tokens().accent), self._y(dot.size)
        if dot.weeks is None or not self._x_holds(dot.weeks):
            painter.setPen(QPen(accent, 1.4, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(_LEFT, y), QPointF(self.width() - _RIGHT, y))
            at = QPointF(_LEFT + 6, y)
        else:
            at = self.place(dot)
            painter.setPen(QPen(QColor(tokens().raised), 2))
            painter.setBrush(accent)
            painter.drawEllipse(at, _DOT + 1, _DOT + 1)
            painter.setBrush(Qt.BrushStyle.NoBrush)
        if dot.label:
            painter.setFont(text_font(weight=text_font().Weight.DemiBold))
            painter.setPen(accent)
            painter.drawText(QPointF(at.x() + _DOT + 5, at.y() - 5), dot.label)

    def _x_holds(self, weeks: float) -> bool:
        assert self._curves is not None
        return self._curves.weeks[0] <= weeks <= self._curves.weeks[-1]


def chart_spoken(name: str, said: str) -> str:
    """Return a chart in words, for who does not see it."""
    return translate("Growth chart, {name}: {said}", name=name, said=said)
