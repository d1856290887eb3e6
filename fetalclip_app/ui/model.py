"""The model as the session calls it, and what is told of work under way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from fetalclip_app.domain.backbone import Embeddings
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.overlay import Heatmap, Where
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.domain.sight import Sight
from fetalclip_app.domain.views import ViewPrediction, ViewSet
from fetalclip_app.inference.request import EngineInfo, EngineRequest
from fetalclip_app.progress import CancelToken, Report


class Model(Protocol):
    """The model as blocking calls (`inference.worker.ModelProcess`, or a test's)."""

    @property
    def info(self) -> EngineInfo | None:
        """What the engine said of itself last; None while none runs."""
        ...

    def start(self, request: EngineRequest, cancel: CancelToken) -> EngineInfo:
        """Start the engine."""
        ...

    def read(
        self,
        clip: Clip,
        cancel: CancelToken,
        report: Report,
        seen: Callable[[Sight], None],
        *,
        looked_at: Callable[[], int],
    ) -> ClipReading:
        """Answer every task; ``seen`` hears what is known of the frames, before the progress that belongs to it.

        ``looked_at`` says which frame a person looks at now: reading goes on from there.
        """
        ...

    def explain(self, clip: Clip, where: Where, cancel: CancelToken, report: Report) -> Heatmap:
        """Show where a view was seen."""
        ...

    def embed(self, clip: Clip, cancel: CancelToken) -> Embeddings:
        """Return the unit row of each frame."""
        ...

    def encode_texts(self, texts: Sequence[str], cancel: CancelToken) -> Embeddings:
        """Return one unit row for each text; may be called beside one of the others."""
        ...

    def seen_with(
        self, view_set: ViewSet, rows: Embeddings, unfamiliar: frozenset[int], cancel: CancelToken
    ) -> ViewPrediction:
        """Return what a set that is being written sees in rows; likewise."""
        ...


@dataclass(frozen=True, slots=True)
class Activity:
    """What is under way: a sentence, and how far it is (total 0: not known)."""

    text: str
    done: int = 0
    total: int = 0
    can_cancel: bool = True
