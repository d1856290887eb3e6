"""Reads pictures as the app does, by prompts and by probes, and keeps what the network said of each."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.inference.engine import Engine
from fetalclip_app.progress import CancelToken, silent
from fetalclip_app.tasks.keys import BRAIN_VIEWS, VIEWS
from fetalclip_app.tasks.views import class_embeddings
from training.evaluation.recorder import Echo, Recorder, recorded


@dataclass(frozen=True, eq=False, slots=True)
class Reader:
    """An engine that reads pictures, with all that it told its recorder.

    Attributes:
        by_probe: The same engine with the views named by probes, which does not encode a picture again; None where
            the model has none.
    """

    engine: Engine
    recorder: Recorder
    by_probe: Engine | None = None
    echo: Echo | None = None

    @classmethod
    def of(cls, engine: Engine, probed: Engine | None = None) -> Reader:
        """Return a reader that keeps what the engine's network says of each picture.

        Args:
            probed: The same model, asked to name views by its probes.
        """
        engine, recorder = recorded(engine)
        if probed is None or not probed.naming:
            return cls(engine, recorder)
        echo = Echo(recorder)
        tasks = tuple(task for task in probed.tasks if task.key in (VIEWS, BRAIN_VIEWS))
        return cls(engine, recorder, replace(engine, backbone=echo, tasks=tasks, naming=probed.naming), echo)

    def read(self, clip: Clip) -> tuple[ClipReading, ClipReading | None]:
        """Return the engine's reading, and that by probe; what the network said before is forgotten.

        Raises:
            UnreadableFile: A frame cannot be decoded.
        """
        self.recorder.forget()
        reading = self.engine.read(clip, CancelToken(), silent)
        if self.by_probe is None or self.echo is None:
            return reading, None
        self.echo.rewind()
        return reading, self.by_probe.read(clip, CancelToken(), silent)

    def seen(self) -> tuple[NDArray[np.float32], float]:
        """Return the mean row of the clip that was read last, and its median strangeness."""
        rows, textures = self.recorder.taken()
        return rows.mean(axis=0), float(np.median(strangeness(self.engine, rows, textures)))


def strangeness(engine: Engine, rows: NDArray[np.float32], textures: NDArray[np.float32] | None) -> NDArray[np.float32]:
    """Return the score that the app's guard goes by, larger for stranger pictures."""
    guard = engine.instruments.calibration.familiarity
    if guard is not None and textures is not None:
        return guard.strangeness(textures)
    similarity = rows @ class_embeddings(engine.view_sets[VIEWS], engine.texts.features).T
    best: NDArray[np.float32] = -similarity.max(axis=1)
    return best
