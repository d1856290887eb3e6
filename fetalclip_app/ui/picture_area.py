"""The picture and what floats over it; or, before anything is open, the place to drop a scan on."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStackedLayout, QWidget

from fetalclip_app.ui.badges import Badges
from fetalclip_app.ui.empty_state import EmptyState
from fetalclip_app.ui.frame_view import FrameView
from fetalclip_app.ui.strips import HeatStrip, LightStrip, MessageStrip, ScaleStrip, Strip

_SIDE = 12
_RIGHT = 68
"""The depth scale stays free."""


class PictureArea(QWidget):
    """Places the strips: choices at the top, messages and the ruler's length at the bottom."""

    def __init__(self, *, has_sample: bool) -> None:
        super().__init__()
        self.setMinimumSize(480, 320)
        self.frame = FrameView()
        self.empty = EmptyState(self, has_sample=has_sample)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self.empty)
        self._pages.addWidget(self.frame)
        self.badges = Badges(self)
        self.light = LightStrip(self)
        self.heat = HeatStrip(self)
        self.scale = ScaleStrip(self)
        self.message = MessageStrip(self)
        for strip in self._strips():
            strip.moved.connect(self._place)

    def show_picture(self, is_there: bool) -> None:
        """Show the picture, or the place to drop one on."""
        self._pages.setCurrentWidget(self.frame if is_there else self.empty)
        if not is_there:
            self.badges.hide()
            self.light.hide()
            self.heat.hide()
            self.scale.hide()
        for strip in self._strips():
            strip.raise_()
        self.badges.raise_()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place the strips anew."""
        super().resizeEvent(event)
        self._place()
        QTimer.singleShot(0, self._place)

    def _strips(self) -> tuple[Strip, ...]:
        return (self.light, self.heat, self.scale, self.message)

    def _place(self) -> None:
        self.badges.move(_SIDE, _SIDE)
        top = _SIDE
        choices: tuple[Strip, ...] = (self.heat, self.light)
        for strip in choices:
            if strip.isVisibleTo(self):
                size = strip.sizeHint()
                left = max(self.width() - size.width() - _RIGHT, _SIDE)
                if self.badges.isVisibleTo(self) and left < self.badges.geometry().right() + 8:
                    top = max(top, self.badges.geometry().bottom() + 8)
                strip.resize(size)
                strip.move(left, top)
                top += size.height() + 8
        bottom = self.height() - 36
        if self.scale.isVisibleTo(self):
            size = self.scale.sizeHint()
            self.scale.resize(size)
            bottom -= size.height()
            self.scale.move((self.width() - size.width()) // 2, bottom)
            bottom -= 8
        if self.message.isVisibleTo(self):
            width = min(620, self.width() - 2 * _SIDE)
            height = self.message.heightForWidth(width)
            self.message.resize(width, max(height, self.message.minimumSizeHint().height()))
            self.message.move((self.width() - width) // 2, bottom - self.message.height())
