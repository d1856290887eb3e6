"""All keys at a glance."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from fetalclip_app.ui.commands import BEST_FRAMES, BY_NAME, COMMANDS, GROUPS, shown
from fetalclip_app.ui.keys import Keys
from fetalclip_app.ui.parts import close_button, label
from fetalclip_app.ui.theme import text_font
from fetalclip_app.wording.translate import translate

_CINE, _PICTURE, _READING, _FILES = GROUPS
_COLUMNS = ((_CINE,), (_PICTURE, _READING), (_FILES,))


class CheatSheet(QFrame):
    """Lies over the window until Escape, a click or the same key."""

    def __init__(self, keys: Keys, parent: QWidget) -> None:
        super().__init__(parent)
        self._keys = keys
        self.setProperty("floating", True)
        self.setAccessibleName(translate("All keys"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        title = label(translate("All keys"))
        title.setFont(text_font(16, text_font().Weight.DemiBold))
        self.change = QPushButton(translate("Change the keys …"))
        self.change.setProperty("quiet", True)
        self.change.clicked.connect(self.hide)
        close = close_button(translate("Close"))
        close.clicked.connect(self.hide)
        top = QHBoxLayout()
        top.setSpacing(12)
        top.addWidget(title, 1)
        top.addWidget(self.change)
        top.addWidget(close)
        self._columns = QWidget()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(24, 16, 16, 24)
        whole.setSpacing(12)
        whole.addLayout(top)
        whole.addWidget(self._columns)
        keys.changed.connect(self._fill)
        self._fill()
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

    def _fill(self) -> None:
        """Write the keys of now."""
        fresh = QWidget()
        columns = QHBoxLayout(fresh)
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(36)
        for groups in _COLUMNS:
            columns.addWidget(self._column(groups), 0, Qt.AlignmentFlag.AlignTop)
        layout = self.layout()
        assert layout is not None
        layout.replaceWidget(self._columns, fresh)
        self._columns.deleteLater()
        self._columns = fresh

    def _column(self, groups: tuple[str, ...]) -> QWidget:
        widget = QWidget()
        grid = QGridLayout(widget)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(5)
        row = 0
        for group in groups:
            heading = label(translate(group), tone="muted", caption=True)
            heading.setContentsMargins(0, 8 if row else 0, 0, 2)
            grid.addWidget(heading, row, 0, 1, 2)
            row += 1
            for title, key in self._lines(group):
                cap = QLabel(key)
                cap.setProperty("badge", "key")
                grid.addWidget(cap, row, 0, Qt.AlignmentFlag.AlignRight)
                grid.addWidget(label(title), row, 1)
                row += 1
        return widget

    def _lines(self, group: str) -> list[tuple[str, str]]:
        """Return titles and keys; the nine best frames share one line."""
        members = [command for command in COMMANDS if command.group == group]
        lines = [(one.plain, shown(self._keys.of(one)[0])) for one in members if self._keys.of(one)]
        best = [key for name in BEST_FRAMES for key in self._keys.of(BY_NAME[name])[:1]]
        if group == _CINE and best:
            lines.append((translate("Best frame of a view"), f"{shown(best[0])} … {shown(best[-1])}"))
        return lines
