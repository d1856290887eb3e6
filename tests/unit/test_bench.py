from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import tiny_models
import torch
from fakes import make_clip

import bench.__main__ as program
from bench import compare as comparison
from bench.compare import Agreement, Outcome, Pace, compare
from bench.published import Recipe
from bench.scene import lengthened, random_engine, without_texts
from fetalclip_app.domain.clip import Clip
from fetalclip_app.imaging.preprocess import PreprocessSpec, crop_of, prepare
from fetalclip_app.inference.engine import Engine
from fetalclip_app.tasks.gestational_age import AgeTask

CONFIG = {**tiny_models.VIT, "text_cfg": {**tiny_models.TEXT, "layers": 1}}


@pytest.fixture(scope="module")
def clip() -> Clip:
    return make_clip(3, pixel_mm=0.4)


@pytest.fixture(scope="module")
def engine(clip: Clip) -> Engine:
    return random_engine(CONFIG, clip)


@pytest.fixture(scope="module")
def outcome(engine: Engine, clip: Clip) -> Outcome:
    return compare(engine, clip, sampled_frames=2, repeats=1)


def test_the_program_and_the_recipe_say_the_same(outcome: Outcome) -> None:
    agreement = outcome.agreement
    assert agreement.same_age
    assert agreement.ours_days == agreement.published_days
    assert agreement.view_difference < 1e-5
    assert agreement.score_difference < 1e-4
    assert agreement.holds


def test_the_recipe_is_slower_since_it_remembers_nothing(outcome: Outcome) -> None:
    assert outcome.picture.warm_ratio > outcome.picture.cold_ratio > 1.0
    assert outcome.sampled_frames == 2
    assert outcome.frames == 3


def test_a_difference_between_the_sides_does_not_go_unnoticed(
    engine: Engine, clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = comparison._cut
    monkeypatch.setattr(comparison, "_cut", lambda *arguments: original(*arguments)[:, :-20].copy())

    assert not compare(engine, clip, sampled_frames=1, repeats=1).agreement.holds


def test_the_recipe_encodes_every_prompt_for_every_picture_in_full_length(engine: Engine, clip: Clip) -> None:
    network: Any = engine.backbone.network  # type: ignore[attr-defined]
    seen: list[tuple[int, ...]] = []
    handle = network.transformer.register_forward_pre_hook(lambda _, inputs: seen.append(tuple(inputs[0].shape[:2])))
    recipe = Recipe.of(network, engine.spec.size, engine.backbone.logit_scale)
    pixels = clip.frame(0).pixels
    for _ in range(2):
        recipe.age(pixels, 0.4, AgeTask.bundled().templates)
    handle.remove()

    assert sum(count for count, _ in seen) == 2 * 875
    assert {length for _, length in seen} == {117}


def test_the_recipes_age_is_the_middle_of_the_fifteen_best_days(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scores are planted, and the rule is applied by hand."""
    scores = np.zeros(175, np.float32)
    best = np.arange(2, 152, 10)
    scores[best] = np.random.default_rng(1).uniform(0.5, 1.0, len(best))
    recipe = Recipe(None, None, lambda picture: torch.zeros(1), 100, 1.0)
    monkeypatch.setattr(Recipe, "picture", lambda *_: torch.ones(1, 1))
    said: list[str] = []

    def texts(_: Recipe, sentences: list[str]) -> torch.Tensor:
        said.extend(sentences)
        return torch.from_numpy(scores)[:, None]

    monkeypatch.setattr(Recipe, "texts", texts)

    age = recipe.age(np.zeros((50, 200, 3), np.uint8), 0.25, ["{weeks}w{days} {spacing}"] * 5)

    assert (age.days, age.low, age.high) == (98 + best[7], 98 + best[0], 98 + best[-1])
    assert said[:2] == ["14w0 0.50", "14w1 0.50"], "mm of a network pixel: 200 / 100 x 0.25"
    assert said[174] == "38w6 0.50"
    assert len(said) == 875


def test_a_random_network_takes_the_clip_for_a_brain(engine: Engine, clip: Clip) -> None:
    from fetalclip_app.domain.views import ViewPrediction  # noqa: PLC0415

    views: ViewPrediction = comparison._read(engine, clip).answer("views", ViewPrediction)

    assert len(views.frames_of("brain")) > 0


def test_a_cold_engine_encodes_again(engine: Engine, clip: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[int] = []
    backbone: Any = engine.backbone
    original = backbone.encode_texts

    def counting(texts: Any) -> Any:
        counts.append(len(texts))
        return original(texts)

    monkeypatch.setattr(backbone, "encode_texts", counting)
    fresh = without_texts(engine)
    comparison._read(fresh, clip)
    cold = sum(counts)
    comparison._read(fresh, clip)

    assert cold > 875
    assert sum(counts) == cold


def test_a_clip_is_played_forward_and_back_until_it_is_long_enough() -> None:
    short = make_clip(3)
    long = lengthened(short, 8)

    order = [0, 1, 2, 1, 0, 1, 2, 1]
    assert len(long) == 8
    for index, source in enumerate(order):
        np.testing.assert_allclose(long.frame(index).pixels, short.frame(source).pixels, atol=4)


def test_no_two_frames_of_a_long_clip_are_alike_so_that_each_is_encoded() -> None:
    long = lengthened(make_clip(3), 9)
    seen = {prepare(long.frame(index), PreprocessSpec(), crop_of(long)).tobytes() for index in range(9)}

    assert len(seen) == 9


def test_a_bench_encodes_each_frame_at_each_reading(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[int] = []
    original = engine.backbone.encode_frames
    monkeypatch.setattr(engine.backbone, "encode_frames", lambda batch: counts.append(len(batch)) or original(batch))
    for _ in range(2):
        comparison._read(engine, make_clip(3))

    assert sum(counts) == 6


def test_a_clip_without_a_scale_is_refused(engine: Engine) -> None:
    with pytest.raises(ValueError, match="scale"):
        compare(engine, make_clip(2, pixel_mm=None), sampled_frames=1, repeats=1)


FAST = Outcome(
    frames=100,
    sampled_frames=10,
    picture=Pace(published_s=8.0, cold_s=1.0, warm_s=0.05, whole_s=0.1),
    clip=Pace(published_s=60.0, cold_s=4.0, warm_s=3.0, whole_s=3.5),
    agreement=Agreement(150, 150, True, 1e-6, 1e-6),
)


def test_the_table_shows_times_side_by_side_and_says_what_was_scaled() -> None:
    text = program.table(FAST)

    assert "| Age of one picture, warm | 8.0 s | 50.0 ms | 160.0x | 150 and 150 days, same best 15 |" in text
    assert "| Views of 100 frames, age of one, cold | 60.0 s* | 4.0 s | 15.0x |" in text
    assert "Views timed on 10 of 100 frames and scaled." in text
    assert "NOT" not in text
    assert program.reached(FAST)


@pytest.mark.parametrize(
    "change",
    [
        {"picture": replace(FAST.picture, warm_s=0.081)},
        {"clip": replace(FAST.clip, cold_s=12.1)},
        {"agreement": replace(FAST.agreement, same_age=False)},
        {"agreement": replace(FAST.agreement, view_difference=0.01)},
        {"agreement": replace(FAST.agreement, score_difference=0.1)},
    ],
)
def test_a_target_that_is_missed_is_called_so(change: dict[str, Any]) -> None:
    missed = replace(FAST, **change)

    assert "NOT reached" in program.table(missed)
    assert not program.reached(missed)


def test_the_numbers_stand_under_the_machine_and_the_versions() -> None:
    text = program.heading("compact", "Compact CLIP 1")

    for part in ("compact (Compact CLIP 1)", "threads", "torch 2.", "open_clip_torch", "Python 3."):
        assert part in text
