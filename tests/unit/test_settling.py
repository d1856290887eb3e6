"""The road of a real engine on tiny random weights: taken where it was found before, found while nobody waits."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_models
import torch
from fakes import make_clip, settling_factory

from fetalclip_app.domain.backbone import ViewCalibration
from fetalclip_app.domain.precision import Precision
from fetalclip_app.domain.softmax import shares_of
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.imaging.preprocess import PreprocessSpec
from fetalclip_app.inference import settling
from fetalclip_app.inference.ahead import AgeBanks
from fetalclip_app.inference.cache import TEXTS_IN_A_STEP
from fetalclip_app.inference.engine import Engine
from fetalclip_app.inference.load import load_engine
from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.inference.worker import ModelProcess
from fetalclip_app.model import road_trial, roads, vit_tower
from fetalclip_app.model.encoder import TorchBackbone
from fetalclip_app.model.roads import Road
from fetalclip_app.progress import CancelToken, silent
from fetalclip_app.tasks.gestational_age import AgeTask
from fetalclip_app.tasks.keys import VIEWS

FAST = Road("fast", 4, lambda visual: visual)
"""Said to be faster than it is, and exact."""


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("own")
    torch.save(tiny_models.network().state_dict(), folder / "own.pt")
    (folder / "own.json").write_text(json.dumps(tiny_models.VIT), encoding="utf-8")
    return folder / "own.pt", folder / "own.json"


@pytest.fixture
def request_(weights: tuple[Path, Path], tmp_path: Path) -> EngineRequest:
    return EngineRequest(weights=weights[0], config=weights[1], device="cpu", road_cache=tmp_path / "roads")


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make one road the only one, which always wins the race."""
    monkeypatch.setattr(roads, "roads_for", lambda network, device, kept: (FAST,))
    monkeypatch.setattr(road_trial, "GAIN", 0.0)


def _settled(engine: Engine) -> int:
    return sum(1 for _ in engine.settle())


def test_the_road_is_found_while_nobody_waits_and_taken_at_the_next_start(request_: EngineRequest, fast: None) -> None:
    first = load_engine(request_)
    assert first.device == "cpu fp32"

    assert _settled(first) > 10

    assert first.device == "cpu fast"
    assert first.read(make_clip(frames=2), CancelToken(), silent).provenance.device == "cpu fast"
    again = load_engine(request_)
    assert again.device == "cpu fast"
    assert _settled(again) == 0


def test_that_no_road_is_better_is_tried_once(request_: EngineRequest, fast: None, monkeypatch: Any) -> None:
    monkeypatch.setattr(road_trial, "GAIN", 1e9)
    first = load_engine(request_)
    _settled(first)

    assert first.device == "cpu fp32"
    assert _settled(load_engine(request_)) == 0


@pytest.mark.parametrize("changed", ["views", "days"])
def test_a_road_that_would_change_a_best_view_or_day_is_not_taken(
    request_: EngineRequest, fast: None, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    engine = load_engine(request_)
    answers = settling.Settling._answers
    asked = []

    def other(self: settling.Settling, rows: Any) -> Iterator[Any]:
        asked.append(None)
        parts = list(answers(self, rows))
        if len(asked) == 1:  # of the road's rows
            at = 0 if changed == "views" else -1
            parts[at] = [part + 1 for part in parts[at]]
        yield from parts

    monkeypatch.setattr(settling.Settling, "_answers", other)
    _settled(engine)

    assert len(asked) == 2
    assert engine.device == "cpu fp32"


def test_views_and_days_are_those_of_the_tasks(request_: EngineRequest) -> None:
    engine = load_engine(request_)
    assert isinstance(engine.settle, settling.Settling)
    clip = make_clip(frames=3)
    rows = engine.embed(clip, CancelToken())

    parts = list(engine.settle._answers(rows))

    views = engine.read(clip, CancelToken(), silent).answer(VIEWS, ViewPrediction)
    assert parts[0] == views.per_frame.argmax(axis=1).tolist()
    assert len(parts[-1]) == 3
    assert all(14 * 7 <= day < 39 * 7 for day in parts[-1])


def test_rows_of_two_roads_never_share_a_place_in_the_bank(request_: EngineRequest, fast: None, tmp_path: Path) -> None:
    request = replace(request_, frame_cache=tmp_path / "frames")
    engine, clip = load_engine(request), make_clip(frames=3)
    engine.embed(clip, CancelToken())
    _settled(engine)

    counted: list[int] = []
    handle = engine.backbone.network.visual.register_forward_hook(  # type: ignore[attr-defined]
        lambda module, given, found: counted.append(len(given[0]))
    )
    engine.embed(clip, CancelToken())
    engine.embed(clip, CancelToken())
    handle.remove()

    assert sum(counted) == 3, "encoded again on the new road, and then known"


def test_the_sentences_of_the_trial_are_those_of_the_first_age_and_are_encoded_once(
    request_: EngineRequest, fast: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = replace(request_, text_cache=tmp_path / "texts")
    engine = load_engine(request)
    seen: list[str] = []
    encoded = TorchBackbone._encoded
    monkeypatch.setattr(
        TorchBackbone, "_encoded", lambda self, texts, layers: [seen.extend(texts), encoded(self, texts, layers)][1]
    )
    asked = AgeTask.bundled().texts(settling.SPACING_MM)

    longest, before = 0, 0
    for _step in engine.settle():
        longest, before = max(longest, len(seen) - before), len(seen)

    assert sorted(seen) == sorted(set(asked))
    assert longest <= TEXTS_IN_A_STEP, "whoever speaks waits for few"
    for _step in AgeBanks(engine.texts, (settling.SPACING_MM,))():
        pass
    load_engine(request).texts.features(asked)
    assert len(seen) == len(set(asked)), "neither the background nor a reading after the next start"


def test_full_precision_keeps_the_network_as_it_is(request_: EngineRequest, fast: None) -> None:
    _settled(load_engine(request_))

    engine = load_engine(replace(request_, precision=Precision.FULL))

    assert engine.device == "cpu fp32"
    assert _settled(engine) == 0


def test_eight_bits_are_taken_where_a_person_asks_and_the_reading_says_so(request_: EngineRequest) -> None:
    engine = load_engine(replace(request_, precision=Precision.INT8))
    exact = load_engine(request_)
    clip = make_clip(frames=2)

    reading = engine.read(clip, CancelToken(), silent)

    assert reading.provenance.device == "cpu int8"
    assert any("eight bits, as chosen" in notice for notice in reading.provenance.notices)
    rows, expected = engine.embed(clip, CancelToken()), exact.embed(clip, CancelToken())
    assert (rows * expected).sum(axis=1).min() > 0.99
    assert not np.array_equal(rows, expected)


def test_a_model_without_eight_bits_says_so() -> None:
    engine = load_engine(EngineRequest(device="cpu", precision=Precision.INT8))

    assert engine.device == "cpu fp32"
    assert any("no way in eight bits" in notice for notice in engine.notices)


def test_the_compact_model_has_nothing_to_settle_in_small_steps() -> None:
    assert _settled(load_engine(EngineRequest(device="cpu"))) == 0


def test_roads_of_convolutions_are_tried_in_quiet_times_and_only_where_they_are_kept(
    fast: None, tmp_path: Path
) -> None:
    def road_of(request: EngineRequest) -> str:
        engine = load_engine(request)
        for _ in engine.later():
            if engine.device == "cpu fast":
                break
        return engine.device

    assert road_of(EngineRequest(device="cpu")) == "cpu fp32"
    kept = EngineRequest(device="cpu", road_cache=tmp_path / "roads")
    assert road_of(kept) == "cpu fast"
    assert load_engine(kept).device == "cpu fast", "at the next start it is taken at once"


def test_a_trial_that_fails_leaves_everything_as_it_was(
    request_: EngineRequest, fast: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    engine = load_engine(request_)

    def no_memory(visual: Any) -> Any:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(vit_tower, "stages_of", no_memory)
        _settled(engine)

    assert engine.device == "cpu fp32"
    assert _settled(engine) > 10, "it is tried again"


def test_a_road_that_cannot_be_built_any_more_is_not_taken(
    request_: EngineRequest, fast: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _settled(load_engine(request_))

    def broken(visual: Any) -> Any:
        raise RuntimeError("no such operator")

    monkeypatch.setattr(roads, "roads_for", lambda network, device, kept: (Road("fast", 4, broken),))

    assert load_engine(request_).device == "cpu fp32"


def test_the_pictures_of_a_trial_are_no_copies_of_each_other() -> None:
    pictures = settling.pictures(PreprocessSpec(size=64))

    assert pictures.shape == (4, 3, 64, 64)
    assert min(np.abs(one - other).mean() for one, other in itertools.combinations(pictures, 2)) > 0.01


def test_prompts_name_views_as_the_tasks_do_where_frequencies_count() -> None:
    rows = np.eye(3, dtype=np.float32)
    fitted = ViewCalibration(scale=20.0, frequencies=(0.05, 0.9, 0.05))
    seen = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32) * 0.1

    classes, bias = settling.namer_of(rows, fitted, 100.0)

    expected = shares_of(seen @ rows.T, 20.0, fitted.frequencies).argmax(axis=1)
    np.testing.assert_array_equal((seen @ classes.T + bias).argmax(axis=1), expected)
    assert (expected != seen.argmax(axis=1)).any()


def test_the_models_process_settles_while_it_waits_and_stands_back_for_a_clip() -> None:
    process = ModelProcess(settling_factory)
    try:
        process.start(EngineRequest())
        while True:
            process.read(make_clip(frames=1), CancelToken(), silent)
            assert process.info is not None
            done = int(process.info.device.rpartition(" ")[2])
            if done:
                break

        assert done < 200, "the clip did not wait for the end"
    finally:
        process.close()
