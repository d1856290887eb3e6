"""The program as `bench.kills` kills it: a person who never stops notes, reads again and exports."""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from fetalclip_app.archive.exporting import Wanted
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.kept import FoundStudy, Query
from fetalclip_app.domain.notes import ItemMark, ItemState, Part
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.imaging import readers  # noqa: F401 - loaded before the program is begun, which is begun often
from fetalclip_app.inference.request import EngineInfo, EngineRequest
from fetalclip_app.progress import CancelToken, Report
from fetalclip_app.report import pdf  # noqa: F401 - likewise: else no report is whole before the program is killed
from fetalclip_app.settings import HOME_VARIABLE, Settings
from fetalclip_app.ui import theme
from fetalclip_app.ui.app import Studio
from fetalclip_app.ui.features import Parts
from fetalclip_app.ui.keeping.studies import Studies

STUDY, CLIP = "study", "clip"
ITEM = "kidneys"
"""Item of the checklist whose remark is the number of the act; a clip's last part bears that of its own act."""

_EXPORTS = ("export_json", "export_pdf", "export_png")


class RecordedModel:
    """Says what the real model said once, each time as another device: a reading that is kept anew."""

    pid = None

    def __init__(self, info: EngineInfo, reading: ClipReading) -> None:
        self.info, self._reading, self._numbers = info, reading, count()

    def start(self, request: EngineRequest, cancel: CancelToken) -> EngineInfo:
        """Return what the real one is."""
        return self.info

    def read(
        self, clip: Clip, cancel: CancelToken, report: Report, seen: Callable[..., None], **_more: object
    ) -> ClipReading:
        """Return what the real one said."""
        device = f"cpu {time.time_ns()}-{next(self._numbers)}"
        made = replace(self._reading.provenance, device=device)
        return replace(self._reading, clip_key=clip.key, provenance=made)

    def hurry(self) -> None:
        """There is nobody to hurry."""

    def close(self) -> None:
        """There is nothing to close."""


def work_on(home: Path, scan: Path, prepared: Path, told: Connection, seed: int) -> None:
    """Open a scan and note, read and export until somebody kills this process.

    Tells ``(kind, number, moment)`` before it notes something; moments are of the computer's monotonic clock.
    """
    os.environ[HOME_VARIABLE] = str(home)
    info, reading = pickle.loads(prepared.read_bytes())
    app = QApplication([])
    theme.apply(app)
    chosen = Settings(operator="K. Tester", notice_seen=99)
    studio = Studio(chosen, RecordedModel(info, reading))  # type: ignore[arg-type]
    studio.window.show()
    studio.start([scan], EngineRequest())
    person = _Person(studio, home.parent / "out", told, Random(seed))
    person.begin()
    app.exec()


class _Person:
    """Does everything at once, at random moments."""

    def __init__(self, studio: Studio, out: Path, told: Connection, chance: Random) -> None:
        self._window, self._out, self._told, self._chance = studio.window, out, told, chance
        self._studies = Studies(studio.archive, Parts.of(studio.window), studio.window)
        self._studies.found.connect(self._know)
        self._found: tuple[FoundStudy, ...] = ()
        studio.window.exporting.ask = lambda _parent, _title, suggested, _kinds: self._target(Path(suggested).suffix)

    def begin(self) -> None:
        """Do each thing again and again, between so many milliseconds."""
        for act, shortest, longest in (
            (self._mark, 15, 120),
            (self._keep_part, 30, 200),
            (self._export, 150, 600),
            (self._read, 150, 500),
            (self._hand_on, 200, 800),
        ):
            self._again(act, shortest, longest)

    def _again(self, act: Callable[[], None], shortest: int, longest: int) -> None:
        timer = QTimer(self._window, singleShot=True)

        def fire() -> None:
            act()
            timer.start(self._chance.randint(shortest, longest))

        timer.timeout.connect(fire)
        timer.start(self._chance.randint(shortest, longest))

    def _mark(self) -> None:
        book = self._window.notebook
        if book.study is None:
            return
        known = book.study.checklist.get(ITEM)
        number = int(known.remark) + 1 if known is not None else 0
        mark = ItemMark(ItemState.SEEN, book.act(), str(number))
        self._told.send((STUDY, number, time.monotonic()))
        book.change_study("Mark", replace(book.study, checklist={**book.study.checklist, ITEM: mark}))

    def _keep_part(self) -> None:
        book = self._window.notebook
        if book.clip is None:
            return
        number = int(book.clip.parts[-1].name) + 1 if book.clip.parts else 0
        self._told.send((CLIP, number, time.monotonic()))
        book.change_clip("Part", replace(book.clip, parts=(*book.clip.parts[-8:], Part(str(number), 0, 0))))

    def _export(self) -> None:
        self._window.actions_by_name[self._chance.choice(_EXPORTS)].trigger()

    def _read(self) -> None:
        self._window.actions_by_name["read_again"].trigger()

    def _hand_on(self) -> None:
        if self._found:
            self._studies.export(self._found[0], self._target(".fcstudy"), Wanted(names=True, pictures=True))
        else:
            self._studies.find(Query())

    def _know(self, found: tuple[FoundStudy, ...], _views: object) -> None:
        self._found = found

    def _target(self, suffix: str) -> Path:
        return self._out / f"{self._chance.randrange(3)}{suffix}"
