from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import tiny_models
import torch
from fakes import make_clip

from bench import cam_part, cam_whole, card, cine, encoders, parts, rows, section
from bench.limits import Cost
from bench.published import Recipe, age_of
from bench.rows import Row
from bench.scene import lengthened, random_engine, random_network
from bench.sides import Effort, Sides, fresh, read
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.imaging.preprocess import PreprocessSpec, crop_of, prepare
from fetalclip_app.model import cam_score, roads
from fetalclip_app.model.cam import Saliency
from fetalclip_app.tasks.gestational_age import AgeTask
from fetalclip_app.tasks.keys import AGE, VIEWS

CONFIG = {**tiny_models.VIT, "text_cfg": {**tiny_models.TEXT, "layers": 1}}
EFFORT = Effort(frames=4, our_frames=4, plain_frames=3, prompts=200, passes=16, repeats=1)


@pytest.fixture(scope="module")
def clip() -> Clip:
    return lengthened(make_clip(3, pixel_mm=0.4), 24)


def plain() -> torch.nn.Module:
    return random_network(CONFIG).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def both(clip: Clip) -> Sides:
    return Sides(random_engine(CONFIG, clip), plain, clip, EFFORT)


def test_both_sides_see_the_same_and_what_was_scaled_is_told(both: Sides) -> None:
    (row,) = parts.views(both)

    assert row.same
    assert "cosine 1.000000 at least, 3 of 3 views the same" in row.answers
    assert row.scaled == "the recipe read 3 of 4 frames, the program 4"


def test_both_sides_find_the_same_age_and_the_recipe_remembers_nothing(both: Sides) -> None:
    cold, warm, kept = parts.age(both)

    assert cold.same
    assert len({row.answers.split(";")[0] for row in (cold, warm, kept)}) == 1
    assert all("times as fast in 3 turns" in row.answers for row in (cold, warm, kept))
    assert cold.ratio < warm.ratio < kept.ratio
    assert cold.scaled == "the recipe encoded 200 of 875 prompts"


def test_no_age_is_timed_of_what_is_no_brain(clip: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ViewPrediction, "frames_of", lambda *_: np.zeros(0, np.intp))
    both = Sides(random_engine(CONFIG, clip), plain, clip, EFFORT)

    with pytest.raises(ValueError, match="brain"):
        parts.age(both)


def test_another_picture_on_one_side_does_not_go_unnoticed(clip: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    both = Sides(random_engine(CONFIG, clip), plain, clip, EFFORT)
    original = Sides.pictures
    monkeypatch.setattr(Sides, "pictures", lambda *arguments: [255 - one for one in original(*arguments)])

    (row,) = parts.views(both)

    assert not row.same
    assert not row.is_reached
    assert "NOT the same" in rows.table([row])


def test_other_texts_on_one_side_do_not_go_unnoticed(clip: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    both = Sides(random_engine(CONFIG, clip), plain, clip, EFFORT)
    original = Recipe.texts
    monkeypatch.setattr(Recipe, "texts", lambda self, texts: original(self, [f"{text} now" for text in texts]))

    assert not any(row.same for row in parts.age(both))


def test_a_study_is_read_whole_and_only_brains_have_ages(both: Sides) -> None:
    (row,) = parts.study(both)

    assert row.same
    assert row.what.startswith("A study: 18 files, 24 pictures, ")


@pytest.mark.parametrize("is_large", [False, True])
def test_score_cam_is_timed_against_both_readings_of_the_recipe(clip: Clip, is_large: bool) -> None:
    both = Sides(random_engine(CONFIG, clip), plain, clip, replace(EFFORT, is_large=is_large))
    each, batched = cam_part.score_cam(both)

    assert each.same
    assert batched.same
    assert each.ratio > batched.ratio
    assert "16 of 64 masked pictures and 90 prompts" in each.scaled
    assert "highest place" in each.answers
    assert "passes: 64 in full precision" in each.answers


def test_the_sampled_scores_are_those_that_the_package_makes_its_weights_of(both: Sides) -> None:
    frame = cam_part.frame_of(both)
    ours = Saliency(both.backbone).heatmap(frame.picture, frame.classes, frame.target, "scorecam")

    assert frame.maps.shape == (64, 4, 4)
    assert np.ptp(ours) > 0.5


def test_whole_maps_of_the_package_and_the_program_are_compared(clip: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    small = cam_whole.sides_of_small(clip)
    channels, difference = cam_whole.compared(small)
    assert channels == 192
    assert difference <= 1e-3

    original = cam_score.masked
    monkeypatch.setattr(cam_score, "masked", lambda picture, maps: original(picture, maps) + 0.3)
    assert cam_whole.compared(small)[1] > 1e-3


def test_whole_maps_of_a_small_transformer_are_compared_by_each_of_its_roads(clip: Clip) -> None:
    """Each road that this processor has, with its real rounding."""
    small = cam_whole.sides_of_small(clip)
    for road in roads.roads_for(small.backbone.network, small.backbone.place):
        small.backbone.take(road)
        assert cam_whole.compared(small)[1] <= 1e-3, road.key


def test_a_jpeg_cine_goes_from_the_file_to_the_same_views_on_both_sides(both: Sides) -> None:
    (row,) = cine.jpeg_cine(both, frames=2)

    assert row.same
    assert "2 of 2 views the same" in row.answers


def test_the_encoder_stands_beside_what_the_machine_could_do(both: Sides) -> None:
    encoders.take_fastest(both)
    text, is_reached = encoders.beside_the_limits(both)

    assert is_reached, "nothing is asked of a small network"
    assert "| open_clip |" in text
    assert text.count("(taken)") == 1
    assert "(fp32 products)" in text or "(memory)" in text
    assert "views changed" in text


@pytest.mark.parametrize(
    ("pace", "told", "near"),
    [(38.0, "1.05 (1.00 to 1.11); 1.2: reached", True), (30.0, "1.33 (1.27 to 1.40); 1.2: NOT reached", False)],
)
def test_an_encoder_is_held_against_the_limit_of_its_turns(
    both: Sides, monkeypatch: pytest.MonkeyPatch, pace: float, told: str, near: bool
) -> None:
    turns = [encoders._Turn(pace, peak) for peak in (380.0, 400.0, 420.0)]
    monkeypatch.setattr(encoders._Limit, "_turns", lambda *_: turns)
    monkeypatch.setattr(encoders, "is_asked", lambda _, ratio: ratio)
    limit = encoders._Limit(both, Cost(gflop=10.0, gbyte=0.001), memory=1e6)

    assert f"| {10 * pace:,.0f} | 400 (bf16 products) | {told} |" in limit.row("mine", lambda _: None, "bf16", "same")
    assert limit.is_reached == near


@pytest.mark.parametrize(
    ("ours_s", "near", "code"), [(0.05, True, 0), (0.5, True, rows.NOT_REACHED), (0.05, False, rows.NOT_REACHED)]
)
def test_a_section_that_misses_something_says_so_by_its_end(
    both: Sides, monkeypatch: pytest.MonkeyPatch, ours_s: float, near: bool, code: int
) -> None:
    monkeypatch.setattr(section, "sides_of", lambda *_: both)
    monkeypatch.setattr(encoders, "take_fastest", lambda _: None)
    monkeypatch.setattr(encoders, "beside_the_limits", lambda _: ("a table", near))
    monkeypatch.setitem(section.PARTS, "views", lambda _: [Row("a part", 8.0, ours_s, "", same=True, asked=100.0)])

    assert section.main(["--only", "views", section.LIMITS]) == code


def test_the_bench_of_a_card_stands_ready(both: Sides, capsys: pytest.CaptureFixture[str]) -> None:
    """Its table is made on the processor here; without a card it says so."""
    text, _ = card.measured(both, (1, 2))
    assert "Score-CAM, 64 channels" in text
    assert "A decoded cine of 24 frames to views" in text
    assert "A JPEG file of 24 frames to views" in text
    if not torch.cuda.is_available():
        assert card.main([]) == 0
        assert card.NO_GPU in capsys.readouterr().out


def test_the_recipe_encodes_every_age_prompt_for_every_picture_in_full_length(both: Sides, clip: Clip) -> None:
    network: Any = both.recipe.network
    seen: list[tuple[int, ...]] = []
    handle = network.transformer.register_forward_pre_hook(lambda _, inputs: seen.append(tuple(inputs[0].shape[:2])))
    for _ in range(2):
        both.recipe.age(clip.frame(0).pixels, 0.4, AgeTask.bundled().templates)
    handle.remove()

    assert sum(count for count, _ in seen) == 2 * 875
    assert {length for _, length in seen} == {117}


def test_the_recipes_age_is_the_middle_of_the_fifteen_best_days() -> None:
    """The scores are planted, and the rule is applied by hand."""
    scores = np.zeros(175, np.float32)
    best = np.arange(2, 152, 10)
    scores[best] = np.random.default_rng(1).uniform(0.5, 1.0, len(best))

    age = age_of(np.tile(scores, 5), 5)

    assert (age.days, age.low, age.high) == (98 + best[7], 98 + best[0], 98 + best[-1])


def test_the_recipes_prompts_name_the_spacing_that_the_network_sees() -> None:
    recipe = Recipe(None, None, lambda picture: torch.zeros(1), 100, 1.0)

    said = recipe.age_prompts(np.zeros((50, 200, 3), np.uint8), 0.25, ["{weeks}w{days} {spacing}"] * 5)

    assert said[:2] == ["14w0 0.50", "14w1 0.50"], "mm of a network pixel: 200 / 100 x 0.25"
    assert said[174] == "38w6 0.50"
    assert len(said) == 875


def test_a_random_network_takes_the_clip_for_a_brain(both: Sides) -> None:
    views: ViewPrediction = read(both.asked(VIEWS), both.still).answer("views", ViewPrediction)

    assert len(views.frames_of("brain")) > 0


def test_the_recipe_has_the_programs_weights_in_a_network_of_its_own(both: Sides) -> None:
    ours, theirs = both.backbone.network, both.recipe.network

    assert ours is not theirs
    for name, parameter in theirs.named_parameters():
        torch.testing.assert_close(parameter, ours.get_parameter(name))


def test_a_fresh_engine_encodes_again(both: Sides, monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[int] = []
    original = both.backbone._encoded
    monkeypatch.setattr(both.backbone, "_encoded", lambda texts, by: counts.append(len(texts)) or original(texts, by))
    engine = fresh(both.asked(VIEWS, AGE))
    read(engine, both.still)
    cold = sum(counts)
    read(engine, both.still)

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


def test_a_bench_encodes_each_frame_at_each_reading(both: Sides, monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[int] = []
    original = both.backbone.encode_frames
    monkeypatch.setattr(both.backbone, "encode_frames", lambda batch: counts.append(len(batch)) or original(batch))
    for _ in range(2):
        read(both.asked(VIEWS), both.part(3))

    assert sum(counts) == 6


def test_a_clip_without_a_scale_is_refused(both: Sides) -> None:
    with pytest.raises(ValueError, match="scale"):
        Sides(both.engine, plain, make_clip(2, pixel_mm=None), EFFORT)
