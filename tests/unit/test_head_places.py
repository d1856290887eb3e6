"""Heads are looked for with the program, in a bundle, and beside weights of the user's own; their SHA-256 decides."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from test_named_by import write_probe
from test_structures_head import write_masks
from tiny_models import VIT

from fetalclip_app import resources
from fetalclip_app.domain.views import BRAIN_PLANES, ViewSet
from fetalclip_app.errors import ErrorCode, ModelUnavailable
from fetalclip_app.inference import load
from fetalclip_app.inference.calibrating import stated_calibration
from fetalclip_app.inference.head_places import places_of
from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.model import catalog
from fetalclip_app.model.architecture import build
from fetalclip_app.tasks.keys import BRAIN_VIEWS, VIEWS


def checkpoint(folder: Path, seed: int = 0) -> EngineRequest:
    """Weights of the user's own, with their configuration."""
    folder.mkdir(exist_ok=True)
    torch.manual_seed(seed)
    torch.save(build(VIT).state_dict(), folder / "own.pt")
    (folder / "own.json").write_text(json.dumps(VIT), encoding="utf-8")
    return EngineRequest(weights=folder / "own.pt", config=folder / "own.json", device="cpu", text_cache=folder / "t")


def test_a_probe_is_found_in_the_folder_heads_beside_the_weight_file(tmp_path: Path) -> None:
    own = checkpoint(tmp_path)
    (tmp_path / "heads" / "below").mkdir(parents=True)
    write_probe(tmp_path / "heads" / "below", own)

    assert [(probe.task, probe.name) for probe in load.load_engine(own).probes] == [(VIEWS, "planes")]


def test_a_probe_is_found_beside_the_weight_file_where_full_tuning_leaves_it(tmp_path: Path) -> None:
    own = checkpoint(tmp_path)
    write_probe(tmp_path, own, name="custom_probe_views")

    engine = load.load_engine(own)

    assert [probe.name for probe in engine.probes] == ["custom_probe_views"]
    assert engine.notices == ()


def test_other_files_beside_the_weight_file_are_none_of_ours(tmp_path: Path) -> None:
    own = checkpoint(tmp_path)
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    (tmp_path / "runs").mkdir()
    write_probe(tmp_path / "runs", own, name="custom_probe_views")

    engine = load.load_engine(own)

    assert engine.probes == () and engine.notices == ()


def test_a_probe_of_other_weights_beside_the_file_is_never_used(tmp_path: Path) -> None:
    own, other = checkpoint(tmp_path), checkpoint(tmp_path / "other", seed=1)
    (tmp_path / "heads").mkdir()
    write_probe(tmp_path / "heads", other)
    write_probe(tmp_path, other, name="custom_probe_views")

    assert load.load_engine(own).probes == ()


def test_lengths_whose_ends_are_found_otherwise_now_are_told_and_the_model_opens(tmp_path: Path) -> None:
    own = checkpoint(tmp_path)
    (tmp_path / "heads").mkdir()
    before: Any = load.load_engine(own)
    of = {"backbone_sha256": before.backbone.identity.sha256, "preprocessing": before.spec.fingerprint()}
    facts = {"kind": "measurements", "ends": "mean of the heatmap", **of}
    (tmp_path / "heads" / "lines.json").write_text(json.dumps(facts), encoding="utf-8")

    engine = load.load_engine(own)

    assert engine.instruments.landmarker is None
    (told,) = engine.notices
    assert told.startswith("lines.safetensors states errors of lengths whose ends were found otherwise")


@pytest.mark.parametrize("shares", [[0.5, 0.5], [0.5, 0.5, 0.0], [2.0, 1.0, 1.0]])
def test_a_manifest_whose_frequencies_are_none_is_refused(tmp_path: Path, shares: list[float]) -> None:
    brain = ViewSet("brain", {name: (name,) for name in BRAIN_PLANES}, "ab" * 32)
    entry = catalog.find("compact")
    fitted = {BRAIN_VIEWS: {"temperature": 1.0, "error": 0.1, "frequencies": shares}}

    with pytest.raises(ModelUnavailable) as refused:
        stated_calibration(entry, fitted, 10.0, brain)
    assert refused.value.code is ErrorCode.MODEL_DAMAGED
    sound = {BRAIN_VIEWS: {**fitted[BRAIN_VIEWS], "frequencies": [0.5, 0.3, 0.2]}}
    assert stated_calibration(entry, sound, 10.0, brain).brain_views.frequencies == (0.5, 0.3, 0.2)


def test_damaged_masks_beside_the_weights_are_told_and_the_model_opens(tmp_path: Path) -> None:
    own = checkpoint(tmp_path)
    (tmp_path / "heads").mkdir()
    backbone: Any = load.load_engine(own).backbone
    write_masks(tmp_path / "heads", backbone, sha256="0" * 64)

    engine = load.load_engine(own)

    (told,) = engine.notices
    assert told == "masks.safetensors is not the file that it should be: its SHA-256 differs. It is left out."
    assert not engine.headed


def test_each_kind_of_model_has_its_places(tmp_path: Path) -> None:
    shipped, file = resources.path("heads"), tmp_path / "w.pt"
    bundle = replace(catalog.compact(), key="bundle", config=tmp_path / "config.json")

    assert places_of(catalog.compact()).folders == (shipped,)
    assert places_of(bundle).folders == (tmp_path / "heads",)
    assert places_of(catalog.fetalclip(), file).folders == (tmp_path / "heads", shipped)
    assert places_of(catalog.custom(file, tmp_path / "c.json"), file).folders == (tmp_path / "heads", shipped)


def test_the_programs_own_weights_need_their_outline_wherever_they_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compact = catalog.compact()
    places = places_of(compact, tmp_path / "copy.safetensors")
    monkeypatch.setattr(load, "_heads", lambda entry, request: replace(places, folders=(tmp_path,)))

    with pytest.raises(ModelUnavailable):
        load.load_engine(EngineRequest(device="cpu"))
