"""The side panels: they fold, keep their widths, and in a narrow window the findings lie over the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QTimer
from PySide6.QtWidgets import QSplitter, QWidget

from fetalclip_app.ui.theme import FINDINGS_PX

if TYPE_CHECKING:
    from fetalclip_app.ui.features import Parts

NARROW_PX = 1100
"""Below this width of the window the findings have no column of their own."""

_PICTURE_PX = 880
"""Of the picture's column before the window has its size; the panels' widths are what is kept."""

_WORDS_PX = 40
"""What is written at the bottom of the picture, the research-use line among it, stays free."""

_SETTLE_MS = 300
"""A width is kept once the hand rests."""


class Panels(QObject):
    """Folds the clips and the findings, by command, and as the window's width asks."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.window)
        self._window, self._choices = parts.window, parts.choices
        self._clips, self._findings = parts.clips, parts.findings
        self._is_narrow = False
        self._splitter = self._clips.parentWidget()
        assert isinstance(self._splitter, QSplitter)
        self._show_clips, self._show_findings = parts.actions["panel_clips"], parts.actions["panel_findings"]
        now = parts.choices.now
        self._show_clips.setChecked(now.shows_clips)
        self._show_findings.setChecked(now.shows_findings)
        self._show_clips.triggered.connect(self._fold_clips)
        self._show_findings.triggered.connect(self._fold_findings)
        self._rest = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._rest.timeout.connect(self._keep_widths)
        self._splitter.splitterMoved.connect(lambda at, number: self._rest.start())
        self._splitter.setSizes([now.clips_px, _PICTURE_PX, now.findings_px])
        self.show_all(True)
        parts.window.installEventFilter(self)
        parts.area.installEventFilter(self)
        self._follow()

    @property
    def is_over_picture(self) -> bool:
        """Whether the findings lie over the picture now."""
        return self._is_narrow and self._findings.isVisible()

    def close_over_picture(self) -> None:
        """Fold the findings that lie over the picture."""
        self._show_findings.setChecked(False)
        self._findings.hide()

    def show_all(self, is_on: bool) -> None:
        """Show the panels as they are folded or not; or neither of them."""
        self._clips.setVisible(is_on and self._show_clips.isChecked())
        self._findings.setVisible(is_on and self._show_findings.isChecked())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the window's width."""
        if event.type() == QEvent.Type.Resize:
            if watched is self._window:
                self._follow()
            elif self.is_over_picture:
                self._place()
        return False

    def _fold_clips(self, is_shown: bool) -> None:
        self._clips.setVisible(is_shown)
        self._choices.keep(shows_clips=is_shown)

    def _fold_findings(self, is_shown: bool) -> None:
        self._findings.setVisible(is_shown)
        if self._is_narrow:
            self._place()
        else:
            self._choices.keep(shows_findings=is_shown)

    def _follow(self) -> None:
        is_narrow = self._window.width() < NARROW_PX
        if is_narrow != self._is_narrow:
            self._is_narrow = is_narrow
            if is_narrow:
                self._lift()
            else:
                self._put_back()
        if is_narrow:
            self._place()

    def _lift(self) -> None:
        """Take the findings out of their column; they come over the picture when they are asked for."""
        self._findings.setParent(self._around())
        self._show_findings.setChecked(False)
        self._findings.hide()

    def _put_back(self) -> None:
        assert isinstance(self._splitter, QSplitter)
        self._splitter.addWidget(self._findings)
        is_shown = self._choices.now.shows_findings
        self._show_findings.setChecked(is_shown)
        self._findings.setVisible(is_shown and not self._window.actions_by_name["picture_only"].isChecked())
        now = self._choices.now
        rest = self._splitter.width() - now.clips_px - now.findings_px
        self._splitter.setSizes([now.clips_px, max(rest, 1), now.findings_px])

    def _place(self) -> None:
        around = self._around()
        picture = self._window.area
        corner = picture.mapTo(around, QPoint(picture.width(), 0))
        width = min(FINDINGS_PX, around.width())
        self._findings.setGeometry(corner.x() - width, corner.y(), width, picture.height() - _WORDS_PX)
        self._findings.raise_()

    def _around(self) -> QWidget:
        around = self._window.centralWidget()
        assert around is not None
        return around

    def _keep_widths(self) -> None:
        assert isinstance(self._splitter, QSplitter)
        sizes = self._splitter.sizes()
        kept = {"clips_px": sizes[0]} if self._clips.isVisible() else {}
        if not self._is_narrow and self._findings.isVisible():
            kept["findings_px"] = sizes[2]
        self._choices.keep(**kept)
