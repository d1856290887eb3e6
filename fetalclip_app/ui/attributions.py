"""The page of licences: whose work the program stands on, models and data sets as well as libraries."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QTextBrowser, QVBoxLayout, QWidget

from fetalclip_app import RESEARCH_USE_ONLY, resources
from fetalclip_app.ui.parts import label
from fetalclip_app.ui.theme import text_font, tokens
from fetalclip_app.wording.attributions import Credit, Section, sections
from fetalclip_app.wording.translate import translate

if TYPE_CHECKING:
    from fetalclip_app.ui.features import Parts

SIZE = (720, 640)


class AttributionsDoor(QObject):
    """Opens the page by its command."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.window)
        self._window = parts.window
        parts.actions["licences"].triggered.connect(lambda checked=False: self.open())

    def open(self) -> None:
        """Show it."""
        page = AttributionsPage(self._window)
        page.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        page.open()


class AttributionsPage(QDialog):
    """Lists every work with its licence; in a packaged program also leads to the licences' texts."""

    def __init__(self, parent: QWidget | None, texts: Path | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(translate("Licences and sources"))
        self.resize(*SIZE)
        title = label(translate("Licences and sources"))
        title.setFont(text_font(16, text_font().Weight.DemiBold))
        self.page = QTextBrowser()
        self.page.setAccessibleName(translate("Licences and sources"))
        self.page.setHtml(as_html(sections()))
        self._texts = texts or resources.root().parent / "licences"
        self.open_url: Callable[[QUrl], bool] = QDesktopServices.openUrl
        self.told = label(wrap=True)
        self.told.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.told.hide()
        self.folder = QPushButton(translate("Open the folder of licence texts"))
        self.folder.setProperty("quiet", True)
        self.folder.setVisible(self._texts.is_dir())
        self.folder.clicked.connect(lambda checked=False: self._open_texts())
        self.close_button = QPushButton(translate("Close"))
        self.page.setFocus()
        self.close_button.setDefault(True)
        self.close_button.clicked.connect(self.accept)
        bottom = QHBoxLayout()
        bottom.addWidget(label(translate(RESEARCH_USE_ONLY), tone="muted"), 1)
        bottom.addWidget(self.folder)
        bottom.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(12)
        column.addWidget(title)
        column.addWidget(self.page, 1)
        column.addWidget(self.told)
        column.addLayout(bottom)

    def _open_texts(self) -> None:
        """Show the folder of texts, or say where it lies."""
        if self.open_url(QUrl.fromLocalFile(str(self._texts))):
            return
        where = translate("The licence texts lie in {folder}", folder=self._texts)
        self.told.setText(f"{translate('No file manager answers here.')} {where}")
        self.told.show()


def as_html(shown: tuple[Section, ...]) -> str:
    """Return the page: a heading for each kind of work, and a line or a few for each."""
    return "".join(
        f"<h3>{escape(section.heading)}</h3>{''.join(map(_paragraph, section.credits))}" for section in shown
    )


def _paragraph(credit: Credit) -> str:
    faint = f'style="color: {tokens().muted};"'
    lines = [f"<b>{escape(credit.title)}</b> <span {faint}>· {escape(credit.licence)}</span>"]
    lines += [escape(credit.use)] if credit.use else []
    lines += [f"<span {faint}>{escape(credit.cite)}</span>"] if credit.cite else []
    space = 8 if len(lines) > 1 else 2
    return f'<p style="margin-top: {space}px; margin-bottom: {space}px;">{"<br>".join(lines)}</p>'
