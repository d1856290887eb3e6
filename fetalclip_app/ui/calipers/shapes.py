"""Lines and ellipses as a hand moves them, by their handles. Draws nothing, knows no window."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fetalclip_app.biometry.ellipse_lengths import ellipse_of
from fetalclip_app.domain.calibration import Point
from fetalclip_app.domain.notes import Line
from fetalclip_app.domain.overlay import Ellipse

SMALLEST_PX = 2.0
"""A line, or an ellipse's axis, is at least so long: a click draws nothing."""

USUAL_WIDTH = 0.78
"""Width by length of an ellipse whose width was not set yet: a head's usual proportion. It is a proposal."""


@dataclass(frozen=True, slots=True)
class Oval:
    """An ellipse by the line along one axis and half the width across it, in frame pixels."""

    first: Point
    last: Point
    half_width: float

    @property
    def centre(self) -> Point:
        """The middle of the line."""
        return (self.first[0] + self.last[0]) / 2, (self.first[1] + self.last[1]) / 2

    @property
    def across(self) -> Point:
        """The unit vector across the line."""
        length = math.dist(self.first, self.last) or 1.0
        return -(self.last[1] - self.first[1]) / length, (self.last[0] - self.first[0]) / length


Shape = Line | Oval

CENTRE = 4
"""The handle that moves an ellipse as a whole; before it come both ends of its axis, then both sides."""


def oval_of(ellipse: Ellipse) -> Oval:
    """Return an ellipse by its major axis."""
    (x1, y1), (x2, y2) = ellipse.major_axis()
    return Oval((float(x1), float(y1)), (float(x2), float(y2)), ellipse.b)


def drawn_shape(shape: Shape) -> Line | Ellipse | None:
    """Return what is kept of a shape; None where it is too small to be one."""
    length = math.dist(shape.first, shape.last)
    if isinstance(shape, Line):
        return shape if length >= SMALLEST_PX else None
    if length < SMALLEST_PX or 2 * shape.half_width < SMALLEST_PX:
        return None
    angle = math.degrees(math.atan2(shape.last[1] - shape.first[1], shape.last[0] - shape.first[0]))
    return ellipse_of(*shape.centre, length / 2, shape.half_width, angle)


def shape_of(drawn: Line | Ellipse) -> Shape:
    """Return a kept line or ellipse as it is moved."""
    return drawn if isinstance(drawn, Line) else oval_of(drawn)


def handles(shape: Shape) -> tuple[Point, ...]:
    """Return where a shape can be taken hold of: its ends; of an ellipse its sides and its centre too."""
    if isinstance(shape, Line):
        return shape.first, shape.last
    (x, y), (ux, uy), width = shape.centre, shape.across, shape.half_width
    return shape.first, shape.last, (x + ux * width, y + uy * width), (x - ux * width, y - uy * width), (x, y)


def moved(shape: Shape, handle: int, to: Point) -> Shape:
    """Return a shape with one handle moved; the other end, or the axis, stays where it is."""
    if handle == 0:
        return replace(shape, first=to)
    if handle == 1:
        return replace(shape, last=to)
    assert isinstance(shape, Oval)  # a line has two handles
    (x, y), (ux, uy) = shape.centre, shape.across
    if handle == CENTRE:
        dx, dy = to[0] - x, to[1] - y
        first, last = ((px + dx, py + dy) for px, py in (shape.first, shape.last))
        return replace(shape, first=first, last=last)
    side = 1.0 if handle == 2 else -1.0
    return replace(shape, half_width=max(side * ((to[0] - x) * ux + (to[1] - y) * uy), SMALLEST_PX / 2))


def widened(oval: Oval, to: Point) -> Oval:
    """Return an ellipse whose side lies as far from its axis as a point does."""
    (x, y), (ux, uy) = oval.centre, oval.across
    return replace(oval, half_width=max(abs((to[0] - x) * ux + (to[1] - y) * uy), SMALLEST_PX / 2))


def nearest(shape: Shape, point: Point, reach: float) -> int | None:
    """Return the handle within ``reach`` pixels of a point, or None."""
    distances = [math.dist(handle, point) for handle in handles(shape)]
    best = min(range(len(distances)), key=distances.__getitem__)
    return best if distances[best] <= reach else None


def distance_to(drawn: Line | Ellipse, point: Point) -> float:
    """Return how far a point lies from a line, or from the edge of an ellipse, in pixels."""
    if isinstance(drawn, Ellipse):
        return float(np.hypot(*(drawn.points(180) - np.array(point)).T).min())
    (x1, y1), (x2, y2) = drawn.first, drawn.last
    length2 = (x2 - x1) ** 2 + (y2 - y1) ** 2
    along = 0.0 if length2 == 0 else ((point[0] - x1) * (x2 - x1) + (point[1] - y1) * (y2 - y1)) / length2
    share = min(max(along, 0.0), 1.0)
    return math.dist((x1 + share * (x2 - x1), y1 + share * (y2 - y1)), point)


def proposal(kind: type[Line] | type[Oval], width: int, height: int) -> Shape:
    """Return a first shape in the middle of a picture, for who draws by keys."""
    if kind is Line:
        return Line((width / 3, height / 2), (2 * width / 3, height / 2))
    return oval_on((width / 4, height / 2), (3 * width / 4, height / 2))


def oval_on(first: Point, last: Point) -> Oval:
    """Return an ellipse of usual proportions about a line."""
    return Oval(first, last, USUAL_WIDTH * math.dist(first, last) / 2)


def oval_of_diameters(one: Sequence[Point], other: Sequence[Point]) -> Oval:
    """Return the ellipse about the first of two diameters that is as wide as the second is long."""
    return Oval(one[0], one[1], math.dist(*other) / 2)
