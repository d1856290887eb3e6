"""Words on a picture stand on a ground of their own, and not on each other."""

from __future__ import annotations

from itertools import pairwise

import pytest
from fakes import make_clip, make_reading
from PySide6.QtCore import QPointF, QRect, QRectF, QSizeF
from PySide6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from fetalclip_app.ui.frame_words import draw_words, words_along
from fetalclip_app.ui.overlays import draw_head, draw_label, head_tint
from fetalclip_app.ui.viewport import Viewport

FRAME = QSizeF(320, 240)
CAPTION = "Frame 44 of 48"


def test_what_a_scanner_burnt_in_does_not_show_through_the_caption(qtbot: QtBot) -> None:
    image = QImage(600, 200, QImage.Format.Format_RGB32)
    image.fill(0xFFFFFFFF)
    painter = QPainter(image)
    words = words_along(QRect(0, 0, 600, 200), CAPTION)
    draw_words(painter, words)
    painter.end()

    assert words[0].text == CAPTION
    for one in words:
        corner = one.place.topLeft().toPoint()
        assert image.pixelColor(corner.x() + 4, corner.y() + 1).lightness() < 110


@pytest.mark.parametrize("width", [120, 200, 260, 400])
def test_in_a_narrow_picture_the_caption_is_shortened_and_the_purpose_stays(width: int, qtbot: QtBot) -> None:
    words = words_along(QRect(0, 0, width, 200), CAPTION)

    assert words[-1].text.startswith("Research use only")
    assert all(not first.place.intersects(then.place) for first, then in pairwise(words))


@pytest.mark.parametrize("count", [1, 4])
def test_labels_at_the_bottom_give_way_upwards(count: int, qtbot: QtBot) -> None:
    image = QImage(300, 160, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    taken = [one.place for one in words_along(QRect(0, 0, 300, 160), CAPTION)]
    caption = list(taken)
    for _ in range(count):
        draw_label(painter, QPointF(100, 150), "BPD 49.4 mm", taken)
    painter.end()
    labels = taken[len(caption) :]

    assert len(labels) == count
    assert all(QRectF(0, 0, 300, 160).contains(label) for label in labels)
    assert not any(label.intersects(other) for label in labels for other in taken if other != label)


def _labels_of_a_head(view: QRectF, zoom: float) -> tuple[list[QRectF], QPointF]:
    """Return where a head's words stand in a view, and where its middle lies."""
    head = make_reading(make_clip(1, height=240, width=320)).finding("head").answer  # type: ignore[union-attr]
    viewport = Viewport(FRAME, view.size(), zoom, QPointF(head.ellipse.cx, head.ellipse.cy))
    image = QImage(view.size().toSize(), QImage.Format.Format_RGB32)
    painter = QPainter(image)
    taken: list[QRectF] = []
    draw_head(painter, viewport, head, head_tint(head), taken)
    painter.end()
    return taken[-2:], viewport.to_screen(head.ellipse.cx, head.ellipse.cy)


def test_the_words_of_a_head_stand_off_its_middle(qtbot: QtBot) -> None:
    labels, middle = _labels_of_a_head(QRectF(0, 0, 640, 480), 1.0)

    assert len(labels) == 2
    assert not any(label.adjusted(-40, -40, 40, 40).contains(middle) for label in labels)


@pytest.mark.parametrize(
    ("width", "height", "zoom"), [(640, 480, 1.0), (640, 480, 3.0), (640, 480, 16.0), (150, 60, 1.0)]
)
def test_the_words_of_a_head_that_fills_the_view_stay_in_it(width: int, height: int, zoom: float, qtbot: QtBot) -> None:
    view = QRectF(0, 0, width, height)
    labels, _ = _labels_of_a_head(view, zoom)

    assert all(view.contains(label) for label in labels)


def test_words_that_find_no_room_stay_in_the_view(qtbot: QtBot) -> None:
    image = QImage(300, 160, QImage.Format.Format_RGB32)
    painter, taken = QPainter(image), [QRectF(0, 0, 300, 160)]
    draw_label(painter, QPointF(100, 80), "BPD 49.4 mm", taken)
    painter.end()

    assert QRectF(0, 0, 300, 160).contains(taken[-1])
