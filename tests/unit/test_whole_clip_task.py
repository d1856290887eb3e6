"""Which frames of a clip are measured, how their lengths are pooled, and when there is no pooled length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from fakes import make_clip
from line_tools import LICENCE, FakeLandmarker
from pooled_tools import SizedHead, held_still
from task_tools import after_views, instruments, scan_of

from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.biometry import Beyond
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.pooled import FramesUsed, PooledBy, PooledLength, PooledSize
from fetalclip_app.progress import Cancelled
from fetalclip_app.tasks.base import Scan
from fetalclip_app.tasks.head_outline import HeadTask
from fetalclip_app.tasks.whole_clip import AT_ONCE, MOST, WholeClipTask


def _scan(views: Sequence[str], clip: Clip | None = None, **tools: Any) -> tuple[Scan, Any]:
    made = replace(instruments(), **tools)
    return after_views(scan_of(list(views), clip or make_clip(len(views), pixel_mm=0.5)), made), made


def _answer(views: Sequence[str], clip: Clip | None = None, **tools: Any) -> Any:
    return WholeClipTask().answer(*_scan(views, clip, **tools)).answer


def _head(sizes: Sequence[float], clip: Clip | None = None) -> dict[str, PooledLength]:
    answer = _answer(["brain"] * len(sizes), clip, outliner=SizedHead(sizes))
    return {one.name: one for one in answer.lengths}


def test_every_frame_of_the_plane_is_measured_and_the_median_given() -> None:
    sizes = [60.0, 61.0, 62.0, 60.5, 61.5, 60.8, 61.2]

    found = _head(sizes)

    width_mm = 0.5 * 160 / 224
    assert list(found) == ["hc", "bpd", "ofd"]
    diameters = found["ofd"]
    assert isinstance(diameters.size, PooledSize)
    assert diameters.size.median_mm == pytest.approx(2 * 61.0 * width_mm, rel=0.01)
    assert [value.frame_index for value in diameters.values] == list(range(7))
    assert [value.value_mm for value in diameters.values] == pytest.approx([2 * a * width_mm for a in sizes], rel=0.01)
    assert diameters.frames == FramesUsed(shown=7, chosen=7)
    assert diameters.by is PooledBy.OUTLINE


def test_every_frame_that_was_looked_at_tells_how_well_its_ellipse_fits() -> None:
    sizes = [60.0, 0.0, 62.0, 61.0]

    found = _answer(["brain"] * 4, outliner=SizedHead(sizes)).outline_fits

    assert list(found) == [0, 1, 2, 3]
    assert found[1] < 0.7 and min(found[0], found[2], found[3]) > 0.9


def test_a_frame_is_measured_as_the_head_task_measures_it() -> None:
    scan, tools = _scan(["brain"] * 3, outliner=SizedHead([60.0] * 9))

    pooled = WholeClipTask().answer(scan, tools).answer
    best = HeadTask().answer(scan, tools).answer

    assert pooled.lengths[0].values[0].value_mm == best.size.hc_mm


def test_a_planted_frame_is_found_and_the_median_stays() -> None:
    found = _head([60.0, 60.4, 60.2, 42.0, 60.3, 60.1, 80.0, 60.2])

    for one in found.values():
        assert {value.frame_index: value.beyond for value in one.outliers} == {3: Beyond.BELOW, 6: Beyond.ABOVE}
    size = found["bpd"].size
    assert isinstance(size, PooledSize)
    assert size.median_mm == pytest.approx(2 * 0.8 * 60.2 * 0.5 * 160 / 224, rel=0.01)


def test_frames_without_a_clear_outline_are_left_out_and_counted() -> None:
    found = _head([60.0, 0.0, 61.0, 0.0, 62.0])

    assert found["hc"].frames.refused == {"outline": 2}
    assert [value.frame_index for value in found["hc"].values] == [0, 2, 4]


@pytest.mark.parametrize("frames", [1, 2])
def test_fewer_than_three_frames_are_not_pooled_and_nothing_is_measured(frames: int) -> None:
    head = SizedHead([60.0] * frames)

    answer = _answer(["brain"] * frames, outliner=head)

    assert answer == Abstention(Reason.NOT_APPLICABLE, "few_repeats", {"count": frames, "needed": 3})
    assert head.asked == 0


def test_a_plane_on_two_frames_of_a_longer_clip_has_its_reason() -> None:
    views = ["brain"] * 2 + ["abdomen"] * 2
    answer = _answer(views, outliner=SizedHead([60.0] * 2), landmarker=FakeLandmarker())

    for one in answer.lengths:
        assert isinstance(one.size, Abstention) and one.size.detail == "few_repeats"
        assert one.frames == FramesUsed(shown=2) and one.values == ()


def test_where_no_outline_is_clear_that_is_the_reason() -> None:
    found = _head([0.0, 0.0, 60.0, 0.0])

    assert found["hc"].size == Abstention(Reason.AMBIGUOUS, "outline")
    assert [value.frame_index for value in found["hc"].values] == [2]


def test_a_probe_that_stood_still_gives_one_repeat_and_no_pooled_value() -> None:
    head = SizedHead([60.0] * 12)
    answer = _answer(["brain"] * 12, held_still(12), outliner=head)

    (one, *_rest) = answer.lengths
    assert one.frames == FramesUsed(shown=12, chosen=12, alike=11)
    assert head.asked == 1
    assert isinstance(one.size, Abstention) and one.size.parameters == {"count": 1, "needed": 3}


def test_of_hundreds_of_frames_some_are_measured_and_the_share_is_told() -> None:
    frames = 3 * MOST
    clip = make_clip(frames, height=60, width=80)
    head = SizedHead([60.0] * MOST)
    answer = _answer(["brain"] * frames, clip, outliner=head)

    used, values = answer.lengths[0].frames, answer.lengths[0].values
    assert (used.shown, used.chosen) == (frames, MOST) and head.asked == len(values) == MOST - used.alike
    assert values[0].frame_index == 0 and values[-1].frame_index > frames - 4


def test_without_a_scale_nothing_is_looked_at() -> None:
    head = SizedHead([60.0] * 4)
    answer = _answer(["brain"] * 4, make_clip(4, pixel_mm=None), outliner=head)

    assert answer == Abstention(Reason.NOT_CALIBRATED, "no_scale") and head.asked == 0


def test_unfamiliar_frames_are_not_eligible() -> None:
    tools = instruments(familiar_similarity=0.9, outliner=SizedHead([60.0] * 5))  # type: ignore[arg-type]
    scan = scan_of(["brain"] * 5)
    scan.embeddings[1] *= 0.5

    one = WholeClipTask().answer(after_views(scan, tools), tools).answer.lengths[0]  # type: ignore[union-attr]

    assert [value.frame_index for value in one.values] == [0, 2, 3, 4] and one.frames.shown == 4


def test_the_lines_of_each_plane_are_pooled_with_their_licence() -> None:
    answer = _answer(["brain"] * 3 + ["abdomen"] * 3 + ["femur"] * 3, landmarker=FakeLandmarker())

    names = [(one.name, one.structure) for one in answer.lengths]
    assert names == [
        ("bpd", "head"),
        ("ofd", "head"),
        ("ac", "abdomen"),
        ("tad", "abdomen"),
        ("apad", "abdomen"),
        ("fl", "femur"),
    ]
    for one in answer.lengths:
        assert isinstance(one.size, PooledSize) and one.by is PooledBy.LANDMARKS and one.licence == LICENCE
    frames = {one.structure: [value.frame_index for value in one.values] for one in answer.lengths}
    assert frames == {"head": [0, 1, 2], "abdomen": [3, 4, 5], "femur": [6, 7, 8]}


def test_a_frame_whose_ends_are_not_clear_is_left_out() -> None:
    finder = FakeLandmarker(spreads=(0.02, 0.3))
    answer = _answer(["femur"] * 6, landmarker=finder)

    (line,) = answer.lengths
    assert [value.frame_index for value in line.values] == [0, 2, 4]
    assert line.frames.refused == {"line_ends": 3}


def test_no_plane_that_can_be_measured_has_a_reason() -> None:
    head = SizedHead([60.0] * 9)

    assert _answer(["heart"] * 4, outliner=head) == Abstention(Reason.NOT_APPLICABLE, "no_measured_plane")
    assert _answer(["brain"] * 4) == Abstention(Reason.NOT_TRAINED, "no_head")


def test_it_stops_between_pictures_once_it_is_told_to() -> None:
    head = SizedHead([60.0] * 40)
    scan, tools = _scan(["brain"] * 40, outliner=head)
    looks: list[int] = []
    shares: list[float] = []

    def stop_at_the_third(share: float) -> None:
        shares.append(share)
        looks.append(head.asked)
        if len(looks) == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        WholeClipTask().answer(replace(scan, between_pictures=stop_at_the_third), tools)
    assert looks == [0, AT_ONCE, 2 * AT_ONCE] and max(head.batches) <= AT_ONCE
    assert shares == [0, AT_ONCE / 40, 2 * AT_ONCE / 40]


class Shelf:
    """Keeps arrays in memory."""

    def __init__(self) -> None:
        self.arrays: dict[str, dict[str, np.ndarray]] = {}

    def find(self, name: str) -> dict[str, np.ndarray] | None:
        return self.arrays.get(name)

    def put(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        self.arrays[name] = dict(arrays)


def _kept(shelf: Shelf, head: SizedHead, pixel_mm: float = 0.5) -> Any:
    views = ["brain"] * 4 + ["femur"] * 4
    scan, tools = _scan(views, make_clip(8, pixel_mm=pixel_mm), outliner=head, landmarker=FakeLandmarker())
    return WholeClipTask().answer(replace(scan, kept=shelf), tools).answer


SIZES = [60.0, 60.5, 0.0, 61.0]


def test_a_clip_that_is_read_again_is_not_looked_at_again_and_has_the_same_lengths() -> None:
    shelf, again = Shelf(), SizedHead([])
    before = _kept(shelf, SizedHead(SIZES))

    assert _kept(shelf, again) == before and again.asked == 0


def test_another_scale_gives_other_lengths_without_a_second_look() -> None:
    shelf, again = Shelf(), SizedHead([])
    before = _kept(shelf, SizedHead(SIZES))

    after = _kept(shelf, again, pixel_mm=0.6)

    assert again.asked == 0
    for one, other in zip(before.lengths, after.lengths, strict=True):
        assert other.size.median_mm == pytest.approx(1.2 * one.size.median_mm)


def test_another_head_looks_for_itself() -> None:
    shelf, other = Shelf(), SizedHead(SIZES)
    _kept(shelf, SizedHead(SIZES))
    other.identity = ("another", "ef" * 32)

    _kept(shelf, other)

    assert other.asked == 4


@pytest.mark.parametrize("harm", ["short", "foreign", "inf", "lost", "whole numbers"])
def test_what_cannot_be_believed_is_looked_at_anew(harm: str) -> None:
    shelf, again = Shelf(), SizedHead(SIZES)
    before = _kept(shelf, SizedHead(SIZES))
    (arrays,) = (arrays for name, arrays in shelf.arrays.items() if '"brain"' in name)
    match harm:
        case "short":
            arrays["0"] = arrays["0"][:-1]
        case "foreign":
            arrays["frames"] = arrays["frames"] + 4
        case "inf":
            arrays["0"] = np.full_like(arrays["0"], np.inf)
        case "lost":
            del arrays["1"]
        case _:
            arrays["0"] = np.nan_to_num(arrays["0"]).astype(int)

    assert _kept(shelf, again) == before and again.asked == 4
