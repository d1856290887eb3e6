"""A dialog that is asked once."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog


def is_accepted(dialog: QDialog) -> bool:
    """Ask by a dialog, and let it go whatever was answered: it would stay with its parent as long as that does."""
    try:
        return dialog.exec() == QDialog.DialogCode.Accepted
    finally:
        dialog.deleteLater()
