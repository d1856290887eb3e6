"""One pass over a clip's frames: what is not known yet is encoded, coarsely first."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain.backbone import Backbone
from fetalclip_app.domain.calibration import Box
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.quality import ClipQuality, quality_of
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.imaging.preprocess import PreprocessSpec, prepare
from fetalclip_app.imaging.quality import look_at
from fetalclip_app.inference.frame_bank import GRIDS, INPUTS, ROWS, SHARPNESS, TEXTURES, FrameBank, FrameFeatures
from fetalclip_app.inference.frame_order import coarse_to_fine
from fetalclip_app.inference.listening import Listener
from fetalclip_app.progress import CancelToken

FRAMES_AT_ONCE = 8
"""Frames between two looks at the cancel flag."""

_DIGEST_BYTES = 16

_COLUMNS = frozenset({ROWS, SHARPNESS, GRIDS, INPUTS})

Step = Callable[[FrameFeatures], None]
"""Called after each batch."""


class _Plan:
    """Which frames are read next: it follows the person who looks at them."""

    def __init__(self, done: NDArray[np.bool_], listener: Listener) -> None:
        self._done, self._listener = done, listener
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
        self._at_once = FRAMES_AT_ONCE
        return part

    def _made(self) -> list[int]:
        order = coarse_to_fine(len(self._done), looked_at=self._looked_at)
        left = [index for index in order if not self._done[index]]
        self._listener.planned(left)
        return left


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
        plan = _Plan(known.done, listener)
        step(known)
        try:
            while part := plan.next_frames():
                cancel.check()
                self._encode(clip, crop, part, known, seen)
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

    def _encode(
        self, clip: Clip, crop: Box, frames: Sequence[int], known: FrameFeatures, seen: dict[bytes, int]
    ) -> None:
        """Encode a batch. Of frames that are exactly alike, as when the probe is paused, the network sees one.

        Args:
            seen: Digest of the network's input -> the frame that was encoded.
        """
        decoded = [clip.frame(index) for index in frames]
        pictures = np.stack([prepare(frame, self.spec, crop) for frame in decoded])
        looks = [look_at(frame.pixels, crop) for frame in decoded]
        inputs = [hashlib.blake2b(picture.data, digest_size=_DIGEST_BYTES).digest() for picture in pictures]
        told: dict[str, NDArray[Any]] = {
            SHARPNESS: np.array([look.sharpness for look in looks], np.float32),
            GRIDS: np.stack([look.grid for look in looks]),
            INPUTS: np.frombuffer(b"".join(inputs), np.uint8).reshape(len(frames), _DIGEST_BYTES),
        }
        at = np.array(frames, np.intp)
        source = np.array([seen.setdefault(digest, index) for digest, index in zip(inputs, frames, strict=True)])
        fresh, again = np.flatnonzero(source == at), np.flatnonzero(source != at)
        if len(fresh):
            part = {name: column[fresh] for name, column in told.items()}
            known.put(at[fresh], part | self._network(pictures[fresh]))
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
