"""The real engine on tiny random weights: the road of a researcher's own checkpoint."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from fakes import make_clip
from tiny_models import SIZE, VIT

from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.age import AgeEstimate
from fetalclip_app.domain.overlay import Where
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.errors import ErrorCode, InvalidInput, ModelUnavailable
from fetalclip_app.inference.cache import TEXTS_AT_ONCE
from fetalclip_app.inference.engine import Engine
from fetalclip_app.inference.load import load_engine
from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.model.architecture import build
from fetalclip_app.model.encoder import TorchBackbone
from fetalclip_app.progress import CancelToken, silent
from fetalclip_app.tasks.keys import AGE, BRAIN_VIEWS, HEAD, VIEWS, WHOLE_CLIP


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Weights as a training script leaves them, and their configuration."""
    folder = tmp_path_factory.mktemp("own")
    torch.manual_seed(0)
    state = {f"module.{name}": tensor for name, tensor in build(VIT).state_dict().items()}
    torch.save({"state_dict": state, "epoch": 3}, folder / "own.pt")
    (folder / "own.json").write_text(json.dumps(VIT), encoding="utf-8")
    return folder / "own.pt", folder / "own.json"


@pytest.fixture(scope="module")
def engine(checkpoint: tuple[Path, Path]) -> Engine:
    return load_engine(EngineRequest(weights=checkpoint[0], config=checkpoint[1], device="cpu"))


def test_a_researchers_own_weights_are_marked_unverified(engine: Engine) -> None:
    assert not engine.identity.verified
    assert len(engine.identity.sha256) == 64
    assert engine.spec.size == SIZE


def test_the_whole_reading_runs_on_them(engine: Engine) -> None:
    reading = engine.read(make_clip(frames=3), CancelToken(), silent)

    views = reading.answer(VIEWS, ViewPrediction)
    assert not views.calibrated
    assert views.not_trained == frozenset()
    assert {finding.task_key for finding in reading.findings} == {VIEWS, BRAIN_VIEWS, HEAD, AGE, WHOLE_CLIP}


def test_they_have_no_head_outline_and_say_so(engine: Engine) -> None:
    reading = engine.read(make_clip(frames=3), CancelToken(), silent)

    assert reading.finding(HEAD).answer == Abstention(Reason.NOT_TRAINED, "no_head")  # type: ignore[union-attr]


def test_an_age_without_a_measured_head_says_that_it_was_not_checked(engine: Engine) -> None:
    reading = engine.read(make_clip(frames=1), CancelToken(), silent)

    age = reading.finding(AGE)
    assert age is not None
    assert isinstance(age.answer, Abstention | AgeEstimate)
    if isinstance(age.answer, AgeEstimate):
        assert not age.answer.head_checked


@pytest.mark.parametrize("method", ["gradcam", "scorecam", "eigencam"])
def test_each_heatmap_lies_on_the_frame(engine: Engine, method: str) -> None:
    clip = make_clip(frames=1)

    heat = engine.explain(clip, Where(0, VIEWS, "brain", method))

    assert heat.values.shape == (clip.height, clip.width)
    assert heat.values.min() >= 0
    assert heat.values.max() <= 1


def test_a_view_set_of_ones_own_is_used_and_named(checkpoint: tuple[Path, Path], tmp_path: Path) -> None:
    own = tmp_path / "limbs.json"
    own.write_text(json.dumps({"hand": ["a hand"], "foot": ["a foot"]}), encoding="utf-8")

    engine = load_engine(EngineRequest(weights=checkpoint[0], config=checkpoint[1], device="cpu", views=own))
    reading = engine.read(make_clip(frames=1), CancelToken(), silent)

    assert reading.answer(VIEWS, ViewPrediction).keys == ("hand", "foot")
    assert reading.provenance.view_sets[VIEWS][0] == "limbs"
    assert reading.finding(BRAIN_VIEWS).answer == Abstention(  # type: ignore[union-attr]
        Reason.NOT_APPLICABLE, "no_brain_class"
    )


def test_a_second_start_finds_its_text_features_on_disk(checkpoint: tuple[Path, Path], tmp_path: Path) -> None:
    request = EngineRequest(weights=checkpoint[0], config=checkpoint[1], device="cpu", text_cache=tmp_path)
    first = load_engine(request).read(make_clip(frames=1), CancelToken(), silent)
    stored = sorted(tmp_path.iterdir())

    second = load_engine(request).read(make_clip(frames=1), CancelToken(), silent)

    assert stored
    assert sorted(tmp_path.iterdir()) == stored
    np.testing.assert_array_equal(
        first.answer(VIEWS, ViewPrediction).probabilities, second.answer(VIEWS, ViewPrediction).probabilities
    )


def test_many_texts_go_the_way_of_many(checkpoint: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    parts: list[int] = []
    plainly = TorchBackbone.encode_texts_in_parts

    def in_parts(backbone: TorchBackbone, asked: Iterable[Sequence[str]]) -> Iterator[Any]:
        texts = list(asked)
        parts.extend(map(len, texts))
        return plainly(backbone, texts)

    monkeypatch.setattr(TorchBackbone, "encode_texts_in_parts", in_parts)
    engine = load_engine(EngineRequest(weights=checkpoint[0], config=checkpoint[1], device="cpu"))
    parts.clear()

    engine.texts.features([f"few {number}" for number in range(TEXTS_AT_ONCE)])
    assert parts == []
    engine.texts.features([f"many {number}" for number in range(TEXTS_AT_ONCE + 1)])
    assert parts == [TEXTS_AT_ONCE, 1]


def test_released_weights_are_not_loaded_before_their_licence_is_accepted(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable) as caught:
        load_engine(EngineRequest(model="fetalclip", weights=tmp_path / "FetalCLIP_weights.pt"))

    assert caught.value.code is ErrorCode.LICENCE_NOT_ACCEPTED


def test_another_file_under_the_released_name_is_refused(checkpoint: tuple[Path, Path]) -> None:
    with pytest.raises(ModelUnavailable) as caught:
        load_engine(EngineRequest(model="fetalclip", weights=checkpoint[0], licence_accepted=True))

    assert caught.value.code is ErrorCode.MODEL_WRONG_HASH


def test_a_view_set_that_is_none_is_refused_before_weights_are_read(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput):
        load_engine(EngineRequest(views=tmp_path / "none.json"))
