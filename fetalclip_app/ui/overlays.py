"""What is drawn over a frame: outline, ellipse with its axes, heatmap, and the depth scale."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen, QPolygonF

from fetalclip_app.domain.abstention import Abstention
from fetalclip_app.domain.calibration import Calibration, Region
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.domain.reading import HeadMeasurement, HeadSize, Measurement
from fetalclip_app.imaging.overlay_colours import ELLIPSE_COLOUR, OUTLINE_COLOUR
from fetalclip_app.ui.qimage import mask_image
from fetalclip_app.ui.theme import ON_PICTURE, caption_font, text_font
from fetalclip_app.ui.viewport import Viewport
from fetalclip_app.wording import line_name, line_value, millimetres

_TINT = (*OUTLINE_COLOUR, 20)
_MODEL = QColor(*ELLIPSE_COLOUR)
_HALO = QColor(0, 0, 0, 170)

_CORNERS = 24
_KEPT_FREE = 0.7
"""Share of a head's width and height, about its centre, where no words stand."""

_ROOM_PX = 44.0
"""Above a head's middle or below it words find room in so much of the view; where it has less, they stand over it."""


def head_tint(head: HeadMeasurement) -> QImage:
    """Return the head's mask as a faint tint, made once for a reading."""
    return mask_image(head.outline.mask, _TINT)


def draw_heat(painter: QPainter, viewport: Viewport, image: QImage, opacity: float) -> None:
    """Draw a heatmap over the frame."""
    painter.save()
    painter.setOpacity(opacity)
    painter.drawImage(viewport.target, image)
    painter.restore()


def draw_head(painter: QPainter, viewport: Viewport, head: HeadMeasurement, tint: QImage, taken: list[QRectF]) -> None:
    """Draw mask, ellipse and both axes, with their lengths where there is a scale; ``taken`` as in `draw_label`."""
    painter.drawImage(viewport.target, tint)
    ellipse = head.ellipse
    draw_ellipse(painter, viewport, ellipse, _MODEL)
    middle, view = _inside(viewport, ellipse), QRectF(painter.viewport())
    if max(middle.top() - view.top(), view.bottom() - middle.bottom()) >= _ROOM_PX:
        taken.append(middle)
    for name, ends, length in (("OFD", ellipse.major_axis(), "ofd_mm"), ("BPD", ellipse.minor_axis(), "bpd_mm")):
        first, last = (viewport.to_screen(x, y) for x, y in ends)
        draw_caliper(painter, first, last, _MODEL, Qt.PenStyle.DashLine)
        text = f"{name} {millimetres(getattr(head.size, length))}" if isinstance(head.size, HeadSize) else name
        draw_label(painter, _label_place(first, last, name), text, taken)


def _inside(viewport: Viewport, ellipse: Ellipse) -> QRectF:
    """Return the middle of a head on the screen: what is looked at there is covered by no words."""
    around = QPolygonF([viewport.to_screen(x, y) for x, y in ellipse.points(_CORNERS)]).boundingRect()
    across, down = (1.0 - _KEPT_FREE) / 2 * around.width(), (1.0 - _KEPT_FREE) / 2 * around.height()
    return around.adjusted(across, down, -across, -down)


def draw_lines(painter: QPainter, viewport: Viewport, lines: Sequence[Measurement], taken: list[QRectF]) -> None:
    """Draw lines between landmarks, with their lengths where there is a scale; ``taken`` as in `draw_label`."""
    for one in lines:
        first, last = (viewport.to_screen(x, y) for x, y in one.ends)
        draw_caliper(painter, first, last, _MODEL)
        length = "" if isinstance(one.size_mm, Abstention) else f" {line_value(one)}"
        place = (first if first.x() <= last.x() else last) + QPointF(8, -8)
        draw_label(painter, place, line_name(one.name) + length, taken)


def draw_ellipse(painter: QPainter, viewport: Viewport, ellipse: Ellipse, colour: QColor) -> None:
    """Draw the line of an ellipse."""
    line = QPolygonF([viewport.to_screen(x, y) for x, y in ellipse.points(180)])
    line.append(line.first())
    _stroke(painter, line, 2.0, colour)


def draw_caliper(
    painter: QPainter, first: QPointF, last: QPointF, colour: QColor, style: Qt.PenStyle = Qt.PenStyle.SolidLine
) -> None:
    """Draw a line with a short bar across each end, between two points of the screen."""
    _stroke(painter, QPolygonF([first, last]), 1.0 if style is Qt.PenStyle.DashLine else 1.5, colour, style)
    for end, other in ((first, last), (last, first)):
        along = other - end
        length = math.hypot(along.x(), along.y()) or 1.0
        across = QPointF(-along.y(), along.x()) / length * 6.0
        _stroke(painter, QPolygonF([end - across, end + across]), 1.5, colour)


def _label_place(first: QPointF, last: QPointF, name: str) -> QPointF:
    """Return a place beside the right end of the long axis, or the lower end of the short one."""
    if name == "OFD":
        end = first if first.x() >= last.x() else last
        return end + QPointF(8, -8)
    end = first if first.y() >= last.y() else last
    return end + QPointF(8, 18)


def _stroke(
    painter: QPainter, line: QPolygonF, width: float, colour: QColor, style: Qt.PenStyle = Qt.PenStyle.SolidLine
) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(_HALO, width + 2.0))
    painter.drawPolyline(line)
    painter.setPen(QPen(colour, width, style))
    painter.drawPolyline(line)


def draw_label(
    painter: QPainter, place: QPointF, text: str, taken: list[QRectF], colour: str = ON_PICTURE.text
) -> None:
    """Write on a dark ground, above and to the right of a point of the screen, and inside the view.

    Args:
        taken: Where other words stand already, and now these: they give way downwards, and at the bottom upwards;
            where the view has no room for them either way they stay.
    """
    painter.setFont(text_font(12))
    metrics = QFontMetricsF(painter.font())
    box = QRectF(
        place.x() - 4, place.y() - metrics.ascent() - 2, metrics.horizontalAdvance(text) + 8, metrics.height() + 4
    )
    view = QRectF(painter.viewport())
    box.moveLeft(min(max(box.left(), 4.0), max(view.right() - box.width() - 4, 4.0)))
    box.moveTop(min(max(box.top(), 4.0), max(view.bottom() - box.height() - 4, 4.0)))
    box = _clear_of(taken, box, view)
    taken.append(QRectF(box))
    draw_ground(painter, box)
    painter.setPen(QColor(colour))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def _clear_of(taken: Sequence[QRectF], box: QRectF, view: QRectF) -> QRectF:
    """Return where a box meets nothing: below what it would meet, else above, else where it was."""
    down, up = QRectF(box), QRectF(box)
    while met := [other for other in taken if down.intersects(other)]:
        down.moveTop(max(other.bottom() for other in met) + 2)
    if down.bottom() <= view.bottom():
        return down
    while met := [other for other in taken if up.intersects(other)]:
        up.moveBottom(min(other.top() for other in met) - 2)
    return up if up.top() >= view.top() else box


def draw_ground(painter: QPainter, box: QRectF) -> None:
    """Draw the dark ground that words stand on, over whatever is burnt into the picture."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_HALO)
    painter.drawRoundedRect(box, 3, 3)


def draw_line(
    painter: QPainter, viewport: Viewport, ends: tuple[tuple[float, float], tuple[float, float]], active: int
) -> None:
    """Draw the ruler's line; the end that the keys move is filled."""
    first, last = (viewport.to_screen(x, y) for x, y in ends)
    painter.setPen(QPen(_HALO, 4.0))
    painter.drawLine(first, last)
    painter.setPen(QPen(QColor(ON_PICTURE.doubt), 1.5))
    painter.drawLine(first, last)
    for number, end in enumerate((first, last)):
        painter.setPen(QPen(QColor(ON_PICTURE.doubt), 2.0))
        painter.setBrush(QColor(ON_PICTURE.doubt) if number == active else QColor(0, 0, 0, 160))
        painter.drawEllipse(end, 5.0, 5.0)


def scale_regions(calibration: Calibration | None) -> tuple[Region, ...]:
    """Return the regions that have a depth scale of their own: trusted ones, none of which lies in one of its scale."""
    regions = [region for region in calibration.regions if region.is_usable] if calibration is not None else []
    regions.sort(key=lambda region: region.box.area, reverse=True)
    kept: list[Region] = []
    for region in regions:
        around = [one for one in kept if one.has_scale_of(region) and one.box.overlap(region.box) == region.box.area]
        if not around:
            kept.append(region)
    return tuple(kept)


def draw_scales(
    painter: QPainter, viewport: Viewport, calibration: Calibration | None, right: float, taken: list[QRectF]
) -> None:
    """Draw depth: along ``right`` where the picture has one scale, else along the right edge of each region.

    Args:
        taken: Where words stand; those of the scale are added.
    """
    regions = scale_regions(calibration)
    for region in regions:
        edge = viewport.to_screen(region.box.right - 0.5, 0).x()
        taken += draw_scale(painter, viewport, region, right if len(regions) == 1 else min(edge, right))


def draw_scale(painter: QPainter, viewport: Viewport, region: Region, right: float) -> list[QRectF]:
    """Draw centimetres along the right edge, from where depth counts in ``region`` down to its bottom.

    Returns:
        Where its words stand.
    """
    words: list[QRectF] = []
    if region.spacing is None:
        return words
    step = 10.0 / region.spacing.row_mm * viewport.scale
    top = viewport.to_screen(0, region.depth_zero_px).y()
    bottom = min(viewport.to_screen(0, region.box.bottom - 0.5).y(), painter.viewport().bottom() - 30.0)
    painter.setFont(caption_font())
    painter.setPen(QPen(QColor(ON_PICTURE.muted), 1.0))
    skip = next(s for s in (1, 2, 5, 10, 20, 50, 1000) if step * s >= 6.0)
    count = int((bottom - top) / step + 1e-6) if step > 0 else 0
    for tick in range(0, count + 1, skip):
        y = top + tick * step
        if y < 4.0:
            continue
        is_long = tick % (5 * skip) == 0
        painter.drawLine(QPointF(right - (10.0 if is_long else 5.0), y), QPointF(right, y))
        if is_long and tick:
            text = f"{tick} cm" if tick == 5 * skip else f"{tick}"
            width = painter.fontMetrics().horizontalAdvance(text) + 4.0
            box = QRectF(right - 12.0 - width, y - 8.0, width, 16.0)
            draw_ground(painter, box)
            painter.setPen(QPen(QColor(ON_PICTURE.muted), 1.0))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
            words.append(box)
    return words


def draw_text(painter: QPainter, area: QRectF, flags: Qt.AlignmentFlag, text: str, colour: str) -> None:
    """Write on any picture: with a dark rim."""
    painter.setPen(QColor(0, 0, 0, 200))
    for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        painter.drawText(area.translated(dx, dy), int(flags), text)
    painter.setPen(QColor(colour))
    painter.drawText(area, int(flags), text)
