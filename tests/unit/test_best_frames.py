"""Which frame stands for a view, and why."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from fakes import made_up_quality, make_clip, make_reading
from hypothesis import given
from hypothesis import strategies as st
from pooled_tools import some_lengths

from fetalclip_app.domain.quality import ClipQuality
from fetalclip_app.domain.reading import Finding
from fetalclip_app.domain.sight import Sight
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.tasks.best_frames import ALTERNATIVES, best_frames, of_sight
from fetalclip_app.wording.quality import best_frame_reasons


def _sight(count: int, **columns: object) -> Sight:
    """Return a clip of which every frame shows the first of two views alike."""
    rows = np.tile(np.array([0.9, 0.1], np.float32), (count, 1))
    views = ViewPrediction("mine", ("brain", "foot"), rows.mean(axis=0), rows, calibrated=False)
    flat = ClipQuality(*(np.full(count, value, np.float32) for value in (0.5, 1.0, 0.5)), np.zeros(count, bool))
    made = {name: np.array(column, bool if name == "repeats" else np.float32) for name, column in columns.items()}
    return Sight(views, replace(flat, **made))


def test_of_frames_that_show_a_view_alike_the_sharpest_is_the_best() -> None:
    found = of_sight(_sight(9, sharpness=[0.2, 0.2, 0.2, 0.2, 0.2, 1.0, 0.2, 0.2, 0.2]), {})

    assert found.frames == {"brain": 5}
    assert found.of("brain")[0].sharpness == 1.0
    assert found.of("foot") == ()


def test_a_frame_without_its_whole_fan_gives_way_and_one_that_moves_too() -> None:
    assert of_sight(_sight(5, fan=[0.1, 0.1, 0.1, 1.0, 0.1]), {}).frames == {"brain": 3}
    assert of_sight(_sight(5, stability=[0.1, 0.1, 0.1, 0.1, 0.9]), {}).frames == {"brain": 4}


def test_an_outline_that_fits_speaks_for_its_frame_and_only_of_the_brain() -> None:
    found = of_sight(_sight(9), {6: 0.98})

    assert found.frames == {"brain": 6}
    assert "98%" in best_frame_reasons("brain", found.of("brain")[0])
    assert of_sight(_sight(9), {}).of("brain")[0].fit is None


def test_what_is_not_known_counts_neither_for_nor_against_a_frame() -> None:
    unknown = of_sight(_sight(1, sharpness=[np.nan], stability=[np.nan]), {}).of("brain")[0]

    assert unknown.score == pytest.approx((0.4 * 0.9 + 0.15 * 1.0) / 0.55, abs=1e-6)
    assert (unknown.sharpness, unknown.stability) == (None, None)
    assert "sharp" not in best_frame_reasons("brain", unknown)


@given(count=st.integers(1, 400))
def test_alternatives_are_five_at_most_in_order_and_never_neighbours(count: int) -> None:
    values = np.random.default_rng(count).random(count)
    found = of_sight(_sight(count, sharpness=values), {}).of("brain")
    frames = sorted(one.frame_index for one in found)

    assert 1 <= len(found) <= 1 + ALTERNATIVES
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert all(after - before >= 2 for before, after in itertools.pairwise(frames))
    assert len(found) == 1 + ALTERNATIVES or count < 200


def test_a_frame_that_repeats_is_no_alternative_to_itself() -> None:
    found = of_sight(_sight(9, repeats=[0, 0, 0, 1, 1, 1, 1, 1, 1]), {})

    assert sorted(one.frame_index for one in found.of("brain")) == [0, 2]


def test_each_frame_that_the_whole_clip_was_measured_on_has_its_fit() -> None:
    clip = make_clip(9)
    reading = make_reading(clip)
    measured = reading.finding("head").frame_index  # type: ignore[union-attr]
    whole = replace(some_lengths(), outline_fits={0: 0.0, measured: 0.5, 8: 0.93})
    reading = replace(reading, findings=(*reading.findings, Finding("whole_clip", whole)))

    fits = {one.frame_index: one.fit for one in best_frames(reading).of("brain")}

    assert {frame: fit for frame, fit in fits.items() if fit is not None} == {
        frame: fit for frame, fit in {0: 0.0, measured: 0.97, 8: 0.93}.items() if frame in fits
    }
    assert len({0, measured, 8} & set(fits)) >= 2


def test_a_reading_gives_its_own_fit_and_a_foreign_clip_has_no_best_frame() -> None:
    clip = make_clip(9)
    reading = make_reading(clip)
    measured = reading.finding("head").frame_index  # type: ignore[union-attr]

    assert next(one for one in best_frames(reading).of("brain") if one.frame_index == measured).fit == 0.97
    assert len(made_up_quality(9)) == 9
    seen = reading.answer("views", ViewPrediction)
    foreign = replace(seen, unfamiliar=frozenset(range(9)))
    findings = tuple(replace(one, answer=foreign) if one.task_key == "views" else one for one in reading.findings)
    assert best_frames(replace(reading, findings=findings)).frames == {}
