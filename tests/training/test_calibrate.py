"""Calibration on validation patients: what is fitted is what the pictures were made by."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tiny_bundle
from task_tools import BRAIN_SET, PLANE_SET, WIDTH, Texts, instruments

from fetalclip_app.domain.softmax import softmax
from fetalclip_app.domain.views import BRAIN_PLANES, PLANES
from fetalclip_app.inference.calibrating import calibration_of
from fetalclip_app.inference.load import load_engine
from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.tasks.gestational_age import CANDIDATES, SUPPORT
from fetalclip_app.tasks.keys import AGE, BRAIN_VIEWS, VIEWS
from training import calibrate
from training.__main__ import main
from training.calibrate import Seen
from training.gates import GATE_SHARE
from training.manifest import Sample

LOGIT_SCALE = 20.0
PLANE_SCALE, BRAIN_SCALE = 5.0, 8.0
FIRST_DAY_AXIS = len(PLANES) + len(BRAIN_PLANES)


class DayTexts(Texts):
    """Puts each day of the age range on an axis of its own: a picture chooses its score for every day."""

    def _place(self, row: np.ndarray, text: str) -> None:
        if any(text.endswith(key) for key in (*PLANES, *BRAIN_PLANES)):
            super()._place(row, text)
            return
        weeks, days = (int(part) for part in text.replace("+ ", "").replace(",", " ").split() if part.isdigit())
        row[FIRST_DAY_AXIS + 7 * weeks + days - CANDIDATES[0].days] = 1.0


def _engine() -> Any:
    texts = DayTexts()
    return SimpleNamespace(
        view_sets={VIEWS: PLANE_SET, BRAIN_VIEWS: BRAIN_SET},
        texts=SimpleNamespace(features=texts),
        backbone=SimpleNamespace(logit_scale=LOGIT_SCALE),
        instruments=instruments(texts),
    )


def _named_pictures(count: int = 3000) -> list[Seen]:
    """Pictures whose truths are drawn from the softmax of their similarities under known scales."""
    rng = np.random.default_rng(7)
    rows = np.zeros((count, WIDTH), np.float32)
    rows[:, :FIRST_DAY_AXIS] = rng.random((count, FIRST_DAY_AXIS))
    split = len(PLANES)
    planes = _drawn(PLANE_SCALE * rows[:, :split], PLANES, rng)
    brain = _drawn(BRAIN_SCALE * rows[:, split:FIRST_DAY_AXIS], BRAIN_PLANES, rng)
    return [
        Seen(Sample("a.png", "fetal_planes", str(number), "validation", plane, sub_plane), row, None)
        for number, (plane, sub_plane, row) in enumerate(zip(planes, brain, rows, strict=True))
    ]


def _drawn(logits: np.ndarray, names: tuple[str, ...], rng: np.random.Generator) -> list[str]:
    shares = softmax(logits).astype(np.float64)
    return [names[rng.choice(len(names), p=row / row.sum())] for row in shares]


def _aged(error_days: int, spread_days: int = SUPPORT - 1) -> Seen:
    """A head of 150 days by its reference; the scores say 150 + error, with this spread."""
    days = np.arange(SUPPORT) - SUPPORT // 2 + 150 + error_days
    days[-1] = days[0] + spread_days
    row = np.zeros(WIDTH, np.float32)
    row[FIRST_DAY_AXIS + days - CANDIDATES[0].days] = 1.0
    sample = Sample("h.png", "hc18", "h", "validation", pixel_mm=0.4, hc_mm=185.0, age_days=150.0)
    return Seen(sample, row, 0.4)


AGED = [_aged(number % 20) for number in range(99)] + [_aged(60, 90)]


@pytest.fixture(scope="module")
def fitted() -> dict[str, dict[str, Any]]:
    return calibrate.fit(_engine(), [*_named_pictures(), *AGED])


def test_the_fitted_scale_is_the_one_that_the_pictures_were_drawn_by(fitted: dict[str, dict[str, Any]]) -> None:
    read = calibration_of(fitted, LOGIT_SCALE, learned_from_head_size=True)

    assert read.views.scale == pytest.approx(PLANE_SCALE, rel=0.06)
    assert read.brain_views.scale == pytest.approx(BRAIN_SCALE, rel=0.06)
    assert fitted[VIEWS]["temperature"] == pytest.approx(LOGIT_SCALE / PLANE_SCALE, rel=0.06)


def test_percentages_of_the_fitted_scale_are_as_often_right_as_they_say(fitted: dict[str, dict[str, Any]]) -> None:
    assert 0 < fitted[VIEWS]["error"] < 0.03
    assert 0 < fitted[BRAIN_VIEWS]["error"] < 0.03


def test_a_calibration_names_its_prompts_and_counts_its_pictures(fitted: dict[str, dict[str, Any]]) -> None:
    assert (fitted[VIEWS]["view_set"], fitted[BRAIN_VIEWS]["view_set"]) == (PLANE_SET.sha256, BRAIN_SET.sha256)
    assert fitted[VIEWS]["pictures"] == fitted[BRAIN_VIEWS]["pictures"] == 3000


def _taught(*counts: int) -> list[Sample]:
    named = [name for name, count in zip(BRAIN_PLANES, counts, strict=True) for _ in range(count)]
    return [Sample("a.png", "fetal_planes", "p", "train", "brain", name) for name in named]


def test_sub_planes_are_fitted_with_how_often_the_training_shows_them() -> None:
    """The similarities are drawn as contrast teaches them: without the frequencies that the truths have."""
    rng = np.random.default_rng(3)
    shares = np.array([0.7, 0.2, 0.1])
    rows = np.zeros((4000, WIDTH), np.float32)
    here = slice(len(PLANES), FIRST_DAY_AXIS)
    rows[:, here] = rng.random((len(rows), len(BRAIN_PLANES)))
    truths = _drawn(BRAIN_SCALE * rows[:, here] + np.log(shares), BRAIN_PLANES, rng)
    seen = [
        Seen(Sample("a.png", "x", str(number), "validation", "brain", truth), row, None)
        for number, (truth, row) in enumerate(zip(truths, rows, strict=True))
    ]
    elsewhere = [replace(sample, split="test") for sample in _taught(0, 0, 500)]

    fitted = calibrate.fit(_engine(), seen, [*_taught(70, 20, 10), *elsewhere])
    plain = calibrate.fit(_engine(), seen)

    assert fitted[BRAIN_VIEWS]["frequencies"] == pytest.approx(shares)
    assert "frequencies" not in fitted[VIEWS]
    read = calibration_of(fitted, LOGIT_SCALE, learned_from_head_size=True).brain_views
    assert read.scale == pytest.approx(BRAIN_SCALE, rel=0.06)
    assert read.frequencies == pytest.approx(tuple(shares))
    assert fitted[BRAIN_VIEWS]["error"] < 0.02
    assert calibration_of(plain, LOGIT_SCALE, learned_from_head_size=True).brain_views.scale != pytest.approx(
        BRAIN_SCALE, rel=0.06
    )


def test_without_a_training_picture_of_each_sub_plane_no_frequency_is_known() -> None:
    fitted = calibrate.fit(_engine(), _named_pictures(50), _taught(5, 0, 5))

    assert "frequencies" not in fitted[BRAIN_VIEWS]
    assert calibration_of(fitted, LOGIT_SCALE, learned_from_head_size=True).brain_views.frequencies is None


def test_pictures_without_a_sub_plane_do_not_fit_the_brains_scale() -> None:
    some, rest = _named_pictures(600)[:400], _named_pictures(600)[400:]
    plain = [Seen(Sample("b.png", "fetal_planes", "p", "validation", "femur"), item.embedding, None) for item in rest]

    fitted = calibrate.fit(_engine(), [*some, *plain, *AGED])

    assert (fitted[VIEWS]["pictures"], fitted[BRAIN_VIEWS]["pictures"]) == (600, 400)


def test_one_in_a_hundred_pictures_is_called_unlike_the_training(fitted: dict[str, dict[str, Any]]) -> None:
    best = np.array([item.embedding[: len(PLANES)].max() for item in _named_pictures()])

    assert np.mean(best < fitted["familiar"]["similarity"]) == pytest.approx(GATE_SHARE, abs=0.002)


def test_the_spread_limit_keeps_the_heads_that_agree_and_refuses_the_rest(fitted: dict[str, dict[str, Any]]) -> None:
    assert 14 <= fitted[AGE]["spread_limit_days"] < 90
    assert fitted[AGE]["pictures"] == 99


def test_the_ages_error_holds_its_share_of_the_heads_that_are_kept(fitted: dict[str, dict[str, Any]]) -> None:
    errors = np.array([number % 20 for number in range(99)])
    limit = fitted[AGE]["error_days"]

    assert fitted[AGE]["level"] == 0.9
    assert np.mean(errors <= limit) >= 0.9
    assert np.mean(errors < limit) <= 0.9 + 2 / len(errors), "no more than one head on the safe side"
    assert fitted[AGE]["mean_error_days"] == pytest.approx(errors.mean(), abs=0.01)
    assert 0 < fitted[AGE]["inside_who_band"] < 1


def test_what_no_picture_tells_stays_unfitted_and_a_sentence_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    plain = [Seen(replace(item.sample, brain_plane=None), item.embedding, None) for item in _named_pictures(50)]

    fitted = calibrate.fit(_engine(), plain)

    assert fitted.keys() == {VIEWS, "familiar"}
    assert "'brain_views': it stays unfitted" in capsys.readouterr().out


def test_a_class_that_the_prompts_do_not_name_fits_nothing() -> None:
    named = _named_pictures(50)
    other = replace(named[0], sample=replace(named[0].sample, plane="something else"))

    assert calibrate.fit(_engine(), [*named, other])[VIEWS]["pictures"] == 50


@pytest.mark.parametrize(
    ("known", "days"),
    [
        ({"hc_mm": 185.0, "age_days": 150.0, "age_source": "formula: WHO median of HC"}, 150.0),
        ({"hc_mm": 185.0, "age_days": 171.0, "age_source": "stated"}, 147.4),
        ({"hc_mm": 185.0}, 147.4),
        ({"age_days": 171.0, "age_source": "stated"}, None),
    ],
)
def test_ages_are_compared_with_the_median_of_the_head_and_never_with_a_dating(
    known: dict[str, Any], days: float | None
) -> None:
    sample = Sample("h.png", "mine", "h", "validation", **known)

    assert calibrate.reference_days(sample) == (None if days is None else pytest.approx(days, abs=1.5))


def test_a_manifest_of_ones_own_calibrates_a_model_and_unreadable_pictures_are_listed(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ["picture,group,split,plane,licence"]
    for number in range(40):
        side = "validation" if number < 30 else "train"
        name = f"hc18/images/{number % 4:03d}_HC.png" if number < 4 else f"mine{number}.png"
        shutil.copyfile(data / "hc18" / "images" / f"{number % 4:03d}_HC.png", data / name) if number >= 4 else None
        lines.append(f"{name},p{number},{side},{('brain', 'femur')[number % 2]},CC0")
    (data / "broken.png").write_bytes(b"no picture")
    lines.append("broken.png,p99,validation,brain,CC0")
    (data / "own.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    folder = tiny_bundle.write(tmp_path / "model")

    main(["calibrate", "--data", str(data), "--bundle", str(folder), "--manifest", str(data / "own.csv")])

    told = json.loads((folder / "manifest.json").read_text("utf-8"))["calibration"]
    said = capsys.readouterr().out
    assert told.keys() == {VIEWS, "familiarity"}
    assert (told[VIEWS]["pictures"], told["familiarity"]["training_pictures"]) == (30, 10)
    assert "left out: broken.png" in said and "the outline's limit stays unfitted" in said
    assert load_engine(EngineRequest(weights=folder)).instruments.calibration.views.scale is not None
