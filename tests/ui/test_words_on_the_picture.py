"""Words on a picture stand on a ground of their own, and not on each other."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtCore import QPointF, QRect, QRectF
from PySide6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from fetalclip_app.ui.frame_words import draw_words, words_along
from fetalclip_app.ui.overlays import draw_label

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
