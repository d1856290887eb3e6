"""What the threads beside the network do in a real reading: while a clip plays, while somebody asks, and together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from counted import CountingFrames, clip_of
from fakes import FRAMES_AT_ONCE, FakeBackbone
from test_engine import make_engine
from test_preparing import until

from fetalclip_app.domain.sight import Sight
from fetalclip_app.imaging.preprocess import FRAMES_FOR_CROP, crop_of
from fetalclip_app.progress import CancelToken, silent

AHEAD = 2 * FRAMES_AT_ONCE
"""So many frames are prepared while the network works on a batch."""


@pytest.fixture(autouse=True)
def _as_on_many_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fetalclip_app.inference.preparing.usual_threads", lambda: 4)


class _Playing:
    """A listener in whose window the clip plays on by 5 frames with each batch."""

    def __init__(self, count: int) -> None:
        self.left: Sequence[int] = ()
        self._at, self._count = 0, count

    def planned(self, frames: Sequence[int]) -> None:
        self.left = frames

    def seen(self, sight: Sight) -> None:
        return

    def looked_at(self) -> int:
        return self._at

    def play_on(self) -> None:
        self._at = (self._at + 5) % self._count


class _WaitingBackbone(FakeBackbone):
    """Calls, before each batch, with how many frames it holds."""

    def __init__(self, before: Callable[[int], None]) -> None:
        super().__init__()
        self._before = before

    def encode_frames(self, batch: np.ndarray) -> np.ndarray:
        self._before(len(batch))
        return super().encode_frames(batch)


def test_no_frame_is_decoded_twice_while_the_clip_plays() -> None:
    source, window = CountingFrames(150), _Playing(150)
    clip = clip_of(source)
    crop_of(clip)
    for_crop = Counter(source.decoded)
    source.decoded.clear()

    def play(frames: int) -> None:
        begun = set(window.left[frames : frames + AHEAD])
        assert until(lambda: begun <= set(source.decoded[FRAMES_FOR_CROP:]))
        window.play_on()

    network = _WaitingBackbone(play)
    make_engine(network).read(clip, CancelToken(), silent, window)

    assert network.frames_seen == 150
    assert Counter(source.decoded) - for_crop == Counter(range(150))
