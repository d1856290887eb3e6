"""One pass over a clip's frames: what is not known yet is encoded, coarsely first."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain.backbone import Backbone
from fetalclip_app.domain.calibration import Box
from fetalclip_app.domain.clip import Clip, Frame
from fetalclip_app.domain.quality import ClipQuality, quality_of
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.imaging.preprocess import PreprocessSpec, inside, normalised, shrunk
from fetalclip_app.imaging.quality import Look, look_inside
from fetalclip_app.inference.frame_bank import GRIDS, INPUTS, ROWS, SHARPNESS, TEXTURES, FrameBank, FrameFeatures
from fetalclip_app.inference.frame_order import coarse_to_fine
from fetalclip_app.inference.listening import Listener
from fetalclip_app.inference.preparing import Preparing
from fetalclip_app.progress import CancelToken

_AHEAD, _LEAST_AHEAD = 2, 16
"""So many batches are prepared while the network works on one, and at least so many frames."""

_DIGEST_BYTES = 16

_COLUMNS = frozenset({ROWS, SHARPNESS, GRIDS, INPUTS})

Step = Callable[[FrameFeatures], None]
"""Called after each batch."""


class _Plan:
    """Which frames are read next: it follows the person who looks at them.

    Args:
        at_once: Frames of a batch; of the first one.
    """

    def __init__(self, done: NDArray[np.bool_], listener: Listener, at_once: int) -> None:
        self._done, self._listener, self._usual = done, listener, at_once
        self._looked_at = listener.looked_at()
        self._left = self._made()
        self._at_once = 1

    def next_frames(self) -> Sequence[int]:
        """Return the next batch; none where all is read. The first is the frame that is looked at, alone."""
        at = self._listener.looked_at()
        if at != self._looked_at and self._left:
            self._looked_at = at
            self._left = self._made()
        part, self._left = self._left[: self._at_once], self._left[self._at_once :]
        self._at_once = self._usual
        return part

    def soon(self) -> Sequence[int]:
        """Return the frames of the batches that follow, unless a person looks elsewhere."""
        return self._left[: max(_AHEAD * self._usual, _LEAST_AHEAD)]

    def _made(self) -> list[int]:
        order = coarse_to_fine(len(self._done), looked_at=self._looked_at)
        left = [index for index in order if not self._done[index]]
        self._listener.planned(left)
        return left


# eq=False: holds arrays.
@dataclass(frozen=True, eq=False, slots=True)
class _Prepared:
    """A frame before the network sees it.

    Attributes:
        picture: As `prepare` returns it.
        digest: The same for pictures that are the same, and for no others.
    """

    picture: NDArray[np.float32]
    look: Look
    digest: bytes


def _prepared(frame: Frame, spec: PreprocessSpec, crop: Box) -> _Prepared:
    part = inside(frame.pixels, crop)
    small = shrunk(part, spec.size)
    levels = small if small.ndim == 3 else np.repeat(small[..., None], 3, axis=2)
    digest = hashlib.blake2b(np.ascontiguousarray(levels).data, digest_size=_DIGEST_BYTES).digest()
    return _Prepared(normalised(small, spec), look_inside(part), digest)


@dataclass(frozen=True, slots=True)
class Encoding:
    """How frames become features.

    Attributes:
        with_textures: The model asks for textures.
    """

    backbone: Backbone
    spec: PreprocessSpec
    bank: FrameBank
    with_textures: bool

    @property
    def made_by(self) -> tuple[str, str, str]:
        """Which weights and preprocessing, and where the network runs now."""
        return self.backbone.identity.sha256, self.spec.fingerprint(), self.backbone.device

    def fill(self, clip: Clip, crop: Box, cancel: CancelToken, listener: Listener, step: Step) -> FrameFeatures:
        """Return the features of every frame; whatever was found is kept, also where work or process is stopped.

        Args:
            listener: Told which frames will be decoded, in that order, and again where a person looks elsewhere.
            step: Called first with what was known before.

        Raises:
            Cancelled: ``cancel`` was raised between two batches.
            UnreadableFile: A frame cannot be decoded.
            ComputeFailed: The device gave up.
        """
        device = self.backbone.device
        known = self.bank.of(clip, crop, self.made_by, _COLUMNS | ({TEXTURES} if self.with_textures else set()))
        seen = {known.columns[INPUTS][index].tobytes(): int(index) for index in np.flatnonzero(known.done)}
        plan = _Plan(known.done, listener, self.backbone.frames_at_once)
        step(known)
        try:
            with closing(self._prepared_beside(clip, crop, plan, cancel)) as batches:
                for part, frames in batches:
                    self._encode(part, frames, known, seen)
                    if not known.done.all() and self.backbone.device == device:
                        self.bank.keep_piece(known, np.array(part, np.intp))
                    step(known)
        finally:
            self._keep(known, device)
        return known

    def _keep(self, known: FrameFeatures, device: str) -> None:
        """Keep what was found, unless some rows come from another device than the name says."""
        if self.backbone.device == device:
            self.bank.keep(known)
        else:
            self.bank.drop_pieces(known)

    def _prepared_beside(
        self, clip: Clip, crop: Box, plan: _Plan, cancel: CancelToken
    ) -> Generator[tuple[Sequence[int], list[_Prepared]]]:
        """Yield batch after batch; the next are prepared while the network works on one."""
        made = Preparing(clip.frame, lambda frame: _prepared(frame, self.spec, crop), at_once=clip.decodes_at_once)
        with made as preparing:
            while part := plan.next_frames():
                with preparing.at_rest():
                    cancel.check()
                frames = preparing.take(part)
                preparing.begin(plan.soon())
                yield part, frames

    def _encode(
        self, part: Sequence[int], frames: Sequence[_Prepared], known: FrameFeatures, seen: dict[bytes, int]
    ) -> None:
        """Encode a batch. Of frames that are exactly alike, as when the probe is paused, the network sees one.

        Args:
            seen: Digest of the network's input -> the frame that was encoded.
        """
        inputs = [frame.digest for frame in frames]
        told: dict[str, NDArray[Any]] = {
            SHARPNESS: np.array([frame.look.sharpness for frame in frames], np.float32),
            GRIDS: np.stack([frame.look.grid for frame in frames]),
            INPUTS: np.frombuffer(b"".join(inputs), np.uint8).reshape(len(part), _DIGEST_BYTES),
        }
        at = np.array(part, np.intp)
        source = np.array([seen.setdefault(digest, index) for digest, index in zip(inputs, part, strict=True)])
        fresh, again = np.flatnonzero(source == at), np.flatnonzero(source != at)
        if len(fresh):
            columns = {name: column[fresh] for name, column in told.items()}
            known.put(at[fresh], columns | self._network(np.stack([frames[int(place)].picture for place in fresh])))
        if len(again):
            copied = {name: known.columns[name][source[again]] for name in (ROWS, TEXTURES) if name in known.columns}
            known.put(at[again], {name: column[again] for name, column in told.items()} | copied)

    def _network(self, pictures: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        if not self.with_textures:
            return {ROWS: self.backbone.encode_frames(pictures)}
        rows, textures = self.backbone.encode_with_texture(pictures)
        return {ROWS: rows, TEXTURES: textures}


def quality(features: FrameFeatures, views: ViewPrediction | None) -> ClipQuality:
    """Return how the frames that are known compare with each other; ``views`` tells which are no scan."""
    columns, strange = features.columns, views.unfamiliar if views is not None else ()
    return quality_of(columns[SHARPNESS], columns[GRIDS], columns[INPUTS], features.done, strange)
