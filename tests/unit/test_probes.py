"""Linear probes beside a model: found by its very weights, refused when anything does not fit."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from fetalclip_app.errors import ErrorCode, ModelUnavailable
from fetalclip_app.imaging.preprocess import PreprocessSpec
from fetalclip_app.model import probes

BACKBONE = "b" * 64
SPEC = PreprocessSpec()
WEIGHT = np.array([[4.0, 0.0], [0.0, 2.0], [-1.0, -1.0]], np.float32)
BIAS = np.array([0.0, 1.0, 0.0], np.float32)


def _write(folder: Path, name: str = "probe", **changes: Any) -> Path:
    file = folder / f"{name}.safetensors"
    safetensors.numpy.save_file({"weight": WEIGHT, "bias": BIAS}, file)
    facts = {
        "kind": "probe",
        "task": "brain_views",
        "classes": ["first", "second", "third"],
        "features": "unit",
        "backbone_sha256": BACKBONE,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "preprocessing": SPEC.fingerprint(),
        "licence": "CC-BY-4.0",
        "calibration": {"temperature": 2.0, "error": 0.03, "pictures": 47, "split": "validation"},
        **changes,
    }
    path = file.with_suffix(".json")
    path.write_text(json.dumps(facts), encoding="utf-8")
    return path


def test_a_probe_answers_for_the_weights_that_it_was_trained_on(tmp_path: Path) -> None:
    _write(tmp_path)
    (tmp_path / "outline.json").write_text(json.dumps({"backbone_sha256": BACKBONE, "structure": "head"}))

    probe = probes.find_all(tmp_path, BACKBONE, SPEC)["brain_views"]
    shares = probe.probabilities(np.array([[1.0, 0.0], [0.0, 1.0]], np.float32))

    logits = np.array([[4.0, 1.0, -1.0], [0.0, 3.0, -1.0]]) / 2.0
    assert shares == pytest.approx(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), abs=1e-6)
    assert (probe.calibration_error, probe.calibration_pictures, probe.identity[0]) == (0.03, 47, "probe")


def test_a_probe_of_other_weights_is_not_offered(tmp_path: Path) -> None:
    _write(tmp_path)

    assert probes.find_all(tmp_path, "c" * 64, SPEC) == {}
    assert probes.find_all(tmp_path / "nowhere", BACKBONE, SPEC) == {}


def test_without_a_calibration_the_shares_say_so(tmp_path: Path) -> None:
    _write(tmp_path, calibration={})

    probe = probes.find_all(tmp_path, BACKBONE, SPEC)["brain_views"]

    assert (probe.temperature, probe.calibration_error, probe.calibration_pictures) == (None, None, None)
    assert probe.probabilities(np.array([[1.0, 0.0]], np.float32)).sum() == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sha256": "0" * 64}, ErrorCode.MODEL_WRONG_HASH),
        ({"preprocessing": "otherwise"}, ErrorCode.MODEL_WRONG_SHAPE),
        ({"features": "projected"}, ErrorCode.MODEL_WRONG_SHAPE),
        ({"classes": ["first", "second"]}, ErrorCode.MODEL_DAMAGED),
        ({"classes": None}, ErrorCode.MODEL_DAMAGED),
    ],
)
def test_a_probe_that_does_not_fit_is_refused(tmp_path: Path, changes: dict[str, Any], code: ErrorCode) -> None:
    _write(tmp_path, **changes)

    with pytest.raises(ModelUnavailable) as caught:
        probes.find_all(tmp_path, BACKBONE, SPEC)
    assert caught.value.code is code


def test_a_probe_without_its_weights_is_missing(tmp_path: Path) -> None:
    _write(tmp_path).with_suffix(".safetensors").unlink()

    with pytest.raises(ModelUnavailable) as caught:
        probes.find_all(tmp_path, BACKBONE, SPEC)
    assert caught.value.code is ErrorCode.MODEL_MISSING
