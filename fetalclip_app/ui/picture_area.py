"""The picture and what floats over it; or, before anything is open, the place to drop a scan on."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from fetalclip_app.ui.badges import Badges
from fetalclip_app.ui.companion import Companion
from fetalclip_app.ui.empty_state import EmptyState
from fetalclip_app.ui.frame_view import FrameView
from fetalclip_app.ui.grid.stage import Stage
from fetalclip_app.ui.message_strip import MessageStrip
from fetalclip_app.ui.strips import HeatStrip, LightStrip, ScaleStrip, Strip

_SIDE = 12
_RIGHT = 68
"""The depth scale stays free."""


class PictureArea(QWidget):
    """Places the badges above the picture, and over it the strips: choices at its top, messages at its bottom.

    Signals:
        companion_changed: Something else, or nothing, stands beside the picture.
    """

    companion_changed = Signal()

    def __init__(self, *, has_sample: bool) -> None:
        super().__init__()
        self.setMinimumSize(480, 200)
        self.frame = FrameView()
        self.empty = EmptyState(self, has_sample=has_sample)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self.empty)
        self.badges = Badges()
        self._picture, self._left = QWidget(), QWidget()
        self.companion: Companion | None = None
        self._side_by_side = QHBoxLayout(self._picture)
        self._side_by_side.setContentsMargins(0, 0, 0, 0)
        self._side_by_side.setSpacing(0)
        self._side_by_side.addWidget(self._left, 1)
        shown = QWidget()
        column = QVBoxLayout(shown)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.badges)
        column.addWidget(self.frame, 1)
        self.stage = Stage(shown)
        left = QVBoxLayout(self._left)
        left.setContentsMargins(0, 0, 0, 0)
        left.addWidget(self.stage)
        self._pages.addWidget(self._picture)
        self.light = LightStrip(self)
        self.heat = HeatStrip(self)
        self.scale = ScaleStrip(self)
        self.message = MessageStrip(self)
        self._more: tuple[Strip, ...] = ()
        for strip in self._strips():
            strip.moved.connect(self._place)

    def add_strip(self, strip: Strip) -> None:
        """Give a feature's strip its place, at the bottom above the message's."""
        self._more += (strip,)
        strip.moved.connect(self._place)

    def dismiss_strip(self) -> bool:
        """Close the strip of a feature that is open; return whether there was one."""
        strip = next((strip for strip in self._more if strip.isVisibleTo(self)), None)
        if strip is not None:
            strip.dismiss()
        return strip is not None

    def show_companion(self, companion: Companion | None) -> None:
        """Let something stand beside the picture, in place of what stood there before; or nothing."""
        if companion is self.companion:
            return
        if self.companion is not None:
            self._side_by_side.removeWidget(self.companion)
            self.companion.hide()
        self.companion = companion
        if companion is not None:
            self._side_by_side.addWidget(companion, 1)
            companion.show()
        self._side_by_side.activate()
        self._place()
        self.companion_changed.emit()

    def show_picture(self, is_there: bool) -> None:
        """Show the picture, or the place to drop one on."""
        self._pages.setCurrentWidget(self._picture if is_there else self.empty)
        if not is_there:
            for strip in (self.light, self.heat, self.scale, *self._more):
                strip.hide()
        for strip in self._strips():
            strip.raise_()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place the strips anew."""
        super().resizeEvent(event)
        self._place()
        QTimer.singleShot(0, self._place)

    def _strips(self) -> tuple[Strip, ...]:
        return (self.light, self.heat, self.scale, *self._more, self.message)

    def _place(self) -> None:
        whole = self._left.width() if self.companion is not None else self.width()
        top = self.badges.height() + _SIDE
        choices: tuple[Strip, ...] = (self.heat, self.light)
        strip: Strip
        for strip in choices:
            if strip.isVisibleTo(self):
                size = strip.sizeHint()
                strip.resize(size)
                strip.move(max(whole - size.width() - _RIGHT, _SIDE), top)
                top += size.height() + 8
        bottom = self.height() - 36
        for strip in (self.scale, *self._more):
            if strip.isVisibleTo(self):
                size = strip.sizeHint()
                strip.resize(size)
                bottom -= size.height()
                strip.move((whole - size.width()) // 2, bottom)
                bottom -= 8
        if self.message.isVisibleTo(self):
            width = min(620, whole - 2 * _SIDE)
            height = self.message.heightForWidth(width)
            self.message.resize(width, max(height, self.message.minimumSizeHint().height()))
            self.message.move((whole - width) // 2, bottom - self.message.height())
