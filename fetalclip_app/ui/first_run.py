"""What is said once, before the first scan: offline, nothing is sent, research use only."""

from __future__ import annotations

import os

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from fetalclip_app.settings import Settings
from fetalclip_app.ui.icons import Sign
from fetalclip_app.ui.parts import label
from fetalclip_app.ui.theme import text_font
from fetalclip_app.wording.translate import mark, translate

VERSION = 1
"""Of the text below. Who saw an earlier one is told anew."""

SEEN_VARIABLE = "FETALCLIP_STUDIO_NOTICE_SEEN"
"""Names the version of the text that counts as seen, for windows that no person opens."""

_WIDTH = 560
_UNSEEN_PLATFORMS = {"offscreen", "minimal"}

_POINTS = (
    (
        "warning",
        mark("For research only. It is no medical device, and nothing it says is a diagnosis."),
        mark("The model sees, estimates, and says when it cannot tell. What counts is what you decide."),
    ),
    (
        "good",
        mark("Everything stays on this computer."),
        mark(
            "Scans are opened where they lie and never changed. What you do with them is kept in a local archive. "
            "There is no account, and nothing is measured about how you use the program."
        ),
    ),
    (
        "info",
        mark("It works without a network."),
        mark("The one time it uses one is when you choose to fetch the FetalCLIP weights in the model menu."),
    ),
)


def is_due(chosen: Settings) -> bool:
    """Whether the text was not seen yet, and somebody is there to see it."""
    seen = max(chosen.notice_seen, int(os.environ.get(SEEN_VARIABLE, "0") or 0))
    return seen < VERSION and QGuiApplication.platformName() not in _UNSEEN_PLATFORMS


class FirstRun(QDialog):
    """Tells, and is accepted by its one button; closed otherwise it comes again at the next start."""

    def __init__(self, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle(translate("Before you begin"))
        self.setFixedWidth(_WIDTH)
        column = QVBoxLayout(self)
        column.setContentsMargins(28, 24, 28, 20)
        column.setSpacing(16)
        title = label("FetalCLIP Studio")
        title.setFont(text_font(18, text_font().Weight.DemiBold))
        column.addWidget(title)
        for sign, sentence, more in _POINTS:
            column.addLayout(_point(sign, translate(sentence), translate(more)))
        self.understood = QPushButton(translate("Understood"))
        self.understood.setProperty("primary", True)
        self.understood.setDefault(True)
        self.understood.clicked.connect(self.accept)
        last = QHBoxLayout()
        last.addStretch(1)
        last.addWidget(self.understood)
        column.addLayout(last)
        self.setFixedHeight(column.totalHeightForWidth(_WIDTH))


def _point(sign: str, sentence: str, more: str) -> QHBoxLayout:
    tones = {"warning": "doubt", "good": "good", "info": "accent"}
    line, words = QHBoxLayout(), QVBoxLayout()
    line.setSpacing(12)
    words.setSpacing(2)
    said = label(sentence, wrap=True)
    said.setFont(text_font(weight=text_font().Weight.DemiBold))
    words.addWidget(said)
    words.addWidget(label(more, tone="muted", wrap=True))
    line.addWidget(Sign(sign, tones[sign]), 0, Qt.AlignmentFlag.AlignTop)
    line.addLayout(words, 1)
    return line
