"""The classes of a draft with their sentences, edited where they stand."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QFrame, QTreeWidget, QTreeWidgetItem

from fetalclip_app.domain.view_draft import Draft
from fetalclip_app.ui.theme import text_font, tokens
from fetalclip_app.wording.translate import translate

_PLACE = Qt.ItemDataRole.UserRole
Place = tuple[int, int | None]
"""Number of a class, and of a sentence of it or None."""


class DraftTree(QTreeWidget):
    """Shows a draft; says what was written in it.

    Signals:
        renamed: (class number, name).
        rewritten: (class number, sentence number, text).
    """

    renamed = Signal(int, str)
    rewritten = Signal(int, int, str)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(translate("Classes and their sentences"))
        self.setHeaderHidden(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setIndentation(16)
        self.setWordWrap(True)
        self.setUniformRowHeights(False)
        triggers = QAbstractItemView.EditTrigger
        self.setEditTriggers(triggers.DoubleClicked | triggers.EditKeyPressed)
        self.itemChanged.connect(self._changed)

    @property
    def place(self) -> Place | None:
        """What is selected."""
        item = self.currentItem()
        return item.data(0, _PLACE) if item is not None else None

    def show_draft(self, draft: Draft, doubts: Mapping[int, str], at: Place | None) -> None:
        """Show a draft with one of its lines selected.

        Args:
            doubts: Class number -> why the class is but a guess.
        """
        self.blockSignals(True)
        self.clear()
        for number, (key, texts) in enumerate(draft.classes):
            item = self._item(None, key, (number, None))
            item.setFont(0, text_font(weight=text_font().Weight.DemiBold))
            if number in doubts:
                item.setForeground(0, QColor(tokens().doubt))
                item.setToolTip(0, doubts[number])
            for sentence, text in enumerate(texts):
                self._item(item, text, (number, sentence))
            item.setExpanded(True)
            if at is not None and at[0] == number:
                self.setCurrentItem((item.child(at[1]) if at[1] is not None else None) or item)
        self.blockSignals(False)

    def edit_selected(self) -> None:
        """Write in the selected line; where a line is being written, that goes on."""
        item = self.currentItem()
        if item is not None and self.state() != QAbstractItemView.State.EditingState:
            self.editItem(item, 0)

    def _item(self, parent: QTreeWidgetItem | None, text: str, place: Place) -> QTreeWidgetItem:
        item = QTreeWidgetItem([text])
        item.setData(0, _PLACE, place)
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
        kind = translate("Class") if place[1] is None else translate("Sentence")
        item.setData(0, Qt.ItemDataRole.AccessibleTextRole, f"{kind}: {text}")
        if parent is None:
            self.addTopLevelItem(item)
        else:
            parent.addChild(item)
        return item

    def _changed(self, item: QTreeWidgetItem) -> None:
        number, sentence = item.data(0, _PLACE)
        if sentence is None:
            self.renamed.emit(number, item.text(0))
        else:
            self.rewritten.emit(number, sentence, item.text(0))
