"""From dropped paths to open clips, a few files at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.listing import Listing, Notice
from fetalclip_app.domain.study import copy_among
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


Alike = Callable[[OpenClip], Sequence[OpenClip]]
"""Which open clips bear the identifier of a new one."""


class Opening(QObject):
    """Opens files in the order that they were given in; those of a folder in natural order.

    A file that bears the identifier of an open clip is compared with it, byte for byte by their hashes, in a job.

    Signals:
        opened: An `OpenClip`; and the open one that holds the same content, or None.
        failed: (path, exception); the others go on.
        progressed: (done, total).
        settled: Nothing is under way any more; with a tuple of `Notice` about what was opened.
    """

    opened = Signal(object, object)
    failed = Signal(object, Exception)
    progressed = Signal(int, int)
    settled = Signal(object)

    def __init__(self, jobs: Jobs, doors: Doors, alike: Alike, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs, self._doors, self._alike = jobs, doors, alike
        self._is_comparing = False
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
        self._next, self._is_comparing = self._total, False
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
        job = self._start(lambda cancel, report: OpenClip(self._doors.read_clip(path)))
        job.succeeded.connect(lambda entry: self._arrived(number, entry))
        job.failed.connect(lambda error: self._missed(number, path, error))

    def _missed(self, number: int, path: Path, error: Exception) -> None:
        self.failed.emit(path, error)
        self._arrived(number, None)

    def _arrived(self, number: int, entry: OpenClip | None) -> None:
        self._ready[number] = entry
        self._hand_on()

    def _hand_on(self) -> None:
        """Pass on what is ready and next; what may be a copy waits, and the others behind it, until that is known."""
        while self._next in self._ready and not self._is_comparing:
            ready = self._ready[self._next]
            alike = () if ready is None else tuple(self._alike(ready))
            if ready is not None and alike:
                self._compare(ready, alike)
            else:
                self._pass(ready, None)
        self._tell()

    def _pass(self, entry: OpenClip | None, same: OpenClip | None) -> None:
        self._is_comparing = False
        del self._ready[self._next]
        self._next += 1
        if entry is not None:
            self.opened.emit(entry, same)

    def _compare(self, entry: OpenClip, alike: Sequence[OpenClip]) -> None:
        self._is_comparing = True
        clip, by_clip = entry.clip, {id(other.clip): other for other in alike}
        others = tuple(other.clip for other in alike)
        job = self._start(lambda cancel, report: copy_among(clip, others))
        job.succeeded.connect(lambda same: self._compared(entry, None if same is None else by_clip[id(same)]))
        job.failed.connect(lambda error: self._vanished(clip.path, error))

    def _compared(self, entry: OpenClip, same: OpenClip | None) -> None:
        self._pass(entry, same)
        self._hand_on()

    def _vanished(self, path: Path, error: Exception) -> None:
        self.failed.emit(path, error)
        self._pass(None, None)
        self._hand_on()

    def _tell(self) -> None:
        self.progressed.emit(self._next, self._total)
