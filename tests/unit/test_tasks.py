from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from fakes import IDENTITY, make_clip

from fetalclip_app.biometry.ellipse import filled_ellipse
from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.age import AgeEstimate
from fetalclip_app.domain.backbone import ModelCalibration
from fetalclip_app.domain.calibration import Box, PixelSpacing
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.domain.reading import HeadMeasurement, HeadSize
from fetalclip_app.domain.views import BRAIN_PLANES, PLANES, ViewPrediction, ViewSet
from fetalclip_app.imaging.preprocess import PreprocessSpec
from fetalclip_app.tasks.base import HEAD, VIEWS, Instruments, Scan
from fetalclip_app.tasks.gestational_age import CANDIDATES, SUPPORT, AgeTask, best_candidates, estimate_of, sentences
from fetalclip_app.tasks.head_outline import HeadTask
from fetalclip_app.tasks.views import BrainViewTask, ViewTask

WIDTH = 220
PLANE_SET = ViewSet("planes", {key: (f"a {key}", f"the {key}") for key in PLANES}, "ab" * 32)
BRAIN_SET = ViewSet("brain", {key: (key,) for key in BRAIN_PLANES}, "cd" * 32)


@dataclass
class Texts:
    """Puts class words on axes of their own, and ages on a slope around a chosen day."""

    best_day: int = 140
    width_days: float = 6.0
    asked: list[str] = field(default_factory=list)

    def __call__(self, texts: object) -> np.ndarray:
        rows = np.zeros((len(texts), WIDTH), np.float32)  # type: ignore[arg-type]
        for row, text in zip(rows, texts, strict=True):  # type: ignore[call-overload]
            self.asked.append(text)
            self._place(row, text)
        return rows

    def _place(self, row: np.ndarray, text: str) -> None:
        for axis, key in enumerate((*PLANES, *BRAIN_PLANES)):
            if text.endswith(key):
                row[axis] = 1.0
                return
        digits = "".join(letter if letter.isdigit() or letter == "." else " " for letter in text).split()
        numbers = [float(digit.strip(".")) for digit in digits]
        weeks, days = [number for number in numbers if number == int(number)][:2]
        closeness = np.exp(-(((weeks * 7 + days - self.best_day) / self.width_days) ** 2))
        row[1], row[-1] = closeness, np.sqrt(1 - closeness**2)


class RoundHead:
    """Outlines the same ellipse in every picture."""

    def __init__(self, ellipse: Ellipse | None) -> None:
        self.ellipse = ellipse

    def outline(self, batch: np.ndarray) -> np.ndarray:
        mask = np.zeros((224, 224), np.float32)
        if self.ellipse is not None:
            mask = filled_ellipse(self.ellipse, 224, 224).astype(np.float32)
        else:
            mask[10:20, 10:200] = 1.0
        return np.repeat(mask[None], len(batch), axis=0)


def instruments(texts: Texts | None = None, *, outliner: RoundHead | None = None, **calibration: object) -> Instruments:
    return Instruments(IDENTITY, 20.0, ModelCalibration(**calibration), texts or Texts(), outliner)  # type: ignore[arg-type]


def scan_of(views: list[str], clip: Clip | None = None) -> Scan:
    """A scan whose frames lie on the axes of these views."""
    clip = clip or make_clip(frames=len(views), pixel_mm=0.5)
    rows = np.zeros((len(views), WIDTH), np.float32)
    for row, view in zip(rows, views, strict=True):
        row[PLANES.index(view)] = 1.0
    return Scan(clip, Box(0, 0, clip.width, clip.height), PreprocessSpec(), rows)


def after_views(scan: Scan, tools: Instruments) -> Scan:
    return replace(scan, found=(ViewTask(PLANE_SET).answer(scan, tools),))


def test_a_clip_is_seen_as_what_most_of_its_frames_are() -> None:
    finding = ViewTask(PLANE_SET).answer(scan_of(["brain", "brain", "femur"]), instruments())

    assert isinstance(finding.answer, ViewPrediction)
    assert finding.answer.best == "brain"
    assert finding.answer.per_frame.argmax(axis=1).tolist() == [1, 1, 2]
    assert finding.answer.probabilities.sum() == pytest.approx(1.0, abs=1e-5)


def test_percentages_use_the_fitted_scale_and_say_so() -> None:
    scan = scan_of(["brain"])

    plain = ViewTask(PLANE_SET).answer(scan, instruments()).answer
    fitted = ViewTask(PLANE_SET).answer(scan, instruments(view_scale=3.0, view_error=0.02)).answer

    assert isinstance(plain, ViewPrediction)
    assert isinstance(fitted, ViewPrediction)
    assert (plain.calibrated, fitted.calibrated) == (False, True)
    assert (plain.calibration_error, fitted.calibration_error) == (None, 0.02)
    assert plain.probabilities.max() == pytest.approx(np.exp(20) / (np.exp(20) + 8), rel=1e-5)
    assert fitted.probabilities.max() == pytest.approx(np.exp(3) / (np.exp(3) + 8), rel=1e-5)


def test_a_view_that_training_never_showed_is_called_so() -> None:
    finding = ViewTask(PLANE_SET).answer(scan_of(["kidney"]), instruments())

    assert isinstance(finding.answer, ViewPrediction)
    assert finding.answer.best == "kidney"
    assert finding.answer.abstained == Abstention(Reason.NOT_TRAINED, "view", {"view": "kidney"})


def test_two_views_alike_are_ambiguous() -> None:
    finding = ViewTask(PLANE_SET).answer(scan_of(["brain", "femur"]), instruments())

    assert isinstance(finding.answer, ViewPrediction)
    assert finding.answer.abstained is not None
    assert finding.answer.abstained.reason is Reason.AMBIGUOUS


def test_a_picture_unlike_the_training_is_not_called_a_view() -> None:
    finding = ViewTask(PLANE_SET).answer(scan_of(["brain"]), instruments(familiar_similarity=1.1))

    assert isinstance(finding.answer, ViewPrediction)
    assert finding.answer.abstained == Abstention(Reason.NOT_FETAL_ULTRASOUND, "unlike_training")


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


def test_sub_planes_that_training_showed_are_not_called_untrained() -> None:
    taught = replace(IDENTITY, trained_views=(*IDENTITY.trained_views, *BRAIN_PLANES))
    tools = replace(instruments(), identity=taught)
    scan = after_views(scan_of(["brain"]), tools)
    scan.embeddings[0, len(PLANES)] = 1.0

    answer = BrainViewTask(BRAIN_SET).answer(scan, tools).answer

    assert isinstance(answer, ViewPrediction)
    assert answer.best == "trans-thalamic"
    assert answer.abstained is None


@pytest.mark.parametrize(("cx", "fits"), [(112.0, True), (30.0, False)])
def test_a_head_that_leaves_the_picture_is_not_measured(cx: float, fits: bool) -> None:
    tools = instruments(outliner=RoundHead(Ellipse(cx, 112, 70, 55, 0)))
    scan = after_views(scan_of(["brain"]), tools)

    answer = HeadTask().answer(scan, tools).answer

    assert isinstance(answer, HeadMeasurement) is fits


def test_sub_planes_are_asked_of_brain_frames_alone() -> None:
    tools = instruments()
    scan = after_views(scan_of(["femur", "brain", "brain"]), tools)

    finding = BrainViewTask(BRAIN_SET).answer(scan, tools)

    assert isinstance(finding.answer, ViewPrediction)
    assert np.isnan(finding.answer.per_frame[0]).all()
    assert not np.isnan(finding.answer.per_frame[1:]).any()


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
