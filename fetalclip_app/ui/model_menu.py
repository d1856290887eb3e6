"""Which model reads, with which view sets and on which device: always the user's explicit choice."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QFileDialog, QMenu, QMessageBox, QWidget

from fetalclip_app.domain.precision import Precision
from fetalclip_app.errors import ErrorCode, ModelUnavailable
from fetalclip_app.inference.request import EngineRequest, has_manifest
from fetalclip_app.progress import CancelToken, Report
from fetalclip_app.settings import Settings
from fetalclip_app.settings import folder as settings_folder
from fetalclip_app.ui.dialogs import is_accepted
from fetalclip_app.ui.jobs import Job, Jobs, Lane
from fetalclip_app.ui.licence import LICENCE_SHA256, LicenceDialog
from fetalclip_app.ui.view_set_menu import ViewSetMenu
from fetalclip_app.wording.translate import mark, translate

_DEVICES = (("auto", mark("Automatic")), ("cpu", mark("Processor (CPU)")), ("cuda", mark("Graphics card (CUDA)")))
_PRECISIONS = (
    (Precision.AUTO, mark("Automatic: fast, with the same answers")),
    (Precision.FULL, mark("Full precision (fp32)")),
    (Precision.INT8, mark("Eight bits (int8): faster, answers may differ")),
)
_WEIGHTS = mark("Weights (*.pt *.pth *.bin *.safetensors);;All files (*)")

WEIGHTS_NAME = "FetalCLIP_weights.pt"

MODEL_CHOICES = (
    *("model", "weights", "config", "device", "precision", "licence_accepted"),
    *("views", "brain_views", "views_by", "brain_views_by"),
)
"""The settings that this menu changes."""


def engine_request(settings: Settings) -> EngineRequest:
    """Return the engine that these settings ask for."""
    return EngineRequest(
        model=settings.model,
        weights=settings.weights if settings.model != "compact" else None,
        config=settings.config if settings.model == "custom" else None,
        device=settings.device,
        precision=settings.precision,
        views=settings.views,
        brain_views=settings.brain_views,
        views_by=settings.views_by,
        brain_views_by=settings.brain_views_by,
        licence_accepted=settings.licence_accepted == LICENCE_SHA256,
        text_cache=settings_folder() / "texts",
        frame_cache=settings_folder() / "frames",
        road_cache=settings_folder() / "roads",
    )


def _ask_licence(parent: QWidget) -> bool:
    return is_accepted(LicenceDialog(parent))


def _ask_file(parent: QWidget, title: str, kinds: str) -> Path | None:
    chosen, _kind = QFileDialog.getOpenFileName(parent, title, "", kinds)
    return Path(chosen) if chosen else None


def _ask_folder(parent: QWidget, title: str) -> Path | None:
    chosen = QFileDialog.getExistingDirectory(parent, title, "")
    return Path(chosen) if chosen else None


def _ask_download(parent: QWidget, target: Path) -> bool:
    answer = QMessageBox.question(
        parent,
        translate("Fetch the FetalCLIP weights"),
        translate(
            "1.7 GB are fetched from the authors' page on their hub, checked against the published hash, and kept in\n"
            "{folder}\n\nNothing about your scans is sent. Fetch them now?",
            folder=target.parent,
        ),
    )
    return answer == QMessageBox.StandardButton.Yes


class ModelMenu(QObject):
    """The menu and what its entries do.

    Signals:
        chosen: New `Settings`: another model, view set or device, or something else that names the views.
        started: A sentence: weights are being fetched.
        progressed: (done, total) bytes.
        finished: The download has ended, one way or another.
        failed: The exception.
    """

    chosen = Signal(object)
    started = Signal(str)
    progressed = Signal(int, int)
    finished = Signal()
    failed = Signal(Exception)

    def __init__(self, window: QWidget, jobs: Jobs, settings: Settings) -> None:
        super().__init__(window)
        self._window, self._jobs, self._settings = window, jobs, settings
        self.ask_licence: Callable[[QWidget], bool] = _ask_licence
        self.ask_file: Callable[[QWidget, str, str], Path | None] = _ask_file
        self.ask_folder: Callable[[QWidget, str], Path | None] = _ask_folder
        self.ask_download: Callable[[QWidget, Path], bool] = _ask_download
        self._job: Job | None = None
        self.menu = QMenu(window)
        self.menu.setToolTipsVisible(True)
        self.view_sets = ViewSetMenu(window, settings)
        self.view_sets.chosen.connect(lambda choices: self._choose(**choices))
        self._models: dict[str, QAction] = {}
        self._devices: dict[str, QAction] = {}
        self._precisions: dict[Precision, QAction] = {}
        self._fill()
        self.show_settings(settings)

    def show_settings(self, settings: Settings) -> None:
        """Tick what is chosen."""
        self._settings = settings
        self._models[settings.model].setChecked(True)
        self._devices[settings.device].setChecked(True)
        self._precisions[settings.precision].setChecked(True)
        self.view_sets.show_settings(settings)

    def cancel(self) -> None:
        """Stop a download; what has arrived is kept for the next try."""
        if self._job is not None:
            self._job.cancel()

    def _fill(self) -> None:
        group = QActionGroup(self)
        self._heading(translate("Model"))
        rows: tuple[tuple[str, str, Callable[[], None]], ...] = (
            ("compact", translate("Compact model (bundled)"), self.choose_compact),
            ("fetalclip", translate("FetalCLIP: choose the weight file …"), self.choose_fetalclip),
            ("bundle", translate("Open a bundle folder …"), self.choose_bundle),
            ("custom", translate("Your own open_clip checkpoint …"), self.choose_custom),
        )
        for key, text, do in rows:
            self._models[key] = self._add(group, text, do)
        self._models["bundle"].setToolTip(
            translate("A folder that the trainings' 'export --out' wrote; marked as unverified")
        )
        self.menu.addSeparator()
        fetch = self.menu.addAction(translate("Fetch the FetalCLIP weights from their hub …"))
        fetch.triggered.connect(self.fetch)
        self.menu.addSeparator()
        self.menu.addMenu(self.view_sets.menu)
        self.menu.addSeparator()
        self._heading(translate("Device"))
        devices = QActionGroup(self)
        for key, name in _DEVICES:
            text = translate(name)
            self._devices[key] = self._add(devices, text, partial(self.choose_device, key))
        self.menu.addSeparator()
        self._heading(translate("Precision"))
        precisions = QActionGroup(self)
        for precision, name in _PRECISIONS:
            self._precisions[precision] = self._add(
                precisions, translate(name), partial(self._choose, precision=precision)
            )

    def _heading(self, text: str) -> None:
        self.menu.addAction(text).setEnabled(False)

    def _add(self, group: QActionGroup, text: str, do: Callable[[], None]) -> QAction:
        action = self.menu.addAction(text)
        action.setCheckable(True)
        action.triggered.connect(lambda checked=False: do())
        group.addAction(action)
        return action

    def choose_compact(self) -> None:
        """Read with the bundled model."""
        self._choose(model="compact", weights=None, config=None)

    def choose_fetalclip(self) -> None:
        """Read with the released weights, once their licence is accepted."""
        if self._accepts():
            path = self.ask_file(self._window, translate("FetalCLIP weights"), translate(_WEIGHTS))
            if path is not None:
                self._choose(model="fetalclip", weights=path, config=None)
                return
        self.show_settings(self._settings)

    def choose_bundle(self) -> None:
        """Read with an exported folder: its weights, prompts, calibration and heads; marked as unverified."""
        folder = self.ask_folder(self._window, translate("Folder of an exported model"))
        if folder is not None and has_manifest(folder):
            self._choose(model="bundle", weights=folder.absolute(), config=None)
            return
        self.show_settings(self._settings)
        if folder is not None:
            self.failed.emit(ModelUnavailable(ErrorCode.MODEL_MISSING, name=folder.name, reason="no_manifest"))

    def choose_custom(self) -> None:
        """Read with a checkpoint and its configuration; marked as unverified."""
        weights = self.ask_file(self._window, translate("open_clip checkpoint"), translate(_WEIGHTS))
        config = (
            self.ask_file(self._window, translate("Its configuration"), translate("Configuration (*.json)"))
            if weights
            else None
        )
        if weights is not None and config is not None:
            self._choose(model="custom", weights=weights, config=config)
        else:
            self.show_settings(self._settings)

    def choose_device(self, device: str) -> None:
        """Read on this device."""
        self._choose(device=device)

    def fetch(self) -> None:
        """Fetch the released weights: by this explicit wish alone, once their licence is accepted."""
        target = settings_folder() / WEIGHTS_NAME
        if self._job is not None or not self._accepts() or not self.ask_download(self._window, target):
            return
        self.started.emit(translate("Fetching the FetalCLIP weights"))

        def work(cancel: CancelToken, report: Report) -> Path:
            from fetalclip_app.inference.load import fetch_weights  # noqa: PLC0415 - the window does without it

            fetch_weights(target, cancel, lambda done, total: report(done >> 20, total >> 20), accept_licence=True)
            return target

        self._job = self._jobs.start(Lane.FILE, work)
        self._job.progressed.connect(self.progressed)
        self._job.succeeded.connect(lambda path: self._choose(model="fetalclip", weights=path, config=None))
        self._job.failed.connect(self.failed)
        self._job.settled.connect(self._fetched)

    def _fetched(self) -> None:
        self._job = None
        self.finished.emit()

    def _accepts(self) -> bool:
        if self._settings.licence_accepted == LICENCE_SHA256:
            return True
        if not self.ask_licence(self._window):
            return False
        self._settings = self._settings.model_copy(update={"licence_accepted": LICENCE_SHA256})
        return True

    def _choose(self, **choices: object) -> None:
        settings = self._settings.model_copy(update=choices)
        self.show_settings(settings)
        self.chosen.emit(settings)
