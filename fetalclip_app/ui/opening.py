"""From dropped paths to open clips, a few files at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.listing import Listing, Notice
from fetalclip_app.progress import CancelToken, Report
from fetalclip_app.ui.jobs import Job, Jobs, Lane
from fetalclip_app.ui.open_clip import OpenClip

AT_ONCE = 2
"""Files under way: more would only keep each other, and the thumbnails, from the two workers."""


def _find(paths: Sequence[Path], cancel: CancelToken) -> Listing:
    from fetalclip_app.imaging.readers import find  # noqa: PLC0415 - the codecs wait for the first file

    return find(paths, cancel)


def _read_clip(path: Path) -> Clip:
    from fetalclip_app.imaging.readers import read_clip  # noqa: PLC0415 - the codecs wait for the first file

    return read_clip(path)


@dataclass(frozen=True, slots=True)
class Doors:
    """How paths become clips; tests pass their own."""

    find: Callable[[Sequence[Path], CancelToken], Listing] = _find
    read_clip: Callable[[Path], Clip] = _read_clip


class Opening(QObject):
    """Opens files in the order that they were given in; those of a folder in natural order.

    Signals:
        opened: An `OpenClip`.
        failed: (path, exception); the others go on.
        progressed: (done, total).
        settled: Nothing is under way any more; with a tuple of `Notice` about what was opened.
    """

    opened = Signal(object)
    failed = Signal(object, Exception)
    progressed = Signal(int, int)
    settled = Signal(object)

    def __init__(self, jobs: Jobs, doors: Doors, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs, self._doors = jobs, doors
        self._waiting: deque[tuple[int, Path]] = deque()
        self._under_way: set[Job] = set()
        self._ready: dict[int, OpenClip | None] = {}
        self._notices: list[Notice] = []
        self._total = self._next = 0

    @property
    def is_busy(self) -> bool:
        """Whether files are under way."""
        return bool(self._under_way or self._waiting)

    def open(self, paths: Sequence[Path]) -> None:
        """Find the files in these paths and open them, after those that are under way."""
        wanted = tuple(paths)
        job = self._start(lambda cancel, report: self._doors.find(wanted, cancel))
        job.succeeded.connect(self._listed)
        job.failed.connect(lambda error: self.failed.emit(wanted[0] if wanted else Path(), error))

    def cancel(self) -> None:
        """Open no more; what is opened from now on waits for none of these."""
        self._waiting.clear()
        self._ready.clear()
        self._next = self._total
        for job in self._under_way:
            job.cancel()

    def _listed(self, listing: Listing) -> None:
        self._notices += listing.notices
        self._waiting.extend(enumerate(listing.files, start=self._total))
        self._total += len(listing.files)
        self._tell()

    def _start(self, work: Callable[[CancelToken, Report], object]) -> Job:
        job = self._jobs.start(Lane.OPENING, work)
        self._under_way.add(job)
        job.settled.connect(lambda: self._settled(job))
        return job

    def _settled(self, job: Job) -> None:
        self._under_way.discard(job)
        while self._waiting and len(self._under_way) < AT_ONCE:
            number, path = self._waiting.popleft()
            self._open_one(number, path)
        if not self.is_busy:
            self._total = self._next = 0
            self._ready.clear()
            notices, self._notices = tuple(self._notices), []
            self.settled.emit(notices)

    def _open_one(self, number: int, path: Path) -> None:
        job = self._start(lambda cancel, report: opened(self._doors.read_clip(path)))
        job.succeeded.connect(lambda entry: self._arrived(number, entry))
        job.failed.connect(lambda error: self._missed(number, path, error))

    def _missed(self, number: int, path: Path, error: Exception) -> None:
        self.failed.emit(path, error)
        self._arrived(number, None)

    def _arrived(self, number: int, entry: OpenClip | None) -> None:
        self._ready[number] = entry
        while self._next in self._ready:
            ready = self._ready.pop(self._next)
            self._next += 1
            if ready is not None:
                self.opened.emit(ready)
        self._tell()

    def _tell(self) -> None:
        self.progressed.emit(self._next, self._total)


def opened(clip: Clip) -> OpenClip:
    """Return the clip as the window knows it; its thumbnail follows later (`thumbnails`).

    Raises:
        UnreadableFile: The file has gone or changed.
    """
    if not clip.origin.instance_uid:
        _taken = clip.key  # what has no identifier is told apart by its content: here, and not on the window's thread
    return OpenClip(clip)
