"""All keys at a glance."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from fetalclip_app.ui.commands import COMMANDS, shown
from fetalclip_app.ui.parts import close_button, label
from fetalclip_app.ui.theme import text_font

_COLUMNS = (("Cine and clips",), ("Picture", "Reading"), ("Files and window",))


class CheatSheet(QFrame):
    """Lies over the window until Escape, a click or the same key."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("floating", True)
        self.setAccessibleName("All keys")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        title = label("All keys")
        title.setFont(text_font(16, text_font().Weight.DemiBold))
        close = close_button("Close")
        close.clicked.connect(self.hide)
        top = QHBoxLayout()
        top.addWidget(title, 1)
        top.addWidget(close)
        columns = QHBoxLayout()
        columns.setSpacing(36)
        for groups in _COLUMNS:
            columns.addWidget(_column(groups), 0, Qt.AlignmentFlag.AlignTop)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(24, 16, 16, 24)
        whole.setSpacing(12)
        whole.addLayout(top)
        whole.addLayout(columns)
        self.hide()

    def toggle(self) -> None:
        """Show or hide it, in the middle of the window."""
        if self.isVisible():
            self.hide()
            return
        self.adjustSize()
        around = self.parentWidget()
        if around is not None:
            self.move(around.rect().center() - self.rect().center())
        self.show()
        self.raise_()
        self.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close on any key that does nothing else."""
        self.hide()


def _column(groups: tuple[str, ...]) -> QWidget:
    widget = QWidget()
    grid = QGridLayout(widget)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(14)
    grid.setVerticalSpacing(5)
    row = 0
    for group in groups:
        heading = label(group, tone="muted", caption=True)
        heading.setContentsMargins(0, 8 if row else 0, 0, 2)
        grid.addWidget(heading, row, 0, 1, 2)
        row += 1
        members = [command for command in COMMANDS if command.group == group]
        lines = [(one.title.removesuffix(" …"), shown(one.keys[0])) for one in members]
        if group == "Cine and clips":
            lines.append(("Best frame of a view", "1 … 9"))
        for title, key in lines:
            cap = QLabel(key)
            cap.setProperty("badge", "key")
            grid.addWidget(cap, row, 0, Qt.AlignmentFlag.AlignRight)
            grid.addWidget(label(title), row, 1)
            row += 1
    return widget
