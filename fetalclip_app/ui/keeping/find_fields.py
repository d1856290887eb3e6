"""The fields by which a study is looked for: words, view, days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QWidget

from fetalclip_app.domain.kept import Query
from fetalclip_app.ui.parts import label
from fetalclip_app.wording import view_title
from fetalclip_app.wording.translate import translate

WAIT_MS = 150
"""After the last letter: a search reads all that is kept."""

_DAY_PX = 104


class FindFields(QWidget):
    """Says when a search is wanted.

    Signals:
        wanted: Something else is looked for.
        left: The down arrow was pressed in a line: the list is next.
    """

    wanted = Signal()
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.text = QLineEdit()
        self.text.setPlaceholderText(translate("Name, identifier, remark, part, file …"))
        self.text.setAccessibleName(translate("Words to find a study by"))
        self.text.setClearButtonEnabled(True)
        self.view = QComboBox()
        self.view.setAccessibleName(translate("View that was seen"))
        self.view.addItem(translate("Any view"), "")
        self.since, self.until = QLineEdit(), QLineEdit()
        for field, name in ((self.since, translate("From this day on")), (self.until, translate("Up to this day"))):
            field.setPlaceholderText(translate("YYYY-MM-DD"))
            field.setAccessibleName(name)
            field.setToolTip(translate("{name}: the exam, or anything that was done with it", name=name))
            field.setFixedWidth(_DAY_PX)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.text, 1)
        line.addWidget(self.view)
        for text, field in ((translate("from"), self.since), (translate("to"), self.until)):
            named = label(text, tone="muted")
            named.setBuddy(field)
            line.addWidget(named)
            line.addWidget(field)
        self._soon = QTimer(self, singleShot=True, interval=WAIT_MS)
        self._soon.timeout.connect(self.wanted)
        for field in (self.text, self.since, self.until):
            field.textChanged.connect(lambda _text: self._soon.start())
            field.returnPressed.connect(self.wanted)
            field.installEventFilter(self)
        self.view.activated.connect(lambda _index: self.wanted.emit())

    def query(self) -> Query:
        """Return what is looked for.

        Raises:
            ValueError: A day is no day.
        """
        since, until = _day(self.since.text()), _day(self.until.text())
        return Query(self.text.text(), "", since, until, self.view.currentData() or "")

    def show_views(self, views: Sequence[str]) -> None:
        """Offer the views that any study has; the chosen one stays chosen."""
        chosen = self.view.currentData() or ""
        self.view.clear()
        self.view.addItem(translate("Any view"), "")
        for key in sorted({*views, *([chosen] if chosen else [])}, key=view_title):
            self.view.addItem(view_title(key), key)
        self.view.setCurrentIndex(max(self.view.findData(chosen), 0))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the down arrow leave a line."""
        if event.type() != QEvent.Type.KeyPress:
            return False
        assert isinstance(event, QKeyEvent)
        if event.key() != Qt.Key.Key_Down:
            return False
        self.left.emit()
        return True


def _day(text: str) -> date | None:
    """Return the day that a text says, or None for an empty one.

    Raises:
        ValueError: It is no day.
    """
    return date.fromisoformat(text.strip()) if text.strip() else None
