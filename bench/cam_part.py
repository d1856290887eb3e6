"""Score-CAM of one frame: the grad-cam package with the published wrapper, and the program's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bench.limits import wait
from bench.parts import is_asked
from bench.rows import Row, timed
from bench.sides import Sides
from fetalclip_app.imaging.preprocess import crop_of, prepare
from fetalclip_app.model import cam_score
from fetalclip_app.model.cam import Saliency, score_layer_of
from fetalclip_app.model.cam_score import Asked, expected_change, masked, masks_at_once
from fetalclip_app.progress import silent
from fetalclip_app.tasks.keys import VIEWS
from fetalclip_app.tasks.views import class_embeddings

ASKED = 20.0
CALL = 16
"""Masked pictures that grad-cam hands to the network at a time."""

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
    texts_s, classes = timed(lambda: recipe.classes(prompts))
    again_s, _ = timed(lambda: recipe.classes(prompts))
    pass_s, rows = timed(lambda: _rows(sides, images))
    one_s, all_texts_s = pass_s / len(chosen), (texts_s + again_s) / 2
    plain = recipe.views(rows, classes)[:, frame.target]
    ours = _ours(sides, frame, chosen, plain)
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
    """Time the program: the whole map of a small network, the chosen channels of a large one."""
    backbone, channels = sides.backbone, len(frame.maps)
    classes = torch.from_numpy(frame.classes)

    def score(rows: torch.Tensor) -> torch.Tensor:
        logits = sides.view_scale * rows.float() @ classes.to(rows.device).T
        return torch.softmax(logits, dim=-1)[:, frame.target]

    image, maps = backbone.to_device(frame.picture[None]), frame.maps[chosen]
    layer = score_layer_of(backbone.network.visual)
    at_once = masks_at_once(image.device.type, of_tokens=layer is not None and layer.grid is not None)
    asked = Asked(backbone, score, at_once, silent)
    quick_s, quick = timed(lambda: _passes(sides, asked, image, maps, exact=False))
    error = float((quick - plain).std(ddof=1))
    change = expected_change(np.resize(plain, channels), frame.maps, error)
    is_quick = change <= cam_score.TOLERANCE
    told = f"scores differ by {error:.1g}, a place of the map by {change:.1g}"
    if not sides.effort.is_large:
        saliency = Saliency(backbone)
        seconds, _ = timed(lambda: _whole(saliency, sides, frame))
        return _Ours(seconds, is_quick, f"{told}; {backbone.device}")
    step = max(len(maps) // 4, 1)
    few = maps[::step]
    exact_s, exact = timed(lambda: _passes(sides, asked, image, few, exact=True))
    exact_one, quick_one = exact_s / len(few), quick_s / len(maps)
    if is_quick:
        return _Ours(quick_one * channels + exact_one * cam_score.SAMPLE, True, f"{told}; {backbone.device}")
    near = float(np.ptp(exact - plain[::step]))
    told = f"in full precision, scores differ by {near:.1g} at most: by {backbone.device} {told}"
    return _Ours(exact_one * channels + quick_one * cam_score.SAMPLE, near <= cam_score.TOLERANCE, told)


def _passes(sides: Sides, asked: Asked, image: torch.Tensor, maps: Rows, *, exact: bool) -> Rows:
    at_once = asked.at_once
    found = []
    with torch.inference_mode():
        for start in range(0, len(maps), at_once):
            masks = torch.from_numpy(maps[start : start + at_once]).to(image.device)
            rows = sides.backbone.embed_images(masked(image, masks), exact=exact)
            found.append(asked.score(rows).float().cpu().numpy())
    return np.concatenate(found)


def _whole(saliency: Saliency, sides: Sides, frame: Frame) -> Rows:
    found = saliency.heatmap(frame.picture, frame.classes, frame.target, "scorecam")
    wait(sides.backbone.network.get_parameter("logit_scale").device.type)
    return found
