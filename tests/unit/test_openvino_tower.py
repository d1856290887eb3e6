"""A convolutional tower by OpenVINO gives what the network gives, is kept between starts, and tells nobody."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_models
import torch

pytest.importorskip("openvino", reason="OpenVINO is not installed")

from fetalclip_app.model import openvino_tower, roads
from fetalclip_app.model.device import CUDA, Device, cpu
from fetalclip_app.model.encoder import TorchBackbone
from fetalclip_app.model.folding import fold
from fetalclip_app.model.openvino_tower import OpenVinoTower
from fetalclip_app.model.road_book import RoadBook
from fetalclip_app.model.roads import Road


@pytest.fixture(scope="module")
def backbone() -> TorchBackbone:
    return tiny_models.backbone(tiny_models.CONVNET)


def _visual(backbone: TorchBackbone) -> Any:
    return backbone.network.get_submodule("visual")


def _pictures(count: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    size = tiny_models.SIZE
    return np.random.default_rng(3).normal(size=(count, 3, size, size)).astype(np.float32)


def _road(backbone: TorchBackbone, kept: Path | None = None) -> Road:
    (road,) = roads.roads_for(backbone.network, backbone.place, kept)
    return road


@pytest.fixture(scope="module")
def kept(backbone: TorchBackbone, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where a converted tower lies."""
    path = tmp_path_factory.mktemp("roads") / "made" / "tower.road"
    OpenVinoTower(_visual(backbone), path)
    return path


@pytest.fixture
def _never_converted(monkeypatch: pytest.MonkeyPatch) -> None:
    def converted(plain: object) -> object:
        raise AssertionError("converted again")

    monkeypatch.setattr(openvino_tower, "_converted", converted)


@pytest.mark.parametrize("count", [1, 5])
def test_rows_and_textures_are_those_of_the_network(backbone: TorchBackbone, kept: Path, count: int) -> None:
    batch = _pictures(count)
    rows, textures = backbone.encode_with_texture(batch)
    other = tiny_models.backbone(tiny_models.CONVNET)
    other.take(_road(other, kept))

    found_rows, found_textures = other.encode_with_texture(batch)

    assert other.device == "cpu OpenVINO fp32"
    np.testing.assert_allclose(found_rows, rows, atol=1e-5)
    np.testing.assert_allclose(found_textures, textures, atol=1e-4)
    np.testing.assert_allclose(other.encode_frames(batch), rows, atol=1e-5)
    assert not np.array_equal(found_rows, rows), "another way of adding up"


def test_no_pictures_have_no_rows(backbone: TorchBackbone, kept: Path) -> None:
    other = tiny_models.backbone(tiny_models.CONVNET)
    other.take(_road(other, kept))

    rows, textures = other.encode_with_texture(_pictures(0))

    assert len(rows) == len(textures) == 0
    assert textures.shape[1] > 0


@pytest.mark.usefixtures("_never_converted")
def test_a_later_start_finds_it(backbone: TorchBackbone, kept: Path) -> None:
    OpenVinoTower(_visual(backbone), kept)

    assert [path.name for path in kept.parent.iterdir()] == [kept.name]


@pytest.mark.parametrize("harm", ["empty", "cut", "a digit", "another processor", "other weights"])
def test_what_is_damaged_or_of_other_weights_is_made_anew(
    backbone: TorchBackbone, kept: Path, tmp_path: Path, harm: str
) -> None:
    content, visual = kept.read_bytes(), _visual(backbone)
    if harm == "other weights":
        visual = _visual(tiny_models.backbone(tiny_models.CONVNET))
        with torch.no_grad():
            for weight in visual.parameters():
                weight.mul_(1.1)
    changed = {"empty": b"", "cut": content[:-100], "a digit": content[:-1] + bytes([content[-1] ^ 1])}
    changed["another processor"] = hashlib.sha256(b"of another").digest() + b"of another"
    path = tmp_path / "tower.road"
    path.write_bytes(changed.get(harm, content))
    batch = torch.from_numpy(_pictures(2))

    with torch.inference_mode():
        found, expected = OpenVinoTower(visual, path)(batch), visual(batch)

    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    assert path.read_bytes() != changed.get(harm, content)


def test_old_ones_of_other_weights_are_removed(backbone: TorchBackbone, tmp_path: Path) -> None:
    for age in range(6):
        old = tmp_path / f"{age}.road"
        old.touch()
        os.utime(old, (1000 + age, 1000 + age))

    OpenVinoTower(_visual(backbone), tmp_path / "tower.road")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["3.road", "4.road", "5.road", "tower.road"]


def test_a_folder_that_cannot_be_written_costs_a_conversion_only(backbone: TorchBackbone, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    OpenVinoTower(_visual(backbone), tmp_path / "file" / "tower.road")


def test_a_conversion_that_changes_features_is_refused(
    backbone: TorchBackbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = openvino_tower._computed
    monkeypatch.setattr(openvino_tower, "_computed", lambda *given: original(*given) * 1.01)

    with pytest.raises(RuntimeError, match="its features are others"):
        OpenVinoTower(_visual(backbone))


def test_nobody_is_told_of_a_conversion(backbone: TorchBackbone, monkeypatch: pytest.MonkeyPatch) -> None:
    telemetry = pytest.importorskip("openvino_telemetry", reason="nothing is there that could tell")
    told: list[str] = []
    monkeypatch.setattr(telemetry.Telemetry, "__init__", lambda *_, **__: told.append("begun"))
    for name in ("send_event", "start_session", "send_error"):
        monkeypatch.setattr(telemetry.Telemetry, name, lambda *_, **__: told.append("sent"))

    OpenVinoTower(_visual(backbone))

    assert not told


def test_a_folded_network_has_this_road_and_others_have_not(monkeypatch: pytest.MonkeyPatch) -> None:
    network = tiny_models.network(tiny_models.CONVNET).eval()
    fold(network)

    assert [road.key for road in roads.roads_for(network, cpu())] == ["OpenVINO fp32"]
    assert roads.roads_for(network, Device(CUDA, "a card")) == ()
    monkeypatch.setattr(openvino_tower, "version", lambda: "")
    assert roads.roads_for(network, cpu()) == ()


def test_a_trial_is_of_one_version_of_openvino(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book, backbone = RoadBook(tmp_path), tiny_models.backbone(tiny_models.CONVNET)
    book.note(backbone, [])
    assert book.known(backbone) == ""

    monkeypatch.setattr(openvino_tower, "version", lambda: "another")

    assert book.known(backbone) is None
