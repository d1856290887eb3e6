"""Fetches the thumbnails of open clips in the background: those in sight first, one at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from fetalclip_app.domain.clip import Clip
from fetalclip_app.ui.jobs import Jobs, Lane
from fetalclip_app.ui.open_clip import OpenClip
from fetalclip_app.ui.qimage import thumbnail_of

THUMBNAIL = (96, 72)
"""Width and height, in pixels; made at twice this for a fine screen."""

MOST = 600
"""Thumbnails held, some 80 kB each: as many as an exam has clips; of thousands, those seen last."""

Entries = Callable[[], Sequence[OpenClip]]


def thumbnail(clip: Clip) -> QImage:
    """Return the thumbnail of a clip.

    Raises:
        UnreadableFile: Its middle frame cannot be decoded.
    """
    from fetalclip_app.imaging.thumbnails import small_picture  # noqa: PLC0415 - the codecs wait for the first file

    width, height = 2 * THUMBNAIL[0], 2 * THUMBNAIL[1]
    return thumbnail_of(small_picture(clip, height=height, width=width), width, height)


class Thumbnails(QObject):
    """One job at a time, in the queue of opening: playing never waits for it.

    Signals:
        arrived: The `OpenClip` whose thumbnail is there, or is known to be none.
    """

    arrived = Signal(object)

    def __init__(self, jobs: Jobs, entries: Entries, in_sight: Entries, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs, self._entries, self._in_sight = jobs, entries, in_sight
        self._is_busy = False
        self._held: deque[OpenClip] = deque()

    def fetch(self) -> None:
        """Go on with what is still missing: all of it in sight, and the rest as long as there is room."""
        self._forget_closed()
        if self._is_busy:
            return
        entry = _first(self._in_sight()) or (_first(self._entries()) if len(self._held) < MOST else None)
        if entry is not None:
            self._start(entry)

    def _forget_closed(self) -> None:
        is_open = set(map(id, self._entries()))
        self._held = deque(entry for entry in self._held if id(entry) in is_open)

    def _start(self, entry: OpenClip) -> None:
        self._is_busy = True
        clip = entry.clip
        job = self._jobs.start(Lane.OPENING, lambda cancel, report: thumbnail(clip))
        job.succeeded.connect(lambda image: self._keep(entry, image, None))
        job.failed.connect(lambda error: self._keep(entry, None, error))
        job.settled.connect(self._go_on)

    def _keep(self, entry: OpenClip, image: QImage | None, error: Exception | None) -> None:
        entry.thumbnail, entry.thumbnail_error = image, error
        self._held.append(entry)
        while len(self._held) > MOST:
            self._held.popleft().thumbnail = None
        self.arrived.emit(entry)

    def _go_on(self) -> None:
        self._is_busy = False
        self.fetch()


def _first(entries: Sequence[OpenClip]) -> OpenClip | None:
    return next((entry for entry in entries if entry.thumbnail is None and entry.thumbnail_error is None), None)
