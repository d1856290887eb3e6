"""`head` for an exported folder and for a manifest of one's own: nothing of the program's own is touched."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import landmark_scans
import pytest
import tiny_bundle

from fetalclip_app import resources
from fetalclip_app.inference.load import load_engine
from fetalclip_app.inference.request import EngineRequest
from training import head_outline, measurement
from training.__main__ import main
from training.head_outline import OutlineConfig, shares_of, told_of
from training.outlined import outlined_pictures, simulated_heads
from training.run import all_samples


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tiny_bundle.write(tmp_path / "model")


def _head(data: Path, folder: Path, *options: str) -> Path:
    out = folder.parent / "runs"
    main(["head", *options, "--steps", "1", "--bundle", str(folder), "--data", str(data), "--out", str(out)])
    return folder / "heads"


def test_measurements_are_learned_on_the_folder_that_is_named(data: Path, folder: Path) -> None:
    landmark_scans.write(data)
    before = sorted((path.name, path.stat().st_mtime_ns) for path in resources.path("heads").iterdir())

    heads = _head(data, folder, "measurements")

    facts = json.loads((heads / f"{measurement.HEAD_NAME}.json").read_text("utf-8"))
    assert facts["backbone_sha256"] == tiny_bundle.sha256_of(folder)
    assert load_engine(EngineRequest(weights=folder)).instruments.landmarker is not None
    assert sorted((path.name, path.stat().st_mtime_ns) for path in resources.path("heads").iterdir()) == before


def test_without_landmarks_a_sentence_says_what_is_missing(data: Path, folder: Path) -> None:
    with pytest.raises(SystemExit, match=r"fetal_planes/landmarks\.csv is not in the data folder"):
        _head(data, folder, "measurements")


def test_an_outline_is_learned_from_a_manifest_of_ones_own(
    data: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares: list[Any] = []
    pools = head_outline._pools

    def watched(outlined: Any, config: OutlineConfig) -> Any:
        shares.append(config.shares)
        return pools(outlined, config)

    monkeypatch.setattr(head_outline, "_pools", watched)
    monkeypatch.setattr(head_outline, "simulated_heads", lambda _: simulated_heads(2))
    lines = ["picture,group,split,plane,outline,licence"]
    for number, side in enumerate(("train", "train", "validation")):
        shutil.copyfile(data / "hc18" / "images" / f"{number:03d}_HC.png", data / f"mine{number}.png")
        lines.append(f"mine{number}.png,p{number},{side},brain,hc18/outlines/{number:03d}_HC.png,CC0")
    (data / "own.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")

    heads = _head(data, folder, "outline", "--manifest", str(data / "own.csv"))

    facts = json.loads((heads / f"{head_outline.HEAD_NAME}.json").read_text("utf-8"))
    assert facts["data"].startswith("2 training pictures of own, ")
    assert facts["validation"].keys() == {"own"}
    assert dict(shares[0])["own"] == 0.8, "a set without a share would never be learned from"
    assert load_engine(EngineRequest(weights=folder)).instruments.outliner is not None


def test_a_patient_on_two_sides_teaches_no_head(data: Path, folder: Path) -> None:
    (data / "own.csv").write_text("picture,group,split\na.png,p1,train\nb.png,p1,test\n", encoding="utf-8")

    with pytest.raises(SystemExit, match="p1"):
        _head(data, folder, "outline", "--manifest", str(data / "own.csv"))


def test_the_published_sets_keep_the_recipes_shares_and_licence(data: Path) -> None:
    known, _ = outlined_pictures(data, [s for s in all_samples(data) if s.split == "train" and s.outline])

    assert shares_of(OutlineConfig().shares, known) == OutlineConfig().shares
    told = told_of([*known, *simulated_heads(1)])
    assert told["licence"] == "CC-BY-4.0"
    assert told["data"] == "2 training pictures of hc18, 1 training pictures of simulated"
