"""What stands beside the picture for a while, with a heading and a way to close it: a map, an earlier exam."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from fetalclip_app.ui.parts import Elided, close_button
from fetalclip_app.ui.theme import caption_font, text_font
from fetalclip_app.wording.translate import translate

NARROWEST = 200


class Companion(QFrame):
    """A column beside the picture.

    Signals:
        closed: By its cross.
    """

    closed = Signal()

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setObjectName("companion")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(title)
        self.setMinimumWidth(NARROWEST)
        self.title = Elided()
        self.title.setFont(text_font(weight=QFont.Weight.DemiBold))
        self.title.show_text(title)
        self.told = Elided()
        self.told.setFont(caption_font())
        self.told.setProperty("tone", "muted")
        self.close_button = close_button(translate("Close"))
        self.close_button.clicked.connect(self.closed)
        self.head = QHBoxLayout()
        self.head.setContentsMargins(12, 6, 8, 6)
        self.head.setSpacing(8)
        self.head.addWidget(self.title)
        self.head.addWidget(self.told)
        self.head.addStretch(1)
        self.head.addWidget(self.close_button)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(0)
        self.column.addLayout(self.head)
