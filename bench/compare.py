"""Times both sides on the same weights and the same clip, and asks whether they say the same."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from bench.forgetful import forgetful
from bench.published import PublishedAge, Recipe
from bench.scene import without_texts
from fetalclip_app.domain.age import AgeEstimate
from fetalclip_app.domain.clip import Clip, FramesInMemory
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.domain.spread import evenly
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.imaging.preprocess import crop_of, crop_spacing, model_spacing_mm, prepare
from fetalclip_app.inference.engine import Engine
from fetalclip_app.model.encoder import TorchBackbone
from fetalclip_app.progress import CancelToken, silent
from fetalclip_app.tasks.gestational_age import AgeTask, estimate_of
from fetalclip_app.tasks.keys import AGE, VIEWS

TOLERANCE = 1e-3
"""Probabilities of the two sides may differ by so much: they add in another order."""

SCORE_TOLERANCE = 1e-2
"""The same for age scores, which are logits."""

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Agreement:
    """Whether the two sides answer alike.

    Attributes:
        same_age: The same middle, first and last of the best days.
        view_difference: Largest difference of a view's probability, over the frames that both sides read.
        score_difference: Largest difference of an age score, in logits.
    """

    ours_days: int
    published_days: int
    same_age: bool
    view_difference: float
    score_difference: float

    @property
    def holds(self) -> bool:
        """Whether the ratio of times compares like with like."""
        return self.same_age and self.view_difference <= TOLERANCE and self.score_difference <= SCORE_TOLERANCE


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds for one piece of work.

    Attributes:
        published_s: By the recipe, which remembers nothing.
        cold_s: By the engine, with every text to encode.
        warm_s: By the engine, with all texts known.
        whole_s: The engine's complete reading, warm: with sub-planes and the measured head, which the recipe lacks.
    """

    published_s: float
    cold_s: float
    warm_s: float
    whole_s: float

    @property
    def cold_ratio(self) -> float:
        """How many times faster than the recipe, cold."""
        return self.published_s / self.cold_s

    @property
    def warm_ratio(self) -> float:
        """How many times faster than the recipe, warm."""
        return self.published_s / self.warm_s


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was timed.

    Attributes:
        picture: The age of one picture. The engine also finds out whether it is a brain; the recipe takes it for one.
        clip: The views of ``frames`` frames and the age of one.
        sampled_frames: So many frames' views were timed for the recipe and scaled to ``frames``.
    """

    frames: int
    sampled_frames: int
    picture: Pace
    clip: Pace
    agreement: Agreement


def compare(engine: Engine, clip: Clip, *, sampled_frames: int, repeats: int) -> Outcome:
    """Time both sides.

    Args:
        clip: Calibrated; the recipe gets its pictures cut to the engine's crop.
        repeats: Runs of which the median counts, for what takes less than a second.

    Raises:
        ValueError: The clip has no scale: there is no age to time.
    """
    spacing = crop_spacing(clip.calibration, crop_of(clip))
    if spacing is None:
        raise ValueError("a clip without a scale has no age")
    assert isinstance(engine.backbone, TorchBackbone)
    recipe = Recipe.of(engine.backbone.network, engine.spec.size, _view_scale(engine))
    still = replace(clip, source=FramesInMemory([clip.frame(0).pixels]))
    pictures = [_cut(clip, index) for index in evenly(len(clip), sampled_frames)]
    prompts = engine.view_sets[VIEWS].prompts
    templates = AgeTask.bundled().templates

    _read(engine, still)  # allocates, and chooses kernels, before a clock runs
    recipe.views(pictures[0], prompts)
    age_s, age = timed(lambda: recipe.age(_cut(still, 0), spacing.isotropic_mm(), templates))
    views_s, views = timed(lambda: [recipe.views(picture, prompts) for picture in pictures])
    clip_s = views_s * len(clip) / len(pictures) + age_s
    return Outcome(
        frames=len(clip),
        sampled_frames=len(pictures),
        picture=_pace(engine, still, age_s, repeats),
        clip=_pace(engine, clip, clip_s, 3),
        agreement=_agreement(engine, still, _read(engine, clip), age, np.stack(views)),
    )


def _pace(engine: Engine, clip: Clip, published_s: float, repeats: int) -> Pace:
    """Time the engine on what the recipe answers too, and on everything."""
    same = replace(engine, tasks=tuple(task for task in engine.tasks if task.key in (VIEWS, AGE)))
    cold_s, _ = timed(lambda: _read(without_texts(same), clip))
    warm_s = float(np.median([timed(lambda: _read(same, clip))[0] for _ in range(repeats)]))
    whole_s = float(np.median([timed(lambda: _read(engine, clip))[0] for _ in range(repeats)]))
    return Pace(published_s, cold_s, warm_s, whole_s)


def timed(work: Callable[[], _Result]) -> tuple[float, _Result]:
    """Return the seconds that ``work`` took, and what it found."""
    start = time.perf_counter()
    found = work()
    return time.perf_counter() - start, found


def _agreement(
    engine: Engine, still: Clip, reading: ClipReading, age: PublishedAge, views: NDArray[np.float32]
) -> Agreement:
    ours = _our_age(engine, still)
    prediction: ViewPrediction = reading.answer(VIEWS, ViewPrediction)
    frames = evenly(len(prediction.per_frame), len(views))
    score_scale = engine.instruments.logit_scale / _view_scale(engine)
    return Agreement(
        ours_days=ours.age.days,
        published_days=age.days,
        same_age=(ours.age.days, ours.low.days, ours.high.days) == (age.days, age.low, age.high),
        view_difference=float(np.abs(prediction.per_frame[frames] - views).max()),
        score_difference=float(np.abs(ours.scores - score_scale * age.scores).max()),
    )


def _our_age(engine: Engine, still: Clip) -> AgeEstimate:
    """Return the engine's estimate, also where a reading would abstain from giving it."""
    crop = crop_of(still)
    spacing = crop_spacing(still.calibration, crop)
    assert spacing is not None
    row = engine.backbone.encode_frames(prepare(still.frame(0), engine.spec, crop)[None])[0]
    spacing_mm = model_spacing_mm(crop, spacing, engine.spec)
    scores = AgeTask.bundled().scores(row, spacing_mm, engine.instruments)
    return estimate_of(scores, spacing_mm, engine.instruments.calibration, head_checked=False)


def _read(engine: Engine, clip: Clip) -> ClipReading:
    """Read without what is kept of frames that were read before: opening a clip again costs nothing to time."""
    return forgetful(engine).read(clip, CancelToken(), silent)


def _cut(clip: Clip, index: int) -> NDArray[np.uint8]:
    crop = crop_of(clip)
    cut: NDArray[np.uint8] = clip.frame(index).pixels[crop.top : crop.bottom, crop.left : crop.right]
    return np.ascontiguousarray(cut)


def _view_scale(engine: Engine) -> float:
    fitted = engine.instruments.calibration.views.scale
    return engine.instruments.logit_scale if fitted is None else fitted
