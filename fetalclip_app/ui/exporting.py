"""Asks where to write, and writes off the window's thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from fetalclip_app.archive.handed_out import FileKind, HandedOut, handed_out
from fetalclip_app.domain.biometry import Chart
from fetalclip_app.domain.checklist import StudyChecklist
from fetalclip_app.domain.notes import ClipNotes, StudyNotes
from fetalclip_app.errors import ErrorCode, ExportFailed
from fetalclip_app.progress import CancelToken, Report
from fetalclip_app.settings import Settings
from fetalclip_app.ui import exports
from fetalclip_app.ui.exports import Drawn, FetusOf, NotesOf, Ready, ReportWish
from fetalclip_app.ui.jobs import Job, Jobs, Lane
from fetalclip_app.ui.open_clip import OpenClip
from fetalclip_app.ui.session import Session
from fetalclip_app.ui.tracing import HistoryOf, StudyHistoryOf, nothing_known
from fetalclip_app.wording.translate import translate

AskFolder = Callable[[QWidget, str, str], Path | None]
"""(parent, title, suggested folder) -> the folder to write into, or None."""

AskPath = Callable[[QWidget, str, str, str], Path | None]
"""(parent, title, suggested path, filter) -> where to write, or None."""


def ask_path(parent: QWidget, title: str, suggested: str, kinds: str) -> Path | None:
    """Ask by the system's file dialog, which also asks before it replaces a file."""
    chosen, _kind = QFileDialog.getSaveFileName(parent, title, suggested, kinds)
    return Path(chosen) if chosen else None


def ask_folder(parent: QWidget, title: str, suggested: str) -> Path | None:
    """Ask by the system's dialog for a folder that is there."""
    chosen = QFileDialog.getExistingDirectory(parent, title, suggested)
    return Path(chosen) if chosen else None


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Where one export goes, and of how many clips it is."""

    path: Path
    kind: FileKind
    clips: int


class Exporting(QObject):
    """Writes what is read so far.

    Signals:
        written: The path.
        handed_out: Another file is in `unrecorded`, put there here or by another part of the window.
        failed: The exception.
        refused: A sentence, and a hint.
        started: A sentence; `finished` follows.
    """

    written = Signal(object)
    handed_out = Signal()
    failed = Signal(Exception)
    refused = Signal(str, str)
    started = Signal(str)
    finished = Signal()

    def __init__(
        self, jobs: Jobs, session: Session, window: QWidget, fetus_of: FetusOf, ask: AskPath = ask_path
    ) -> None:
        super().__init__(window)
        self._jobs, self._session, self._window = jobs, session, window
        self.ask, self._fetus_of = ask, fetus_of
        self.ask_folder: AskFolder = ask_folder
        self.history_of: HistoryOf = nothing_known
        self.study_history_of: StudyHistoryOf = nothing_known
        self.notes_of: NotesOf = lambda entry: (ClipNotes(), StudyNotes())
        self.checklists: Callable[[], tuple[StudyChecklist, ...]] = tuple
        self.operator: Callable[[], str] = str
        self.chart: Callable[[], Chart] = lambda: Settings().growth_chart
        self.heat_opacity: Callable[[], float] = lambda: Settings().heatmap_opacity
        self.folder = Path.home()
        self.unrecorded: deque[HandedOut] = deque()
        """What was written and is not in the trail yet. Workers add to it, so that nothing is missed at the end."""

    def ready(self, entries: Sequence[OpenClip]) -> tuple[Ready, ...]:
        """Return those of the open clips that are read, as they are written now."""
        return exports.ready(
            entries,
            self._fetus_of,
            self.notes_of,
            self.heat_opacity(),
            history_of=self.history_of,
            study_history_of=self.study_history_of,
        )

    def pdf(self) -> None:
        """Write a PDF report."""
        write = partial(exports.write_pdf, wish=ReportWish(self.operator(), self.chart()))
        self._write_readings(translate("PDF report"), FileKind.PDF, write)

    def json(self) -> None:
        """Write all findings as JSON."""
        self._write_readings(translate("Findings as JSON"), FileKind.JSON, exports.write_json)

    def dicom(self) -> None:
        """Write the DICOM objects of each study into a new folder inside the one that is chosen."""
        clips = self.ready(self._session.entries)
        if not clips:
            self.refused.emit(*_nothing_read())
            return
        above = self.ask_folder(self._window, translate("Folder for DICOM objects"), str(self.folder))
        if above is None:
            return
        self.folder = above
        path = _new_folder(above, f"{self._stem()} DICOM")
        write = partial(exports.write_dicom, wish=ReportWish(self.operator(), self.chart()))
        checklists = self.checklists()
        wanted = _Wanted(path, FileKind.DICOM, len(clips))
        self._start(wanted, lambda cancel, report: write(path, clips, checklists, cancel, report))

    def csv(self) -> None:
        """Write every number as a row of a table."""
        self._write_readings(translate("Numbers as a table"), FileKind.CSV, exports.write_csv)

    def movie(self) -> None:
        """Write the clip that is shown as an MP4, with what was read and drawn on it."""
        shown = self._session.shown
        clips = self.ready([] if shown is None else [shown])
        if not clips:
            self.refused.emit(*_nothing_read())
            return
        if len(clips[0].clip) < 2:
            self.failed.emit(ExportFailed(ErrorCode.EXPORT_FAILED, name=clips[0].clip.name, reason="no_cine"))
            return
        path = self._ask(translate("Annotated clip"), ".mp4", FileKind.MP4)
        if path is not None:
            wanted = _Wanted(path, FileKind.MP4, 1)
            self._start(wanted, lambda cancel, report: exports.write_movie(path, clips[0], cancel, report))

    def png(self, entry: OpenClip, index: int | None, drawn: Drawn) -> None:
        """Write one frame with what is drawn over it; None is no frame, and nothing is written."""
        if index is None:
            self.refused.emit(
                translate("There is no picture to export."),
                translate("Wait until the frame is shown, or go to another one."),
            )
            return
        path = self._ask(translate("Annotated picture"), f"_frame{index + 1}.png", FileKind.PNG)
        if path is not None:
            clip, wanted = entry.clip, _Wanted(path, FileKind.PNG, 1)
            self._start(wanted, lambda cancel, report: exports.write_png(path, clip, index, drawn))

    def _write_readings(self, title: str, kind: FileKind, write: Callable[..., Path]) -> None:
        clips = self.ready(self._session.entries)
        if not clips:
            self.refused.emit(*_nothing_read())
            return
        path = self._ask(title, f".{kind}", kind)
        if path is not None:
            checklists, wanted = self.checklists(), _Wanted(path, kind, len(clips))
            self._start(wanted, lambda cancel, report: write(path, clips, checklists, cancel, report))

    def _stem(self) -> str:
        shown = self._session.shown
        return shown.clip.path.stem if shown is not None else "reading"

    def _ask(self, title: str, suffix: str, kind: FileKind) -> Path | None:
        kinds = f"{kind.upper()} (*.{kind})"
        path = self.ask(self._window, title, str(self.folder / f"{self._stem()}{suffix}"), kinds)
        if path is None:
            return None
        self.folder = path.parent
        if path.suffix.lower() == f".{kind}":
            return path
        named = path.with_name(f"{path.name}.{kind}")  # "Scan 14.03.2026" has an ending, and none that tells anybody
        if named.exists():  # the dialog asked about another name
            self.refused.emit(*there_already(named))
            return None
        return named

    def _start(self, wanted: _Wanted, work: Callable[[CancelToken, Report], object]) -> Job:
        path, originals = wanted.path, [entry.clip for entry in self._session.entries]

        def write(cancel: CancelToken, report: Report) -> None:
            exports.refuse_originals(path, originals)
            work(cancel, report)
            self.unrecorded.append(handed_out(path, wanted.kind, clips=wanted.clips))

        def told(_none: object) -> None:
            self.written.emit(path)
            self.handed_out.emit()

        self.started.emit(translate("Writing {name}", name=path.name))
        job = self._jobs.start(Lane.FILE, write)
        job.succeeded.connect(told)
        job.failed.connect(self.failed)
        job.settled.connect(self.finished)
        return job


def _new_folder(above: Path, name: str) -> Path:
    """Return a folder that is not there yet."""
    path, number = above / name, 2
    while path.exists():
        path, number = above / f"{name} {number}", number + 1
    return path


def there_already(path: Path) -> tuple[str, str]:
    """Return that a file stays, of whose name nobody was asked, and what to do."""
    return (
        translate("{name} is there already, and was not replaced.", name=path.name),
        translate("Choose that file itself to replace it, or give another name."),
    )


def _nothing_read() -> tuple[str, str]:
    return translate("There is nothing to export yet."), translate("Open a scan and let the model read it first.")
