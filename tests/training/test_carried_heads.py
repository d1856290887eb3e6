"""Heads that an export takes along: of these very weights, whole, and each once; or nothing is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tiny_bundle
import tiny_models
import torch

from fetalclip_app.inference.load import load_engine
from fetalclip_app.inference.request import EngineRequest
from training import export
from training.__main__ import main
from training.manifest import manifest_hash
from training.run import all_samples


@pytest.fixture
def run(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(export, "_layers", lambda _: tiny_models.CONVNET)
    folder = tmp_path / "runs" / "mine"
    folder.mkdir(parents=True)
    torch.save({"network": tiny_models.network(tiny_models.CONVNET).state_dict()}, folder / "last.pt")
    told = {"config": {"name": "mine", "start": ""}, "manifest": manifest_hash(all_samples(data))}
    (folder / "config.json").write_text(json.dumps(told), encoding="utf-8")
    return folder


@pytest.fixture
def probe(run: Path, tmp_path: Path) -> Path:
    """A probe in the folder of its own run, with that run's record and results beside it."""
    sha256 = tiny_bundle.sha256_of(tiny_bundle.write(tmp_path / "trained on"))
    page = tiny_bundle.write_probe(tmp_path / "runs" / "probe", sha256, always="brain")
    page.with_suffix(".md").write_text("# Card\n", encoding="utf-8")
    (page.parent / "config.json").write_text('{"config": {}}', encoding="utf-8")
    (page.parent / "results.json").write_text("[]", encoding="utf-8")
    return page


def _export(data: Path, run: Path, out: Path, *heads: Path) -> None:
    named = [word for head in heads for word in ("--head", str(head))]
    main(["export", str(run), "--data", str(data), "--out", str(out), *named])


def test_a_head_of_these_weights_is_taken_along_and_answers(data: Path, run: Path, probe: Path, tmp_path: Path) -> None:
    _export(data, run, tmp_path / "out", probe.parent)

    names = {path.name for path in (tmp_path / "out" / "heads").iterdir()}
    assert names == {f"{probe.stem}.{kind}" for kind in ("json", "safetensors", "md")}
    assert [fact.task for fact in load_engine(EngineRequest(weights=tmp_path / "out")).probes] == ["views"]


def _other_weights(probe: Path) -> None:
    _change(probe, backbone_sha256="cd" * 32)


def _other_pictures(probe: Path) -> None:
    _change(probe, preprocessing="000000000000")


def _damaged(probe: Path) -> None:
    probe.with_suffix(".safetensors").write_bytes(b"other")


def _no_head(probe: Path) -> None:
    probe.unlink()


def _change(probe: Path, **facts: Any) -> None:
    probe.write_text(json.dumps({**json.loads(probe.read_text("utf-8")), **facts}), encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_other_weights, "was trained on other weights"),
        (_other_pictures, "prepared otherwise"),
        (_damaged, "tiny_probe_views"),
        (_no_head, "holds no head"),
    ],
)
def test_a_head_that_does_not_belong_is_refused_before_anything_is_written(
    data: Path, run: Path, probe: Path, tmp_path: Path, spoil: Callable[[Path], None], sentence: str
) -> None:
    spoil(probe)

    with pytest.raises(SystemExit, match=sentence):
        _export(data, run, tmp_path / "out", probe.parent)
    assert not (tmp_path / "out").exists()


def test_two_heads_of_one_name_are_refused(data: Path, run: Path, probe: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="two heads are called tiny_probe_views"):
        _export(data, run, tmp_path / "out", probe.parent, probe.parent)


def test_a_run_of_a_gpu_is_read_on_any_machine(
    data: Path, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    load = torch.load

    def watched(*path: Any, **options: Any) -> Any:
        asked.append(options.get("map_location"))
        return load(*path, **options)

    monkeypatch.setattr(torch, "load", watched)

    _export(data, run, tmp_path / "out")

    assert asked == ["cpu"]
