"""Small widgets that many places use: labels with a tone, icon buttons, cards, figures."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QAction, QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from fetalclip_app.ui.icons import paint_sign, wear
from fetalclip_app.ui.theme import CARD_INSIDE, FIGURE_PX, TEXT_PX, caption_font, text_font, tokens
from fetalclip_app.wording import THIN_SPACE
from fetalclip_app.wording.translate import translate


def label(text: str = "", *, tone: str = "", caption: bool = False, wrap: bool = False) -> QLabel:
    """Return a label; ``tone`` is muted, doubt, error or good."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    if tone:
        made.setProperty("tone", tone)
    if caption:
        made.setFont(caption_font())
    made.setWordWrap(wrap)
    return made


def indented(made: QLabel) -> QLabel:
    """Move a label's text in line with the figures of its card, which leave room for the ring of the focus."""
    made.setContentsMargins(INDENT_PX, 0, INDENT_PX, 0)
    return made


class Elided(QLabel):
    """A label that gives way. What does not fit is whole in its tooltip, and for screen readers."""

    def __init__(self, mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight) -> None:
        super().__init__()
        self._full, self._tip, self._mode = "", "", mode
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)

    def show_text(self, text: str, *, tip: str = "") -> None:
        """Show a line; ``tip`` stands in the tooltip whether it fits or not."""
        self._full, self._tip = text, tip
        self.updateGeometry()
        self._fit()

    def sizeHint(self) -> QSize:
        """Return room for all of it."""
        margins = self.contentsMargins()
        wide = self.fontMetrics().horizontalAdvance(self._full) + margins.left() + margins.right()
        return QSize(wide + 4, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """Return room for a few letters."""
        return QSize(min(self.sizeHint().width(), 72), super().sizeHint().height())

    def resizeEvent(self, event: object) -> None:
        """Show more of it, or less."""
        self._fit()

    def _fit(self) -> None:
        kept = self.fontMetrics().elidedText(self._full, self._mode, self.contentsRect().width())
        self.setText(kept)
        self.setToolTip(self._tip or (self._full if kept != self._full else ""))
        self.setAccessibleName(self._full)


def set_tone(widget: QWidget, tone: str) -> None:
    """Change a label's tone."""
    if widget.property("tone") != tone:
        widget.setProperty("tone", tone)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def icon_button(action: QAction, *, text: bool = False) -> QToolButton:
    """Return a button for an action: its icon, its name for screen readers, its key in the tooltip."""
    button = QToolButton()
    button.setDefaultAction(action)
    button.setProperty("compact", True)
    button.setIconSize(QSize(20, 20))
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setAccessibleName(action.text())
    if text:
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    return button


def close_button(accessible_name: str) -> QToolButton:
    """Return a small cross."""
    button = QToolButton()
    wear(button, "close", "muted")
    button.setProperty("compact", True)
    button.setAccessibleName(accessible_name)
    button.setToolTip(accessible_name)
    return button


def text_button(text: str, *, primary: bool = False) -> QPushButton:
    """Return a button of a dialog; Return in a field does not press it."""
    button = QPushButton(text)
    button.setAutoDefault(False)
    button.setProperty("primary" if primary else "quiet", True)
    return button


def scrolled(inside: QWidget) -> QScrollArea:
    """Return what shows a widget as wide as there is room, and scrolls it up and down where it is too tall."""
    scroll = QScrollArea()
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setWidgetResizable(True)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setWidget(inside)
    return scroll


_SIGN_PX = 20
"""Room of the warning sign before an abstention."""

INDENT_PX = 4
"""The ring of the focus stands out by this, so that the text stays in line with what is above it."""


class Card(QFrame):
    """A raised surface with a heading."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setProperty("card", True)
        self.setAccessibleName(title)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.column = QVBoxLayout(self)
        side = CARD_INSIDE - INDENT_PX
        self.column.setContentsMargins(side, 10, side, CARD_INSIDE)
        self.column.setSpacing(4)
        self.heading = indented(label(title, tone="muted", caption=True))
        self.column.addWidget(self.heading)

    def add_beside_heading(self, widget: QWidget) -> None:
        """Put something at the right end of the heading's line, before anything stands below it."""
        self.column.removeWidget(self.heading)
        line = QHBoxLayout()
        line.addWidget(self.heading)
        line.addStretch(1)
        line.addWidget(widget)
        self.column.addLayout(line)


class Caption(QAbstractButton):
    """A quiet line that can be asked where it comes from; what does not fit is in its tooltip."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name, self._is_doubt = name, False
        self.setFont(caption_font())
        self.setFixedHeight(self.fontMetrics().lineSpacing() + 4)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.show_text("")

    def show_text(self, text: str, *, tip: str = "", doubt: bool = False, can_ask: bool = True) -> None:
        """Show a line; an empty one, and one that nothing is behind, cannot be asked."""
        self._is_doubt = doubt
        self.setText(text)
        self.setEnabled(bool(text) and can_ask)
        self.setToolTip(tip)
        self.setAccessibleName(f"{self._name}: {text}" if text else self._name)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line, and a ring where the keys are."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(tokens().doubt if self._is_doubt else tokens().muted))
        room = self.rect().adjusted(INDENT_PX, 0, -INDENT_PX, 0)
        kept = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, kept)
        if self.isEnabled() and self.underMouse():
            wide = self.fontMetrics().horizontalAdvance(kept)
            painter.setPen(QPen(QColor(tokens().muted), 1, Qt.PenStyle.DotLine))
            painter.drawLine(room.left(), self.height() - 3, room.left() + wide, self.height() - 3)
        if self.hasFocus():
            painter.setPen(QPen(QColor(tokens().accent), 2))
            painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 4, 4)
        painter.end()


class Figure(QAbstractButton):
    """A number that can be asked where it comes from; or, in amber, why there is none.

    The unit after the thin space is drawn one size smaller.
    """

    def __init__(self, name: str, *, pixel_size: int = FIGURE_PX, align_right: bool = False) -> None:
        super().__init__()
        self._name = name
        self._pixel_size = pixel_size
        self._align_right = align_right
        self._is_doubt = False
        self.setFixedHeight(pixel_size + 12)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.show_nothing()

    @property
    def is_doubt(self) -> bool:
        """Whether an abstention stands in the number's place."""
        return self._is_doubt

    def show_nothing(self) -> None:
        """Keep the place: nothing is known yet."""
        self._show("–", doubt=False, enabled=False)

    def show_value(self, text: str) -> None:
        """Show a number with its unit."""
        self._show(text, doubt=False, enabled=True)

    def show_doubt(self, text: str) -> None:
        """Show in two words why there is no number."""
        self._show(text, doubt=True, enabled=True)

    def _show(self, text: str, *, doubt: bool, enabled: bool) -> None:
        self._is_doubt = doubt
        self.setText(text)
        self.setEnabled(enabled)
        self.setCursor(Qt.CursorShape.PointingHandCursor if enabled else Qt.CursorShape.ArrowCursor)
        self.setAccessibleName(f"{self._name}: {text}")
        self.setToolTip(translate("Where this comes from") if enabled else "")
        self.update()

    def sizeHint(self) -> QSize:
        """Return room for the text."""
        number, unit, _gap = self._pieces()
        width = QFontMetricsF(self._number_font()).horizontalAdvance(number) + QFontMetricsF(
            self._unit_font()
        ).horizontalAdvance(unit)
        sign = _SIGN_PX if self._is_doubt else 0
        return QSize(int(width) + sign + 12, self.height())

    def minimumSizeHint(self) -> QSize:
        """Return the same: a number is never cut."""
        return self.sizeHint()

    def _pieces(self) -> tuple[str, str, float]:
        number, gap, unit = self.text().partition(THIN_SPACE)
        return number, unit, 4.0 if gap else 0.0

    def _number_font(self) -> QFont:
        size = min(self._pixel_size - 4, 15) if self._is_doubt else self._pixel_size
        return text_font(size, QFont.Weight.DemiBold)

    def _unit_font(self) -> QFont:
        return text_font(max(self._pixel_size - 6, TEXT_PX - 1))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the number, and a ring where the keys are."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        number, unit, gap = self._pieces()
        number_font, unit_font = self._number_font(), self._unit_font()
        wide = QFontMetricsF(number_font).horizontalAdvance(number)
        unit_wide = QFontMetricsF(unit_font).horizontalAdvance(unit)
        sign = float(_SIGN_PX) if self._is_doubt else 0.0
        total = sign + wide + gap + unit_wide
        left = self.width() - total - 4.0 if self._align_right else float(INDENT_PX)
        base = (self.height() + QFontMetricsF(number_font).capHeight()) / 2
        colour = QColor(tokens().doubt if self._is_doubt else tokens().text if self.isEnabled() else tokens().muted)
        if self._is_doubt:
            paint_sign(painter, QRect(int(left), self.height() // 2 - 8, 16, 16), "warning", "doubt")
        painter.setPen(colour)
        painter.setFont(number_font)
        painter.drawText(round(left + sign), round(base), number)
        painter.setFont(unit_font)
        painter.setPen(QColor(tokens().muted))
        painter.drawText(round(left + sign + wide + gap), round(base), unit)
        if self.isEnabled() and self.underMouse():
            painter.setPen(QPen(QColor(tokens().muted), 1, Qt.PenStyle.DotLine))
            painter.drawLine(round(left + sign), round(base) + 4, round(left + total), round(base) + 4)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(tokens().accent), 2))
            painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 4, 4)
        painter.end()
