from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from fakes import DIMENSION, FRAMES_AT_ONCE, FakeBackbone, make_clip
from numpy.typing import NDArray

from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.backbone import ModelCalibration, ViewCalibration
from fetalclip_app.domain.overlay import Heatmap, Where
from fetalclip_app.domain.reading import Finding
from fetalclip_app.domain.sight import Sight
from fetalclip_app.domain.views import ViewPrediction, ViewSet
from fetalclip_app.imaging.preprocess import PreprocessSpec, crop_of
from fetalclip_app.inference.cache import TEXTS_AT_ONCE, TextBank
from fetalclip_app.inference.calibrating import calibration_of, fitted_for
from fetalclip_app.inference.engine import Engine
from fetalclip_app.progress import Cancelled, CancelToken, Report, silent
from fetalclip_app.tasks.base import Instruments, Scan
from fetalclip_app.tasks.catalog import all_tasks
from fetalclip_app.tasks.keys import AGE, BRAIN_VIEWS, HEAD, VIEWS, WHOLE_CLIP
from fetalclip_app.tasks.view_sets import BRAIN_PLANES_FILE, PLANES_FILE, bundled


class CornerExplainer:
    """Says that everything was seen in the network's top left corner."""

    def heatmap(
        self, picture: np.ndarray, texts: np.ndarray, target: int, method: str, *, step: Report = silent
    ) -> np.ndarray:
        self.asked = (len(texts), target, method)
        values = np.zeros((224, 224), np.float32)
        values[:60, :60] = 1.0
        return values


def make_engine(backbone: FakeBackbone) -> Engine:
    planes, brain = bundled(PLANES_FILE), bundled(BRAIN_PLANES_FILE)
    texts = TextBank(backbone.encode_texts, "fake")
    tools = Instruments(backbone.identity, backbone.logit_scale, ModelCalibration(), texts.features)
    return Engine(
        backbone=backbone,
        spec=PreprocessSpec(),
        texts=texts,
        instruments=tools,
        tasks=all_tasks(planes, brain),
        view_sets={VIEWS: planes, BRAIN_VIEWS: brain},
        explainer=CornerExplainer(),
        methods=("gradcam",),
        current_notices=lambda: ("gpu_failed",),
    )


def test_every_task_answers_once_and_in_order(backbone: FakeBackbone) -> None:
    reading = make_engine(backbone).read(make_clip(), CancelToken(), silent)

    assert [finding.task_key for finding in reading.findings] == [VIEWS, BRAIN_VIEWS, HEAD, AGE, WHOLE_CLIP]
    assert reading.answer(VIEWS, ViewPrediction).per_frame.shape == (6, 9)
    assert isinstance(reading.finding(HEAD).answer, Abstention)  # type: ignore[union-attr]


def test_every_frame_is_encoded_once(backbone: FakeBackbone) -> None:
    make_engine(backbone).read(make_clip(frames=2 * FRAMES_AT_ONCE + 3), CancelToken(), silent)

    assert backbone.frames_seen == 2 * FRAMES_AT_ONCE + 3


def test_a_reading_keeps_a_unit_row_for_each_frame(backbone: FakeBackbone) -> None:
    rows = make_engine(backbone).read(make_clip(frames=FRAMES_AT_ONCE + 3), CancelToken(), silent).embeddings

    assert (rows.shape, rows.dtype) == ((FRAMES_AT_ONCE + 3, DIMENSION), np.float32)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-6)


def test_a_second_picture_of_the_same_scale_costs_no_text(backbone: FakeBackbone) -> None:
    engine = make_engine(backbone)
    engine.read(make_clip(), CancelToken(), silent)
    after_the_first = backbone.texts_seen

    engine.read(make_clip(name="other.dcm"), CancelToken(), silent)

    assert after_the_first > 0
    assert backbone.texts_seen == after_the_first


def test_stops_between_two_batches_once_cancelled(backbone: FakeBackbone) -> None:
    cancel = CancelToken()

    def report(done: int, total: int) -> None:
        if done >= FRAMES_AT_ONCE:
            cancel.cancel()

    with pytest.raises(Cancelled):
        make_engine(backbone).read(make_clip(frames=40), cancel, report)

    assert backbone.frames_seen == 1 + FRAMES_AT_ONCE


class CancellingBackbone(FakeBackbone):
    """Sees a brain in every frame, and asks the reading to stop at the first part of the age prompts."""

    def __init__(self, cancel: CancelToken) -> None:
        super().__init__()
        self._cancel = cancel
        self.parts: list[int] = []

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.parts.append(len(texts))
        if len(texts) == TEXTS_AT_ONCE:
            self._cancel.cancel()
        rows = np.zeros((len(texts), DIMENSION), np.float32)
        rows[np.arange(len(texts)), [0 if "brain" in text.lower() else 1 for text in texts]] = 1.0
        return rows


def test_a_cold_age_stops_between_two_parts_of_its_texts_and_goes_on_there() -> None:
    cancel = CancelToken()
    backbone = CancellingBackbone(cancel)
    engine = make_engine(backbone)
    with pytest.raises(Cancelled):
        engine.read(make_clip(), cancel, silent)
    assert backbone.parts.count(TEXTS_AT_ONCE) == 1

    engine.read(make_clip(), CancelToken(), silent)

    assert backbone.parts.count(TEXTS_AT_ONCE) == 875 // TEXTS_AT_ONCE
    assert backbone.parts[-1] == 875 % TEXTS_AT_ONCE


def test_progress_reaches_its_end_and_never_goes_back(backbone: FakeBackbone) -> None:
    steps: list[tuple[int, int]] = []

    make_engine(backbone).read(make_clip(frames=19), CancelToken(), lambda *step: steps.append(step))

    done = [step for step, _ in steps]
    assert done == sorted(done)
    assert steps[-1][0] == steps[-1][1]
    assert {total for _, total in steps} == {19 + 5 + 19}, "the whole clip's lengths count as about a step a frame"


class LongTask:
    """Looks at ten pictures."""

    key = WHOLE_CLIP
    looked = 0

    def answer(self, scan: Scan, instruments: Instruments) -> Finding:
        for done in range(10):
            scan.between_pictures(done / 10)
            self.looked += 1
        return Finding(self.key, Abstention(Reason.NOT_TRAINED, "no_head"))


def test_a_long_task_tells_how_far_it_is_and_stops_between_its_pictures(backbone: FakeBackbone) -> None:
    task, steps, cancel = LongTask(), [], CancelToken()
    engine = replace(make_engine(backbone), tasks=(task,))

    def report(done: int, total: int) -> None:
        steps.append(done)
        if done >= 20 + 10:
            cancel.cancel()

    with pytest.raises(Cancelled):
        engine.read(make_clip(frames=20), cancel, report)

    assert task.looked == 6, "of ten, once the bar was half through it"
    assert steps == sorted(steps) and {22, 24, 26, 28, 30} <= set(steps)


def test_what_is_answered_is_told_before_the_longest_task(backbone: FakeBackbone) -> None:
    told: list[Sight] = []

    class Ear:
        def planned(self, frames: Sequence[int]) -> None:
            return

        def seen(self, sight: Sight) -> None:
            told.append(sight)

        def looked_at(self) -> int:
            return 0

    reading = make_engine(backbone).read(make_clip(40), CancelToken(), silent, Ear())
    so_far = [sight.so_far for sight in told if sight.so_far is not None]

    assert len(so_far) == 1
    assert [finding.task_key for finding in so_far[0].findings] == [one.task_key for one in reading.findings][:-1]
    assert reading.findings[-1].task_key == "whole_clip"
    assert so_far[0].provenance == reading.provenance


def test_a_reading_says_what_it_depended_on(backbone: FakeBackbone) -> None:
    engine = make_engine(backbone)
    clip = make_clip()

    reading = engine.read(clip, CancelToken(), silent)

    assert reading.clip_key == clip.key
    assert reading.crop == crop_of(clip)
    assert reading.calibration is clip.calibration
    assert reading.provenance.preprocessing == PreprocessSpec().fingerprint()
    assert reading.provenance.view_sets[VIEWS] == ("planes", bundled(PLANES_FILE).sha256)
    assert reading.provenance.notices == ("gpu_failed",)


def test_a_heatmap_lies_in_frame_pixels(backbone: FakeBackbone) -> None:
    engine = make_engine(backbone)
    clip = make_clip()

    heat = engine.explain(clip, Where(2, BRAIN_VIEWS, "trans-cerebellum", "gradcam"))

    assert isinstance(heat, Heatmap)
    assert heat.values.shape == (clip.height, clip.width)
    crop = crop_of(clip)
    assert heat.values[: crop.top].sum() == 0
    assert engine.explainer.asked == (3, 1, "gradcam")  # type: ignore[attr-defined]


def test_an_empty_class_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="without a prompt"):
        ViewSet("bad", {"brain": ()}, "00")


def test_a_manifests_calibration_arrives() -> None:
    fitted = {
        "views": {"temperature": 2.0, "error": 0.03},
        "familiar": {"similarity": 0.4},
        "gestational_age": {"spread_limit_days": 21, "error_days": 8.5, "level": 0.9, "reference": "who_median_of_hc"},
        "head": {"fit_limit": 0.94},
    }

    calibration = calibration_of(fitted, 50.0, learned_from_head_size=True)

    assert calibration == ModelCalibration(
        views=ViewCalibration(scale=25.0, error=0.03),
        familiar_similarity=0.4,
        spread_limit_days=21,
        age_error_days=8.5,
        age_error_level=0.9,
        age_reference="who_median_of_hc",
        learned_from_head_size=True,
        outline_fit_limit=0.94,
    )


def test_percentages_of_other_prompts_are_not_called_calibrated() -> None:
    planes, brain = bundled(PLANES_FILE), bundled(BRAIN_PLANES_FILE)
    fitted = {
        "views": {"temperature": 2.0, "error": 0.03, "view_set": planes.sha256},
        "brain_views": {"temperature": 2.0, "error": 0.03, "view_set": brain.sha256},
        "familiar": {"similarity": 0.4},
        "head": {"fit_limit": 0.94},
    }
    other = ViewSet("mine", {"hand": ("a hand",)}, "00" * 32)

    assert set(fitted_for(fitted, {VIEWS: planes, BRAIN_VIEWS: brain})) == set(fitted)
    assert set(fitted_for(fitted, {VIEWS: other, BRAIN_VIEWS: brain})) == {"brain_views", "head"}
    assert set(fitted_for(fitted, {VIEWS: planes, BRAIN_VIEWS: other})) == {"views", "familiar", "head"}


def test_without_a_calibration_nothing_is_claimed() -> None:
    calibration = calibration_of({}, 50.0, learned_from_head_size=False)

    assert calibration == ModelCalibration()
    assert replace(calibration).views.scale is None
