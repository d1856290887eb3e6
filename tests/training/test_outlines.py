"""Only annotations that mark the head are taken for a head."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.outlines import marks_skull


@pytest.mark.parametrize(
    ("labels", "marks"),
    [((0, 1), True), ((0, 1, 2, 3), True), ((0, 2, 3), False), ((0, 3), False), ((0, 255), True)],
)
def test_boxes_inside_a_head_are_no_head(labels: tuple[int, ...], marks: bool, tmp_path: Path) -> None:
    Image.fromarray(np.resize(np.array(labels, np.uint8), (8, 8))).save(tmp_path / "mask.png")

    assert marks_skull(tmp_path / "mask.png") is marks
