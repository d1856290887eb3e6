"""The image tower by each of its roads, beside what the machine could do at best."""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from bench.limits import Cost, Limits, cost_of, limits_of, wait
from bench.rows import median_time
from bench.sides import Sides, cosine
from fetalclip_app.domain.backbone import Embeddings
from fetalclip_app.imaging.preprocess import crop_of, prepare
from fetalclip_app.model import road_trial, roads
from fetalclip_app.model.roads import Road
from fetalclip_app.tasks.keys import VIEWS
from fetalclip_app.tasks.views import class_embeddings

NEAR = 1.2
"""A ViT's encoder is asked to take at most so many times as long as the machine's limit."""

PICTURES = 8
BATCHES = (1, 4, 8)
"""Pictures in one pass; the best counts. Of a large network four."""

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


def beside_the_limits(sides: Sides) -> str:
    """Return a table of the recipe's encoder and of the program's roads, and the limits that were measured beside."""
    backbone, visual = sides.backbone, sides.recipe.network.visual
    size, device = sides.engine.spec.size, backbone.place.kind
    tokens = len(visual.positional_embedding) if hasattr(visual, "positional_embedding") else 256
    before = limits_of(visual, 4 * tokens, device)
    cost = cost_of(visual, size) if device == "cpu" else cost_of(visual.cpu(), size)
    visual.to(device)
    lines = [_row("open_clip", _pace(sides, lambda images: _plain(sides, images)), (cost, before), "fp32", "")]
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
        pace = _pace(sides, backbone.embed_images)
        lines.append(_row(f"this program, {name}{mark}", pace, (cost, before), precision, _loss(sides, exact)))
    backbone.take(sides.road)
    head = [
        "| encoder | frames/s | GFLOP/s | limit, frames/s | times the limit's time | rows and views |",
        "|---|---|---|---|---|---|",
    ]
    peaks = ", ".join(f"{name} {peak:,.0f} GFLOP/s" for name, peak in before.matmul.items())
    told = f"One picture costs {cost.gflop:.1f} GFLOP and moves {1000 * cost.gbyte:.0f} MB between layers. "
    told += f"Measured in this run: products with the network's shapes {peaks}; memory {before.memory:.0f} GB/s."
    return "\n".join([*head, *lines, "", told])


def _row(who: str, pace: float, costs: tuple[Cost, Limits], precision: str, answers: str) -> str:
    cost, limits = costs
    told = f"| {who} | {pace:.2f} | {pace * cost.gflop:,.0f} |"
    if precision not in limits.matmul:
        return f"{told} | | {answers} |"
    attainable = cost.attainable(limits.matmul[precision], limits.memory)
    by = "memory" if attainable < limits.matmul[precision] / cost.gflop else f"{precision} products"
    return f"{told} {attainable:.2f} ({by}) | {attainable / pace:.2f} | {answers} |"


def _pace(sides: Sides, encode: Callable[[torch.Tensor], object]) -> float:
    """Return pictures a second at the best batch."""
    pictures, device = _pictures(sides), sides.backbone.place.kind

    def passes(images: torch.Tensor) -> None:
        with torch.inference_mode():
            encode(images)
        wait(device)

    paces = []
    is_large = sides.effort.is_large
    for batch in BATCHES[1:2] if is_large else BATCHES:
        images = sides.backbone.to_device(pictures[:batch])
        if not is_large:
            passes(images)
        paces.append(batch / median_time(lambda images=images: passes(images), 2 if is_large else 5))  # type: ignore[misc]
    return max(paces)


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
