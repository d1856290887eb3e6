"""The scale card: every region of the file with its units and deltas, whose word counts, and what is not trusted."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QSpacerItem, QToolButton

from fetalclip_app.domain.calibration import Calibration, Region
from fetalclip_app.ui.parts import Card, indented, label
from fetalclip_app.ui.region_overlay import is_doubt, region_colour
from fetalclip_app.ui.theme import ON_PICTURE, caption_font
from fetalclip_app.wording import calibration_source
from fetalclip_app.wording import scale as words
from fetalclip_app.wording.translate import translate

_TAG_PX = 18


class ScaleCard(Card):
    """Last of the cards: it is as long as the file has regions."""

    def __init__(self) -> None:
        super().__init__(translate("Scale"))
        # Taller than its hint where the lines wrap more often than that supposed.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self.source = indented(label(wrap=True))
        self._button = QToolButton()
        self._button.setProperty("compact", True)
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.source, 1)
        line.addWidget(self._button, 0, Qt.AlignmentFlag.AlignTop)
        self.column.addLayout(line)
        self._rows = QGridLayout()
        self._rows.setContentsMargins(0, 2, 0, 0)
        self._rows.setHorizontalSpacing(4)
        self._rows.setVerticalSpacing(0)
        self._rows.setColumnStretch(1, 1)
        self.column.addLayout(self._rows)
        self.texts: list[str] = []
        self._shown: Calibration | None = None
        self._write()

    def offer(self, action: QAction) -> None:
        """Put the switch that draws the regions beside the source."""
        self._button.setDefaultAction(action)
        self._button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self._button.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def show_scale(self, calibration: Calibration | None) -> None:
        """Show what a clip's file, or a person, says of its scale; it is written anew only where that is another."""
        if calibration != self._shown:
            self._shown = calibration
            self._write()

    def _write(self) -> None:
        calibration = self._shown
        self._clear()
        self.source.setText(calibration_source(calibration))
        if calibration is None:
            self._say(label(translate("Set it with the ruler."), tone="doubt", caption=True, wrap=True))
            return
        self._show_regions(calibration)
        for line in words.rulers(calibration):
            self._remark(translate("By hand: {line}.", line=words.ruler(line)))
        file_says = calibration.as_the_file_says
        if file_says is not calibration and file_says is not None:
            self._remark(translate("The file itself: {source}.", source=calibration_source(file_says)))
        self._show_statements(file_says)

    def _show_regions(self, calibration: Calibration) -> None:
        for place, region in enumerate(calibration.regions):
            self._show_region(words.region_letter(place), region)
        if calibration.unplaced:
            self._say(label(words.unplaced(calibration), tone="doubt", caption=True, wrap=True))

    def _show_region(self, letter: str, region: Region) -> None:
        """Show letter, kind and trust, the size of the pixels, the place, and what else the file says of it."""
        tag = label(letter)
        tag.setFont(caption_font(caption_font().Weight.DemiBold))
        tag.setAlignment(Qt.AlignmentFlag.AlignCenter)
        tag.setFixedSize(_TAG_PX, _TAG_PX)
        tag.setStyleSheet(f"background: {region_colour(region)}; color: {ON_PICTURE.canvas}; border-radius: 3px;")
        self._rows.addWidget(tag, self._rows.rowCount(), 0, Qt.AlignmentFlag.AlignTop)
        title = f"{words.region_kind(region)}: {words.region_trust(region)}"
        self._say(label(title, wrap=True, tone="doubt" if is_doubt(region) else ""), beside_tag=True)
        self._say(label(words.region_scale(region), caption=True, wrap=True))
        said = words.region_axes(region), words.region_place(region), words.region_remarks(region)
        self._remark("; ".join(text for text in said if text))
        self._rows.addItem(QSpacerItem(0, 6), self._rows.rowCount(), 1)

    def _show_statements(self, calibration: Calibration | None) -> None:
        if calibration is None:
            return
        used = [region for region in calibration.regions if region.is_usable]
        for one in calibration.statements:
            self._remark(f"{words.statement(one, used[0] if used else None)}.")

    def _remark(self, text: str) -> None:
        self._say(label(text, tone="muted", caption=True, wrap=True))

    def _say(self, made: QLabel, *, beside_tag: bool = False) -> None:
        """Add a line, in the row of the letter that was added last where asked."""
        row = self._rows.rowCount()
        self._rows.addWidget(indented(made), row - 1 if beside_tag else row, 1)
        self.texts.append(made.text())

    def _clear(self) -> None:
        self.texts = []
        while (item := self._rows.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
