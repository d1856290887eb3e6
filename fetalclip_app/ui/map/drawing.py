"""How a map looks: a dot for each frame, letters where there is room for them, strangers hollow and amber."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPixmap

from fetalclip_app.ui.map.points import UNKNOWN, MapPoints
from fetalclip_app.ui.theme import caption_font, tokens, view_colour
from fetalclip_app.ui.view_tag import draw_view_tag
from fetalclip_app.wording import view_title
from fetalclip_app.wording.translate import translate

_DOT, _TAG, _STRANGER = 6.0, 14.0, 9.0
_APART = 18
"""Pixels between two letters: none covers another."""

_SIDE, _LEGEND_LINE = 10.0, 18.0


def drawn(points: MapPoints, places: NDArray[np.float64], size: QSize, ratio: float) -> QPixmap:
    """Return the whole map, without what moves on it."""
    made = QPixmap(size * ratio)
    made.setDevicePixelRatio(ratio)
    made.fill(QColor(tokens().panel))
    painter = QPainter(made)
    lettered = _with_letters(places)
    for number in (UNKNOWN, *range(len(points.keys))):
        of_view = (points.view_of == number) & ~points.is_strange
        if of_view.any():
            _stamp(painter, places[of_view & ~lettered], _sprite(_DOT, ratio, _dot(points.keys, number)))
    for number in range(len(points.keys)):
        tagged = (points.view_of == number) & ~points.is_strange & lettered
        if tagged.any():
            _stamp(painter, places[tagged], _sprite(_TAG, ratio, _tag(points.keys, number)))
    if points.is_strange.any():
        _stamp(painter, places[points.is_strange], _sprite(_STRANGER, ratio, _stranger))
    _draw_legend(painter, points, size)
    painter.end()
    return made


def draw_ring(painter: QPainter, at: QPointF, radius: float, colour: str) -> None:
    """Mark a point: a ring in the colour, with a rim that is seen on any other."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for width, shade in ((5.0, tokens().panel), (2.0, colour)):
        painter.setPen(QPen(QColor(shade), width))
        painter.drawEllipse(at, radius, radius)


def _with_letters(places: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return the points that get a letter: the first of each cell of a grid of every other one, so that none touch."""
    cells = np.floor(places / _APART).astype(np.int64)
    keys = cells[:, 0] * 1_000_003 + cells[:, 1]
    _cells, firsts = np.unique(keys, return_index=True)
    chosen: list[int] = []
    taken: dict[tuple[int, int], NDArray[np.float64]] = {}
    for index in firsts.tolist():
        column, row = cells[index].tolist()
        near = [taken.get((column + dx, row + dy)) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
        if all(one is None or np.abs(one - places[index]).max() >= _APART for one in near):
            taken[column, row] = places[index]
            chosen.append(index)
    found = np.zeros(len(places), np.bool_)
    found[chosen] = True
    return found


def _stamp(painter: QPainter, places: NDArray[np.float64], sprite: QPixmap) -> None:
    half = sprite.deviceIndependentSize().width() / 2
    for x, y in (places - half).tolist():
        painter.drawPixmap(QPointF(x, y), sprite)


def _sprite(size: float, ratio: float, draw: Callable[[QPainter, QRectF], None]) -> QPixmap:
    """Return one point, drawn once for all that look like it."""
    made = QPixmap(QSize(round(size), round(size)) * ratio)
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    draw(painter, QRectF(0, 0, size, size))
    painter.end()
    return made


def _colour(keys: tuple[str, ...], number: int) -> QColor:
    return QColor(tokens().muted) if number == UNKNOWN else view_colour(keys[number], number)


def _dot(keys: tuple[str, ...], number: int) -> Callable[[QPainter, QRectF], None]:
    def draw(painter: QPainter, box: QRectF) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_colour(keys, number))
        painter.drawEllipse(box.adjusted(0.5, 0.5, -0.5, -0.5))

    return draw


def _tag(keys: tuple[str, ...], number: int) -> Callable[[QPainter, QRectF], None]:
    def draw(painter: QPainter, box: QRectF) -> None:
        draw_view_tag(painter, box, keys[number], _colour(keys, number))

    return draw


def _stranger(painter: QPainter, box: QRectF) -> None:
    painter.setPen(QPen(QColor(tokens().doubt), 1.4))
    painter.setBrush(QColor(tokens().panel))
    inside = box.adjusted(1, 1, -1, -1)
    painter.drawEllipse(inside)
    shift = inside.width() * 0.35
    painter.drawLine(
        QPointF(inside.center().x() - shift, inside.center().y() + shift),
        QPointF(inside.center().x() + shift, inside.center().y() - shift),
    )


def legend_height(points: MapPoints, width: int) -> float:
    """Return the pixels that the legend takes at the bottom of a map of this width."""
    return (_legend(points, width)[-1].line + 1) * _LEGEND_LINE + 4.0


@dataclass(frozen=True, slots=True)
class _Entry:
    """A view's name in the legend; ``number`` None stands for the strangers."""

    number: int | None
    text: str
    x: float
    line: int


def _legend(points: MapPoints, width: int) -> list[_Entry]:
    """Return the views that are there, and the strangers, from left to right and from line to line."""
    familiar = points.view_of[~points.is_strange]
    there: list[int | None] = [number for number in range(len(points.keys)) if (familiar == number).any()]
    if points.is_strange.any():
        there.append(None)
    metrics = QFontMetricsF(caption_font())
    found: list[_Entry] = []
    x, line = _SIDE, 0
    for number in there:
        text = translate("Unlike the training") if number is None else view_title(points.keys[number])
        wide = _TAG + 6.0 + metrics.horizontalAdvance(text)
        if x > _SIDE and x + wide > width - _SIDE:
            x, line = _SIDE, line + 1
        found.append(_Entry(number, text, x, line))
        x += wide + 14.0
    return found or [_Entry(None, "", _SIDE, 0)]


def _draw_legend(painter: QPainter, points: MapPoints, size: QSize) -> None:
    """Name the views that are there, at the bottom."""
    ratio = painter.device().devicePixelRatioF()
    begins = size.height() - legend_height(points, size.width())
    painter.setFont(caption_font())
    painter.setPen(QColor(tokens().muted))
    for entry in _legend(points, size.width()):
        top = begins + entry.line * _LEGEND_LINE
        if entry.number is not None:
            painter.drawPixmap(QPointF(entry.x, top), _sprite(_TAG, ratio, _tag(points.keys, entry.number)))
        elif entry.text:
            painter.drawPixmap(QPointF(entry.x + 2.5, top + 2.5), _sprite(_STRANGER, ratio, _stranger))
        words = QRectF(entry.x + _TAG + 6.0, top - 2.0, size.width(), _TAG + 4.0)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, entry.text)
