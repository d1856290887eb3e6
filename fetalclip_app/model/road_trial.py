"""Finds the fastest road whose rows and answers are those of the network as it is: by trying them, once a machine."""

from __future__ import annotations

import logging
import math
import sys
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch

from fetalclip_app.domain.backbone import Batch, Embeddings
from fetalclip_app.model import vit_tower
from fetalclip_app.model.device import CPU, CUDA
from fetalclip_app.model.encoder import TorchBackbone
from fetalclip_app.model.roads import ON_CARD_AT_ONCE, Road, Tower

COSINE = 0.999
"""A road whose rows point elsewhere by more is refused."""

GAIN = 1.1
"""So many times as fast a road must be to be worth its memory: on a busy machine a clock says no less."""

AS_FAST = 1.1
"""Of roads whose times differ by less, the one that is nearer to fp32 is better."""

_COSINE_DIGITS = 5
"""Cosines are compared to so many decimals: what lies behind is the order of sums."""

_log = logging.getLogger(__name__)

Judge = Callable[[Embeddings], Iterator[Sequence[object]]]
"""From rows to what is answered by them, part by part and as many for all rows: something else may run in between."""

Steps = Callable[[], Iterator[None]]

Passes = Generator[None, None, list[tuple[Embeddings, float]]]
Way = Sequence[vit_tower.Stage]
"""From pictures on the device to their features, one stage after the other."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of a road.

    Attributes:
        cosine: The smallest between its rows and those of the network as it is; 0 where it does not work here.
        gain: How many times as fast it is.
        same: Every answer was the same; roads behind one that was accepted are not asked.
    """

    road: str
    cosine: float
    gain: float
    same: bool

    @property
    def is_accepted(self) -> bool:
        """Whether it may be taken."""
        return self.same and self.cosine >= COSINE and self.gain >= GAIN


def best_of(verdicts: Sequence[Verdict]) -> str:
    """Return the fastest road that may be taken; an empty string is the network as it is."""
    accepted = _best_first(verdicts)
    return accepted[0].road if accepted else ""


def _best_first(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Return the roads that may be taken: the fastest first, and of those that are as fast the nearest to fp32.

    Of roads that are alike in both, the one that was tried first is meant.
    """
    left = [verdict for verdict in verdicts if verdict.is_accepted]
    ordered: list[Verdict] = []
    while left:
        fastest = max(verdict.gain for verdict in left)
        as_fast = [verdict for verdict in left if verdict.gain * AS_FAST >= fastest]
        ordered.append(max(as_fast, key=lambda verdict: round(verdict.cosine, _COSINE_DIGITS)))
        left.remove(ordered[-1])
    return ordered


def _nothing() -> Iterator[None]:
    return iter(())


class Trial:
    """A trial of roads in small steps, so that it can stand back whenever there is work. It changes nothing.

    Args:
        pictures: As `prepare` returns them.
        judge: The answers that must not change.
        ready: Makes what the judge needs, in steps before it is asked.
    """

    def __init__(self, backbone: TorchBackbone, pictures: Batch, judge: Judge, ready: Steps = _nothing) -> None:
        self._backbone, self._judge, self._ready = backbone, judge, ready
        self._on_card = backbone.place.kind == CUDA
        self._at_once = ON_CARD_AT_ONCE if self._on_card else 1
        # What other programs take of the processor is no part of a road's cost; Windows counts that in steps as long
        # as a pass.
        by_the_wall = self._on_card or sys.platform == "win32"
        self._clock = time.perf_counter if by_the_wall else time.process_time
        rounds = -(-2 * self._at_once // len(pictures))  # on a card the first pass warms up
        self._pictures = np.tile(pictures, (rounds, 1, 1, 1))

    def of(self, roads: Sequence[Road]) -> Generator[None, None, tuple[Verdict, ...]]:
        """Try the roads and return what was found; anything may happen between two steps."""
        ((expected, _),) = yield from self._timed(self._as_it_is(exact=True))
        rows: dict[str, Embeddings] = {}
        verdicts: list[Verdict] = []
        for road in roads:
            verdicts.append((yield from self._measured(road, expected, rows)))
        # Answers take longest to ask for: of the best, and of the next only where those were others.
        for verdict in _best_first(verdicts):
            same = yield from self._answers_alike(rows[verdict.road], expected)
            verdicts[verdicts.index(verdict)] = replace(verdict, same=same)
            if same:
                break
        _log.info("%s", verdicts)
        return tuple(verdicts)

    def _measured(
        self, road: Road, expected: Embeddings, found: dict[str, Embeddings]
    ) -> Generator[None, None, Verdict]:
        """Return what is found before any answer is asked for, and note the road's rows."""
        try:
            tower = road.build(self._backbone.network.get_submodule("visual"))
            yield
            (_, slow), (rows, fast) = yield from self._timed(self._as_it_is(exact=False), _stages(tower))
        except (RuntimeError, MemoryError, AttributeError) as error:  # an operator that is not there, or no memory
            _log.info("the road %s cannot be taken here: %s", road.key, error)
            return Verdict(road.key, 0.0, 0.0, same=False)
        cosine = float((rows * expected).sum(axis=1).min())
        found[road.key] = rows
        gain = slow / fast if fast > 0 else 0.0
        return Verdict(road.key, cosine if math.isfinite(cosine) else 0.0, gain, same=True)

    def _answers_alike(self, rows: Embeddings, expected: Embeddings) -> Generator[None, None, bool]:
        yield from self._ready()
        for found, wanted in zip(self._judge(rows), self._judge(expected), strict=True):
            yield
            if list(found) != list(wanted):
                return False
        return True

    def _as_it_is(self, *, exact: bool) -> Way:
        """Return the network's own way to a picture's row."""
        visual = self._backbone.network.get_submodule("visual")
        if self._backbone.place.kind == CPU and vit_tower.fits(visual):
            return vit_tower.stages_of(visual)
        return (partial(self._backbone.embed_images, exact=exact),)

    def _timed(self, *ways: Way) -> Passes:
        """Return the rows of all pictures and the shortest time of a pass, of each way; they take turns."""
        rows: list[list[Embeddings]] = [[] for _ in ways]
        shortest = [math.inf for _ in ways]
        for start in range(0, len(self._pictures), self._at_once):
            part = self._pictures[start : start + self._at_once]
            for place, way in enumerate(ways):
                found, took = yield from self._passed(way, part)
                rows[place].append(found)
                if len(part) == self._at_once:
                    shortest[place] = min(shortest[place], took)
        return [(np.concatenate(found), least) for found, least in zip(rows, shortest, strict=True)]

    def _passed(self, way: Way, pictures: Batch) -> Generator[None, None, tuple[Embeddings, float]]:
        """Return the unit rows of pictures and the time that they took; somebody else may be served between stages."""
        x = self._backbone.to_device(pictures)
        took = 0.0
        stages = (*way, _as_rows)
        # A card works on while somebody else is served: the clock must not stand still meanwhile.
        for stage in (_in_one(stages),) if self._on_card else stages:
            began = self._clock()
            with torch.inference_mode():
                x = stage(x)
            took += self._clock() - began
            yield
        return x.numpy(), took


def _as_rows(features: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.normalize(features.float(), dim=-1).cpu()


def _in_one(stages: Way) -> vit_tower.Stage:
    def encode(x: torch.Tensor) -> torch.Tensor:
        for stage in stages:
            x = stage(x)
        return x

    return encode


def _stages(tower: Tower) -> Way:
    """Return a tower's stages, or itself where it has none."""
    return tower.stages if isinstance(tower, vit_tower.VitTower) else (tower,)
