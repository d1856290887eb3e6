"""Probabilities as bars, one row a view."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from fetalclip_app.ui import theme
from fetalclip_app.ui.theme import caption_font, text_font, tokens, view_colour, view_letter
from fetalclip_app.wording import not_trained_view, percent, view_title
from fetalclip_app.wording.translate import translate

ROW_PX = 19


@dataclass(frozen=True, slots=True)
class Bar:
    """One view.

    Attributes:
        probability: None while nothing is known.
        is_best: The most probable one.
        is_trained: Training showed it to the model.
    """

    key: str
    probability: float | None = None
    is_best: bool = False
    is_trained: bool = True


class BarRow(QAbstractButton):
    """A bar that can be asked where it comes from."""

    def __init__(self, *, with_letter: bool) -> None:
        super().__init__()
        self._bar = Bar("")
        self._position = 0
        self._with_letter = with_letter
        self.setFixedHeight(ROW_PX)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    @property
    def bar(self) -> Bar:
        """What it shows."""
        return self._bar

    def show_bar(self, bar: Bar, position: int) -> None:
        """Show another value."""
        self._bar, self._position = bar, position
        self.setEnabled(bar.probability is not None)
        value = percent(bar.probability) if bar.probability is not None else translate("not known yet")
        mark = "" if bar.is_trained else f", {not_trained_view()}"
        self.setAccessibleName(f"{view_title(bar.key)}: {value}{mark}")
        self.setToolTip(f"{view_title(bar.key)} {value}{mark}")
        self.update()

    def sizeHint(self) -> QSize:
        """Return a modest width: it takes what is there."""
        return QSize(200, ROW_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw letter, name, bar and percentage."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bar = self._bar
        colour = view_colour(bar.key, self._position)
        left = 4.0
        if self._with_letter:
            left = self._draw_letter(painter, colour)
        box = QRectF(132, 7, self.width() - 132 - 50, 6)
        tag = None if bar.is_trained else self._tag_at(box)
        name_width = (128.0 if tag is None else min(128.0, tag.left() - 4.0)) - left
        painter.setFont(text_font(12, text_font().Weight.DemiBold if bar.is_best else text_font().Weight.Normal))
        painter.setPen(QColor(tokens().text if bar.is_best else tokens().muted))
        middle = Qt.AlignmentFlag.AlignVCenter
        name = painter.fontMetrics().elidedText(view_title(bar.key), Qt.TextElideMode.ElideRight, int(name_width))
        painter.drawText(QRectF(left, 0, name_width, self.height()), middle | Qt.AlignmentFlag.AlignLeft, name)
        self._draw_bar(painter, box, colour)
        if tag is not None:
            self._draw_tag(painter, tag)
        value = percent(bar.probability) if bar.probability is not None else ""
        painter.setPen(QColor(tokens().text if bar.is_best else tokens().muted))
        painter.drawText(QRectF(self.width() - 48, 0, 44, self.height()), middle | Qt.AlignmentFlag.AlignRight, value)
        self._draw_state(painter)
        painter.end()

    def _draw_letter(self, painter: QPainter, colour: QColor) -> float:
        box = QRectF(4, 3, 14, 14)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour if self._bar.probability is not None else QColor(tokens().faint))
        painter.drawRoundedRect(box, 3, 3)
        painter.setFont(caption_font(text_font().Weight.DemiBold))
        is_known = self._bar.probability is not None
        painter.setPen(theme.ink_on(colour) if is_known else QColor(tokens().panel))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, view_letter(self._bar.key))
        return 24.0

    def _draw_bar(self, painter: QPainter, box: QRectF, colour: QColor) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens().groove))
        painter.drawRoundedRect(box, 3, 3)
        share = self._bar.probability
        if share is not None and math.isfinite(share):
            filled = QRectF(box)
            filled.setWidth(max(box.width() * share, 2.0))
            painter.setBrush(colour if self._bar.is_trained else QColor(tokens().faint))
            painter.drawRoundedRect(filled, 3, 3)

    def _tag_at(self, bar: QRectF) -> QRectF:
        """Return where it says that the view was never trained: over the bar's right end."""
        width = QFontMetricsF(caption_font()).horizontalAdvance(not_trained_view()) + 8.0
        return QRectF(bar.right() - width, 2, width, self.height() - 4)

    def _draw_tag(self, painter: QPainter, tag: QRectF) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens().raised))
        painter.drawRect(tag.adjusted(2, 0, 0, 0))
        painter.setFont(caption_font())
        painter.setPen(QColor(tokens().muted))
        painter.drawText(tag, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, not_trained_view())
        painter.setFont(text_font(12))

    def _draw_state(self, painter: QPainter) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.hasFocus():
            painter.setPen(QPen(QColor(tokens().accent), 2))
            painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 4, 4)
        elif self.isEnabled() and self.underMouse():
            painter.setPen(QPen(QColor(tokens().faint), 1))
            painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 4, 4)


class Bars(QWidget):
    """All views of a set, in the set's order; the number of rows changes only with the set.

    Signals:
        asked: (view key, the row): where does this come from?
    """

    asked = Signal(str, object)

    def __init__(self, keys: Sequence[str], *, with_letters: bool) -> None:
        super().__init__()
        self._with_letters = with_letters
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self.rows: list[BarRow] = []
        self.show_bars([Bar(key) for key in keys])

    def show_bars(self, bars: Sequence[Bar]) -> None:
        """Show these values."""
        while len(self.rows) < len(bars):
            self._add_row()
        for row in self.rows[len(bars) :]:
            row.deleteLater()
        del self.rows[len(bars) :]
        for position, (row, bar) in enumerate(zip(self.rows, bars, strict=True)):
            row.show_bar(bar, position)

    def _add_row(self) -> None:
        row = BarRow(with_letter=self._with_letters)
        row.clicked.connect(lambda: self.asked.emit(row.bar.key, row))
        self._column.addWidget(row)
        self.rows.append(row)
