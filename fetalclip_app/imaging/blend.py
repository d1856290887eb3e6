"""Masks, lines and heatmaps over a frame, for screen and report alike. All positions are frame pixels."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from fetalclip_app import resources
from fetalclip_app.domain.clip import Pixels
from fetalclip_app.domain.notes import Line
from fetalclip_app.domain.overlay import Ellipse, Heatmap, Segmentation
from fetalclip_app.domain.structures import name_place
from fetalclip_app.imaging.label_places import Label, label_heights
from fetalclip_app.imaging.overlay_colours import (
    ELLIPSE_COLOUR,
    HAND_COLOUR,
    OUTLINE_COLOUR,
    Colour,
    heat_rgba,
    structure_colour,
)

BAR_COLOUR: Colour = (255, 255, 255)

OPACITY = 0.6

_SUBPIXEL_BITS = 4


def blend(
    frame_pixels: Pixels,
    *,
    heatmap: Heatmap | None = None,
    opacity: float = OPACITY,
    outline: Segmentation | None = None,
    ellipse: Ellipse | None = None,
    pixel_mm: float | None = None,
) -> Pixels:
    """Return a new picture with the overlays on it: uint8, (H, W, 3), RGB. The frame itself stays as it is.

    Args:
        opacity: Of the heatmap where its value is 1; where the value is 0 the frame shows through whole.
        pixel_mm: Width of a pixel; with it a scale bar is drawn, without it none.

    Raises:
        ValueError: An overlay of another size than the frame, or an opacity outside 0 to 1.
    """
    picture = np.array(frame_pixels, dtype=np.uint8, copy=True)
    if heatmap is not None:
        picture = _with_heatmap(picture, heatmap.values, opacity)
    thickness = line_width(picture.shape[0], picture.shape[1])
    if outline is not None:
        for line in contours(outline, picture.shape[:2]):
            _draw(picture, line, OUTLINE_COLOUR, thickness)
    if ellipse is not None:
        for axis in (ellipse.major_axis(), ellipse.minor_axis()):
            for dash in dashes(axis, 5.0 * thickness):
                _draw(picture, dash, ELLIPSE_COLOUR, thickness, closed=False)
        _draw(picture, ellipse.points(360), ELLIPSE_COLOUR, thickness)
    return picture if pixel_mm is None else _with_scale_bar(picture, pixel_mm)


def with_masks(picture: Pixels, masks: Sequence[tuple[str, Segmentation]]) -> Pixels:
    """Return a new picture with the edges of several masks on it, each in its structure's colour and with its name.

    Raises:
        ValueError: A mask of another size than the picture.
    """
    drawn = np.array(picture, dtype=np.uint8, copy=True)
    height, width = drawn.shape[:2]
    thickness = line_width(height, width)
    for _name, mask in masks:
        for line in contours(mask, drawn.shape[:2]):
            _draw(drawn, line, structure_colour(mask.structure), thickness)
    canvas = Image.fromarray(drawn)
    pen, font = ImageDraw.Draw(canvas), _font(max(9, height // 36))
    for name, mask in masks:
        x, y, above = name_place(mask)
        wide = pen.textlength(name, font)
        left, right = (x - wide / 2, x + wide / 2) if above else (x + 6, x + 6 + wide)
        shift = min(width - 2 - right, 0) or max(2 - left, 0)
        where, anchor = (left + shift, max(y - 8, font.size + 2) if above else y), "ls" if above else "lm"
        pen.text(where, name, structure_colour(mask.structure), font, anchor, stroke_width=1, stroke_fill=(0, 0, 0))
    return np.array(canvas, dtype=np.uint8)


def with_calipers(picture: Pixels, drawn: Sequence[tuple[Line | Ellipse, str]], colour: Colour = HAND_COLOUR) -> Pixels:
    """Return a new picture with lines and ellipses on it, each with its words beside its rightmost end."""
    made = np.array(picture, dtype=np.uint8, copy=True)
    height, width = made.shape[:2]
    thickness = line_width(height, width)
    for shape, _text in drawn:
        if isinstance(shape, Ellipse):
            _draw(made, shape.points(360), colour, thickness)
            continue
        ends = np.array([shape.first, shape.last])
        along = (ends[1] - ends[0]) / max(float(np.hypot(*(ends[1] - ends[0]))), 1.0)
        bar = np.array([-along[1], along[0]]) * max(3.0, height / 90)
        for stroke in (ends, np.stack([ends[0] - bar, ends[0] + bar]), np.stack([ends[1] - bar, ends[1] + bar])):
            _draw(made, stroke, colour, thickness, closed=False)
    canvas = Image.fromarray(made)
    pen, font = ImageDraw.Draw(canvas), _font(max(9, height // 36))
    wanted: list[Label] = []
    for shape, text in drawn:
        (x, y), long = rightmost_end(shape), float(pen.textlength(text, font))
        left = min(x + 6, max(width - 2 - long, 2.0))
        wanted.append((left, left + long, y - 4))
    heights = label_heights(wanted, font.size + 2, font.size, height - 2)
    for (left, _right, _own), baseline, (_shape, text) in zip(wanted, heights, drawn, strict=True):
        pen.text((left, baseline), text, colour, font, "ls", stroke_width=1, stroke_fill=(0, 0, 0))
    return np.array(canvas, dtype=np.uint8)


def rightmost_end(shape: Line | Ellipse) -> tuple[float, float]:
    """Return the end of a line, or of an ellipse's longer axis, beside which its words stand: (x, y) in pixels."""
    points = shape.major_axis() if isinstance(shape, Ellipse) else np.array([shape.first, shape.last])
    x, y = points[int(points[:, 0].argmax())]
    return float(x), float(y)


def line_width(height: int, width: int) -> int:
    """Return the thickness of overlay lines in pixels, so that they look alike on small and large frames."""
    return max(1, round(min(height, width) / 400))


def contours(outline: Segmentation, shape: tuple[int, ...]) -> list[NDArray[np.float64]]:
    """Return the closed lines (points, 2) as (x, y) along the mask's edge.

    Raises:
        ValueError: The mask has another size than ``shape``.
    """
    _same_size(outline.mask.shape, shape)
    found, _ = cv2.findContours(outline.mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return [np.asarray(line[:, 0, :], dtype=np.float64) for line in found if len(line) >= 3]


def dashes(ends: NDArray[np.float64], length: float) -> list[NDArray[np.float64]]:
    """Return the strokes (2, 2) of a dashed line between two points; it begins and ends with a stroke.

    Args:
        ends: (2, 2), points (x, y).
        length: Of a stroke and of a gap, about, in pixels.
    """
    first, last = ends
    total = float(np.hypot(*(last - first)))
    strokes = max(1, round((total / length + 1) / 2))
    marks = np.linspace(0.0, 1.0, 2 * strokes)
    return [
        np.stack([first + (last - first) * marks[i], first + (last - first) * marks[i + 1]])
        for i in range(0, 2 * strokes, 2)
    ]


def scale_bar_mm(width_mm: float) -> float:
    """Return a round length, 1, 2 or 5 times a power of ten, that fills at most a quarter of ``width_mm``.

    Raises:
        ValueError: The width is not positive and finite.
    """
    if not (math.isfinite(width_mm) and width_mm > 0):
        raise ValueError(f"a picture {width_mm} mm wide")
    power = 10.0 ** math.floor(math.log10(width_mm / 4))
    return power * max(step for step in (1, 2, 5) if step == 1 or step * power <= width_mm / 4)


def _with_heatmap(picture: Pixels, values: NDArray[np.float32], opacity: float) -> Pixels:
    _same_size(values.shape, picture.shape[:2])
    if not 0 <= opacity <= 1:
        raise ValueError(f"an opacity of {opacity}")
    heat = heat_rgba(values)
    weight = heat[:, :, 3:] / 255 * opacity
    mixed = picture * (1.0 - weight) + heat[:, :, :3] * weight
    return np.asarray(np.rint(mixed), dtype=np.uint8)


def _draw(picture: Pixels, points: NDArray[np.float64], colour: Colour, thickness: int, *, closed: bool = True) -> None:
    """Draw a smooth line with a dark rim, so that it stands out on bright bone as on black."""
    fixed = np.rint(points * (1 << _SUBPIXEL_BITS)).astype(np.int32)[:, None, :]
    for shade, wide in (((0, 0, 0), thickness + 2), (colour, thickness)):
        cv2.polylines(picture, [fixed], closed, shade, wide, cv2.LINE_AA, _SUBPIXEL_BITS)


def _with_scale_bar(picture: Pixels, pixel_mm: float) -> Pixels:
    height, width = picture.shape[:2]
    length_mm = scale_bar_mm(width * pixel_mm)
    margin, thick = max(4, width // 40), line_width(height, width) + 1
    left, right, bottom = margin, margin + length_mm / pixel_mm, height - margin
    canvas = Image.fromarray(picture)
    pen = ImageDraw.Draw(canvas)
    for shade, rim in (((0, 0, 0), 1), (BAR_COLOUR, 0)):
        pen.rectangle((left - rim, bottom - thick - rim, right + rim, bottom + rim), fill=shade)
        for x in (left, right):
            pen.rectangle((x - rim, bottom - 3 * thick - rim, x + thick - 1 + rim, bottom + rim), fill=shade)
    font = _font(max(9, height // 36))
    where = ((left + right) / 2, bottom - 4 * thick)
    pen.text(where, f"{length_mm:g}\u2009mm", BAR_COLOUR, font, anchor="mb", stroke_width=1, stroke_fill=(0, 0, 0))
    return np.array(canvas, dtype=np.uint8)


@functools.lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(resources.path("report/NotoSans-Regular.ttf")), size)


def _same_size(overlay: tuple[int, ...], frame: tuple[int, ...]) -> None:
    if tuple(overlay) != tuple(frame):
        raise ValueError(f"an overlay of {overlay} over a frame of {frame}")
