"""A clip that counts how often each of its frames is decoded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from fakes import make_clip

from fetalclip_app.domain.clip import Clip, Pixels


class CountingFrames:
    """Frames whose every pixel is their own number, and a list of those that were decoded."""

    def __init__(self, count: int, height: int = 30, width: int = 40) -> None:
        self.decoded: list[int] = []
        self.height, self.width = height, width
        self._count = count

    def __len__(self) -> int:
        return self._count

    def pixels(self, index: int) -> Pixels:
        self.decoded.append(index)
        return np.full((self.height, self.width, 3), index, np.uint8)


def clip_of(source: CountingFrames, name: str = "clip.dcm") -> Clip:
    """Return a clip of these frames."""
    return replace(make_clip(2, name=name, height=source.height, width=source.width), source=source)
