"""What the timeline draws of a clip's frames: views stacked by their probabilities, quality, the best frames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QImage, QPainter, QPen

from fetalclip_app.domain.quality import FAN_COMPLETE, ClipQuality
from fetalclip_app.domain.sight import Sight
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.ui.theme import caption_font, ink_on, tokens, view_colour, view_letter

HEIGHT = 84
"""Of the whole timeline, from the start: nothing moves when results come."""

SIDE = 8
TAGS = (1.0, 14.0)
RIBBON = (18.0, 38.0)
STRANGE = (39.0, 43.0)
QUALITY = (46.0, 62.0)
TRACK_Y = 72.0
"""Where each band begins and ends, from the top."""

_TAG_PX = 13.0

_LETTER_SHARE = 0.55
"""A view's letter is written where its part of the ribbon is as high as this."""

_TRACE_ALPHA = 150


@dataclass(frozen=True, slots=True)
class Run:
    """Frames in a row whose most probable view is the same; ``end`` is outside.

    The key is empty where the frames are unlike everything that the model was trained on.
    """

    key: str
    start: int
    end: int


def runs(views: ViewPrediction) -> tuple[Run, ...]:
    """Return the runs of a clip in order; frames that were not asked belong to none."""
    found: list[Run] = []
    asked = np.flatnonzero(~np.isnan(views.per_frame[:, 0]))
    best = views.per_frame[asked].argmax(axis=1)
    for index, column in zip(asked.tolist(), best.tolist(), strict=True):
        key = "" if index in views.unfamiliar else views.keys[column]
        if found and found[-1].key == key and found[-1].end == index:
            found[-1] = Run(key, found[-1].start, index + 1)
        else:
            found.append(Run(key, index, index + 1))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class FrameScale:
    """Where the frames of a clip lie along the timeline."""

    count: int
    width: int

    def x(self, frame: int, *, edge: bool = False) -> float:
        """Return where a frame lies: its middle, or the left edge of its piece of the ribbon."""
        return SIDE + (self.width - 2 * SIDE) * (frame + (0.0 if edge else 0.5)) / self.count

    def frame_at(self, x: float) -> int:
        """Return the frame that lies there; the first or the last beyond the ends."""
        width = max(self.width - 2 * SIDE, 1)
        return min(max(int((x - SIDE) / width * self.count), 0), self.count - 1)

    def piece(self, start: int, end: int, band: tuple[float, float]) -> QRectF:
        """Return the place of some frames in a band; ``end`` is outside."""
        left, right = self.x(start, edge=True), self.x(end, edge=True)
        return QRectF(left, band[0], right - left, band[1] - band[0])


@dataclass(frozen=True, slots=True)
class Tag:
    """The mark of a view's best frame.

    Attributes:
        is_chosen: By a person.
    """

    view_key: str
    frame_index: int
    box: QRectF
    is_chosen: bool


def draw_bands(painter: QPainter, sight: Sight | None, scale: FrameScale) -> None:
    """Draw ribbon, band of strangers and quality trace, or their empty places."""
    whole = scale.piece(0, scale.count, RIBBON)
    painter.setPen(QPen(QColor(tokens().edge), 1))
    painter.setBrush(QColor(tokens().panel))
    for band in (RIBBON, QUALITY):
        painter.drawRect(scale.piece(0, scale.count, band).adjusted(-0.5, -0.5, 0.5, 0.5))
    painter.setPen(Qt.PenStyle.NoPen)
    if sight is None:
        return
    painter.drawImage(whole, _stacked(sight.views, round(whole.height())))
    found = runs(sight.views)
    _draw_letters(painter, sight.views, found, scale)
    for run in found:
        if not run.key:
            _draw_stranger(painter, run, scale)
    trace = scale.piece(0, scale.count, QUALITY)
    painter.drawImage(trace, _trace(sight.quality, round(trace.height())))


def _draw_stranger(painter: QPainter, run: Run, scale: FrameScale) -> None:
    """Hatch the ribbon, and fill the band below it, of frames unlike the training's."""
    doubt = QColor(tokens().doubt)
    painter.fillRect(scale.piece(run.start, run.end, RIBBON), QColor(tokens().panel))
    painter.fillRect(scale.piece(run.start, run.end, RIBBON), QBrush(doubt, Qt.BrushStyle.BDiagPattern))
    box = scale.piece(run.start, run.end, STRANGE)
    box.setWidth(max(box.width(), 1.0))
    painter.fillRect(box, doubt)


def _stacked(views: ViewPrediction, height: int) -> QImage:
    """Return a column of pixels for each frame, its views above each other by their shares."""
    colours = [view_colour(key, place) for place, key in enumerate(views.keys)]
    palette = np.array([(one.red(), one.green(), one.blue(), 255) for one in colours] + [(0, 0, 0, 0)], np.uint8)
    rows = views.per_frame
    known = ~np.isnan(rows[:, 0])
    ends = np.cumsum(np.where(known[:, None], rows, 0.0), axis=1)
    ends /= np.maximum(ends[:, -1:], 1e-6)
    level = (np.arange(height) + 0.5) / height
    place = (ends[None, :, :-1] < level[:, None, None]).sum(axis=2)
    place[:, ~known] = len(colours)
    return _as_image(palette[place])


def _trace(quality: ClipQuality, height: int) -> QImage:
    """Return a column for each frame, as high as it is sharp; in the colour of doubt where the fan is not whole."""
    plain, doubt = QColor(tokens().muted), QColor(tokens().doubt)
    plain.setAlpha(_TRACE_ALPHA)
    sharp = np.where(np.isnan(quality.sharpness), 0.0, quality.sharpness)
    cut = ~(quality.fan >= FAN_COMPLETE) & ~np.isnan(quality.fan)
    level = (height - np.arange(height) - 0.5) / height
    filled = level[:, None] <= np.maximum(sharp, np.where(cut, 1.5 / height, 0.0))[None, :]
    inks = np.array([(one.red(), one.green(), one.blue(), one.alpha()) for one in (plain, doubt)], np.uint8)
    picture = inks[cut.astype(int)][None].repeat(height, axis=0)
    picture[~filled] = 0
    return _as_image(picture)


def _as_image(pixels: NDArray[np.uint8]) -> QImage:
    """Return (H, W, 4) RGBA as a picture of its own."""
    whole = np.ascontiguousarray(pixels)
    height, width = whole.shape[:2]
    return QImage(whole.data, width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()


def _draw_letters(painter: QPainter, views: ViewPrediction, found: Iterable[Run], scale: FrameScale) -> None:
    painter.setFont(caption_font())
    metrics = QFontMetricsF(painter.font())
    for run in found:
        letter = view_letter(run.key)
        box = scale.piece(run.start, run.end, RIBBON)
        if not run.key or box.width() < metrics.horizontalAdvance(letter) + 4:
            continue
        place = views.keys.index(run.key)
        share = views.per_frame[run.start : run.end].mean(axis=0)
        if share[place] < _LETTER_SHARE:
            continue
        middle = box.top() + box.height() * float(share[:place].sum() + share[place] / 2) / float(share.sum())
        painter.setPen(ink_on(view_colour(run.key, place)))
        at = QRectF(box.left(), middle - 8, box.width(), 16)
        painter.drawText(at, Qt.AlignmentFlag.AlignCenter, letter)


def tags_of(best: Mapping[str, int], chosen: Mapping[str, int], scale: FrameScale) -> tuple[Tag, ...]:
    """Return the marks of the best frames, side by side where they would cover each other."""
    wanted = [(frame, key, False) for key, frame in best.items() if chosen.get(key) != frame]
    wanted += [(frame, key, True) for key, frame in chosen.items()]
    ordered = sorted(wanted)
    lefts = _side_by_side([scale.x(frame) - _TAG_PX / 2 for frame, _key, _by in ordered], scale.width)
    return tuple(
        Tag(key, frame, QRectF(left, TAGS[0], _TAG_PX, TAGS[1] - TAGS[0]), is_chosen)
        for left, (frame, key, is_chosen) in zip(lefts, ordered, strict=True)
    )


def _side_by_side(wanted: Sequence[float], width: float) -> list[float]:
    """Return left edges near those that are wanted, of tags that neither cover each other nor leave the strip."""
    free, lefts = 0.0, list[float]()
    for left in wanted:
        lefts.append(max(left, free))
        free = lefts[-1] + _TAG_PX + 1
    end = width
    for place in reversed(range(len(lefts))):
        lefts[place] = min(lefts[place], end - _TAG_PX)
        end = lefts[place] - 1
    return lefts


def draw_tags(painter: QPainter, tags: Iterable[Tag], keys: tuple[str, ...], scale: FrameScale) -> None:
    """Draw them: outlined where the model's order gives them, filled where a person chose."""
    painter.setFont(caption_font())
    for tag in tags:
        colour = view_colour(tag.view_key, keys.index(tag.view_key) if tag.view_key in keys else 0)
        x = scale.x(tag.frame_index)
        painter.setPen(QPen(colour, 1.5))
        painter.drawLine(QPointF(x, TAGS[1]), QPointF(x, RIBBON[0]))
        painter.setBrush(colour if tag.is_chosen else QColor(tokens().base))
        painter.drawRoundedRect(tag.box.adjusted(0.75, 0.75, -0.75, -0.75), 3, 3)
        painter.setPen(ink_on(colour) if tag.is_chosen else QColor(tokens().text))
        painter.drawText(tag.box, Qt.AlignmentFlag.AlignCenter, view_letter(tag.view_key))
