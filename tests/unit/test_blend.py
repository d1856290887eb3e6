"""Overlays: in frame pixels, smooth, and nothing else changed."""

from __future__ import annotations

import numpy as np
import pytest
from fakes import fan_picture

from fetalclip_app.domain.overlay import Ellipse, Heatmap, Segmentation
from fetalclip_app.imaging.blend import blend, contours, dashes, scale_bar_mm
from fetalclip_app.imaging.overlay_colours import ELLIPSE_COLOUR, OUTLINE_COLOUR, heat_rgba

GREY = np.full((120, 200, 3), 60, np.uint8)


def differs(picture: np.ndarray, other: np.ndarray) -> np.ndarray:
    return (picture != other).any(axis=2)


def test_without_overlays_the_picture_is_the_frame_and_not_the_same_array() -> None:
    frame = fan_picture()
    frame.setflags(write=False)
    picture = blend(frame)
    assert (picture == frame).all() and picture.flags.writeable and picture.dtype == np.uint8


def test_the_ellipse_lies_where_its_numbers_say() -> None:
    picture = blend(GREY, ellipse=Ellipse(100, 60, 50, 30, 0))
    for x, y in ((150, 60), (50, 60), (100, 90), (100, 30)):
        assert np.abs(picture[y, x].astype(int) - ELLIPSE_COLOUR).max() < 60
    assert not differs(picture, GREY)[:, :45].any() and not differs(picture, GREY)[95:].any()


def test_the_angle_turns_towards_y() -> None:
    picture = blend(np.full((200, 200, 3), 60, np.uint8), ellipse=Ellipse(100, 100, 80, 20, 45))
    end = np.rint(100 + 80 / np.sqrt(2)).astype(int)
    assert differs(picture, np.full_like(picture, 60))[end - 1 : end + 2, end - 1 : end + 2].any()
    assert not differs(picture, np.full_like(picture, 60))[200 - end - 3 : 200 - end + 3, end - 3 : end + 3].any()


def test_lines_are_smooth() -> None:
    picture = blend(np.zeros((120, 200, 3), np.uint8), ellipse=Ellipse(100.3, 60.6, 50, 30, 17))
    assert len(np.unique(picture[:, :, 0])) > 20


def test_an_outline_follows_the_edge_of_its_mask() -> None:
    mask = np.zeros((120, 200), bool)
    mask[40:80, 60:140] = True
    picture = blend(GREY, outline=Segmentation("head", mask))
    assert np.abs(picture[60, 60].astype(int) - OUTLINE_COLOUR).max() < 40
    assert (picture[60, 100] == 60).all() and (picture[20, 20] == 60).all()
    (line,) = contours(Segmentation("head", mask), mask.shape)
    assert line.min(axis=0).tolist() == [60, 40] and line.max(axis=0).tolist() == [139, 79]


def test_heat_leaves_what_is_cold_and_covers_what_is_hot() -> None:
    values = np.zeros((120, 200), np.float32)
    values[50:70, 90:110] = 1.0
    picture = blend(GREY, heatmap=Heatmap("brain", "gradcam", values), opacity=1.0)
    assert (picture[0, 0] == 60).all()
    assert (picture[60, 100] == heat_rgba(np.ones((1, 1), np.float32))[0, 0, :3]).all()
    half = blend(GREY, heatmap=Heatmap("brain", "gradcam", values), opacity=0.5)
    assert 60 < half[60, 100, 0] < picture[60, 100, 0]
    assert (blend(GREY, heatmap=Heatmap("brain", "gradcam", values), opacity=0.0) == GREY).all()


def test_heat_grows_lighter_with_its_value_all_the_way() -> None:
    colours = heat_rgba(np.linspace(0, 1, 256, dtype=np.float32)[None])[0, :, :3].astype(float)
    lightness = colours @ np.array([0.2126, 0.7152, 0.0722])
    assert (np.diff(lightness) > -1.5).all() and lightness[-1] > 230 and lightness[0] < 5


def test_the_scale_bar_is_as_long_as_it_says() -> None:
    picture = blend(np.full((300, 400, 3), 60, np.uint8), pixel_mm=0.5)
    white = (picture == 255).all(axis=2)
    longest = max(int(row.sum()) for row in white)
    assert scale_bar_mm(400 * 0.5) == 50 and abs(longest - 50 / 0.5) <= 2


def test_without_a_scale_there_is_no_bar() -> None:
    assert (blend(GREY, pixel_mm=None) == GREY).all()
    with pytest.raises(ValueError, match="mm"):
        blend(GREY, pixel_mm=0.0)


def test_overlays_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match="overlay"):
        blend(GREY, heatmap=Heatmap("brain", "gradcam", np.zeros((224, 224), np.float32)))
    with pytest.raises(ValueError, match="overlay"):
        blend(GREY, outline=Segmentation("head", np.zeros((10, 10), bool)))
    with pytest.raises(ValueError, match="opacity"):
        blend(GREY, heatmap=Heatmap("brain", "gradcam", np.zeros((120, 200), np.float32)), opacity=1.5)


def test_a_dashed_line_begins_and_ends_with_a_stroke() -> None:
    strokes = dashes(np.array([[0.0, 0.0], [100.0, 0.0]]), 10)
    assert strokes[0][0].tolist() == [0, 0] and strokes[-1][1].tolist() == [100, 0]
    assert len(strokes) in (5, 6)


@pytest.mark.parametrize(("width", "bar"), [(200, 50), (160, 20), (80, 20), (79, 10), (4, 1), (0.5, 0.1), (1000, 200)])
def test_the_bar_is_a_round_length_and_fits(width: float, bar: float) -> None:
    assert scale_bar_mm(width) == pytest.approx(bar)
