"""The bar under the picture: play, pace, tools, and the cine as a strip."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QVBoxLayout, QWidget

from fetalclip_app.domain.timing import FrameRate, RateSource
from fetalclip_app.ui.parts import icon_button, label, set_tone
from fetalclip_app.ui.player import SPEEDS
from fetalclip_app.ui.theme import caption_font
from fetalclip_app.ui.timeline import Timeline
from fetalclip_app.wording import rate_told
from fetalclip_app.wording.translate import translate

_WORDS_FROM_PX = 760
"""From this width on the tools show their names, too."""

_TOOLS = ("outline", "heatmap", "light", "ruler", "fit")
_HANDS = ("caliper", "ellipse")


def speed_text(speed: float) -> str:
    """Return ``×½``."""
    return {0.25: "×¼", 0.5: "×½"}.get(speed, f"×{speed:g}")


class Transport(QWidget):
    """Lays out what others do.

    Signals:
        speed_changed: A multiple of the clip's own pace.
    """

    speed_changed = Signal(float)

    def __init__(self, actions: Mapping[str, QAction]) -> None:
        super().__init__()
        self.setObjectName("transport")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.timeline = Timeline()
        self.rate = label(tone="muted")
        self.rate.setFont(caption_font())
        self.rate.setMinimumWidth(48)
        self._choices: dict[float, QAction] = {}
        self.speed = self._speed_button()
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(2)
        for name in ("back", "play", "forward"):
            line.addWidget(icon_button(actions[name]))
        line.addSpacing(6)
        line.addWidget(self.rate)
        line.addWidget(self.speed)
        for name in ("loop", "mark_next"):
            line.addWidget(icon_button(actions[name]))
        line.addStretch(1)
        for name in _HANDS:
            line.addWidget(icon_button(actions[name]))
        actions["outline"].setIconText(translate("Outline"))  # the whole title is too long for a button
        self._tools = [icon_button(actions[name]) for name in _TOOLS]
        for button in self._tools:
            line.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 8, 4)
        column.setSpacing(0)
        column.addLayout(line)
        column.addWidget(self.timeline)

    def show_rate(self, rate: FrameRate | None) -> None:
        """Say the clip's own pace, and whether it is assumed."""
        is_doubtful = rate is not None and (rate.source is RateSource.ASSUMED or bool(rate.remarks))
        about = "~" if rate is not None and rate.is_uneven else ""
        warned = "⚠ " if rate is not None and rate.remarks else ""
        self.rate.setText(f"{warned}{about}{rate.hz:.1f}/s" if rate is not None else "–")
        self.rate.setToolTip(rate_told(rate))
        set_tone(self.rate, "doubt" if is_doubtful else "muted")
        self.speed.setEnabled(rate is not None)

    def show_speed(self, speed: float) -> None:
        """Say at which multiple of it the cine plays."""
        self.speed.setText(speed_text(speed))
        self._choices[speed].setChecked(True)
        self.speed.setAccessibleName(translate("Speed {speed}", speed=speed_text(speed)))

    def minimumSizeHint(self) -> QSize:
        """Return the width without the tools' names: they go when the window gets narrow."""
        return QSize(480, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Name the tools where there is room."""
        super().resizeEvent(event)
        style_of = Qt.ToolButtonStyle
        style = style_of.ToolButtonTextBesideIcon if self.width() >= _WORDS_FROM_PX else style_of.ToolButtonIconOnly
        for button in self._tools:
            button.setToolButtonStyle(style)

    def _speed_button(self) -> QToolButton:
        button = QToolButton()
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setMinimumSize(QSize(44, 0))
        button.setToolTip(translate("Speed"))
        menu = QMenu(button)
        group = QActionGroup(menu)
        for speed in SPEEDS:
            action = menu.addAction(speed_text(speed))
            action.setCheckable(True)
            action.setChecked(speed == 1.0)
            action.triggered.connect(lambda checked=False, speed=speed: self.speed_changed.emit(speed))
            group.addAction(action)
            self._choices[speed] = action
        button.setMenu(menu)
        return button
