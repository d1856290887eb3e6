"""Which view a clip shows, and what is not called a view."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fakes import IDENTITY
from task_tools import BRAIN_SET, PLANE_SET, after_views, instruments, scan_of

from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.backbone import ViewCalibration
from fetalclip_app.domain.views import BRAIN_PLANES, PLANES, ViewPrediction
from fetalclip_app.tasks.views import BrainViewTask, ViewTask
from fetalclip_app.wording import view_percentages


def test_a_clip_is_seen_as_what_most_of_its_frames_are() -> None:
    finding = ViewTask(PLANE_SET).answer(scan_of(["brain", "brain", "femur"]), instruments())

    assert isinstance(finding.answer, ViewPrediction)
    assert finding.answer.best == "brain"
    assert finding.answer.per_frame.argmax(axis=1).tolist() == [1, 1, 2]
    assert finding.answer.probabilities.sum() == pytest.approx(1.0, abs=1e-5)


def test_percentages_use_the_fitted_scale_and_say_so() -> None:
    scan = scan_of(["brain"])

    plain = ViewTask(PLANE_SET).answer(scan, instruments()).answer
    tools = instruments(views=ViewCalibration(scale=3.0, error=0.02))
    fitted = ViewTask(PLANE_SET).answer(scan, tools).answer

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


def test_sub_planes_that_training_showed_are_not_called_untrained() -> None:
    taught = replace(IDENTITY, trained_views=(*IDENTITY.trained_views, *BRAIN_PLANES))
    tools = replace(instruments(), identity=taught)
    scan = after_views(scan_of(["brain"]), tools)
    scan.embeddings[0, len(PLANES)] = 1.0

    answer = BrainViewTask(BRAIN_SET).answer(scan, tools).answer

    assert isinstance(answer, ViewPrediction)
    assert answer.best == "trans-thalamic"
    assert answer.abstained is None


def test_sub_planes_are_asked_of_brain_frames_alone() -> None:
    tools = instruments()
    scan = after_views(scan_of(["femur", "brain", "brain"]), tools)

    finding = BrainViewTask(BRAIN_SET).answer(scan, tools)

    assert isinstance(finding.answer, ViewPrediction)
    assert np.isnan(finding.answer.per_frame[0]).all()
    assert not np.isnan(finding.answer.per_frame[1:]).any()


def test_percentages_count_in_how_often_a_sub_plane_occurs_and_say_so() -> None:
    shares = (0.5, 0.3, 0.2)
    brain = after_views(scan_of(["brain"]), instruments())

    plain = BrainViewTask(BRAIN_SET).answer(brain, instruments()).answer
    tools = instruments(brain_views=ViewCalibration(scale=3.0, error=0.02, frequencies=shares))
    fitted = BrainViewTask(BRAIN_SET).answer(brain, tools).answer

    assert isinstance(plain, ViewPrediction)
    assert isinstance(fitted, ViewPrediction)
    assert plain.probabilities == pytest.approx(np.full(3, 1 / 3), abs=1e-6), "as like to the one as to the other"
    assert fitted.probabilities == pytest.approx(np.array(shares), abs=1e-6)
    assert "Trans-thalamic 50%, Trans-cerebellar 30%, Trans-ventricular 20%" in view_percentages(fitted)
    assert "occurs" not in view_percentages(plain)


@pytest.mark.parametrize("shares", [(0.5, 0.5, 0.0), (-0.1, 0.6, 0.5), (1.0, 1.0, 1.0), (float("nan"), 0.5, 0.5), ()])
def test_frequencies_that_are_no_shares_are_refused(shares: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="not above 0 and of sum 1"):
        ViewCalibration(frequencies=shares)
