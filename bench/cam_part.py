"""Score-CAM of one frame: the grad-cam package with the published wrapper, and the program's."""

from __future__ import annotations

import collections
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bench.limits import wait
from bench.parts import is_asked
from bench.rows import Row, timed
from bench.sides import Sides, cosine
from fetalclip_app.imaging.preprocess import crop_of, prepare
from fetalclip_app.model.cam import Saliency, margins, score_layer_of
from fetalclip_app.model.cam_error import SAMPLES, LogOddsError, expected_change, log_odds, probabilities, softmax
from fetalclip_app.model.cam_int8 import eight_bits
from fetalclip_app.model.cam_score import TOLERANCE, Asked, Embed, Score, masked, masks_at_once, scores_of
from fetalclip_app.progress import silent
from fetalclip_app.tasks.keys import VIEWS
from fetalclip_app.tasks.views import class_embeddings

ASKED = 20.0
CALL = 16
"""Masked pictures that grad-cam hands to the network at a time."""

NEAR = 0.999999
"""Cosine of the program's rows in full precision, to the recipe's."""

EXACT, ROAD, LIGHT, BUILDING = "in full precision", "by its road", "in eight bits", "building the last"
"""Ways to make a pass, and what is timed beside."""

Rows = NDArray[np.float32]


@dataclass(frozen=True, eq=False, slots=True)
class Frame:
    """One frame before its map.

    Attributes:
        maps: What the layer found, (channels, rows, columns).
        classes: Rows of the views' texts.
        target: The view that is explained: the likeliest.
    """

    picture: Rows
    maps: Rows
    classes: Rows
    target: int


def score_cam(sides: Sides) -> list[Row]:
    """Time Score-CAM of one frame; of the recipe's passes, and of a large network's, a stated sample."""
    frame = frame_of(sides)
    channels = len(frame.maps)
    chosen = np.linspace(0, channels - 1, min(sides.effort.passes, channels)).astype(int)
    device = sides.backbone.place.kind
    images = masked(torch.from_numpy(frame.picture[None]), torch.from_numpy(frame.maps[chosen])).to(device)
    recipe, prompts = sides.recipe, sides.engine.view_sets[VIEWS].prompts
    texts_s, _ = timed(lambda: recipe.classes(prompts))
    again_s, _ = timed(lambda: recipe.classes(prompts))
    pass_s, rows = timed(lambda: _rows(sides, images))
    one_s, all_texts_s = pass_s / len(chosen), (texts_s + again_s) / 2
    ours = _ours(sides, frame, chosen, rows)
    count = sum(len(sentences) for sentences in prompts.values())
    told = f"the recipe's side is added up from {len(chosen)} of {channels} masked pictures and {2 * count} prompts"
    told += f"; the program made {len(chosen)} passes too" if sides.effort.is_large else ""
    what = f"Score-CAM of a frame, {channels} channels"
    return [
        Row(f"{what}, {how}", plain_s, ours.seconds, ours.told, ours.same, told, asked)
        for how, plain_s, asked in (
            ("all prompts encoded for each masked picture", channels * (one_s + all_texts_s), is_asked(sides, ASKED)),
            (f"{CALL} masked pictures a call, as grad-cam makes them", channels * (one_s + all_texts_s / CALL), None),
        )
    ]


def _rows(sides: Sides, images: torch.Tensor) -> Rows:
    """Return the recipe's rows of masked pictures, as many at a time as grad-cam hands over."""
    with torch.inference_mode():
        parts = [sides.recipe.network.encode_image(images[at : at + CALL]) for at in range(0, len(images), CALL)]
        found = torch.nn.functional.normalize(torch.cat(parts), dim=-1)
    return np.asarray(found.float().cpu().numpy())


def frame_of(sides: Sides) -> Frame:
    """Return the cine's first frame, with what a Score-CAM of it begins with."""
    clip = sides.still
    picture = prepare(clip.frame(0), sides.engine.spec, crop_of(clip))
    classes = class_embeddings(sides.engine.view_sets[VIEWS], sides.engine.texts.features)
    seen: list[Rows] = []
    layer = score_layer_of(sides.backbone.network.visual)
    assert layer is not None

    def keep(_: Any, inputs: Any, output: torch.Tensor) -> None:
        seen.append((layer.reshape(output) if layer.grid else output)[0].float().cpu().numpy())

    handle = layer.module.register_forward_hook(keep)
    images = sides.backbone.to_device(picture[None])
    try:
        with torch.inference_mode():
            row = sides.backbone.embed_images(images, exact=True)[0].cpu().numpy()
    finally:
        handle.remove()
    return Frame(picture, seen[0].copy(), classes, int(np.argmax(classes @ row)))


@dataclass(frozen=True, slots=True)
class _Ours:
    """The program's map: its time, whether it is the same, and how that is known."""

    seconds: float
    same: bool
    told: str


def _ours(sides: Sides, frame: Frame, chosen: NDArray[np.intp], plain: Rows) -> _Ours:
    """Time the program: the whole map of a small network, the chosen channels of a large one.

    Args:
        chosen: Channels of which the recipe made passes.
        plain: Its unit rows, one for each of them.
    """
    backbone = sides.backbone
    image, maps = backbone.to_device(frame.picture[None]), frame.maps[chosen]
    layer = score_layer_of(backbone.network.visual)
    at_once = masks_at_once(image.device.type, of_tokens=layer is not None and layer.grid is not None)
    times: dict[str, float] = {}
    known: dict[str, Rows] = {EXACT: plain}

    def make(way: str, embed: Embed, masks: Rows) -> None:
        seconds, known[way] = timed(lambda: _passes(embed, image, masks, at_once))
        times[way] = seconds / len(masks)

    make(ROAD, backbone.embed_images, maps)
    replayed = _Replayed(known)
    light = eight_bits(backbone)

    def lighter(pause: Callable[[], None]) -> Embed:
        assert light is not None
        times[BUILDING], embed = timed(lambda: light(pause))
        make(LIGHT, embed, maps)
        return replayed.by(LIGHT)

    asked = Asked(replayed, _score(sides, frame), at_once, silent, lighter if light is not None else None)
    scores = scores_of(asked, image, frame.maps)
    own = f"{_kind_of_map(scores, frame.maps)}; by {backbone.device} {_judged(sides, frame, plain, known[ROAD])}"
    few = slice(None, None, max(len(maps) // 4, 1))
    make(EXACT, lambda images: backbone.embed_images(images, exact=True), maps[few])
    near = cosine(known[EXACT], plain[few])
    made = ", ".join(f"{count} {way}" for way, count in replayed.passes.items())
    told = f"{own}; passes: {made}, in full precision with a cosine of {near:.6f} at least"
    if sides.effort.is_large:
        seconds = times.get(BUILDING, 0) + sum(count * times[way] for way, count in replayed.passes.items())
    else:
        saliency = Saliency(backbone)
        seconds, _ = timed(lambda: _whole(saliency, sides, frame))
    most = max(replayed.passes, key=lambda way: replayed.passes[way])
    apart = _apart(sides, frame, plain, known[most][: len(plain)]) if most != EXACT else 0.0
    told += f"; its map and the recipe's differ by {apart:.1g} at most" if most != EXACT else ""
    return _Ours(seconds, near >= NEAR and apart <= TOLERANCE, told)


@dataclass(eq=False, slots=True)
class _Replayed:
    """Stands for the network where the program decides how to make a map: answers by rows that are known, in turn.

    Attributes:
        rows: Of the same masked pictures, by each way to compute them.
        passes: How many were asked of each.
    """

    rows: dict[str, Rows]
    passes: collections.Counter[str] = field(default_factory=collections.Counter)

    def run(self, step: Callable[[torch.nn.Module, Any], torch.Tensor], items: Any, at_once: int) -> Rows:
        """Return what the step finds in all parts."""
        network = torch.nn.Linear(1, 1)
        return np.concatenate([step(network, items[at : at + at_once]) for at in range(0, len(items), at_once)])

    def embed_images(self, pictures: torch.Tensor, *, exact: bool = False) -> torch.Tensor:
        """Return the next rows, one for each picture."""
        return self.by(EXACT if exact else ROAD)(pictures)

    def by(self, way: str) -> Embed:
        """Return what answers by one way."""

        def embed(pictures: torch.Tensor) -> torch.Tensor:
            rows, done = self.rows[way], self.passes[way]
            self.passes[way] += len(pictures)
            return torch.from_numpy(rows[np.arange(done, done + len(pictures)) % len(rows)])

        return embed


def _score(sides: Sides, frame: Frame) -> Score:
    classes = torch.from_numpy(frame.classes)
    return lambda rows: margins(sides.view_scale * rows.float() @ classes.T, frame.target)


def _judged(sides: Sides, frame: Frame, exact: Rows, quick: Rows) -> str:
    """Return how far the program's own road misses the scores, and what that does to the map."""
    score, count = _score(sides, frame), max(count for count in SAMPLES if count <= len(exact))
    plain, ours = (score(torch.from_numpy(rows)).numpy() for rows in (exact, quick))
    all_plain = np.resize(plain, (len(frame.maps), plain.shape[1]))
    error = LogOddsError.of(ours[:count], plain[:count], all_plain)
    size = (frame.picture.shape[-2], frame.picture.shape[-1])
    exact_scores, scores = probabilities(log_odds(plain)), probabilities(log_odds(ours))
    change = expected_change(probabilities(log_odds(all_plain)), frame.maps, error, size)
    return f"scores differ by {np.abs(scores - exact_scores).max():.1g} at most, a place of the map by {change:.1g}"


def _apart(sides: Sides, frame: Frame, plain: Rows, ours: Rows) -> float:
    """Return how far two maps differ at most, all of whose scores are those of the sample over and over."""
    score, count = _score(sides, frame), len(frame.maps)
    flat = frame.maps.reshape(count, -1)
    first, second = (
        _scaled(softmax(np.resize(probabilities(log_odds(score(torch.from_numpy(rows)).numpy())), count)) @ flat)
        for rows in (plain, ours)
    )
    return float(np.abs(first - second).max())


def _scaled(summed: Rows) -> Rows:
    """Return sums as they are shown: lifted to zero, from 0 to 1; a blank map stays blank."""
    lifted = np.maximum(summed, 0)
    height = np.ptp(lifted)
    return np.asarray((lifted - lifted.min()) / height if height else lifted * 0)


def _kind_of_map(scores: Rows, maps: Rows) -> str:
    """Return whether the map shows something, and its highest place before it is scaled."""
    highest = float(np.tensordot(softmax(scores), maps, axes=1).max())
    return f"the map is blank, its highest place {highest:.2g}" if highest <= 0 else f"highest place {highest:.2g}"


def _passes(embed: Embed, image: torch.Tensor, maps: Rows, at_once: int) -> Rows:
    """Return unit rows behind these masks."""
    found = []
    with torch.inference_mode():
        for start in range(0, len(maps), at_once):
            masks = torch.from_numpy(maps[start : start + at_once]).to(image.device)
            found.append(embed(masked(image, masks)).cpu().numpy())
    return np.concatenate(found)


def _whole(saliency: Saliency, sides: Sides, frame: Frame) -> Rows:
    found = saliency.heatmap(frame.picture, frame.classes, frame.target, "scorecam")
    wait(sides.backbone.network.get_parameter("logit_scale").device.type)
    return found
