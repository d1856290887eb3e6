"""Where the person looks: written by the window, read by the model's thread."""

from __future__ import annotations

from fetalclip_app.domain.clip import Clip


class Gaze:
    """The frame that is due, of the clip that is shown. One reference is exchanged at once: no lock is needed."""

    def __init__(self) -> None:
        self._at: tuple[Clip | None, int] = (None, 0)

    def turn_to(self, clip: Clip | None, frame_index: int) -> None:
        """Look at a frame."""
        self._at = clip, frame_index

    def in_clip(self, clip: Clip) -> int:
        """Return the frame of this clip that is looked at; its first where another clip is."""
        shown, frame_index = self._at
        return frame_index if shown is not None and shown.source is clip.source else 0
