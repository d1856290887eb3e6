"""Where the shown clip stands: alone, or as one of several panes."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QWidget

from fetalclip_app.ui.theme import ON_PICTURE

_MOST = 3
_GAP = 4
_RING = 2


class Stage(QWidget):
    """Lays out the shown clip, with its badges, and the panes of others; moves it to the place of its clip.

    Signals:
        left: The pointer has gone.
    """

    left = Signal()

    def __init__(self, shown: QWidget) -> None:
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.shown, self._side = shown, 1
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(0)
        self._grid.addWidget(shown, 0, 0)
        self._hanging: list[QWidget] = [shown]

    @property
    def side(self) -> int:
        """Panes in a row, and rows."""
        return self._side

    def hang(self, side: int, panes: Sequence[QWidget | None]) -> None:
        """Lay the panes out row by row; None is the place of the shown clip's picture. Others are taken away."""
        self._side = side
        margin = _RING if side > 1 else 0
        self._grid.setContentsMargins(margin, margin, margin, margin)
        self._grid.setSpacing(_GAP if side > 1 else 0)
        wanted = [self.shown if pane is None else pane for pane in panes]
        # The layout is not asked for its items: PySide6 keeps one that was asked for beyond its end, and takes for it
        # whatever widget comes to lie at its address.
        for widget in self._hanging:
            if widget not in wanted:
                self._grid.removeWidget(widget)
                widget.hide()
        self._hanging = wanted
        for number, widget in enumerate(wanted):
            self._grid.addWidget(widget, number // side, number % side)
            widget.show()
        for line in range(_MOST):
            share = 1 if line < side else 0
            self._grid.setRowStretch(line, share)
            self._grid.setColumnStretch(line, share)
            self._grid.setRowMinimumHeight(line, 0)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Be black between the panes, and ring the one that plays."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(ON_PICTURE.canvas))
        if self._side > 1:
            painter.setPen(QPen(QColor(ON_PICTURE.accent), _RING))
            painter.drawRect(self.shown.geometry().adjusted(-1, -1, 1, 1))
        painter.end()

    def leaveEvent(self, event: QEvent) -> None:
        """Tell it."""
        super().leaveEvent(event)
        self.left.emit()
