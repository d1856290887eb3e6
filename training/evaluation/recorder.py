"""An engine that keeps what its network said of each picture, so that nothing is encoded twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain.backbone import Backbone, Batch, Embeddings
from fetalclip_app.domain.familiarity import Textures
from fetalclip_app.domain.reading import ModelIdentity
from fetalclip_app.inference.engine import Engine
from fetalclip_app.inference.frame_bank import FrameBank


class Recorder:
    """A backbone that remembers its rows, in the order asked."""

    def __init__(self, backbone: Backbone) -> None:
        self._backbone = backbone
        self.rows: list[Embeddings] = []
        self.textures: list[Textures] = []

    @property
    def identity(self) -> ModelIdentity:
        """Which weights these are."""
        return self._backbone.identity

    @property
    def logit_scale(self) -> float:
        """The weights' own."""
        return self._backbone.logit_scale

    @property
    def device(self) -> str:
        """Where it runs."""
        return self._backbone.device

    @property
    def frames_at_once(self) -> int:
        """As many as its backbone's."""
        return self._backbone.frames_at_once

    def encode_frames(self, batch: Batch) -> Embeddings:
        """Return one unit row for each picture, and keep it."""
        rows = self._backbone.encode_frames(batch)
        self.rows.append(rows)
        return rows

    def encode_with_texture(self, batch: Batch) -> tuple[Embeddings, Textures]:
        """Return rows and textures, and keep both."""
        rows, textures = self._backbone.encode_with_texture(batch)
        self.rows.append(rows)
        self.textures.append(textures)
        return rows, textures

    def encode_texts(self, texts: Sequence[str]) -> Embeddings:
        """Return one unit row for each text."""
        return self._backbone.encode_texts(texts)

    def forget(self) -> None:
        """Keep nothing of what was asked so far."""
        self.rows, self.textures = [], []

    def taken(self) -> tuple[NDArray[np.float32], Textures | None]:
        """Return what was kept since the last call, joined: rows, and textures where the model looks at them."""
        rows = np.concatenate(self.rows)
        textures = np.concatenate(self.textures) if self.textures else None
        self.forget()
        return rows, textures


class Echo(Recorder):
    """The recorder's network without its work: it answers again, batch by batch, for what was just asked.

    A second way of naming views reads the same clip from its start; nothing is encoded twice.
    """

    def __init__(self, recorder: Recorder) -> None:
        super().__init__(recorder)
        self._recorder = recorder
        self._asked = 0

    def rewind(self) -> None:
        """Begin with the first batch again."""
        self._asked = 0

    def encode_frames(self, batch: Batch) -> Embeddings:
        """Return the rows of this batch."""
        return self._recorder.rows[self._next(batch)]

    def encode_with_texture(self, batch: Batch) -> tuple[Embeddings, Textures]:
        """Return the rows and textures of this batch."""
        place = self._next(batch)
        return self._recorder.rows[place], self._recorder.textures[place]

    def _next(self, batch: Batch) -> int:
        place = self._asked
        if place >= len(self._recorder.rows) or len(self._recorder.rows[place]) != len(batch):
            raise ValueError("another clip than the one that was encoded")
        self._asked += 1
        return place


def recorded(engine: Engine) -> tuple[Engine, Recorder]:
    """Return the same engine with a recorder in the place of its backbone."""
    recorder = Recorder(engine.backbone)
    return replace(engine, backbone=recorder, frames=FrameBank(bytes_in_memory=0)), recorder
