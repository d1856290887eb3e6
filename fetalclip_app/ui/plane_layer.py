"""The file's own overlay planes over the picture: drawn on the frame that they belong to, on or off by a key."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QWidget

from fetalclip_app.domain.clip import Clip
from fetalclip_app.errors import FetalClipError
from fetalclip_app.ui.qimage import mask_image
from fetalclip_app.ui.viewport import Viewport

_COLOUR = (255, 236, 120, 255)
"""A pale yellow, opaque: it stands out on grey, and is no colour of a flow map's middle."""


class PlaneLayer:
    """Knows which planes lie on the frame that is drawn."""

    def __init__(self, view: QWidget) -> None:
        """``view`` is painted again when something changes."""
        self._view = view
        self._clip: Clip | None = None
        self._numbers: tuple[int | None, ...] = ()
        self._image: QImage | None = None
        self.is_on = True

    @property
    def image(self) -> QImage | None:
        """What is drawn: as large as the frame; None where nothing is."""
        return self._image if self.is_on else None

    def show(self, clip: Clip | None, index: int) -> None:
        """Take the planes of a frame; an index below 0 is none."""
        numbers = tuple(plane.number_on(index) for plane in clip.overlays) if clip is not None and index >= 0 else ()
        if clip is self._clip and numbers == self._numbers:
            return  # a cine's frames that share their masks share the picture of them
        self._clip, self._numbers = clip, numbers
        is_empty = all(number is None for number in numbers)
        self._image = None if clip is None or is_empty else _image(clip, index)
        self._view.update()

    def set_on(self, is_on: bool) -> None:
        """Draw the planes, or not."""
        self.is_on = is_on
        self._view.update()

    def draw(self, painter: QPainter, viewport: Viewport) -> None:
        """Draw what lies on this frame."""
        if self.image is not None:
            painter.drawImage(viewport.target, self.image)


def _image(clip: Clip, index: int) -> QImage | None:
    """Return all planes of a frame in one picture; a plane whose file has gone is told by the frame itself."""
    seen = np.zeros((clip.height, clip.width), dtype=bool)
    for plane in clip.overlays:
        try:
            mask = plane.on_frame(index, clip.height, clip.width)
        except FetalClipError:
            continue
        if mask is not None:
            seen |= mask
    return mask_image(seen, _COLOUR) if seen.any() else None
