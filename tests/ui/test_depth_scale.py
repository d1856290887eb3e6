"""The depth scale stands beside the region that it belongs to, in centimetres of that region."""

from __future__ import annotations

import dicom_files as files
import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from PySide6.QtCore import QSizeF
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from fetalclip_app.domain.calibration import Calibration
from fetalclip_app.ui import overlays
from fetalclip_app.ui.region_overlay import draw_regions
from fetalclip_app.ui.tokens import DARK
from fetalclip_app.ui.viewport import Viewport

HEIGHT, WIDTH, RIGHT = 600, 800, 792.0


def read(*items: Dataset) -> Calibration:
    return files.calibration(*items, height=HEIGHT, width=WIDTH)


def painted(calibration: Calibration | None, *, regions: bool = False) -> NDArray[np.uint8]:
    """Return (H, W, 3) at one screen point for each pixel."""
    image = QImage(WIDTH, HEIGHT, QImage.Format.Format_RGB888)
    image.fill(QColor(0, 0, 0))
    painter = QPainter(image)
    viewport = Viewport(QSizeF(WIDTH, HEIGHT), QSizeF(WIDTH, HEIGHT))
    if regions and calibration is not None:
        draw_regions(painter, viewport, calibration)
    else:
        overlays.draw_scales(painter, viewport, calibration, RIGHT, [])
    painter.end()
    return (
        np.array(image.constBits(), np.uint8)
        .reshape(HEIGHT, image.bytesPerLine())[:, : 3 * WIDTH]
        .reshape(HEIGHT, WIDTH, 3)
    )


def ticks(picture: NDArray[np.uint8], column: int) -> list[int]:
    return [int(row) for row in np.flatnonzero(picture[:, column].max(axis=1) > 60)]


def test_ticks_lie_a_centimetre_apart_along_the_rows_from_where_depth_counts(qtbot: QtBot) -> None:
    item = files.region((100, 50, 699, 549), delta=(0.01, 0.02))
    item.ReferencePixelX0, item.ReferencePixelY0 = 300, 30
    item.ReferencePixelPhysicalValueX = item.ReferencePixelPhysicalValueY = 0.0
    rows = ticks(painted(read(item)), int(RIGHT) - 2)

    assert rows == pytest.approx([80 + 50 * step for step in range(len(rows))], abs=1)
    assert len(rows) == 10


def test_of_two_depths_side_by_side_each_has_its_scale_at_its_own_edge(qtbot: QtBot) -> None:
    left, right = files.region((0, 0, 399, 599)), files.region((400, 0, 789, 599), delta=(0.05, 0.05))
    picture = painted(read(left, right))
    near, far = ticks(picture, 397), ticks(picture, 787)

    assert np.diff(near) == pytest.approx(50, abs=1)
    assert np.diff(far) == pytest.approx(20, abs=1)


def test_a_colour_box_of_the_same_scale_has_none_of_its_own(qtbot: QtBot) -> None:
    colour = files.region((200, 200, 400, 400), data_type=2)

    assert len(overlays.scale_regions(read(files.region((0, 0, 799, 599)), colour))) == 1


def test_without_a_trusted_scale_nothing_is_drawn(qtbot: QtBot) -> None:
    assert not painted(None).any()
    assert not painted(read(files.region((0, 0, 1999, 599)))).any()


def test_each_region_is_drawn_along_all_four_of_its_edges(qtbot: QtBot) -> None:
    picture = painted(read(files.region((100, 50, 699, 549))), regions=True)
    accent = np.array(QColor(DARK.accent).getRgb()[:3])
    there = np.abs(picture.astype(int) - accent).max(axis=2) < 12
    rows, columns = np.nonzero(there)

    assert (columns.min(), columns.max()) == pytest.approx((100, 699), abs=2)
    assert (rows.min(), rows.max()) == pytest.approx((50, 549), abs=2)
