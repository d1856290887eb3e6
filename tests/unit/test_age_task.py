"""Gestational age by the published rule, and when there is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fakes import make_clip
from task_tools import RoundHead, Texts, after_views, instruments, scan_of

from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.age import AgeEstimate
from fetalclip_app.domain.backbone import ModelCalibration
from fetalclip_app.domain.calibration import PixelSpacing
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.tasks.base import Instruments, Scan
from fetalclip_app.tasks.gestational_age import CANDIDATES, SUPPORT, AgeTask, best_candidates, estimate_of, sentences
from fetalclip_app.tasks.head_outline import HeadTask
from fetalclip_app.tasks.keys import HEAD, VIEWS


def _age(scan: Scan, tools: Instruments) -> AgeEstimate | Abstention:
    answer = AgeTask(("{weeks} weeks {days} days at {spacing}",)).answer(scan, tools).answer
    assert isinstance(answer, AgeEstimate | Abstention)
    return answer


def test_the_age_is_the_day_that_the_prompts_fit_best() -> None:
    tools = instruments(Texts(best_day=150))

    age = _age(after_views(scan_of(["brain"]), tools), tools)

    assert isinstance(age, AgeEstimate)
    assert age.age.days == 150
    assert (age.low.days, age.high.days) == (143, 157)
    assert age.spacing_mm == pytest.approx(160 / 224 * 0.5)


def test_the_prompts_name_the_network_pixel_with_two_decimals() -> None:
    texts = Texts()
    tools = instruments(texts)

    _age(after_views(scan_of(["brain"]), tools), tools)

    assert "20 weeks 0 days at 0.36" in texts.asked


def test_without_a_scale_there_is_no_age() -> None:
    tools = instruments()
    scan = after_views(scan_of(["brain"], make_clip(frames=1, pixel_mm=None)), tools)

    assert _age(scan, tools) == Abstention(Reason.NOT_CALIBRATED, "no_scale")


def test_pixels_that_are_not_square_have_no_age() -> None:
    clip = make_clip(frames=1, pixel_mm=0.5)
    assert clip.calibration is not None
    region = replace(clip.calibration.regions[0], spacing=PixelSpacing(0.5, 0.4))
    clip = replace(clip, calibration=replace(clip.calibration, regions=(region,)))
    tools = instruments()

    assert _age(after_views(scan_of(["brain"], clip), tools), tools) == Abstention(Reason.NOT_CALIBRATED, "not_square")


@pytest.mark.parametrize("day", [CANDIDATES[0].days, CANDIDATES[-1].days])
def test_the_ends_of_the_range_are_no_age(day: int) -> None:
    tools = instruments(Texts(best_day=day))

    assert _age(after_views(scan_of(["brain"]), tools), tools) == Abstention(Reason.OUT_OF_RANGE, "edge_of_range")


def test_a_wide_spread_is_no_age() -> None:
    tools = instruments(Texts(best_day=150), spread_limit_days=10)

    answer = _age(after_views(scan_of(["brain"]), tools), tools)

    assert answer == Abstention(Reason.AMBIGUOUS, "spread", {"spread_days": 14, "limit_days": 10})


@pytest.mark.parametrize(("axis", "fits"), [(30.0, False), (70.0, True)])
def test_a_head_outside_the_evaluated_sizes_has_no_age(axis: float, fits: bool) -> None:
    tools = instruments(outliner=RoundHead(Ellipse(112, 112, axis, axis * 0.8, 0)))
    scan = after_views(scan_of(["brain"]), tools)
    scan = replace(scan, found=(*scan.found, HeadTask().answer(scan, tools)))

    answer = _age(scan, tools)

    assert isinstance(answer, AgeEstimate) is fits
    if isinstance(answer, Abstention):
        assert (answer.reason, answer.detail) == (Reason.OUT_OF_RANGE, "head_size")
    else:
        assert answer.head_checked


def test_the_age_is_read_from_the_frame_that_the_head_was_measured_on() -> None:
    tools = instruments(outliner=RoundHead(Ellipse(112, 112, 70, 55, 0)))
    scan = after_views(scan_of(["femur", "brain", "brain"]), tools)
    scan = replace(scan, found=(*scan.found, HeadTask().answer(scan, tools)))
    head = scan.finding(HEAD)

    finding = AgeTask(("{weeks} weeks {days} days at {spacing}",)).answer(scan, tools)

    assert head is not None
    assert finding.frame_index == head.frame_index == 1
    assert scan.finding(VIEWS) is not None


def _published(similarity: np.ndarray, support: int) -> int:
    """Restated from the published rule: the middle of the best candidates, in the order of days."""
    best = sorted(sorted(range(len(similarity)), key=lambda day: similarity[day], reverse=True)[:support])
    return best[support // 2]


@pytest.mark.parametrize("seed", range(20))
def test_agrees_with_the_published_rule(seed: int) -> None:
    scores = np.random.default_rng(seed).integers(0, 40, len(CANDIDATES)).astype(np.float32)

    estimate = estimate_of(scores, 0.4, ModelCalibration(), head_checked=False)

    assert estimate.age == CANDIDATES[_published(scores, SUPPORT)]
    assert len(best_candidates(scores)) == SUPPORT


def test_there_are_175_candidates_and_a_sentence_for_each() -> None:
    texts = sentences("{weeks}+{days} {spacing}", 0.4321)

    assert len(CANDIDATES) == len(texts) == 175
    assert (texts[0], texts[-1]) == ("14+0 0.43", "38+6 0.43")
