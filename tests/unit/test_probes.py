"""Linear probes beside a model: found by its very weights, refused when anything does not fit."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
import tiny_models
from test_structures_head import write_masks

from fetalclip_app import wording
from fetalclip_app.errors import ErrorCode
from fetalclip_app.imaging.preprocess import PreprocessSpec
from fetalclip_app.model import heads, probes

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

    probe = probes.find_all(tmp_path, BACKBONE, SPEC).probes["brain_views"]
    shares = probe.probabilities(np.array([[1.0, 0.0], [0.0, 1.0]], np.float32))

    logits = np.array([[4.0, 1.0, -1.0], [0.0, 3.0, -1.0]]) / 2.0
    assert shares == pytest.approx(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), abs=1e-6)
    told = probe.facts
    assert (told.calibration_error, told.calibration_pictures, told.name) == (0.03, 47, "probe")
    assert told.sha256 == hashlib.sha256((tmp_path / "probe.safetensors").read_bytes()).hexdigest()
    weight, bias = probe.layer
    assert np.array([[1.0, 0.0], [0.0, 1.0]]) @ weight.T + bias == pytest.approx(logits)


def test_a_probe_of_other_weights_is_not_offered(tmp_path: Path) -> None:
    _write(tmp_path)

    assert probes.find_all(tmp_path, "c" * 64, SPEC) == probes.Found({}, ())
    assert probes.find_all(tmp_path / "nowhere", BACKBONE, SPEC) == probes.Found({}, ())


def test_without_a_calibration_the_shares_say_so(tmp_path: Path) -> None:
    _write(tmp_path, calibration={})

    probe = probes.find_all(tmp_path, BACKBONE, SPEC).probes["brain_views"]

    told = probe.facts
    assert (told.temperature, told.calibration_error, told.calibration_pictures) == (None, None, None)
    assert probe.probabilities(np.array([[1.0, 0.0]], np.float32)).sum() == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sha256": "0" * 64}, ErrorCode.MODEL_WRONG_HASH),
        ({"preprocessing": "otherwise"}, ErrorCode.MODEL_WRONG_SHAPE),
        ({"features": "projected"}, ErrorCode.MODEL_WRONG_SHAPE),
        ({"classes": ["first", "second"]}, ErrorCode.MODEL_DAMAGED),
        ({"classes": None}, ErrorCode.MODEL_DAMAGED),
        ({"calibration": {"temperature": 0.0, "error": 0.1, "pictures": 3}}, ErrorCode.MODEL_DAMAGED),
        ({"calibration": {"temperature": 1.0}}, ErrorCode.MODEL_DAMAGED),
    ],
)
def test_a_probe_that_does_not_fit_is_told_and_costs_no_other(
    tmp_path: Path, changes: dict[str, Any], code: ErrorCode
) -> None:
    _write(tmp_path, **changes)
    _write(tmp_path, "whole", task="views")

    found = probes.find_all(tmp_path, BACKBONE, SPEC)

    assert list(found.probes) == ["views"]
    assert [trouble.code for trouble in found.troubles] == [code]


def test_a_probe_without_its_weights_is_missing(tmp_path: Path) -> None:
    _write(tmp_path).with_suffix(".safetensors").unlink()

    found = probes.find_all(tmp_path, BACKBONE, SPEC)

    assert not found.probes
    assert [trouble.code for trouble in found.troubles] == [ErrorCode.MODEL_MISSING]


@pytest.mark.parametrize("content", ["{", "[]"])
def test_a_head_that_cannot_be_read_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "broken.json").write_text(content, encoding="utf-8")

    (trouble,) = probes.find_all(tmp_path, BACKBONE, SPEC).troubles

    assert (trouble.code, trouble.parameters["name"]) == (ErrorCode.MODEL_DAMAGED, "broken.json")


def test_probes_may_lie_in_a_folder_below(tmp_path: Path) -> None:
    (tmp_path / "probes").mkdir()
    _write(tmp_path / "probes")

    assert list(probes.find_all(tmp_path, BACKBONE, SPEC).probes) == ["brain_views"]


def test_a_second_probe_for_one_task_is_told_and_the_first_by_name_answers(tmp_path: Path) -> None:
    _write(tmp_path, "second", licence="MIT")
    _write(tmp_path, "first")
    _write(tmp_path, "other", task="views")

    found = probes.find_all(tmp_path, BACKBONE, SPEC)

    assert [found.probes[task].facts.name for task in ("brain_views", "views")] == ["first", "other"]
    (trouble,) = found.troubles
    assert wording.left_out(trouble) == (
        "second is a second probe of these weights for one question (brain plane): first answers it. It is left out."
    )


def test_a_copy_of_a_probe_and_one_of_other_weights_are_no_second(tmp_path: Path) -> None:
    _write(tmp_path, "first")
    (tmp_path / "below").mkdir()
    _write(tmp_path / "below", "copy")
    _write(tmp_path, "foreign", backbone_sha256="c" * 64, licence="MIT")

    found = probes.find_all(tmp_path, BACKBONE, SPEC)

    assert list(found.probes) == ["brain_views"] and not found.troubles


def test_a_probe_lies_among_other_heads_whatever_its_name(tmp_path: Path) -> None:
    backbone = tiny_models.backbone(tiny_models.VIT)
    spec, sha256 = PreprocessSpec(size=tiny_models.SIZE), backbone.identity.sha256
    write_masks(tmp_path, backbone)
    _write(tmp_path, "a_head_outline", backbone_sha256=sha256, preprocessing=spec.fingerprint())

    found, outline = probes.find_all(tmp_path, sha256, spec), heads.find(tmp_path, "head_outline", backbone, spec)

    assert list(found.probes) == ["brain_views"] and not found.troubles
    assert list(heads.available(tmp_path, backbone, spec)) == [heads.MASKS]
    assert outline is not None and outline.identity[0] == "masks"
