"""Which classes are asked about, by which view set; and what names them, its sentences or the model's probe."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QAction, QActionGroup, QDesktopServices
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from fetalclip_app.atomic import write_bytes
from fetalclip_app.domain.probes import NamedBy, ProbeFacts
from fetalclip_app.domain.views import BRAIN
from fetalclip_app.errors import ErrorCode, ExportFailed, InvalidInput
from fetalclip_app.inference.request import EngineInfo
from fetalclip_app.settings import Settings, view_sets_folder
from fetalclip_app.tasks.keys import BRAIN_VIEWS, VIEWS
from fetalclip_app.tasks.view_set_files import newest, verdict_of
from fetalclip_app.tasks.view_sets import own_view_sets, read_view_set
from fetalclip_app.wording import naming_meaning, percentages_meaning, sentence, view_title
from fetalclip_app.wording.translate import mark, translate
from fetalclip_app.wording.view_sets import verdict_title

_WHERE_PROBES_LIE = mark(
    "A probe is a layer that was trained for these very weights.\n"
    "It lies in a folder 'heads': of an exported model, beside the weight file, or of the program."
)

_NAMED = 12
"""Classes named in one tooltip; of more, the number."""

README = mark("""View sets for FetalCLIP Studio

Each file NAME.json here is one set of classes, with sentences that describe each of them:

{
  "hand": ["Ultrasound of a fetal hand.", "The fingers of the fetus, side by side."],
  "foot": ["Ultrasound of a fetal foot."]
}

It stands in the model menu under 'View sets' at once; the command line takes it by name (--views NAME).
Gestational age and head measurements need a class called "brain" among the standard planes.
A class that the model never saw in training is a guess from words, and is shown as 'not trained'.
""")


@dataclass(frozen=True, slots=True)
class _Group:
    """One of the two questions that a set can answer; ``key`` is its task's and its setting's, as `by` is."""

    key: str
    heading: str
    bundled: str

    @property
    def by(self) -> str:
        """Setting of what names the classes."""
        return f"{self.key}_by"


_GROUPS = (
    _Group(VIEWS, mark("Standard planes"), mark("Nine standard planes (bundled)")),
    _Group(BRAIN_VIEWS, mark("Planes of the brain"), mark("Three planes of the brain (bundled)")),
)


def _ask_file(parent: QWidget, folder: Path) -> Path | None:
    chosen, _kind = QFileDialog.getOpenFileName(
        parent, translate("View set"), str(folder), translate("View sets (*.json);;All files (*)")
    )
    return Path(chosen) if chosen else None


class ViewSetMenu(QObject):
    """The submenu and what its entries do. It looks into the user's folder whenever it is about to show.

    Signals:
        chosen: Setting -> value: another set, which is to be asked; or whether prompts or the probe name the views.
        failed: The exception.
        refused: (sentence, hint): why something cannot be done, and what helps.
        edit_wanted: Key of the question whose set is to be edited.
    """

    chosen = Signal(object)
    failed = Signal(Exception)
    refused = Signal(str, str)
    edit_wanted = Signal(str)

    def __init__(self, window: QWidget, settings: Settings) -> None:
        super().__init__(window)
        self._window, self._settings = window, settings
        self.ask_file: Callable[[QWidget, Path], Path | None] = _ask_file
        self.open_url: Callable[[QUrl], bool] = QDesktopServices.openUrl
        self._groups: list[QActionGroup] = []
        self._entries: dict[tuple[str, Path | NamedBy | None], QAction] = {}
        self._info: EngineInfo | None = None
        self.menu = QMenu(translate("View sets"), window)
        self.menu.setToolTipsVisible(True)
        self.menu.aboutToShow.connect(self.refresh)
        self.refresh()

    def show_settings(self, settings: Settings) -> None:
        """Tick what is chosen; entries are made anew only when the menu shows, for one of them may be at work now."""
        if _weights_of(settings) != _weights_of(self._settings):
            self._info = None
        self._settings = settings
        for group in _GROUPS:
            is_asked = getattr(settings, group.by) is NamedBy.PROMPTS or self._lacks_probe(group)
            for (key, choice), action in self._entries.items():
                if key in {group.key, group.by}:
                    action.setChecked(getattr(settings, key) == choice and (is_asked or key == group.by))

    def show_engine(self, info: EngineInfo | None) -> None:
        """Offer the probes of the model that runs, when the menu shows next; while it starts anew, those it had."""
        self._info = info or self._info

    def refresh(self) -> None:
        """List what lies in the user's folder now."""
        self.menu.clear()
        self._entries.clear()
        for actions in self._groups:
            actions.deleteLater()
        self._groups = [QActionGroup(self) for _ in range(2 * len(_GROUPS))]
        own = newest(own_view_sets([view_sets_folder().absolute()]))
        for group, actions, namers in zip(_GROUPS, self._groups[::2], self._groups[1::2], strict=True):
            self.menu.addAction(group.heading).setEnabled(False)
            chosen: Path | None = getattr(self._settings, group.key)
            for path in dict.fromkeys((None, *own, chosen)):
                self._add(actions, group, path)
            self.menu.addAction(translate("Choose a file …")).triggered.connect(partial(self.choose_file, group.key))
            self.menu.addAction(translate("Edit the classes …")).triggered.connect(
                lambda checked=False, key=group.key: self.edit_wanted.emit(key)
            )
            self._add_namers(namers, group)
            self.menu.addSeparator()
        self.menu.addAction(translate("Open the folder of view sets")).triggered.connect(self.open_folder)
        self.show_settings(self._settings)

    def _add(self, actions: QActionGroup, group: _Group, path: Path | None) -> None:
        """Add an entry; a set that cannot be read stands there grey, with the reason."""
        weights = self._info.identity.sha256 if self._info is not None else ""
        problem, told = ("", "") if path is None else _looked_at(path, group, weights)
        name = translate(group.bundled) if path is None else path.stem.replace("&", "&&")
        action: QAction = self.menu.addAction(f"{name} ({problem})" if problem else name)
        action.setCheckable(True)
        action.setEnabled(not problem)
        action.setToolTip(told)
        action.triggered.connect(lambda checked=False: self._choose_set(group.key, path))
        actions.addAction(action)
        self._entries[group.key, path] = action

    def _add_namers(self, actions: QActionGroup, group: _Group) -> None:
        """Add who names the classes: the sentences, or the probe; one that is not there stands grey, and says so."""
        probe = self._probe(group)
        nothing = (
            translate("none for this model") if self._info is not None else translate("the model is not known yet")
        )
        by_probe = (
            translate("Named by probe {name}", name=probe.name.replace("&", "&&"))
            if probe
            else translate("Named by a probe ({nothing})", nothing=nothing)
        )
        tips = (naming_meaning(""), _told(probe) if probe else translate(_WHERE_PROBES_LIE))
        for by, text, tip in zip(NamedBy, (translate("Named by prompts"), by_probe), tips, strict=True):
            action: QAction = self.menu.addAction(text)
            action.setCheckable(True)
            action.setEnabled(by is NamedBy.PROMPTS or probe is not None)
            action.setToolTip(tip)
            action.triggered.connect(lambda checked=False, by=by: self.chosen.emit({group.by: by}))
            actions.addAction(action)
            self._entries[group.by, by] = action

    def _probe(self, group: _Group) -> ProbeFacts | None:
        """Return the probe that the running model has for a question."""
        probes = self._info.probes if self._info is not None else ()
        return next((one for one in probes if one.task == group.key), None)

    def _lacks_probe(self, group: _Group) -> bool:
        return self._info is not None and self._probe(group) is None

    def _choose_set(self, key: str, path: Path | None) -> None:
        """Read with a set: its sentences are asked from now on, also where a probe named the views before."""
        self.chosen.emit({key: path, f"{key}_by": NamedBy.PROMPTS})

    def entry(self, key: str, choice: Path | NamedBy | None) -> QAction | None:
        """Return the entry of a set, or of who names its classes; None where it is not listed."""
        return self._entries.get((key, choice))

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
        self._choose_set(key, path.absolute())

    def open_folder(self) -> None:
        """Show the user's folder in the system's file manager; a new one says what belongs into it."""
        folder = view_sets_folder()
        try:
            if not folder.is_dir():
                folder.mkdir(parents=True)
                write_bytes(folder / "README.txt", translate(README).encode("utf-8"))
        except ExportFailed as error:
            self.failed.emit(error)
            return
        except OSError as error:
            problem = error.strerror or type(error).__name__
            self.failed.emit(ExportFailed(ErrorCode.EXPORT_FAILED, name=str(folder), problem=problem))
            return
        if not self.open_url(QUrl.fromLocalFile(str(folder))):
            self.refused.emit(
                translate("No file manager answers here."),
                translate("The folder of view sets is {folder}", folder=folder),
            )


def _weights_of(settings: Settings) -> tuple[str, Path | None, Path | None]:
    """Return the part of the settings that decides which probes there are."""
    return settings.model, settings.weights, settings.config


def _told(probe: ProbeFacts) -> str:
    """Return what a probe's tooltip says."""
    is_fitted = probe.temperature is not None
    meaning = percentages_meaning(is_fitted, probe.calibration_error, probe.calibration_pictures)
    lines = [
        naming_meaning(probe.name),
        _listed(probe.classes),
        meaning,
        translate("Licence {licence}", licence=probe.licence),
    ]
    return "\n".join([*lines, *_without_brain(probe.task, probe.classes)])


def _looked_at(path: Path, group: _Group, weights: str) -> tuple[str, str]:
    """Return what is wrong with a set in two words, or nothing; and what its tooltip says, for the weights that run."""
    try:
        found = read_view_set(path)
    except InvalidInput as error:
        is_gone = error.parameters.get("reason") == "missing"
        return translate("not there") if is_gone else translate("cannot be used"), sentence(error)
    tested = translate("On labelled pictures: {result}", result=verdict_title(verdict_of(path, found, weights)))
    return "", "\n".join([_listed(found.keys), tested, str(path), *_without_brain(group.key, found.keys)])


def _listed(keys: Sequence[str]) -> str:
    left = len(keys) - _NAMED
    names = ", ".join(map(view_title, keys[:_NAMED]))
    return translate("{names} and {count} more", names=names, count=left) if left > 0 else names


def _without_brain(task_key: str, keys: Sequence[str]) -> list[str]:
    """Return what cannot be read without a class of the brain; nothing where there is one, or none is needed."""
    if task_key != VIEWS or BRAIN in keys:
        return []
    return [translate("It has no class 'brain': no planes of the brain, no age and no head measurement.")]
