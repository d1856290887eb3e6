"""Decoded frames around the cursor: fetched by jobs, kept within a budget of bytes."""

from __future__ import annotations

from collections import OrderedDict

from PySide6.QtCore import QObject, Signal

from fetalclip_app.domain.clip import Clip, Pixels
from fetalclip_app.ui.jobs import Jobs, Lane

BUDGET_BYTES = 512 * 2**20
"""Of decoded pixels."""

AT_ONCE = 2
"""Decoding jobs under way: one worker of the file lane stays free for opening and export."""

AHEAD = 48
"""Frames that are fetched before they are due."""

_Key = tuple[str, int]


class FrameStore(QObject):
    """The frames that are ready to be shown.

    Signals:
        arrived: (clip, index): a frame that was wanted is there.
        failed: (clip, index, exception).
    """

    arrived = Signal(object, int)
    failed = Signal(object, int, Exception)

    def __init__(self, jobs: Jobs, budget_bytes: int = BUDGET_BYTES, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._budget = budget_bytes
        self._ready: OrderedDict[_Key, Pixels] = OrderedDict()
        self._bytes = 0
        self._under_way: set[_Key] = set()
        self._broken: set[_Key] = set()
        self._clip: Clip | None = None
        self._index = 0

    @property
    def byte_count(self) -> int:
        """Bytes of decoded pixels held now."""
        return self._bytes

    def get(self, clip: Clip, index: int) -> Pixels | None:
        """Return a frame that is ready, or None."""
        pixels = self._ready.get((clip.key, index))
        if pixels is not None:
            self._ready.move_to_end((clip.key, index))
        return pixels

    def has(self, clip: Clip, index: int) -> bool:
        """Whether a frame is ready."""
        return (clip.key, index) in self._ready

    def want(self, clip: Clip, index: int) -> None:
        """Fetch this frame, then those that follow it. Replaces the wish before."""
        self._clip, self._index = clip, index
        self._fetch()

    def _fetch(self) -> None:
        clip = self._clip
        if clip is None:
            return
        for index in self._order(clip):
            if len(self._under_way) >= AT_ONCE:
                return
            key = (clip.key, index)
            if key not in self._ready and key not in self._under_way and key not in self._broken:
                self._start(clip, index)

    def _order(self, clip: Clip) -> list[int]:
        frame_bytes = max(clip.height * clip.width * 3, 1)
        reach = min(AHEAD, len(clip) - 1, max(self._budget // (2 * frame_bytes), 0))
        order = [(self._index + step) % len(clip) for step in range(reach + 1)]
        if self._index > 0 and reach:
            order.insert(2, self._index - 1)
        return order

    def _start(self, clip: Clip, index: int) -> None:
        key = (clip.key, index)
        self._under_way.add(key)
        job = self._jobs.start(Lane.FILE, lambda cancel, report: clip.frame(index).pixels)
        job.succeeded.connect(lambda pixels: self._keep(clip, index, pixels))
        job.failed.connect(lambda error: self._break(clip, index, error))
        job.settled.connect(lambda: self._settled(key))

    def _keep(self, clip: Clip, index: int, pixels: Pixels) -> None:
        key = (clip.key, index)
        if key not in self._ready:
            self._ready[key] = pixels
            self._bytes += pixels.nbytes
        while self._bytes > self._budget and len(self._ready) > 1:
            _old, dropped = self._ready.popitem(last=False)
            self._bytes -= dropped.nbytes
        self.arrived.emit(clip, index)

    def _break(self, clip: Clip, index: int, error: Exception) -> None:
        self._broken.add((clip.key, index))
        self.failed.emit(clip, index, error)

    def _settled(self, key: _Key) -> None:
        self._under_way.discard(key)
        self._fetch()
