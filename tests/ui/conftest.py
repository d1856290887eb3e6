"""The whole window with a model that lives in the test's own process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEngine, make_clip
from numpy.typing import NDArray
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.listing import Listing
from fetalclip_app.domain.overlay import Heatmap, Where
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.domain.sight import Sight
from fetalclip_app.domain.views import ViewPrediction, ViewSet
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.inference.request import EngineInfo, EngineRequest
from fetalclip_app.progress import CancelToken, Report
from fetalclip_app.settings import Settings
from fetalclip_app.ui import app, theme
from fetalclip_app.ui.jobs import Jobs
from fetalclip_app.ui.main_window import MainWindow
from fetalclip_app.ui.notebook import NotesStore
from fetalclip_app.ui.opening import Doors
from fetalclip_app.ui.session import Session


class Seeing:
    """Passes on what is seen, as the model's process does."""

    def __init__(self, seen: Callable[[Sight], None]) -> None:
        self.seen = seen

    def planned(self, frames: Sequence[int]) -> None:
        return

    def looked_at(self) -> int:
        return 0


class FakeModel:
    """A model in this process: a test holds it, lets it go, or makes it fail."""

    def __init__(self) -> None:
        self.engine = FakeEngine()
        self.started: list[EngineRequest] = []
        self.read_keys: list[str] = []
        self.texts_asked: list[tuple[str, ...]] = []
        self.explained: list[tuple[int, str, str, str]] = []
        self.errors: list[Exception] = []
        self.start_errors: list[Exception] = []
        self.gate = threading.Event()
        self.gate.set()

    @property
    def info(self) -> EngineInfo | None:
        made = self.engine
        return EngineInfo(made.identity, made.device, made.notices, made.methods, made.probes, made.headed)

    def start(self, request: EngineRequest, cancel: CancelToken) -> EngineInfo:
        self.started.append(request)
        if self.start_errors:
            raise self.start_errors.pop(0)
        assert self.info is not None
        return self.info

    def read(
        self,
        clip: Clip,
        cancel: CancelToken,
        report: Report,
        seen: Callable[[Sight], None],
        *,
        looked_at: Callable[[], int],
    ) -> ClipReading:
        self.looked_at = looked_at
        self.read_keys.append(clip.key)
        report(0, len(clip))
        while not self.gate.wait(0.002):
            cancel.check()
        if self.errors:
            raise self.errors.pop(0)
        return self.engine.read(clip, cancel, report, Seeing(seen))

    def explain(self, clip: Clip, where: Where, cancel: CancelToken, report: Report) -> Heatmap:
        self.explained.append((where.frame_index, where.task_key, where.view_key, where.method))
        return self.engine.explain(clip, where, report)

    def embed(self, clip: Clip, cancel: CancelToken) -> NDArray[np.float32]:
        return self.engine.embed(clip, cancel)

    def encode_texts(self, texts: Sequence[str], cancel: CancelToken) -> NDArray[np.float32]:
        self.texts_asked.append(tuple(texts))
        return self.engine.encode_texts(texts)

    def seen_with(
        self, view_set: ViewSet, rows: NDArray[np.float32], unfamiliar: frozenset[int], cancel: CancelToken
    ) -> ViewPrediction:
        return self.engine.seen_with(view_set, rows, unfamiliar)


class ModelInside(FakeModel):
    """Ends as the model's process does, and is none."""

    pid = None

    def hurry(self) -> None:
        """There is nobody to hurry."""

    def close(self) -> None:
        """There is nothing to close."""


def named(paths: Sequence[Path], cancel: CancelToken) -> Listing:
    """Stand for the search in folders: what is named is there."""
    return Listing(tuple(paths))


class Desk:
    """A window on clips that exist only in memory, by the names of their files."""

    def __init__(
        self, qtbot: QtBot, clips: Sequence[Clip], settings: Settings | None = None, *, notes: NotesStore | None = None
    ) -> None:
        self.qtbot = qtbot
        self.files = {clip.path.name: clip for clip in clips}
        self.jobs, self.model = Jobs(), FakeModel()
        self.session = Session(self.jobs, self.model, Doors(named, self._read))
        self.saved: list[Settings] = []
        self.window = MainWindow(
            self.session, self.jobs, settings or Settings(), sample=Path("sample.dcm"), notes=notes
        )
        self.window.settings_changed.connect(self.saved.append)
        qtbot.addWidget(self.window)
        self.window.show()
        qtbot.waitExposed(self.window)

    def start(self) -> None:
        self.session.start_model(EngineRequest())
        self.qtbot.waitUntil(lambda: self.session.info is not None)

    def open(self, *names: str) -> None:
        before = len(self.session.entries)
        self.window.open_menu.open_paths([Path(name) for name in names])
        expected = before + sum(name in self.files for name in names)
        self.qtbot.waitUntil(lambda: len(self.session.entries) == expected)

    def wait_read(self) -> None:
        self.qtbot.waitUntil(lambda: all(entry.reading is not None for entry in self.session.entries), timeout=30_000)

    def press(self, name: str) -> None:
        self.window.actions_by_name[name].trigger()

    def _read(self, path: Path) -> Clip:
        if path.name not in self.files:
            raise UnreadableFile(ErrorCode.FILE_DAMAGED, name=path.name)
        return self.files[path.name]


@pytest.fixture
def desk_of(qtbot: QtBot, qapp: QApplication) -> Iterator[Callable[..., Desk]]:
    """Return a function that makes a window on some clips."""
    theme.apply(qapp)
    desks: list[Desk] = []

    def make(*clips: Clip, settings: Settings | None = None, notes: NotesStore | None = None) -> Desk:
        desks.append(Desk(qtbot, clips, settings, notes=notes))
        return desks[-1]

    yield make
    for desk in desks:
        desk.model.gate.set()
        desk.window.viewer.player.pause()
        desk.jobs.shut_down()


@pytest.fixture
def desk(desk_of: Callable[..., Desk]) -> Desk:
    """A window on two clips of one patient, one of them without a scale; the model runs."""
    made = desk_of(make_clip(12, name="one.dcm"), make_clip(1, name="two.png", pixel_mm=None))
    made.start()
    return made


@pytest.fixture
def program(qtbot: QtBot, qapp: QApplication) -> Iterator[Callable[[], app.Studio]]:
    """Return a function that starts the program on the user's folder; each program ends at the latest with the test."""
    theme.apply(qapp)
    running: list[app.Studio] = []

    def start(*paths: Path) -> app.Studio:
        studio = app.Studio(Settings(operator="A. Sonographer"), ModelInside())  # type: ignore[arg-type]
        running.append(studio)
        qtbot.addWidget(studio.window)
        studio.window.show()
        studio.start(paths, None)
        return studio

    yield start
    for studio in running:
        studio.end()
