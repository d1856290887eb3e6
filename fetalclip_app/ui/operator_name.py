"""Asks who reads: the name that stands beside what a person does, and in reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QInputDialog

from fetalclip_app.wording.translate import translate

if TYPE_CHECKING:
    from fetalclip_app.ui.features import Parts

_MOST_LETTERS = 64
"""What a DICOM name component holds."""


class OperatorName(QObject):
    """Opens the question; an empty answer is that nobody says."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.window)
        self._parts = parts
        parts.actions["operator"].triggered.connect(lambda checked=False: self.open())
        parts.window.exporting.operator = lambda: parts.choices.now.operator

    def open(self) -> None:
        """Ask."""
        dialog = QInputDialog(self._parts.window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle(translate("Your name"))
        dialog.setLabelText(translate("It stands beside what you note, and in reports as the operator."))
        dialog.setTextValue(self._parts.choices.now.operator)
        dialog.textValueSelected.connect(self._keep)
        dialog.open()

    def _keep(self, text: str) -> None:
        self._parts.choices.keep(operator=" ".join(text.split())[:_MOST_LETTERS])
