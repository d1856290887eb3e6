"""What the model's process needs of an engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from fetalclip_app.domain.backbone import Embeddings
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.overlay import Heatmap, Where
from fetalclip_app.domain.reading import ClipReading, ModelIdentity
from fetalclip_app.domain.views import ViewPrediction, ViewSet
from fetalclip_app.inference.listening import Listener
from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.progress import CancelToken, Report


class Engine(Protocol):
    """`inference.engine.Engine`, or a test's."""

    @property
    def identity(self) -> ModelIdentity:
        """Which weights answer."""
        ...

    @property
    def device(self) -> str:
        """Where the network runs now."""
        ...

    @property
    def notices(self) -> tuple[str, ...]:
        """What the user must know."""
        ...

    @property
    def methods(self) -> tuple[str, ...]:
        """Heatmap methods that it offers."""
        ...

    def read(self, clip: Clip, cancel: CancelToken, report: Report, listener: Listener) -> ClipReading:
        """Answer every task."""
        ...

    def explain(self, clip: Clip, where: Where, step: Report) -> Heatmap:
        """Show where a view was seen."""
        ...

    def embed(self, clip: Clip, cancel: CancelToken) -> Embeddings:
        """Return the unit row of each frame."""
        ...

    def encode_texts(self, texts: Sequence[str]) -> Embeddings:
        """Return one unit row for each text that a person asked."""
        ...

    def seen_with(self, view_set: ViewSet, rows: Embeddings, unfamiliar: frozenset[int]) -> ViewPrediction:
        """Return what a set that is being written sees in rows."""
        ...

    def settle(self) -> Iterator[None]:
        """Return what may be done in small steps while nobody waits."""
        ...

    def later(self) -> Iterator[None]:
        """Return what may be done where nobody has spoken for a while."""
        ...


Factory = Callable[[EngineRequest], Engine]
