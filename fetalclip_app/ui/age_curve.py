"""How well each day of gestation fits the picture: a curve over days."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from fetalclip_app.domain.age import DAYS_PER_WEEK, AgeEstimate, GestationalAge
from fetalclip_app.ui.theme import caption_font, tokens
from fetalclip_app.wording.translate import translate

_HEIGHT = 76
_FIRST_DAY, _LAST_DAY = 14 * 7, 39 * 7 - 1
_SIDE = 14.0
_FLOOR = 20.0


class AgeCurve(QWidget):
    """Draws the score over days, the spread of the best days, and the age; an empty axis before."""

    def __init__(self) -> None:
        super().__init__()
        self._estimate: AgeEstimate | None = None
        self.setFixedHeight(_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setAccessibleName(translate("Score over days of gestation"))

    def sizeHint(self) -> QSize:
        """Return a modest width: it takes what is there."""
        return QSize(200, _HEIGHT)

    def show_estimate(self, estimate: AgeEstimate | None) -> None:
        """Draw this curve, or none."""
        self._estimate = estimate
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw axis, spread, curve and age."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_axis(painter)
        if self._estimate is not None:
            self._draw_estimate(painter, self._estimate)
        painter.end()

    def _days(self) -> tuple[int, int]:
        if self._estimate is None:
            return _FIRST_DAY, _LAST_DAY
        first = self._estimate.first_day
        return first, first + len(self._estimate.scores) - 1

    def _x(self, day: float) -> float:
        first, last = self._days()
        return _SIDE + (self.width() - 2 * _SIDE) * (day - first) / max(last - first, 1)

    def _draw_axis(self, painter: QPainter) -> None:
        base = self.height() - _FLOOR
        first, last = self._days()
        painter.setFont(caption_font())
        painter.setPen(QPen(QColor(tokens().faint), 1))
        painter.drawLine(QPointF(_SIDE, base), QPointF(self.width() - _SIDE, base))
        for week in range(-(-first // DAYS_PER_WEEK), last // DAYS_PER_WEEK + 1):
            x = self._x(week * DAYS_PER_WEEK)
            is_named = week % 4 == 2
            painter.setPen(QPen(QColor(tokens().faint), 1))
            painter.drawLine(QPointF(x, base), QPointF(x, base + (5 if is_named else 3)))
            if is_named:
                painter.setPen(QColor(tokens().muted))
                painter.drawText(QRectF(x - 20, base + 5, 40, 14), Qt.AlignmentFlag.AlignCenter, f"{week}w")

    def _draw_estimate(self, painter: QPainter, estimate: AgeEstimate) -> None:
        base = self.height() - _FLOOR
        spread = QRectF(self._x(estimate.low.days - 0.5), 4, 0, base - 4)
        spread.setRight(self._x(estimate.high.days + 0.5))
        tint = QColor(tokens().accent)
        tint.setAlpha(60)
        painter.fillRect(spread, tint)
        line = QPolygonF(
            [
                QPointF(self._x(day), base - 2 - level * (base - 12))
                for day, level in enumerate(estimate.levels.tolist(), start=estimate.first_day)
            ]
        )
        painter.setPen(QPen(QColor(tokens().text), 1.5))
        painter.drawPolyline(line)
        x = self._x(estimate.age.days)
        painter.setPen(QPen(QColor(tokens().accent), 2))
        painter.drawLine(QPointF(x, 4), QPointF(x, base))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell the score of the day under the pointer."""
        if self._estimate is None:
            return
        first, last = self._days()
        share = (event.position().x() - _SIDE) / max(self.width() - 2 * _SIDE, 1)
        day = min(max(round(first + share * (last - first)), first), last)
        score = float(self._estimate.scores[day - first])
        QToolTip.showText(
            event.globalPosition().toPoint(),
            translate("{day}: score {score:.2f}", day=GestationalAge(day), score=score),
            self,
        )
