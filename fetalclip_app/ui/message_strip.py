"""The strip that says one thing at a time: what happened, what helps, and all of it where that is long."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QPushButton, QScrollArea, QVBoxLayout, QWidget

from fetalclip_app.ui.icons import Sign
from fetalclip_app.ui.parts import close_button, label
from fetalclip_app.ui.strips import Strip
from fetalclip_app.ui.theme import text_font
from fetalclip_app.wording.translate import translate

NOTICE_MS = 10_000
"""A message that only tells of success goes by itself."""

DETAILS_PX = 168
"""Height of a message's details; of longer ones the rest is scrolled to."""


class _Details(QScrollArea):
    """A long text in a small place; the arrow keys move it."""

    def __init__(self) -> None:
        super().__init__()
        self._text = label(tone="muted", wrap=True)
        self._text.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setAccessibleName(translate("Details"))
        self.setWidget(self._text)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedHeight(DETAILS_PX)

    def text(self) -> str:
        """Return the whole text."""
        return self._text.text()

    def setText(self, text: str) -> None:
        """Show this text from its beginning."""
        self._text.setText(text)


class MessageStrip(Strip):
    """One calm sentence, what can be done now, and perhaps a button that does it.

    Signals:
        asked: The button was pressed.
    """

    asked = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, translate("Message"))
        self._sign = Sign("info")
        self.sentence = label(wrap=True)
        self.sentence.setFont(text_font(weight=text_font().Weight.DemiBold))
        self.hint = label(tone="muted", wrap=True)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.sentence)
        words.addWidget(self.hint)
        self.details = _Details()
        words.addWidget(self.details)
        self.more = QPushButton(translate("Show all"))
        self.more.setProperty("quiet", True)
        self.more.clicked.connect(lambda: self._show_details(is_open=True))
        self.button = QPushButton(translate("Read again"))
        self.button.setProperty("quiet", True)
        self.button.clicked.connect(self.asked)
        self.button.clicked.connect(self.hide)
        close = close_button(translate("Close the message"))
        close.clicked.connect(self.hide)
        self._timer = QTimer(self, singleShot=True, interval=NOTICE_MS)
        self._timer.timeout.connect(self.hide)
        self.line.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        self.line.addLayout(words, 1)
        self.line.addWidget(self.more, 0, Qt.AlignmentFlag.AlignBottom)
        self.line.addWidget(self.button)
        self.line.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)

    def tell(self, sentence: str, hint: str = "", *, tone: str = "doubt", offer: str = "", details: str = "") -> None:
        """Show a message in place of the one before; ``tone`` is doubt, error or good.

        Args:
            details: What is too long for the hint; shown in its place on demand.
        """
        was_open = bool(details) and self.isVisible() and self.details.isVisibleTo(self)
        signs = {"doubt": "warning", "error": "error", "good": "good"}
        self._sign.show_icon(signs[tone], tone)
        self.sentence.setText(sentence)
        self.hint.setText(hint)
        self.details.setText(details)
        self.button.setText(offer)
        self.button.setVisible(bool(offer))
        self.setAccessibleDescription(f"{sentence} {details or hint}".strip())
        self._timer.stop()
        if tone == "good" and not offer:
            self._timer.start()
        self._show_details(is_open=was_open)

    def _show_details(self, *, is_open: bool) -> None:
        self.details.setVisible(is_open)
        self.hint.setVisible(bool(self.hint.text()) and not is_open)
        self.more.setVisible(bool(self.details.text()) and not is_open)
        if is_open:
            self._timer.stop()  # what is being read does not go by itself
            self.details.setFocus()
        self.open()
