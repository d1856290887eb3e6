"""Which frames are measured, and the head in millimetres."""

from __future__ import annotations

import pytest
from fakes import make_clip
from task_tools import BRAIN_SET, RoundHead, after_views, instruments, scan_of

from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.domain.reading import HeadMeasurement, HeadSize
from fetalclip_app.domain.views import PLANES
from fetalclip_app.tasks.gestational_age import AgeTask
from fetalclip_app.tasks.head_outline import HeadTask
from fetalclip_app.tasks.views import BrainViewTask


def test_nothing_is_measured_in_a_picture_unlike_the_training() -> None:
    tools = instruments(familiar_similarity=1.1, outliner=RoundHead(Ellipse(112, 112, 70, 55, 0)))
    scan = after_views(scan_of(["brain"]), tools)

    for task in (BrainViewTask(BRAIN_SET), HeadTask(), AgeTask(("{weeks} {days} {spacing}",))):
        assert task.answer(scan, tools).answer == Abstention(Reason.NOT_FETAL_ULTRASOUND, "unlike_training")


def test_an_unfamiliar_frame_of_a_familiar_clip_is_not_measured() -> None:
    tools = instruments(familiar_similarity=0.9)
    scan = scan_of(["brain", "brain", "brain"])
    scan.embeddings[0] *= 0.5
    scan = after_views(scan, tools)

    assert scan.frames_seen_as("brain").tolist() == [1, 2]


def test_a_stray_frame_of_another_view_is_not_measured() -> None:
    tools = instruments(outliner=RoundHead(Ellipse(112, 112, 70, 55, 0)))
    scan = after_views(scan_of(["abdomen"] * 19 + ["brain"]), tools)

    assert HeadTask().answer(scan, tools).answer == Abstention(Reason.NOT_APPLICABLE, "no_brain_frame")


def test_a_part_of_a_clip_is_measured_where_it_is_more_than_a_stray() -> None:
    tools = instruments(outliner=RoundHead(Ellipse(112, 112, 70, 55, 0)))
    scan = after_views(scan_of(["abdomen"] * 8 + ["brain"] * 4), tools)

    assert HeadTask().answer(scan, tools).frame_index in range(8, 12)


def test_a_frame_that_could_as_well_be_another_view_is_not_measured() -> None:
    tools = instruments(outliner=RoundHead(Ellipse(112, 112, 70, 55, 0)))
    scan = scan_of(["brain"])
    scan.embeddings[0, PLANES.index("heart")] = 0.999
    scan = after_views(scan, tools)

    answer = HeadTask().answer(scan, tools).answer

    assert isinstance(answer, Abstention)
    assert (answer.reason, answer.detail) == (Reason.AMBIGUOUS, "views")


@pytest.mark.parametrize(("cx", "fits"), [(112.0, True), (30.0, False)])
def test_a_head_that_leaves_the_picture_is_not_measured(cx: float, fits: bool) -> None:
    tools = instruments(outliner=RoundHead(Ellipse(cx, 112, 70, 55, 0)))
    scan = after_views(scan_of(["brain"]), tools)

    answer = HeadTask().answer(scan, tools).answer

    assert isinstance(answer, HeadMeasurement) is fits


@pytest.mark.parametrize("task", [BrainViewTask(BRAIN_SET), HeadTask(), AgeTask(("{weeks} {days} {spacing}",))])
def test_without_a_brain_there_is_nothing_to_measure(task: BrainViewTask | HeadTask | AgeTask) -> None:
    tools = instruments(outliner=RoundHead(Ellipse(112, 112, 60, 45, 0)))
    scan = after_views(scan_of(["femur"]), tools)

    assert task.answer(scan, tools).answer == Abstention(Reason.NOT_APPLICABLE, "no_brain_frame")


def test_the_head_is_measured_in_millimetres_of_the_frame() -> None:
    tools = instruments(outliner=RoundHead(Ellipse(112, 112, 60, 45, 20)))
    scan = after_views(scan_of(["brain"]), tools)

    finding = HeadTask().answer(scan, tools)

    assert isinstance(finding.answer, HeadMeasurement)
    assert isinstance(finding.answer.size, HeadSize)
    mm_per_network_pixel = 160 / 224 * 0.5
    assert finding.answer.size.ofd_mm == pytest.approx(120 * mm_per_network_pixel, rel=0.006)
    assert finding.answer.size.bpd_mm == pytest.approx(90 * mm_per_network_pixel, rel=0.006)
    assert finding.answer.ellipse.cx == pytest.approx(79.8, abs=0.5)
    assert finding.answer.outline.mask.shape == (120, 160)


def test_without_a_scale_the_outline_is_drawn_and_not_measured() -> None:
    tools = instruments(outliner=RoundHead(Ellipse(112, 112, 60, 45, 20)))
    scan = after_views(scan_of(["brain"], make_clip(frames=1, pixel_mm=None)), tools)

    answer = HeadTask().answer(scan, tools).answer

    assert isinstance(answer, HeadMeasurement)
    assert answer.size == Abstention(Reason.NOT_CALIBRATED, "no_scale")


def test_what_is_no_ellipse_is_not_measured() -> None:
    tools = instruments(outliner=RoundHead(None))
    scan = after_views(scan_of(["brain"]), tools)

    answer = HeadTask().answer(scan, tools).answer

    assert isinstance(answer, Abstention)
    assert (answer.reason, answer.detail) == (Reason.AMBIGUOUS, "outline")


def test_a_model_without_a_head_says_so() -> None:
    tools = instruments()

    answer = HeadTask().answer(after_views(scan_of(["brain"]), tools), tools).answer

    assert answer == Abstention(Reason.NOT_TRAINED, "no_head")
