"""Which classes are asked about: the bundled view sets, the user's own, or a file from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QAction, QActionGroup, QDesktopServices
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from fetalclip_app.domain.views import BRAIN
from fetalclip_app.errors import ErrorCode, ExportFailed, InvalidInput
from fetalclip_app.settings import Settings, view_sets_folder
from fetalclip_app.tasks.keys import BRAIN_VIEWS, VIEWS
from fetalclip_app.tasks.view_sets import own_view_sets, read_view_set
from fetalclip_app.wording import sentence, view_title

_NAMED = 12
"""Classes named in one tooltip; of more, the number."""

README = """View sets for FetalCLIP Studio

Each file NAME.json here is one set of classes, with sentences that describe each of them:

{
  "hand": ["Ultrasound of a fetal hand.", "The fingers of the fetus, side by side."],
  "foot": ["Ultrasound of a fetal foot."]
}

It stands in the model menu under 'View sets' at once; the command line takes it by name (--views NAME).
Gestational age and head measurements need a class called "brain" among the standard planes.
A class that the model never saw in training is a guess from words, and is shown as 'not trained'.
"""


@dataclass(frozen=True, slots=True)
class _Group:
    """One of the two questions that a set can answer; ``key`` is its task's and its setting's."""

    key: str
    heading: str
    bundled: str


_GROUPS = (
    _Group(VIEWS, "Standard planes", "Nine standard planes (bundled)"),
    _Group(BRAIN_VIEWS, "Planes of the brain", "Three planes of the brain (bundled)"),
)


def _ask_file(parent: QWidget, folder: Path) -> Path | None:
    chosen, _kind = QFileDialog.getOpenFileName(parent, "View set", str(folder), "View sets (*.json);;All files (*)")
    return Path(chosen) if chosen else None


class ViewSetMenu(QObject):
    """The submenu and what its entries do. It looks into the user's folder whenever it is about to show.

    Signals:
        chosen: (``views`` or ``brain_views``, Path or None): another set; None is the bundled one.
        failed: The exception.
        refused: (sentence, hint): why something cannot be done, and what helps.
    """

    chosen = Signal(str, object)
    failed = Signal(Exception)
    refused = Signal(str, str)

    def __init__(self, window: QWidget, settings: Settings) -> None:
        super().__init__(window)
        self._window, self._settings = window, settings
        self.ask_file: Callable[[QWidget, Path], Path | None] = _ask_file
        self.open_url: Callable[[QUrl], bool] = QDesktopServices.openUrl
        self._groups: list[QActionGroup] = []
        self._entries: dict[tuple[str, Path | None], QAction] = {}
        self.menu = QMenu("View sets", window)
        self.menu.setToolTipsVisible(True)
        self.menu.aboutToShow.connect(self.refresh)
        self.refresh()

    def show_settings(self, settings: Settings) -> None:
        """Tick what is chosen; entries are made anew only when the menu shows, for one of them may be at work now."""
        self._settings = settings
        for (key, path), action in self._entries.items():
            action.setChecked(getattr(settings, key) == path)

    def refresh(self) -> None:
        """List what lies in the user's folder now."""
        self.menu.clear()
        self._entries.clear()
        for actions in self._groups:
            actions.deleteLater()
        self._groups = [QActionGroup(self) for _ in _GROUPS]
        own = own_view_sets([view_sets_folder().absolute()])
        for group, actions in zip(_GROUPS, self._groups, strict=True):
            self.menu.addAction(group.heading).setEnabled(False)
            chosen: Path | None = getattr(self._settings, group.key)
            for path in dict.fromkeys((None, *own, chosen)):
                self._add(actions, group, path)
            self.menu.addAction("Choose a file …").triggered.connect(partial(self.choose_file, group.key))
            self.menu.addSeparator()
        self.menu.addAction("Open the folder of view sets").triggered.connect(self.open_folder)
        self.show_settings(self._settings)

    def _add(self, actions: QActionGroup, group: _Group, path: Path | None) -> None:
        """Add an entry; a set that cannot be read stands there grey, with the reason."""
        problem, told = ("", "") if path is None else _looked_at(path, group)
        name = group.bundled if path is None else path.stem.replace("&", "&&")
        action: QAction = self.menu.addAction(f"{name} ({problem})" if problem else name)
        action.setCheckable(True)
        action.setEnabled(not problem)
        action.setToolTip(told)
        action.triggered.connect(lambda checked=False: self.chosen.emit(group.key, path))
        actions.addAction(action)
        self._entries[group.key, path] = action

    def entry(self, key: str, path: Path | None) -> QAction | None:
        """Return the entry of a set, or None where it is not listed."""
        return self._entries.get((key, path))

    def choose_file(self, key: str) -> None:
        """Read with a set from elsewhere, once it is seen to be one."""
        path = self.ask_file(self._window, view_sets_folder())
        if path is None:
            return
        try:
            read_view_set(path)
        except InvalidInput as error:
            self.failed.emit(error)
            return
        self.chosen.emit(key, path.absolute())

    def open_folder(self) -> None:
        """Show the user's folder in the system's file manager; a new one says what belongs into it."""
        folder = view_sets_folder()
        try:
            if not folder.is_dir():
                folder.mkdir(parents=True)
                (folder / "README.txt").write_text(README, encoding="utf-8")
        except OSError as error:
            problem = error.strerror or type(error).__name__
            self.failed.emit(ExportFailed(ErrorCode.EXPORT_FAILED, name=str(folder), problem=problem))
            return
        if not self.open_url(QUrl.fromLocalFile(str(folder))):
            self.refused.emit("No file manager answers here.", f"The folder of view sets is {folder}")


def _looked_at(path: Path, group: _Group) -> tuple[str, str]:
    """Return what is wrong with a set in two words, or nothing; and what its tooltip says."""
    try:
        found = read_view_set(path)
    except InvalidInput as error:
        is_gone = error.parameters.get("reason") == "missing"
        return "not there" if is_gone else "cannot be used", sentence(error)
    names = [view_title(key) for key in found.keys]
    left = len(names) - _NAMED
    lines = [", ".join(names[:_NAMED]) + (f" and {left} more" if left > 0 else ""), str(path)]
    if group.key == VIEWS and BRAIN not in found.keys:
        lines.append("It has no class 'brain': no planes of the brain, no age and no head measurement.")
    return "", "\n".join(lines)
