"""What the middle of the window says while nothing is open."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from fetalclip_app import RESEARCH_USE_ONLY
from fetalclip_app.ui.icons import Sign, wear
from fetalclip_app.ui.parts import label
from fetalclip_app.ui.theme import FIGURE_PX, text_font, tokens
from fetalclip_app.wording.translate import translate


class EmptyState(QWidget):
    """Says what can be dropped, and offers the sample.

    Signals:
        open_wanted, folder_wanted, sample_wanted: A button was pressed.
    """

    open_wanted = Signal()
    folder_wanted = Signal()
    sample_wanted = Signal()

    def __init__(self, parent: QWidget, *, has_sample: bool) -> None:
        super().__init__(parent)
        self._is_over = False
        sign = Sign("open", "muted", size_px=48)
        title = label(translate("Drop a scan here"))
        title.setFont(text_font(FIGURE_PX, text_font().Weight.DemiBold))
        kinds = label(
            translate(
                "DICOM stills and cines, PNG, JPEG, TIFF, BMP, MP4, AVI.\n"
                "A file, several files, a folder, a DICOMDIR, or a ZIP."
            ),
            tone="muted",
        )
        kinds.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.first = QPushButton(translate("Open files …"))
        self.first.setProperty("primary", True)
        self.first.clicked.connect(self.open_wanted)
        folder = QPushButton(translate("Open a folder …"))
        folder.setProperty("quiet", True)
        folder.clicked.connect(self.folder_wanted)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch(1)
        buttons.addWidget(self.first)
        buttons.addWidget(folder)
        buttons.addStretch(1)
        self.sample = QPushButton(translate("Try it with the sample, a simulated head"))
        wear(self.sample, "sample", "accent")
        self.sample.setVisible(has_sample)
        self.sample.clicked.connect(self.sample_wanted)
        local = label(translate("Everything stays on this computer."), tone="muted", caption=True)
        research = label(translate(RESEARCH_USE_ONLY), caption=True)
        column = QVBoxLayout(self)
        column.setSpacing(12)
        column.addStretch(3)
        for widget in (sign, title, kinds):
            column.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(8)
        column.addLayout(buttons)
        column.addWidget(self.sample, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        column.addWidget(local, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(research, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(36)

    def show_over(self, is_over: bool) -> None:
        """Show that what is dragged over the window can be dropped."""
        self._is_over = is_over
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the rim of the place to drop on."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(tokens().base))
        pen = QPen(QColor(tokens().accent if self._is_over else tokens().edge), 2, Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(24, 24, -24, -24), 12, 12)
        painter.end()
