"""What pooling is good for: heads of known size under the bundled model, each frame spoilt, a smaller one planted."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from bench.whole_clip import Outcome, generated, outcome_of, real
from fetalclip_app.domain.pooled import PooledSize, WholeClip
from fetalclip_app.imaging.readers import read_clip
from fetalclip_app.inference.engine import Engine
from fetalclip_app.inference.load import load_engine
from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.progress import CancelToken, silent

SEEDS = (1, 2, 3)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return load_engine(EngineRequest(device="cpu"))


@pytest.fixture(scope="module")
def outcomes(engine: Engine) -> list[Outcome]:
    found = [outcome_of(engine, generated(seed)) for seed in SEEDS]
    assert None not in found
    return [one for one in found if one is not None]


def test_the_pooled_length_is_nearer_to_the_truth_than_a_frame_that_one_might_have_stopped_at(
    outcomes: list[Outcome],
) -> None:
    for one in outcomes:
        assert one.pooled < 0.5 * float(np.mean(list(one.frames.values())))
        assert one.pooled < 0.03 * one.hc_mm


def test_every_planted_frame_is_found_and_hardly_another_one(outcomes: list[Outcome]) -> None:
    assert sum(len(one.planted) for one in outcomes) >= 2 * len(SEEDS), "planted frames are measured like others"
    for one in outcomes:
        assert one.planted <= one.outliers
    assert sum(len(one.outliers - one.planted) for one in outcomes) <= 1


real_scans = pytest.mark.skipif("FETALCLIP_DATA" not in os.environ, reason="no FETALCLIP_DATA, no real scans")


@pytest.mark.real
@real_scans
def test_real_heads_that_are_moved_and_spoilt_are_pooled_too(engine: Engine) -> None:
    for case in real(Path(os.environ["FETALCLIP_DATA"]), 2):
        one = outcome_of(engine, case)
        assert one is not None and one.planted <= one.outliers
        assert one.pooled < 0.5 * float(np.mean(list(one.frames.values())))


@pytest.mark.real
@real_scans
@pytest.mark.parametrize("name", ["sonosite_cine30", "echo_palette_rle_cine10", "voluson_s8_ob_cine87"])
def test_no_real_cine_without_a_fetus_has_a_pooled_length(engine: Engine, name: str) -> None:
    clip = read_clip(Path(os.environ["FETALCLIP_DATA"]) / "dicom" / f"{name}.dcm")

    found = engine.read(clip, CancelToken(), silent).answer("whole_clip", WholeClip)

    assert not [one for one in (found.lengths if found else ()) if isinstance(one.size, PooledSize)]
