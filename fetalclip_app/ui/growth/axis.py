"""One axis of weeks for everything that says how old a fetus is: strips of equal width, one above the other."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from fetalclip_app.domain.age import DAYS_PER_WEEK, AgeEstimate
from fetalclip_app.ui.theme import caption_font, tokens
from fetalclip_app.wording.age_axis import AgeKind, AxisRow, named_weeks

_SIDE = 16.0
_CURVE_PX, _ROW_PX, _WEEKS_PX = 96, 24, 24


class Strip(QWidget):
    """A part of the axis: the same days stand at the same place in each.

    Attributes:
        span: First and last day of the axis.
        dated: Days by the dating, drawn through all strips; None without one.
    """

    def __init__(self, span: tuple[int, int], dated: float | None, height: int) -> None:
        super().__init__()
        self.span, self.dated = span, dated
        self.setFixedHeight(height)
        self.setMinimumWidth(320)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def across(self, day: float) -> float:
        """Return where a day stands."""
        first, last = self.span
        return _SIDE + (self.width() - 2 * _SIDE) * (day - first) / (last - first)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw weeks, the dating and what this strip is of."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(tokens().hover), 1))
        for day in named_weeks(self.span):
            painter.drawLine(QPointF(self.across(day), 0), QPointF(self.across(day), self.height()))
        if self.dated is not None:
            painter.setPen(QPen(QColor(tokens().good), 1.4, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(self.across(self.dated), 0), QPointF(self.across(self.dated), self.height()))
        self.draw(painter)
        painter.end()

    def draw(self, painter: QPainter) -> None:
        """Draw what this strip is of."""


class CurveStrip(Strip):
    """The model's scores over days, with the spread of its best."""

    def __init__(self, span: tuple[int, int], dated: float | None, estimate: AgeEstimate) -> None:
        super().__init__(span, dated, _CURVE_PX)
        self._estimate = estimate

    def draw(self, painter: QPainter) -> None:
        """Draw spread, curve and age."""
        estimate, floor = self._estimate, self.height() - 4.0
        tint = QColor(tokens().accent)
        tint.setAlpha(60)
        low, high = self.across(estimate.low.days - 0.5), self.across(estimate.high.days + 0.5)
        painter.fillRect(QRectF(low, 4, high - low, floor - 4), tint)
        line = [
            QPointF(self.across(day), floor - 2 - level * (floor - 12))
            for day, level in enumerate(estimate.levels.tolist(), start=estimate.first_day)
        ]
        painter.setPen(QPen(QColor(tokens().text), 1.5))
        painter.drawPolyline(QPolygonF(line))
        painter.setPen(QPen(QColor(tokens().accent), 2))
        painter.drawLine(QPointF(self.across(estimate.age.days), 4), QPointF(self.across(estimate.age.days), floor))


class RowStrip(Strip):
    """One age: a dot, with a bar for its spread where one is known."""

    def __init__(self, span: tuple[int, int], dated: float | None, row: AxisRow) -> None:
        super().__init__(span, dated, _ROW_PX)
        self._row = row

    def draw(self, painter: QPainter) -> None:
        """Draw bar and dot."""
        row, middle = self._row, self.height() / 2
        names = {AgeKind.DATING: tokens().good, AgeKind.MODEL: tokens().accent, AgeKind.FORMULA: tokens().text}
        colour = QColor(names[row.kind])
        if row.published is not None:
            first, last = (min(max(day, self.span[0]), self.span[1]) for day in row.published)
            painter.setPen(QPen(QColor(tokens().faint), 1))
            painter.drawLine(QPointF(self.across(first), middle), QPointF(self.across(last), middle))
        if row.interval is not None:
            first, last = map(self.across, row.interval)
            painter.setPen(QPen(colour, 1.4))
            painter.drawLine(QPointF(first, middle), QPointF(last, middle))
            for end in (first, last):
                painter.drawLine(QPointF(end, middle - 5), QPointF(end, middle + 5))
        painter.setPen(Qt.PenStyle.NoPen)
        if row.low is not None and row.high is not None:
            tint = QColor(colour)
            tint.setAlpha(90)
            painter.setBrush(tint)
            left, right = self.across(row.low - 0.5), self.across(row.high + 0.5)
            painter.drawRoundedRect(QRectF(left, middle - 4, right - left, 8), 3, 3)
        if row.days is not None:
            painter.setBrush(colour)
            at = QPointF(self.across(row.days), middle)
            if row.kind is AgeKind.DATING:  # not by its colour alone
                diamond = [(0, -6), (6, 0), (0, 6), (-6, 0)]
                painter.drawPolygon(QPolygonF([at + QPointF(x, y) for x, y in diamond]))
            else:
                painter.drawEllipse(at, 4.5, 4.5)


class WeeksStrip(Strip):
    """The weeks' names."""

    def __init__(self, span: tuple[int, int]) -> None:
        super().__init__(span, None, _WEEKS_PX)

    def draw(self, painter: QPainter) -> None:
        """Draw them."""
        painter.setFont(caption_font())
        painter.setPen(QPen(QColor(tokens().faint), 1))
        painter.drawLine(QPointF(_SIDE, 1), QPointF(self.width() - _SIDE, 1))
        for day in named_weeks(self.span):
            painter.fillRect(QRectF(self.across(day) - 2, 3, 4, self.height()), QColor(tokens().raised))
            painter.setPen(QColor(tokens().muted))
            at = QRectF(self.across(day) - 22, 5, 44, 16)
            painter.drawText(at, Qt.AlignmentFlag.AlignCenter, f"{day // DAYS_PER_WEEK}w")
