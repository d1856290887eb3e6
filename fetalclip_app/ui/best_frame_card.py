"""The best frames of one view, each with its picture and its reasons; one of them can be chosen."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QWidget

from fetalclip_app.domain.best_frames import Candidate
from fetalclip_app.ui.parts import label
from fetalclip_app.ui.theme import ON_PICTURE, text_font
from fetalclip_app.wording import frame_number, frame_title
from fetalclip_app.wording.quality import best_frame_reasons, chosen_by_model, chosen_by_person
from fetalclip_app.wording.translate import translate

PICTURE = (88, 66)
"""Width and height of a candidate's picture, in pixels."""


class CandidateRow(QWidget):
    """One candidate.

    Signals:
        wanted: Go there.
        chosen: Let this frame stand for the view.
    """

    wanted = Signal()
    chosen = Signal()

    def __init__(self, view_key: str, one: Candidate, mark: str) -> None:
        super().__init__()
        self.frame_index = one.frame_index
        number = frame_number(one.frame_index)
        self.picture = QLabel()
        self.picture.setFixedSize(*PICTURE)
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.picture.setStyleSheet(f"background: {ON_PICTURE.canvas}; border-radius: 4px;")
        title = label(frame_title(one.frame_index) + (f" · {mark}" if mark else ""))
        title.setFont(text_font(weight=text_font().Weight.DemiBold))
        self.reasons = label(best_frame_reasons(view_key, one), tone="muted", caption=True, wrap=True)
        self.go, self.use = QPushButton(translate("Go there")), QPushButton(translate("Use this one"))
        self.go.setAccessibleName(translate("Go to {frame}").format(frame=number))
        self.use.setAccessibleName(translate("Use {frame}").format(frame=number))
        for button, signal in ((self.go, self.wanted), (self.use, self.chosen)):
            button.setProperty("quiet", True)
            button.setAutoDefault(True)
            button.clicked.connect(lambda checked=False, signal=signal: signal.emit())
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.go)
        buttons.addWidget(self.use)
        buttons.addStretch(1)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(2)
        grid.addWidget(self.picture, 0, 0, 3, 1, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(title, 0, 1)
        grid.addWidget(self.reasons, 1, 1)
        grid.addLayout(buttons, 2, 1)
        grid.setColumnStretch(1, 1)

    def show_picture(self, image: QImage) -> None:
        """Show the frame itself, small, in its own proportions."""
        ratio = self.devicePixelRatioF()
        fitted = image.scaled(
            self.picture.size() * ratio, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        fitted.setDevicePixelRatio(ratio)
        self.picture.setPixmap(QPixmap.fromImage(fitted))


def marks_of(candidates: Sequence[Candidate], chosen: int | None) -> list[str]:
    """Return what stands beside each candidate's number: whose choice it is."""
    marks = ["" for _ in candidates]
    if marks:
        marks[0] = chosen_by_model()
    for place, one in enumerate(candidates):
        if one.frame_index == chosen:
            marks[place] = chosen_by_person()
    return marks
