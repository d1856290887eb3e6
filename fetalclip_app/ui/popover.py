"""A card beside a number that tells where it comes from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from fetalclip_app import RESEARCH_USE_ONLY
from fetalclip_app.ui.parts import label, scrolled
from fetalclip_app.ui.provenance import Row
from fetalclip_app.ui.theme import text_font
from fetalclip_app.wording.translate import translate

_WIDTH = 400
_EDGE = 1
"""The border that the style sheet draws takes its room from the inside."""
_FROM_SCREEN_PX = 8
"""What stays free around it. What has no room on the screen is scrolled to."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that can be done from here."""

    text: str
    do: Callable[[], None]


class Popover(QFrame):
    """Goes away with Escape, or a click elsewhere."""

    def __init__(
        self,
        parent: QWidget,
        title: str,
        rows: Sequence[Row],
        offers: Sequence[Offer] = (),
        *,
        body: QWidget | None = None,
    ) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("floating", True)
        self.setAccessibleName(title)
        self.setFixedWidth(_WIDTH)
        inside = QWidget()
        inside.setObjectName("popover")
        column = self._column = QVBoxLayout(inside)
        column.setContentsMargins(16, 12, 16, 0)
        column.setSpacing(8)
        heading = label(title)
        heading.setFont(text_font(weight=text_font().Weight.DemiBold))
        column.addWidget(heading)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(5)
        grid.setColumnStretch(1, 1)
        self.texts: list[QLabel] = []
        for number, (name, value) in enumerate(rows):
            grid.addWidget(label(name, tone="muted"), number, 0, Qt.AlignmentFlag.AlignTop)
            text = label(value, wrap=True)
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            grid.addWidget(text, number, 1)
            self.texts.append(text)
        column.addLayout(grid)
        if body is not None:
            column.addWidget(body)
        self._foot = self._footed(offers)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(scrolled(inside), 1)
        whole.addWidget(self._foot)

    def _footed(self, offers: Sequence[Offer]) -> QWidget:
        """Return what is in sight however long the rest is."""
        foot = QWidget()
        foot.setObjectName("popover")
        column = QVBoxLayout(foot)
        column.setContentsMargins(16, 8, 16, 14)
        column.setSpacing(8)
        if offers:
            column.addLayout(self._offers(offers))
        # It may cover the picture's own line.
        column.addWidget(label(translate(RESEARCH_USE_ONLY), tone="muted", caption=True))
        return foot

    def _offers(self, offers: Sequence[Offer]) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(8)
        for offer in offers:
            button = QPushButton(offer.text)
            button.setAutoDefault(True)
            button.setProperty("quiet", True)
            button.clicked.connect(lambda checked=False, do=offer.do: (self.close(), do()))
            line.addWidget(button)
        line.addStretch(1)
        return line

    def open_beside(self, widget: QWidget) -> None:
        """Open to the left of a widget of the right panel, inside its screen."""
        self._open(widget.mapToGlobal(QPoint(-self.width() - 12, -12)), widget)

    def open_above(self, widget: QWidget, place: QRect) -> None:
        """Open above a place in a widget below the picture, inside its screen."""
        self._fit(widget)
        corner = QPoint(place.center().x() - self.width() // 2, place.top() - self.height() - 8)
        self._open(widget.mapToGlobal(corner), widget)

    def _fit(self, beside: QWidget) -> None:
        column, room = self._column, beside.screen().availableGeometry().height() - 2 * _FROM_SCREEN_PX
        width = _WIDTH - 2 * _EDGE
        tall = column.totalHeightForWidth(width) if column.hasHeightForWidth() else column.totalSizeHint().height()
        self.setFixedHeight(min(tall + self._foot.sizeHint().height() + 2 * _EDGE, room))

    def _open(self, corner: QPoint, beside: QWidget) -> None:
        self._fit(beside)
        screen, free = beside.screen().availableGeometry(), _FROM_SCREEN_PX
        x = min(max(corner.x(), screen.left() + free), screen.right() - self.width() - free)
        y = min(max(corner.y(), screen.top() + free), screen.bottom() - self.height() - free)
        self.move(max(x, screen.left() + free), max(y, screen.top() + free))
        self.show()
        first = self.findChild(QPushButton)
        (first or self).setFocus()
