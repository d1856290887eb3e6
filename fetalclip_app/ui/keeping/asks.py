"""What the window that finds studies asks by the system's dialogs."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from fetalclip_app.archive.study_file import SUFFIX
from fetalclip_app.wording.translate import translate


def ask_sure(parent: QWidget, question: str) -> bool:
    """Ask by a dialog whether something is to be destroyed."""
    yes, no = QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.No
    return QMessageBox.question(parent, translate("Are you sure?"), question, yes | no, no) == yes


def ask_target(parent: QWidget, suggested: str) -> Path | None:
    """Ask where a study's file goes."""
    kinds = f"{translate('Study')} (*{SUFFIX})"
    chosen, _kind = QFileDialog.getSaveFileName(parent, translate("Export the study"), suggested, kinds)
    return Path(chosen) if chosen else None


def ask_source(parent: QWidget) -> Path | None:
    """Ask which study's file is to be imported."""
    kinds = f"{translate('Study')} (*{SUFFIX});;{translate('All files')} (*)"
    chosen, _kind = QFileDialog.getOpenFileName(parent, translate("Import a study"), "", kinds)
    return Path(chosen) if chosen else None


def ask_folder(parent: QWidget) -> Path | None:
    """Ask where the scans of an imported study go."""
    chosen = QFileDialog.getExistingDirectory(parent, translate("Folder for the scans of this study"))
    return Path(chosen) if chosen else None
