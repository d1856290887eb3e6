"""Makes the parts of the window, introduces them to each other, and ends them in order."""

from __future__ import annotations

import logging
import logging.handlers
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QIcon, QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from fetalclip_app import resources, settings
from fetalclip_app.archive.store import Archive
from fetalclip_app.errors import ExportFailed
from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.inference.worker import ModelProcess
from fetalclip_app.settings import Settings
from fetalclip_app.ui import theme
from fetalclip_app.ui.appearance import let_qt_speak
from fetalclip_app.ui.collecting import spare_what_stays
from fetalclip_app.ui.features import Parts
from fetalclip_app.ui.first_run import VERSION, FirstRun, is_due
from fetalclip_app.ui.jobs import Jobs, Lane
from fetalclip_app.ui.keeping.check_door import CheckDoor
from fetalclip_app.ui.keeping.find_door import FindDoor
from fetalclip_app.ui.keeping.recording import Recording
from fetalclip_app.ui.keeping.view_choice import ViewChoice
from fetalclip_app.ui.main_window import MainWindow
from fetalclip_app.ui.model_menu import engine_request
from fetalclip_app.ui.session import Session
from fetalclip_app.ui.tokens import THEMES
from fetalclip_app.ui.warming import load_what_files_need
from fetalclip_app.wording.translate import speak

_log = logging.getLogger(__name__)

SAMPLE = "samples/simulated_head.dcm"

ICON = "icons/studio.png"

DESKTOP_FILE = "org.fetalclip.studio"
"""Name of the entry in a Linux menu that this window belongs to (packaging/linux)."""

_LOG_BYTES = 1_000_000


def run(paths: Sequence[Path], request: EngineRequest | None = None) -> int:
    """Open the window on these files and folders; return the exit status once it is closed.

    Args:
        request: Which model reads; the one that was used last where not given.
    """
    chosen = settings.load()
    speak(chosen.language)
    if chosen.size_percent != 100:
        os.environ.setdefault("QT_SCALE_FACTOR", f"{chosen.size_percent / 100:g}")  # Qt reads it as it starts
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setApplicationName("FetalCLIP Studio")
    app.setDesktopFileName(DESKTOP_FILE)
    app.setWindowIcon(QIcon(str(resources.path(ICON))))
    let_qt_speak(app)
    _log_to_file()
    theme.apply(app, THEMES[chosen.theme])
    studio = Studio(chosen)
    app.installEventFilter(studio.keys)
    _tell_what_nobody_caught(studio.window)
    keep_on_screen(studio.window)
    studio.window.show()
    app.processEvents()  # painted before anything else begins
    studio.tell_once()
    spare_what_stays()
    studio.start(paths, request)
    try:
        return app.exec()
    finally:
        studio.end()


class Studio:
    """All parts of the running program."""

    def __init__(self, chosen: Settings, model: ModelProcess | None = None) -> None:
        self._settings = chosen
        self.model = model or ModelProcess()
        self.jobs = Jobs()
        self.keys = ReturnPresses()
        self.session = Session(self.jobs, self.model)
        self.archive = Archive(settings.archive_file())
        self.window = MainWindow(self.session, self.jobs, chosen, sample=sample(), notes=self.archive)
        parts = Parts.of(self.window)
        self.recording = Recording(self.archive, parts)
        self.view_choice = ViewChoice(self.archive, parts)
        self.find_study = FindDoor(self.archive, parts)
        self.check_archive = CheckDoor(self.archive, parts)
        self.window.settings_changed.connect(self._keep)

    def start(self, paths: Sequence[Path], request: EngineRequest | None) -> None:
        """Open the archive, start the model, and open what was asked for."""
        self.recording.begin()
        self.session.start_model(request or engine_request(self._settings))
        loading = self.jobs.start(Lane.OPENING, load_what_files_need)
        if paths:
            loading.settled.connect(partial(self.window.open_menu.open_paths, list(paths)))

    def tell_once(self) -> None:
        """Say what has to be known before the first scan, where it was not seen yet."""
        if is_due(self._settings):
            dialog = FirstRun(self.window)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.accepted.connect(lambda: self.window.choices.keep(notice_seen=VERSION))
            dialog.open()

    def end(self) -> None:
        """End in order: no new work, the archive, the model's process, the settings on disk."""
        self.window.hide()
        self.model.hurry()
        self.jobs.shut_down()
        self.recording.end()
        self.model.close()
        try:
            settings.save(self._settings)
        except ExportFailed as error:
            _log.warning("the settings could not be saved: %s", error.parameters.get("problem"))

    def _keep(self, chosen: Settings) -> None:
        self._settings = chosen


def keep_on_screen(window: QWidget) -> None:
    """Make a window no larger than its screen has room for: at 200 % that is half of it."""
    room = window.screen().availableGeometry()
    around = window.frameGeometry().size() - window.size()
    window.resize(window.size().boundedTo(room.size() - around))
    if not room.contains(window.frameGeometry()):
        window.move(room.topLeft())


class ReturnPresses(QObject):
    """Lets Return press the button that has the focus: Space is for the cine."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Press it."""
        if event.type() == QEvent.Type.KeyPress and isinstance(watched, QAbstractButton):
            assert isinstance(event, QKeyEvent)
            if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and watched.isEnabled():
                watched.click()
                return True
        return False


def sample() -> Path | None:
    """Return the bundled sample, where the installation has it."""
    try:
        path = resources.path(SAMPLE)
    except FileNotFoundError:
        return None
    return path if path.is_file() else None


def _log_to_file() -> None:
    folder = settings.folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            folder / "studio.log", maxBytes=_LOG_BYTES, backupCount=2, encoding="utf-8"
        )
    except OSError as error:
        _log.warning("no log file: %s", error)
        return
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)


def _tell_what_nobody_caught(window: MainWindow) -> None:
    """Log an exception that a slot raised, and say one calm sentence; the window lives on."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            window.close()
            return
        _log.error("nobody caught this", exc_info=(kind, error, trace))
        if isinstance(error, Exception):
            window.telling.trouble(error)

    sys.excepthook = hook
