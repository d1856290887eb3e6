"""Which frames have their lines measured, in millimetres, and when they are not."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from fakes import make_clip
from line_tools import LICENCE, FakeLandmarker, measured_clip
from task_tools import after_views, instruments, scan_of

from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.reading import LineMeasurements, Measurement
from fetalclip_app.imaging.preprocess import Letterbox
from fetalclip_app.tasks.landmarks import MeasureTask
from fetalclip_app.wording import line_error


def _answer(views: list[str], finder: FakeLandmarker | None = None, **clip: Any) -> Any:
    tools = replace(instruments(), landmarker=finder or FakeLandmarker())
    scan = after_views(scan_of(views, make_clip(frames=len(views), **{"pixel_mm": 0.5, **clip})), tools)
    return MeasureTask().answer(scan, tools).answer


def _lengths(answer: LineMeasurements) -> dict[str, Any]:
    return {one.name: one.size_mm for one in answer.measurements}


def test_a_line_is_as_long_as_its_ends_are_apart_in_the_frame() -> None:
    finder = FakeLandmarker({"femur": [((20, 112), (180, 112))]})
    answer = _answer(["femur"], finder)

    (line,) = answer.measurements
    clip = make_clip(frames=1)
    ends = Letterbox(measured_clip().crop, 224).to_frame(np.array([(20.0, 112), (180.0, 112)]))
    assert line.ends == tuple(map(tuple, ends))
    assert line.size_mm == pytest.approx(0.5 * 160 * clip.width / 224)
    assert (line.name, line.structure, line.frame_index, line.licence) == ("fl", "femur", 0, LICENCE)


def test_the_abdomens_circumference_is_pi_times_the_mean_of_its_diameters() -> None:
    sizes = _lengths(_answer(["abdomen"]))

    assert list(sizes) == ["ac", "tad", "apad"]
    assert sizes["ac"] == pytest.approx(math.pi * (sizes["tad"] + sizes["apad"]) / 2)


def test_a_length_says_how_far_its_head_was_off() -> None:
    told = {one.name: line_error(one) for one in _answer(["abdomen"]).measurements}

    assert told["ac"] == (
        "On 11 validation pictures these lengths were off by 7.9\u2009mm, in the mean 7.7\u2009mm short."
    )
    assert told["tad"] == "How far these lengths are off was not measured."


def test_each_plane_of_a_clip_is_measured_on_its_own_frames() -> None:
    answer = _answer(["abdomen"] * 3 + ["brain"] * 3)

    frames = {one.structure: one.frame_index for one in answer.measurements}
    assert frames["abdomen"] in range(3) and frames["head"] in range(3, 6)
    assert "femur" not in frames


def test_the_frame_with_the_surest_ends_is_measured() -> None:
    answer = _answer(["femur"] * 3, FakeLandmarker(spreads=(0.05, 0.01, 0.04)))

    assert answer.measurements[0].spread == pytest.approx(0.01)


def test_a_clip_of_another_plane_has_no_lines() -> None:
    assert _answer(["heart"]) == Abstention(Reason.NOT_APPLICABLE, "no_measured_plane")


def test_a_diffuse_end_is_not_measured_and_not_drawn() -> None:
    answer = _answer(["abdomen"], FakeLandmarker(spreads=(0.3,)))

    for one in answer.measurements:
        assert isinstance(one.size_mm, Abstention)
        assert (one.size_mm.reason, one.size_mm.detail, one.ends) == (Reason.AMBIGUOUS, "line_ends", ())


def test_without_a_scale_the_ends_are_drawn_and_no_length_is_given() -> None:
    (line,) = _answer(["femur"], pixel_mm=None).measurements

    assert line.size_mm == Abstention(Reason.NOT_CALIBRATED, "no_scale")
    assert len(line.ends) == 2


@pytest.mark.parametrize("pixel_mm", [0.01, 3.0])
def test_a_length_of_no_fetus_is_refused(pixel_mm: float) -> None:
    for one in _answer(["brain"], pixel_mm=pixel_mm).measurements:
        assert isinstance(one.size_mm, Abstention) and one.size_mm.reason is Reason.OUT_OF_RANGE


def test_lines_are_drawn_on_their_own_frame_alone() -> None:
    drawn = Measurement("fl", "femur", 30.0, ((0.0, 0.0), (9.0, 0.0)), 0.01, 0.1, 2, LICENCE)
    computed = replace(drawn, name="ac", ends=())

    assert LineMeasurements((drawn, computed)).on_frame(2) == (drawn,)
    assert LineMeasurements((drawn, computed)).on_frame(1) == ()
