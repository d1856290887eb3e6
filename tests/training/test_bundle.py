"""From a finished run to what the app ships: weights, head, calibration, results, in a made-up resources folder."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import safetensors.torch
import tiny_models
import torch
from fakes import IDENTITY, FakeBackbone
from task_tools import RoundHead

from fetalclip_app import resources
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.errors import ErrorCode, ModelUnavailable
from fetalclip_app.imaging.preprocess import PreprocessSpec
from fetalclip_app.inference.load import _view_sets, load_engine
from fetalclip_app.inference.request import EngineRequest
from training import bundle, calibrate, export
from training.manifest import Sample, manifest_hash
from training.run import all_samples


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for ``resources``: growth curves, prompts, a network, an old calibration, no head."""
    root = tmp_path / "resources"
    (root / "models" / "compact").mkdir(parents=True)
    shutil.copyfile(resources.path("models/compact/config.json"), root / "models" / "compact" / "config.json")
    (root / "models" / "compact" / "manifest.json").write_text(json.dumps(OLD_MANIFEST), encoding="utf-8")
    for name in ("growth", "prompts"):
        shutil.copytree(resources.path(name), root / name)
    monkeypatch.setattr(resources, "root", lambda: root)
    return root


OLD_MANIFEST = {"key": "compact", "sha256": "00", "calibration": {"views": {"temperature": 9.0}}}


def _manifest(root: Path) -> Any:
    return json.loads((root / "models" / "compact" / "manifest.json").read_text(encoding="utf-8"))


def _finished_run(folder: Path, data: Path, start: str = "") -> tuple[Path, dict[str, torch.Tensor]]:
    folder.mkdir(parents=True)
    state = tiny_models.network(tiny_models.CONVNET).state_dict()
    torch.save({"network": state, "step": 2}, folder / "last.pt")
    told = {"config": {"name": folder.name, "start": start}, "manifest": manifest_hash(all_samples(data))}
    (folder / "config.json").write_text(json.dumps(told), "utf-8")
    return folder, state


def _export(run: Path, data: Path, out: Path | None = None) -> None:
    export.export_run(run, lambda: all_samples(data), out)


def test_an_exported_run_is_what_its_manifest_says(data: Path, shipped: Path, tmp_path: Path) -> None:
    run, state = _finished_run(tmp_path / "runs" / "compact", data)

    _export(run, data)

    content = (shipped / "models" / "compact" / "model.safetensors").read_bytes()
    manifest = _manifest(shipped)
    assert manifest["sha256"] == hashlib.sha256(content).hexdigest()
    assert safetensors.torch.load(content).keys() == state.keys()
    assert manifest["calibration"] == {}, "an older model's calibration does not hold for these weights"
    assert manifest["preprocessing"]["fingerprint"] == PreprocessSpec().fingerprint()
    assert manifest["training"]["config"]["name"] == "compact"


def test_the_trained_views_are_those_of_training_patients(data: Path, shipped: Path, tmp_path: Path) -> None:
    run, _ = _finished_run(tmp_path / "runs" / "compact", data)

    _export(run, data)

    shown = {name for s in all_samples(data) if s.split == "train" for name in (s.plane, s.brain_plane) if name}
    assert set(_manifest(shipped)["trained_views"]) == shown
    assert shown == {"abdomen", "brain", "femur", "heart", "trans-thalamic", "trans-cerebellum"}


def test_a_run_that_went_on_from_another_tells_of_both(data: Path, shipped: Path, tmp_path: Path) -> None:
    first, _ = _finished_run(tmp_path / "runs" / "first", data)
    _finished_run(tmp_path / "runs" / "second", data, start="first/last.pt")
    third, _ = _finished_run(tmp_path / "runs" / "third", data, start="second/last.pt")

    _export(third, data)

    told = _manifest(shipped)["training"]
    earlier = told["start"]
    assert [one["config"]["name"] for one in (told, earlier, earlier["start"])] == ["third", "second", "first"]
    assert earlier["start"]["sha256"] == hashlib.sha256((first / "last.pt").read_bytes()).hexdigest()


def test_a_run_of_another_network_is_not_written_over_the_bundled_one(
    data: Path, shipped: Path, tmp_path: Path
) -> None:
    run, _ = _finished_run(tmp_path / "runs" / "wide", data)
    record = json.loads((run / "config.json").read_text("utf-8"))
    record["config"]["tower"] = {"image_size": 96}
    (run / "config.json").write_text(json.dumps(record), encoding="utf-8")
    before = (shipped / "models" / "compact" / "manifest.json").read_bytes()

    with pytest.raises(ValueError, match="--out"):
        _export(run, data)
    assert (shipped / "models" / "compact" / "manifest.json").read_bytes() == before

    _export(run, data, tmp_path / "own")
    told = json.loads((tmp_path / "own" / "manifest.json").read_text("utf-8"))
    layers = json.loads((tmp_path / "own" / "config.json").read_text("utf-8"))
    assert told["preprocessing"]["size"] == layers["vision_cfg"]["image_size"] == 96


def _engine(outliner: RoundHead | None) -> Any:
    return SimpleNamespace(
        backbone=FakeBackbone(),
        spec=PreprocessSpec(),
        instruments=SimpleNamespace(outliner=outliner),
        identity=IDENTITY,
    )


@pytest.fixture
def fitted_on(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The groups that a calibration was fitted on; the fit itself has tests of its own."""
    groups: list[str] = []

    def fit(engine: Any, seen: list[calibrate.Seen], taught: list[Sample]) -> dict[str, Any]:
        assert {sample.split for sample in taught} >= {"train"}, "how often classes occur is counted there"
        groups.extend(item.sample.group for item in seen)
        return {"views": {"temperature": 2.0}}

    monkeypatch.setattr(calibrate, "fit", fit)
    return groups


def test_a_calibration_is_fitted_on_validation_patients_without_the_one_before(
    data: Path, shipped: Path, monkeypatch: pytest.MonkeyPatch, fitted_on: list[str]
) -> None:
    known: list[Any] = []

    def load_engine(request: Any) -> Any:
        known.append(_manifest(shipped)["calibration"])
        return _engine(RoundHead(Ellipse(112, 112, 70, 55, 10)))

    monkeypatch.setattr(bundle, "load_engine", load_engine)

    bundle.calibrate_bundled(data, all_samples(data))

    manifest = _manifest(shipped)
    assert known == [{}], "the model that is measured is the one without a calibration"
    assert set(fitted_on) == {s.group for s in all_samples(data) if s.split == "validation"}
    assert manifest["calibration"]["views"] == {"temperature": 2.0}
    assert 0.9 < manifest["calibration"]["head"]["fit_limit"] < 1.0
    assert manifest["calibration"]["head"]["pictures"] == 1, "HC18's validation exam"
    assert manifest["sha256"] == OLD_MANIFEST["sha256"]


def test_a_calibration_that_fails_leaves_the_one_before(
    data: Path, shipped: Path, monkeypatch: pytest.MonkeyPatch, fitted_on: list[str]
) -> None:
    monkeypatch.setattr(bundle, "load_engine", lambda _: _engine(None))

    with pytest.raises(ValueError, match="train the head first"):
        bundle.calibrate_bundled(data, all_samples(data))
    assert _manifest(shipped) == OLD_MANIFEST


def test_an_exported_folder_is_a_model_that_the_app_loads(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run, export, load by the folder alone: its weights, its prompts, its own manifest; nobody else vouches."""
    config = tmp_path / "config.json"
    config.write_text(json.dumps(tiny_models.CONVNET), encoding="utf-8")
    root = resources.root()
    monkeypatch.setattr(resources, "path", lambda name: config if name.endswith("config.json") else root / name)
    run, _ = _finished_run(tmp_path / "runs" / "mine", data)
    folder = tmp_path / "mine"
    _export(run, data, folder)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))

    engine = load_engine(EngineRequest(weights=folder))
    by_manifest = load_engine(EngineRequest(weights=folder / "manifest.json"))

    assert (engine.identity.key, engine.identity.verified) == ("bundle", False)
    assert engine.identity.sha256 == manifest["sha256"] == by_manifest.identity.sha256
    assert engine.identity.title.startswith("mine ")
    assert engine.instruments.outliner is None, "the program's own heads belong to other weights"
    assert f"Weights: {manifest['sha256']}" in (folder / "MODEL_CARD.md").read_text("utf-8")
    assert {path.name for path in (folder / "prompts").iterdir()} == {"planes.json", "brain_planes.json"}


def test_an_exported_folder_is_read_with_its_own_prompts(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "planes.json").write_text('{"hand": ["a hand"]}', encoding="utf-8")

    own, brain = _view_sets(EngineRequest(weights=tmp_path))
    asked, _ = _view_sets(EngineRequest(weights=tmp_path, views=resources.path("prompts/planes.json")))

    assert own.keys == ("hand",)
    assert brain.keys == ("trans-thalamic", "trans-cerebellum", "trans-ventricular")
    assert "brain" in asked.keys


def test_an_export_never_writes_over_a_folder(data: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine", encoding="utf-8")

    with pytest.raises(FileExistsError):
        export.new_bundle(tmp_path / "mine", {})
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]


def test_weights_that_are_not_those_of_the_folders_manifest_are_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(tiny_models.CONVNET), encoding="utf-8")
    (tmp_path / "model.safetensors").write_bytes(b"other")
    facts = {"title": "x", "licence": "x", "sha256": "00", "bytes": 1, "trained_views": [], "calibration": {}}
    told = {**facts, "learned_from_head_size": True, "preprocessing": {}}
    (tmp_path / "manifest.json").write_text(json.dumps(told), encoding="utf-8")

    with pytest.raises(ModelUnavailable) as wrong:
        load_engine(EngineRequest(weights=tmp_path))
    assert wrong.value.code is ErrorCode.MODEL_WRONG_HASH
