"""Which checklist is used: the bundled ones and the user's own; a file that cannot be used stands there with why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QActionGroup, QDesktopServices
from PySide6.QtWidgets import QMenu, QWidget

from fetalclip_app import resources
from fetalclip_app.atomic import write_bytes
from fetalclip_app.domain.checklist import Checklist
from fetalclip_app.errors import ErrorCode, ExportFailed, InvalidInput
from fetalclip_app.settings import checklists_folder
from fetalclip_app.tasks.checklists import MID_TRIMESTER, list_checklists, read_checklist
from fetalclip_app.ui.choices import Choices
from fetalclip_app.wording import hint, sentence
from fetalclip_app.wording.checklist import checklist_name
from fetalclip_app.wording.translate import translate


class Checklists(QObject):
    """Reads the chosen checklist once, and again when another is chosen; its menu looks anew whenever it shows.

    Signals:
        changed: Another checklist is used, or why none is.
        failed: The exception.
    """

    changed = Signal()
    failed = Signal(Exception)

    def __init__(self, choices: Choices, window: QWidget) -> None:
        super().__init__(window)
        self._choices, self._path = choices, choices.now.checklist
        self.open_url: Callable[[QUrl], bool] = QDesktopServices.openUrl
        self.now: Checklist | None = None
        self.problem = ""
        self.menu = QMenu(window)
        self.menu.setToolTipsVisible(True)
        self.menu.aboutToShow.connect(self._fill)
        self._entries = QActionGroup(self.menu)  # an entry leaves it when the menu drops it
        choices.changed.connect(self._look)
        self._read()

    def choose(self, path: Path | None) -> None:
        """Use another; None is the bundled one."""
        self._choices.keep(checklist=path)
        self._read()

    def _look(self) -> None:
        if self._choices.now.checklist != self._path:
            self._read()

    def _read(self) -> None:
        self._path = self._choices.now.checklist
        try:
            self.now, self.problem = read_checklist(self._path or resources.path(MID_TRIMESTER)), ""
        except InvalidInput as error:
            self.now, self.problem = None, f"{sentence(error)} {hint(error)}"
        self.changed.emit()

    def _fill(self) -> None:
        self.menu.clear()
        bundled = resources.path(MID_TRIMESTER)
        listed = list_checklists([checklists_folder().absolute()])
        for path in dict.fromkeys((*listed, *([self._path] if self._path is not None else []))):
            try:
                title, problem = checklist_name(read_checklist(path)), ""
            except InvalidInput as error:
                title, problem = translate("{name} (cannot be used)").format(name=path.stem), sentence(error)
            chosen = None if path == bundled else path
            action = self.menu.addAction(title.replace("&", "&&"))
            action.setToolTip(problem or str(path))
            action.setCheckable(True)
            action.setChecked(chosen == self._path)
            action.setEnabled(not problem)
            action.triggered.connect(lambda checked=False, chosen=chosen: self.choose(chosen))
            self._entries.addAction(action)
        self.menu.addSeparator()
        self.menu.addAction(translate("Open the folder of checklists")).triggered.connect(self._open_folder)

    def _open_folder(self) -> None:
        """Show the user's folder; a new one holds a copy of the bundled list, to be changed."""
        folder = checklists_folder()
        try:
            if not folder.is_dir():
                folder.mkdir(parents=True)
                write_bytes(folder / "my_checklist.json", resources.path(MID_TRIMESTER).read_bytes())
        except ExportFailed as error:
            self.failed.emit(error)
            return
        except OSError as error:
            problem = error.strerror or type(error).__name__
            self.failed.emit(ExportFailed(ErrorCode.EXPORT_FAILED, name=str(folder), problem=problem))
            return
        self.open_url(QUrl.fromLocalFile(str(folder)))
