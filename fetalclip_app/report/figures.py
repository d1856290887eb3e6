"""Key frames on paper: the frame as the network saw it, overlays as vectors over it, captions below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from reportlab.lib.colors import Color
from reportlab.lib.utils import ImageReader

from fetalclip_app.domain.calibration import Box, Calibration
from fetalclip_app.domain.clip import Pixels
from fetalclip_app.domain.measuring import region_of_box
from fetalclip_app.domain.notes import Line
from fetalclip_app.domain.overlay import Ellipse, Heatmap, Segmentation
from fetalclip_app.domain.structures import name_place
from fetalclip_app.imaging.blend import OPACITY, blend, contours, dashes, rightmost_end, scale_bar_mm
from fetalclip_app.imaging.label_places import Label, label_heights
from fetalclip_app.imaging.overlay_colours import ELLIPSE_COLOUR, HAND_COLOUR, OUTLINE_COLOUR, structure_colour
from fetalclip_app.report.fonts import BOLD, REGULAR, text_width
from fetalclip_app.report.style import MM, Painted

Points = NDArray[np.float64]

MAX_HEIGHT = 62 * MM

_BLACK, _WHITE = Color(0, 0, 0), Color(1, 1, 1)


@dataclass(frozen=True, eq=False, slots=True)
class Picture:
    """One frame with what is drawn over it.

    Attributes:
        crop: The part shown.
        pixel_mm: Width of a pixel, for the scale bar; None where the picture has no one scale.
        opacity: Of the heatmap, 0 to 1.
        lines: Name and both ends (x, y) of each line to draw.
        masks: Name and mask of each structure to draw.
        calipers: What a person drew, with the words beside it.
    """

    pixels: Pixels
    crop: Box
    pixel_mm: float | None = None
    outline: Segmentation | None = None
    ellipse: Ellipse | None = None
    heatmap: Heatmap | None = None
    opacity: float = OPACITY
    lines: tuple[tuple[str, tuple[tuple[float, float], ...]], ...] = ()
    masks: tuple[tuple[str, Segmentation], ...] = ()
    calipers: tuple[tuple[Line | Ellipse, str], ...] = ()

    def size(self, width: float) -> tuple[float, float]:
        """Return its size on paper, in points, inside ``width`` and `MAX_HEIGHT`."""
        scale = min(width / self.crop.width, MAX_HEIGHT / self.crop.height)
        return self.crop.width * scale, self.crop.height * scale


def scale_of(calibration: Calibration | None, shown: Box) -> float | None:
    """Return the width of a pixel in mm where one trusted scale holds for what is shown, else None."""
    region = region_of_box(calibration, shown)
    return None if region is None or region.spacing is None else region.spacing.column_mm


def figure(picture: Picture, width: float) -> Painted:
    """Return the picture, fitted into ``width`` points."""
    wide, high = picture.size(width)
    return Painted(wide, high, _Painter(picture, wide, high))


@dataclass(frozen=True, eq=False, slots=True)
class _Painter:
    """Paints one picture; frame pixels become points here and nowhere else."""

    picture: Picture
    wide: float
    high: float

    def __call__(self, canvas: Any) -> None:
        canvas.saveState()
        canvas.drawImage(ImageReader(self._raster()), 0, 0, self.wide, self.high)
        frame = canvas.beginPath()
        frame.rect(0, 0, self.wide, self.high)
        canvas.clipPath(frame, stroke=0, fill=0)
        canvas.setLineJoin(1)
        canvas.setLineCap(1)
        self._outline(canvas)
        self._ellipse(canvas)
        for name, ends in self.picture.lines:
            self._line(canvas, np.array(ends), ELLIPSE_COLOUR, 0.9, closed=False)
            self._name(canvas, np.array(ends), name)
        for name, mask in self.picture.masks:
            self._mask(canvas, name, mask)
        for shape, _text in self.picture.calipers:
            self._caliper(canvas, shape)
        self._caliper_texts(canvas)
        self._scale_bar(canvas)
        canvas.restoreState()

    def _raster(self) -> Image.Image:
        crop = self.picture.crop
        shown = self.picture.pixels
        if self.picture.heatmap is not None:
            shown = blend(shown, heatmap=self.picture.heatmap, opacity=self.picture.opacity)
        part = np.ascontiguousarray(shown[crop.top : crop.bottom, crop.left : crop.right])
        is_grey = bool((part[..., 0] == part[..., 1]).all() and (part[..., 1] == part[..., 2]).all())
        return Image.fromarray(np.ascontiguousarray(part[..., 0]) if is_grey else part)

    def _paper(self, points: Points) -> Points:
        """Return frame pixels (x, y) as points on paper; a pixel's position is its centre."""
        crop = self.picture.crop
        scale = self.wide / crop.width
        x = (points[:, 0] - crop.left + 0.5) * scale
        y = self.high - (points[:, 1] - crop.top + 0.5) * scale
        return np.stack([x, y], axis=-1)

    def _line(self, canvas: Any, points: Points, colour: tuple[int, int, int], width: float, closed: bool) -> None:
        path = canvas.beginPath()
        first, *others = self._paper(points)
        path.moveTo(*first)
        for point in others:
            path.lineTo(*point)
        if closed:
            path.close()
        for shade, wide in ((_BLACK, width + 0.9), (Color(*(c / 255 for c in colour)), width)):
            canvas.setStrokeColor(shade)
            canvas.setLineWidth(wide)
            canvas.drawPath(path)

    def _outline(self, canvas: Any) -> None:
        outline = self.picture.outline
        for line in contours(outline, self.picture.pixels.shape[:2]) if outline is not None else ():
            self._line(canvas, line, OUTLINE_COLOUR, 0.8, closed=True)

    def _mask(self, canvas: Any, name: str, mask: Segmentation) -> None:
        """Draw a structure's edge, and its name beside it, both in its colour."""
        colour = structure_colour(mask.structure)
        for line in contours(mask, self.picture.pixels.shape[:2]):
            self._line(canvas, line, colour, 0.9, closed=True)
        at_x, at_y, above = name_place(mask)
        ((x, y),) = self._paper(np.array([[at_x, at_y]]))
        canvas.setFont(BOLD, 7.5)
        half = canvas.stringWidth(name, BOLD, 7.5) / 2
        x, y = (x, y + 1.2 * MM) if above else (x + half + 1.2 * MM, y - 0.9 * MM)
        x, y = min(max(x, half + MM), self.wide - half - MM), min(y, self.high - 3.5 * MM)
        _rimmed(canvas, x, y, name, Color(*(part / 255 for part in colour)))

    def _ellipse(self, canvas: Any) -> None:
        ellipse = self.picture.ellipse
        if ellipse is None:
            return
        stroke = 1.6 * MM * self.picture.crop.width / self.wide
        for axis, name in ((ellipse.major_axis(), "OFD"), (ellipse.minor_axis(), "BPD")):
            for dash in dashes(axis, stroke):
                self._line(canvas, dash, ELLIPSE_COLOUR, 0.6, closed=False)
            self._name(canvas, axis, name)
        self._line(canvas, ellipse.points(240), ELLIPSE_COLOUR, 1.0, closed=True)

    def _name(self, canvas: Any, axis: Points, name: str) -> None:
        """Write the axis's name inside the ellipse, a quarter of the way along and beside the line."""
        first, last = self._paper(axis)
        along = (last - first) / max(float(np.hypot(*(last - first))), 1e-6)
        beside = np.array([-along[1], along[0]])
        beside = beside if beside[1] > 0 else -beside
        x, y = first + (last - first) * 0.22 + beside * 2.2 * MM
        canvas.setFont(BOLD, 7.5)
        _rimmed(canvas, x, y - 0.9 * MM, name, Color(*(c / 255 for c in ELLIPSE_COLOUR)))

    def _caliper(self, canvas: Any, shape: Line | Ellipse) -> None:
        """Draw a person's ellipse, or line with a bar across each end."""
        if isinstance(shape, Ellipse):
            self._line(canvas, shape.points(240), HAND_COLOUR, 0.9, closed=True)
            return
        ends = np.array([shape.first, shape.last], dtype=np.float64)
        along = (ends[1] - ends[0]) / max(float(np.hypot(*(ends[1] - ends[0]))), 1e-6)
        bar = np.array([-along[1], along[0]]) * 1.3 * MM * self.picture.crop.width / self.wide
        for stroke in (ends, np.stack([ends[0] - bar, ends[0] + bar]), np.stack([ends[1] - bar, ends[1] + bar])):
            self._line(canvas, stroke, HAND_COLOUR, 0.9, closed=False)

    def _caliper_texts(self, canvas: Any) -> None:
        """Write each length beside the rightmost end of its caliper, inside the picture, none over another."""
        canvas.setFont(BOLD, 7.5)
        wanted: list[Label] = []
        for shape, text in self.picture.calipers:
            x, y = self._paper(np.array([rightmost_end(shape)]))[0]
            long = canvas.stringWidth(text, BOLD, 7.5)
            left = min(max(x + 1.5 * MM, MM), self.wide - long - MM)
            wanted.append((left, left + long, y))
        heights = label_heights(wanted, 3.2 * MM, MM, self.high - 3.5 * MM)
        for (left, _right, _own), y, (_shape, text) in zip(wanted, heights, self.picture.calipers, strict=True):
            _rimmed(canvas, left, y, text, Color(*(part / 255 for part in HAND_COLOUR)), centred=False)

    def _scale_bar(self, canvas: Any) -> None:
        if self.picture.pixel_mm is None:
            return
        width_mm = self.picture.crop.width * self.picture.pixel_mm
        length_mm = scale_bar_mm(width_mm)
        left, bottom = 3 * MM, 3 * MM
        right = left + length_mm / width_mm * self.wide
        for shade, rim in ((_BLACK, 0.5), (_WHITE, 0.0)):
            canvas.setFillColor(shade)
            canvas.rect(left - rim, bottom - rim, right - left + 2 * rim, 0.5 * MM + 2 * rim, stroke=0, fill=1)
            for x in (left, right - 0.35 * MM):
                canvas.rect(x - rim, bottom - rim, 0.35 * MM + 2 * rim, 1.5 * MM + 2 * rim, stroke=0, fill=1)
        text = f"{length_mm:g}\u00a0mm"
        canvas.setFont(REGULAR, 7.5)
        middle = max((left + right - text_width(text, 7.5)) / 2, 1 * MM)
        _rimmed(canvas, middle, bottom + 2.2 * MM, text, _WHITE, centred=False)


def _rimmed(canvas: Any, x: float, y: float, text: str, colour: Color, *, centred: bool = True) -> None:
    """Write light letters with a dark rim, readable on bone and on black."""
    left = x - canvas.stringWidth(text, canvas._fontname, canvas._fontsize) / 2 if centred else x
    canvas.setLineWidth(1.2)
    canvas.setStrokeColor(_BLACK)
    canvas.drawString(left, y, text, mode=1)
    canvas.setFillColor(colour)
    canvas.drawString(left, y, text, mode=0)
