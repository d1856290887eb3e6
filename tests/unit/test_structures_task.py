"""Which frames give masks of structures, how large those are, and when there are none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from fakes import make_clip
from structure_tools import FACTS, FakeSegmenter, patch, round_skull
from task_tools import after_views, instruments, scan_of

from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.overlay import Segmentation
from fetalclip_app.domain.reading import Finding
from fetalclip_app.domain.structures import Structures
from fetalclip_app.tasks.structures import StructuresTask, largest_part, steadiness


def _finding(views: list[str], segmenter: FakeSegmenter | None = None, **clip: Any) -> Finding:
    tools = replace(instruments(), segmenter=segmenter or FakeSegmenter())
    scan = after_views(scan_of(views, make_clip(frames=len(views), **{"pixel_mm": 0.5, **clip})), tools)
    return StructuresTask().answer(scan, tools)


def _found(answer: Any) -> dict[str, Any]:
    assert isinstance(answer, Structures)
    return {one.name: one for one in answer.structures}


def test_every_structure_has_its_mask_in_frame_pixels_and_its_area_in_square_millimetres() -> None:
    clip = make_clip(frames=1)
    found = _found(_finding(["brain"]).answer)

    assert list(found) == ["skull", "csp", "lateral_ventricle"]
    for one in found.values():
        assert one.found.mask.shape == (clip.height, clip.width) and one.found.structure == one.name
        assert one.area.px == one.found.mask.sum()
        assert one.area.mm2 == pytest.approx(0.25 * one.area.px)
    scale = 160 / 224
    assert found["csp"].area.px == pytest.approx(20 * 30 * scale**2, rel=0.15)


def test_without_a_scale_areas_are_in_pixels_alone() -> None:
    found = _found(_finding(["brain"], pixel_mm=None).answer)

    assert found["skull"].area.px > 1000
    assert found["skull"].area.mm2 is None


def test_a_clip_without_a_clear_brain_has_no_masks() -> None:
    assert _finding(["heart"]).answer == Abstention(Reason.NOT_APPLICABLE, "no_brain_frame")
    stray = _finding(["abdomen"] * 19 + ["brain"])
    assert stray.answer == Abstention(Reason.NOT_APPLICABLE, "no_brain_frame")


def test_each_structure_is_given_on_the_frame_that_shows_it_most_clearly() -> None:
    found = _finding(["brain"] * 3, FakeSegmenter(strengths=(0.4, 1.0, 0.3)))

    assert {one.frame_index for one in _found(found.answer).values()} == {1}
    assert found.frame_index == 1
    assert isinstance(found.answer, Structures)
    assert len(found.answer.on_frame(1)) == 3 and not found.answer.on_frame(0)


def test_a_mask_that_hangs_on_the_threshold_is_not_given() -> None:
    faint = 0.55 * patch(100, 90)
    found = _found(_finding(["brain"], FakeSegmenter([round_skull(), faint, patch(120, 120)])).answer)

    assert isinstance(found["csp"].found, Abstention)
    assert (found["csp"].found.reason, found["csp"].found.detail) == (Reason.AMBIGUOUS, "structure")
    assert found["csp"].area is None
    assert isinstance(found["lateral_ventricle"].found, Segmentation)


def test_a_head_that_is_cut_off_is_no_skull_and_keeps_its_other_structures() -> None:
    cut = round_skull()
    cut[:, :100] = 0.0
    found = _found(_finding(["brain"], FakeSegmenter([cut, patch(100, 120), patch(120, 120)])).answer)

    assert isinstance(found["skull"].found, Abstention)
    assert isinstance(found["csp"].found, Segmentation)


def test_what_lies_outside_a_clear_head_is_not_given() -> None:
    found = _found(_finding(["brain"], FakeSegmenter([round_skull(), patch(5, 5), patch(120, 120)])).answer)

    assert found["csp"].found == Abstention(Reason.AMBIGUOUS, "outside_head")


def test_a_model_without_such_a_head_says_so() -> None:
    tools = instruments()
    scan = after_views(scan_of(["brain"]), tools)

    answer = StructuresTask().answer(scan, tools).answer

    assert answer == Abstention(Reason.NOT_TRAINED, "no_structures")


def test_specks_and_pieces_are_less_steady_than_one_mask() -> None:
    assert steadiness(patch(100, 100)) > 0.85
    assert steadiness(patch(100, 100, 3, 3)) == 0.0
    assert steadiness(np.maximum(patch(20, 20), patch(150, 150))) < 0.5
    assert not largest_part(np.zeros((9, 9), bool)).any()


def test_a_head_of_other_structures_needs_no_skull() -> None:
    alone = FakeSegmenter([patch(100, 90)], facts=replace(FACTS, structures=("cerebellum",)))

    assert isinstance(_found(_finding(["brain"], alone).answer)["cerebellum"].found, Segmentation)
