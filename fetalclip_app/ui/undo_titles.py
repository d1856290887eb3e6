"""Names what undo takes back and redo does again, wherever the two are offered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction

from fetalclip_app.wording.translate import translate

if TYPE_CHECKING:
    from fetalclip_app.ui.features import Parts


class UndoTitles(QObject):
    """Follows the stack of what was done."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.window)
        self._keys = parts.window.keys
        stack = parts.window.undo
        undo, redo = parts.actions["undo"], parts.actions["redo"]
        stack.undoTextChanged.connect(lambda what: self._name(undo, translate("Undo"), what))
        stack.redoTextChanged.connect(lambda what: self._name(redo, translate("Redo"), what))
        stack.canUndoChanged.connect(undo.setEnabled)
        stack.canRedoChanged.connect(redo.setEnabled)
        undo.setEnabled(stack.canUndo())
        redo.setEnabled(stack.canRedo())

    def _name(self, action: QAction, does: str, what: str) -> None:
        action.setText(translate("{does}: {what}", does=does, what=what) if what else does)
        self._keys.tell(action)
