"""The image tower by each of its roads, beside what the machine could do at best."""

from __future__ import annotations

import collections
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from bench.limits import Cost, Products, cost_of, shapes_of, stream, wait
from bench.parts import is_asked
from bench.sides import Sides, cosine
from fetalclip_app.domain.backbone import Embeddings
from fetalclip_app.imaging.preprocess import crop_of, prepare
from fetalclip_app.model import road_trial, roads
from fetalclip_app.model.roads import Road
from fetalclip_app.tasks.keys import VIEWS
from fetalclip_app.tasks.views import class_embeddings

NEAR = 1.2
"""So many times the limit's time a ViT-L/14 may take in bf16."""

PICTURES = 8
AT_ONCE = 4
BATCHES = (1, AT_ONCE, 8)
"""Pictures in one pass; the best counts. Of a large network four, whose tokens are the rows of the limit's products."""

TURNS = 5

KINDS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
PRECISIONS = ("bf16", "fp16")
"""Whose limit a road is held against, if its name has one of these; else that of fp32."""


def take_fastest(sides: Sides) -> None:
    """Let the program take its fastest road whose rows and views are the same, as it does while nobody waits."""
    backbone, classes = sides.backbone, _classes(sides)
    candidates = roads.roads_for(backbone.network, backbone.place)
    if not candidates:
        return

    def views(rows: Embeddings) -> Iterator[Sequence[object]]:
        yield (rows @ classes.T).argmax(axis=1).tolist()

    steps = road_trial.Trial(backbone, _pictures(sides), views).of(candidates)
    verdicts: collections.deque[tuple[road_trial.Verdict, ...]] = collections.deque(maxlen=1)

    def run() -> Iterator[None]:
        verdicts.append((yield from steps))

    collections.deque(run(), maxlen=0)
    best = road_trial.best_of(verdicts[0])
    sides.road = next((road for road in candidates if road.key == best), None)
    backbone.take(sides.road)


def beside_the_limits(sides: Sides) -> tuple[str, bool]:
    """Return a table of the recipe's encoder and of the program's roads, each in turns with its limit.

    Returns:
        The table, and whether what is asked is reached.
    """
    backbone, visual = sides.backbone, sides.recipe.network.visual
    size, device = sides.engine.spec.size, backbone.place.kind
    memory = stream(device)
    cost = cost_of(visual, size) if device == "cpu" else cost_of(visual.cpu(), size)
    visual.to(device)
    limit = _Limit(sides, cost, memory)
    lines = [limit.row("open_clip", lambda images: _plain(sides, images), "fp32", "")]
    taken_name = "the network as it is" if sides.road is None else sides.road.key
    exact = _rows(sides, exact=True)
    for road in _roads(sides):
        try:
            backbone.take(road)
        except (RuntimeError, MemoryError, AttributeError):
            continue
        name = "the network as it is" if road is None else road.key
        mark = " (taken)" if name == taken_name else " (only where it is asked for)" if name == roads.INT8 else ""
        precision = "int8" if name == roads.INT8 else next((one for one in PRECISIONS if one in name), "fp32")
        who = f"this program, {name}{mark}"
        lines.append(limit.row(who, backbone.embed_images, precision, _loss(sides, exact)))
    backbone.take(sides.road)
    head = [
        "| encoder | frames/s | GFLOP/s | limit, GFLOP/s | times the limit's time | rows and views |",
        "|---|---|---|---|---|---|",
    ]
    told = f"One picture costs {cost.gflop:.1f} GFLOP and moves {1000 * cost.gbyte:.0f} MB between layers; memory was "
    told += f"measured at {memory:.0f} GB/s. Products of matrices with the network's shapes and passes of the encoder "
    told += "took turns of the same length: medians, and the least and most of the turns."
    return "\n".join([*head, *lines, "", told]), limit.is_reached


class _Limit:
    """Times an encoder in turns with what the machine could do at best."""

    def __init__(self, sides: Sides, cost: Cost, memory: float) -> None:
        self._sides, self._cost, self._memory = sides, cost, memory
        self._device = sides.backbone.place.kind
        visual = sides.recipe.network.visual
        self._tokens = len(visual.positional_embedding) if hasattr(visual, "positional_embedding") else 256
        self._shapes = shapes_of(visual)
        self.is_reached = True

    def row(self, who: str, encode: Callable[[torch.Tensor], object], precision: str, answers: str) -> str:
        """Return the line of an encoder, at its best batch; one whose precision has no limit stands without."""
        products = None
        if precision in KINDS:
            products = Products(self._shapes, AT_ONCE * self._tokens, KINDS[precision], self._device)
        batches = [self._turns(encode, batch, products) for batch in self._batches()]
        turns = max(batches, key=lambda found: statistics.median(turn.pace for turn in found))
        pace = statistics.median(turn.pace for turn in turns)
        told = f"| {who} | {pace:.2f} | {pace * self._cost.gflop:,.0f} |"
        if products is None:
            return f"{told} | | {answers} |"
        peak = statistics.median(turn.peak for turn in turns)
        by_memory = self._memory / self._cost.gbyte
        by = "memory" if by_memory < peak / self._cost.gflop else f"{precision} products"
        limit = self._cost.attainable(peak, self._memory) * self._cost.gflop
        times = [self._cost.attainable(turn.peak, self._memory) / turn.pace for turn in turns]
        share = statistics.median(times)
        spread = f"{share:.2f} ({min(times):.2f} to {max(times):.2f}){self._asked(share, precision)}"
        return f"{told} {limit:,.0f} ({by}) | {spread} | {answers} |"

    def _asked(self, share: float, precision: str) -> str:
        if precision != "bf16" or is_asked(self._sides, NEAR) is None:
            return ""
        self.is_reached = self.is_reached and share <= NEAR
        return f"; {NEAR}: {'reached' if share <= NEAR else 'NOT reached'}"

    def _batches(self) -> Sequence[int]:
        return (AT_ONCE,) if self._sides.effort.is_large else BATCHES

    def _turns(self, encode: Callable[[torch.Tensor], object], batch: int, products: Products | None) -> list[_Turn]:
        """Return turns of ``batch`` pictures; the products last as long as a pass."""
        images = self._sides.backbone.to_device(_pictures(self._sides)[:batch])

        def one() -> float:
            with torch.inference_mode():
                began = time.perf_counter()
                encode(images)
                wait(self._device)
                return time.perf_counter() - began

        last_s = one()
        found = []
        for _ in range(TURNS):
            peak = 0.0 if products is None else products.pace(last_s)
            last_s = one()
            found.append(_Turn(batch / last_s, peak))
        return found


@dataclass(frozen=True, slots=True)
class _Turn:
    """Pictures a second, and GFLOP/s of the products beside them."""

    pace: float
    peak: float


def _plain(sides: Sides, images: torch.Tensor) -> None:
    sides.recipe.network.encode_image(images.contiguous())


def _rows(sides: Sides, *, exact: bool) -> Embeddings:
    images = sides.backbone.to_device(_pictures(sides))
    parts = [sides.backbone.embed_images(images[at : at + 1], exact=exact).cpu().numpy() for at in range(len(images))]
    return np.concatenate(parts)


def _loss(sides: Sides, exact: Embeddings) -> str:
    """Return how far the rows of the road that is taken lie from those in full precision, and how many views change."""
    rows, classes = _rows(sides, exact=False), _classes(sides)
    changed = int(((rows @ classes.T).argmax(axis=1) != (exact @ classes.T).argmax(axis=1)).sum())
    return f"cosine {cosine(rows, exact):.6f} at least, {changed} of {len(rows)} views changed"


def _roads(sides: Sides) -> list[Road | None]:
    """Return all roads; a large network as it is, which is open_clip's, only where it is taken."""
    backbone, int8 = sides.backbone, roads.int8_for(sides.backbone.network, sides.backbone.place)
    found: list[Road | None] = [] if sides.effort.is_large and sides.road is not None else [None]
    return [*found, *roads.roads_for(backbone.network, backbone.place), *([] if int8 is None else [int8])]


def _pictures(sides: Sides) -> NDArray[np.float32]:
    clip = sides.part(min(PICTURES // 2 if sides.effort.is_large else PICTURES, len(sides.clip)))
    crop = crop_of(clip)
    return np.stack([prepare(clip.frame(index), sides.engine.spec, crop) for index in range(len(clip))])


def _classes(sides: Sides) -> Embeddings:
    return class_embeddings(sides.engine.view_sets[VIEWS], sides.engine.texts.features)
