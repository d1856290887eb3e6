"""Which road the image tower takes: the one found before; and, while nobody waits, finding it."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fetalclip_app import resources
from fetalclip_app.domain.backbone import Batch, Embeddings, ViewCalibration
from fetalclip_app.domain.calibration import Box
from fetalclip_app.domain.precision import Precision
from fetalclip_app.imaging.preprocess import PreprocessSpec, prepare
from fetalclip_app.imaging.readers import read_clip
from fetalclip_app.inference.cache import TextBank
from fetalclip_app.tasks.gestational_age import CANDIDATES, AgeTask, best_candidates

if TYPE_CHECKING:
    from fetalclip_app.model.encoder import TorchBackbone
    from fetalclip_app.model.road_book import RoadBook
    from fetalclip_app.model.roads import Road

SAMPLE = "samples/simulated_head.dcm"

SPACING_MM = 0.43
"""mm per network pixel, in the middle of what scanners give: the ages that must not change are asked with it."""

_log = logging.getLogger(__name__)

Classes = NDArray[np.float32]


def begin(backbone: TorchBackbone, precision: Precision, book: RoadBook) -> bool:
    """Take the road that was found before on this machine, or the one that was asked for.

    Returns:
        Whether the precision is the one that was asked for: there are not always eight bits.
    """
    from fetalclip_app.model import roads  # noqa: PLC0415 - torch takes seconds to import

    if precision is Precision.FULL:
        return True
    if precision is Precision.INT8:
        road = roads.int8_for(backbone.network, backbone.place)
    else:
        known = book.known(backbone)
        candidates = _roads(backbone, book) if known else ()
        road = next((road for road in candidates if road.key == known), None)
    if road is not None:
        try:
            backbone.take(road)
        except (RuntimeError, MemoryError, AttributeError) as error:
            _log.warning("the road %s cannot be taken: %s", road.key, error)
            road = None
    return precision is Precision.AUTO or road is not None


@dataclass(frozen=True, slots=True)
class Settling:
    """Finds the road once, in small steps.

    Attributes:
        namers: What names the views, prompts or probes: rows (classes, D), and a number to add for each.
        texts: Encodes the sentences of ages, and keeps them for the first reading that asks for them.
    """

    backbone: TorchBackbone
    book: RoadBook
    spec: PreprocessSpec
    namers: Sequence[tuple[Classes, Classes]]
    texts: TextBank

    def __call__(self) -> Iterator[None]:
        """Try the roads unless they were tried, and take the best. Anything may happen between two steps."""
        try:
            yield from self._try()
        except Exception as error:  # other makers' libraries are tried: nothing of theirs may end this process
            _log.warning("no road was tried: %r", error)

    def _try(self) -> Iterator[None]:
        from fetalclip_app.model import road_trial  # noqa: PLC0415 - torch takes seconds to import

        place = self.backbone.place
        candidates = _roads(self.backbone, self.book)
        if not candidates or self.book.known(self.backbone) is not None:
            return
        asked = AgeTask.bundled().texts(SPACING_MM)
        trial = road_trial.Trial(self.backbone, pictures(self.spec), self._answers, lambda: self.texts.in_steps(asked))
        verdicts = yield from trial.of(candidates)
        if self.backbone.place != place:
            return  # a card gave up meanwhile
        best = road_trial.best_of(verdicts)
        self.backbone.take(next((road for road in candidates if road.key == best), None))
        self.book.note(self.backbone, verdicts)

    def _answers(self, rows: Embeddings) -> Iterator[Sequence[object]]:
        """Yield the best view of each row by all that names views, and the best days."""
        for classes, bias in self.namers:
            yield (rows @ classes.T + bias).argmax(axis=1).tolist()
        task = AgeTask.bundled()
        similarity = rows @ self.texts.features(task.texts(SPACING_MM)).T
        tables = similarity.reshape(len(rows), len(task.templates), len(CANDIDATES)).mean(axis=1)
        best = [best_candidates(table) for table in tables]
        yield [CANDIDATES[days[len(days) // 2]].days for days in best]


def _roads(backbone: TorchBackbone, book: RoadBook) -> tuple[Road, ...]:
    from fetalclip_app.model import roads  # noqa: PLC0415 - torch takes seconds to import

    return roads.roads_for(backbone.network, backbone.place, book.path(backbone, ".road"))


def namer_of(rows: Classes, fitted: ViewCalibration, logit_scale: float) -> tuple[Classes, Classes]:
    """Return what prompts add up to: their rows, and what each class's frequency adds to its similarity."""
    if fitted.frequencies is None:
        return rows, np.zeros(len(rows), np.float32)
    scale = logit_scale if fitted.scale is None else fitted.scale
    return rows, (np.log(fitted.frequencies) / scale).astype(np.float32)


def pictures(spec: PreprocessSpec) -> Batch:
    """Return what roads are tried on: whole frames of the bundled sample, and parts of them."""
    clip = read_clip(resources.path(SAMPLE))
    width, height = clip.width, clip.height
    crops = (
        Box(0, 0, width, height),
        Box(width // 4, height // 4, width // 2, height // 2),
        Box(width // 3, height // 5, width, height),
        Box(0, height // 3, width // 2, height),
    )
    indices = np.linspace(0, len(clip) - 1, len(crops)).astype(int)
    frames = (clip.frame(int(index)) for index in indices)
    return np.stack([prepare(frame, spec, crop) for frame, crop in zip(frames, crops, strict=True)])


Settle = Callable[[], Iterator[None]]
"""Returns what the engine may do in small steps while nobody waits for it."""


def nothing() -> Iterator[None]:
    """Return nothing to do."""
    return iter(())


def by_patience(settle: Settle, later: Settle, backbone: TorchBackbone, book: RoadBook) -> tuple[Settle, Settle]:
    """Return what is done wherever nobody waits, and what only where nobody has spoken for a while.

    The roads of a network of convolutions take seconds to build, in one step that cannot stand back; and where nothing
    is kept, each start would build them anew for less than they save.
    """
    from fetalclip_app.model.tower_facts import is_convolutional  # noqa: PLC0415 - torch takes seconds to import

    if not is_convolutional(backbone.network):
        return settle, later
    return nothing, later if book.folder is None else lambda: itertools.chain(settle(), later())
