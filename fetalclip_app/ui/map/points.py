"""The points of a map as they are drawn and found: where each lies, and what is seen in its frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF

from fetalclip_app.domain.embedding_map import EmbeddingMap, embedding_map
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.domain.views import ViewPrediction

UNKNOWN = -1
"""In place of a view's number: no task named views."""


# eq=False: holds arrays.
@dataclass(frozen=True, eq=False, slots=True)
class MapPoints:
    """A map with what is seen.

    Attributes:
        keys: Views, by the numbers in ``view_of``.
        view_of: intp, (N,): the most probable view of a frame, or `UNKNOWN`.
        is_strange: bool, (N,): the frame is unlike everything that the model was trained on.
    """

    map: EmbeddingMap
    keys: tuple[str, ...]
    view_of: NDArray[np.intp]
    is_strange: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.map)

    def index_of(self, clip: int, frame: int) -> int | None:
        """Return the point of a frame, or None."""
        found = np.flatnonzero((self.map.clip_of == clip) & (self.map.frame_of == frame))
        return int(found[0]) if len(found) else None

    def view_key(self, index: int) -> str:
        """Return what is seen in a point's frame; empty where that is not known."""
        number = int(self.view_of[index])
        return "" if number == UNKNOWN else self.keys[number]


def points_of(readings: Sequence[ClipReading]) -> MapPoints | None:
    """Return the points of some readings by one model; None where there is no map of them. Takes its time."""
    made = embedding_map([reading.embeddings for reading in readings])
    if made is None:
        return None
    keys: dict[str, int] = {}
    seen, strange = [], []
    for reading in readings:
        views = reading.answer("views", ViewPrediction)
        seen.append(_views_of(views, len(reading.embeddings), keys))
        flags = np.zeros(len(reading.embeddings), np.bool_)
        flags[sorted(views.unfamiliar if views is not None else ())] = True
        strange.append(flags)
    return MapPoints(made, tuple(keys), np.concatenate(seen), np.concatenate(strange))


def _views_of(views: ViewPrediction | None, count: int, keys: dict[str, int]) -> NDArray[np.intp]:
    if views is None:
        return np.full(count, UNKNOWN)
    numbers = np.array([keys.setdefault(key, len(keys)) for key in views.keys])
    known = ~np.isnan(views.per_frame).any(axis=1)
    found = np.full(count, UNKNOWN)
    found[known] = numbers[views.per_frame[known].argmax(axis=1)]
    return found


def laid_out(points: NDArray[np.float32], room: QRectF) -> NDArray[np.float64]:
    """Return where points lie in a room, (N, 2), the second axis upwards, both with one scale."""
    low, high = points.min(axis=0), points.max(axis=0)
    spans = np.maximum((high - low).astype(np.float64), 1e-12)
    scale = min(room.width() / spans[0], room.height() / spans[1])
    centred = (points - (low + high) / 2).astype(np.float64) * scale
    return np.stack([room.center().x() + centred[:, 0], room.center().y() - centred[:, 1]], axis=1)


def nearest(places: NDArray[np.float64], at: QPointF, reach: float) -> int | None:
    """Return the point nearest to a place, None where none lies within reach."""
    far = np.hypot(places[:, 0] - at.x(), places[:, 1] - at.y())
    index = int(far.argmin())
    return index if far[index] <= reach else None


def neighbour(places: NDArray[np.float64], index: int, direction: tuple[int, int]) -> int | None:
    """Return the nearest point in a direction, within 45 degrees of it; None where there is none.

    Args:
        direction: (1, 0) is right, (0, 1) down.
    """
    away = places - places[index]
    along = away @ np.array(direction, np.float64)
    aside = np.abs(away @ np.array(direction[::-1], np.float64))
    far = np.where((along > 0) & (aside <= along), np.hypot(along, aside), np.inf)
    found = int(far.argmin())
    return found if np.isfinite(far[found]) else None
