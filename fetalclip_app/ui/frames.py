"""Decoded frames around the cursor: fetched by jobs in the order of need, kept within a budget of bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence

from PySide6.QtCore import QObject, Signal

from fetalclip_app.domain.clip import Clip, FrameSource, Pixels
from fetalclip_app.ui.jobs import Jobs, Lane

BUDGET_BYTES = 144 * 2**20
"""Of decoded pixels: 61 frames of 1024 x 768, two seconds of a cine."""

AT_ONCE = 2
"""Decoding jobs under way: one worker of the file lane stays free for opening and export."""

_Key = tuple[FrameSource, int]
"""The source itself and no name of it: a frame can never be taken for another clip's."""


class FrameStore(QObject):
    """The frames that are ready to be shown.

    Signals:
        arrived: (clip, index): a frame that was wanted is there.
        failed: (clip, index, exception).
    """

    arrived = Signal(object, int)
    failed = Signal(object, int, Exception)

    def __init__(
        self, jobs: Jobs, budget_bytes: int = BUDGET_BYTES, parent: QObject | None = None, *, lane: Lane = Lane.FILE
    ) -> None:
        super().__init__(parent)
        self._jobs, self._lane = jobs, lane
        self._budget = budget_bytes
        self._ready: OrderedDict[_Key, Pixels] = OrderedDict()
        self._bytes = 0
        self._under_way: set[_Key] = set()
        self._broken: set[_Key] = set()
        self._clip: Clip | None = None
        self._need: dict[_Key, int] = {}

    @property
    def byte_count(self) -> int:
        """Bytes of decoded pixels held now."""
        return self._bytes

    def room(self, clip: Clip) -> int:
        """Return how many frames of this clip the budget holds beside the one that is shown: none, where that fills it.

        As many as are under way at once are kept free, except where hardly two frames fit.
        """
        beside = self._budget // max(clip.height * clip.width * 3, 1) - 1
        return max(beside - AT_ONCE, min(beside, 1), 0)

    def get(self, clip: Clip, index: int) -> Pixels | None:
        """Return a frame that is ready, or None."""
        pixels = self._ready.get((clip.source, index))
        if pixels is not None:
            self._ready.move_to_end((clip.source, index))
        return pixels

    def has(self, clip: Clip, index: int) -> bool:
        """Whether a frame is ready."""
        return (clip.source, index) in self._ready

    def is_broken(self, clip: Clip, index: int) -> bool:
        """Whether a frame was tried and cannot be decoded."""
        return (clip.source, index) in self._broken

    def clear(self) -> None:
        """Hold nothing: no clip is shown. What is being decoded still is not kept when it comes."""
        self._ready.clear()
        self._need.clear()
        self._broken.clear()
        self._clip, self._bytes = None, 0

    def keep_only(self, clips: Iterable[Clip]) -> None:
        """Forget every source that belongs to none of these clips: a closed clip's content may lie in memory."""
        gone = {source for source, _ in (*self._ready, *self._broken)} - {clip.source for clip in clips}
        if gone:
            for key in [key for key in self._ready if key[0] in gone]:
                self._bytes -= self._ready.pop(key).nbytes
            self._broken = {key for key in self._broken if key[0] not in gone}

    def want(self, clip: Clip, indices: Sequence[int]) -> None:
        """Fetch these frames, the first one first; what is late in the row, or not in it, is dropped first.

        Replaces the wish before.
        """
        self._clip = clip
        self._need = {(clip.source, index): place for place, index in enumerate(indices[: 1 + self.room(clip)])}
        self._fetch()

    def _fetch(self) -> None:
        clip = self._clip
        if clip is None:
            return
        for key in self._need:
            if len(self._under_way) >= AT_ONCE:
                return
            if key not in self._ready and key not in self._under_way and key not in self._broken:
                self._start(clip, key)

    def _start(self, clip: Clip, key: _Key) -> None:
        index = key[1]
        self._under_way.add(key)
        job = self._jobs.start(self._lane, lambda cancel, report: clip.frame(index).pixels)
        job.succeeded.connect(lambda pixels: self._keep(clip, key, pixels))
        job.failed.connect(lambda error: self._break(clip, key, error))
        job.settled.connect(lambda: self._settled(key))

    def _is_wanted(self, clip: Clip) -> bool:
        """Whether this clip is shown still: another one may be closed by now."""
        return self._clip is not None and clip.source is self._clip.source

    def _keep(self, clip: Clip, key: _Key, pixels: Pixels) -> None:
        if not self._is_wanted(clip):
            return
        if key not in self._ready:
            self._ready[key] = pixels
            self._bytes += pixels.nbytes
        while self._bytes > self._budget and len(self._ready) > 1:
            self._bytes -= self._ready.pop(self._least_needed(key)).nbytes
        self.arrived.emit(clip, key[1])

    def _least_needed(self, fresh: _Key) -> _Key:
        """Return the frame to drop: of those that nobody asked for the longest unused, else the last in the row."""
        for key in self._ready:
            if key not in self._need and key != fresh:
                return key
        return max((key for key in self._ready if key != fresh), key=lambda key: self._need.get(key, 0))

    def _break(self, clip: Clip, key: _Key, error: Exception) -> None:
        if not self._is_wanted(clip):
            return
        self._broken.add(key)
        self.failed.emit(clip, key[1], error)

    def _settled(self, key: _Key) -> None:
        self._under_way.discard(key)
        self._fetch()
