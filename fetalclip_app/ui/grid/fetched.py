"""A still frame that is decoded for itself: no other clip waits for it."""

from __future__ import annotations

from fetalclip_app.domain.clip import Clip, Pixels
from fetalclip_app.ui.frames import FrameStore
from fetalclip_app.ui.grid.still import Still
from fetalclip_app.ui.jobs import Jobs, Lane
from fetalclip_app.wording.translate import translate


class Fetched(Still):
    """Shows one frame of a clip once it is there."""

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self.wanted: tuple[Clip, int] | None = None
        self._store = FrameStore(jobs, budget_bytes=1, parent=self, lane=Lane.STILLS)
        self._store.arrived.connect(lambda clip, index: self._fill())
        self._store.failed.connect(lambda clip, index, error: self._fill())

    def fetch(self, clip: Clip, index: int, known: Pixels | None = None) -> None:
        """Show a frame: black until it comes, rather than another frame under this one's number.

        Args:
            known: The frame, where it is decoded already.
        """
        self.wanted = clip, index
        self.show_pixels(known)
        if known is None:
            self._store.want(clip, [index])
            self._fill()

    def drop(self, message: str = "") -> None:
        """Show no frame and hold none; say in its place why."""
        self.wanted = None
        self._store.clear()
        self.show_pixels(None, message)

    def _fill(self) -> None:
        if self.wanted is None:
            return
        clip, index = self.wanted
        if self._store.is_broken(clip, index):
            self.show_pixels(None, translate("This frame of {name} cannot be shown.", name=clip.name))
        elif self._store.has(clip, index):
            self.show_pixels(self._store.get(clip, index))
