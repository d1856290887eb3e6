"""The head outline is a recipe like the others: it is measured, it goes on where it stopped, and the app finds it."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tiny_models
import torch
from fakes import HEAD
from made_up_scans import HEIGHT, WIDTH

from fetalclip_app import resources
from fetalclip_app.imaging.preprocess import PreprocessSpec
from fetalclip_app.model import heads, opening
from training import head_outline
from training.__main__ import main
from training.dataset import STORED_SIDE, load
from training.decoder_loop import Course
from training.head_outline import OutlineConfig
from training.outlined import outlined_pictures, simulated_heads, with_ellipse
from training.recipe import RunContext
from training.run import all_samples


@pytest.fixture(autouse=True)
def tiny_backbone(monkeypatch: pytest.MonkeyPatch) -> Any:
    backbone = tiny_models.backbone(tiny_models.CONVNET)
    monkeypatch.setattr(opening, "open_model", lambda *_, **__: backbone)
    return backbone


def _lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text("utf-8").splitlines()]


def test_a_run_writes_what_it_depends_on_and_its_errors_on_validation_patients(data: Path, tmp_path: Path) -> None:
    assert main(["run", "outline_head", "--smoke", "--data", str(data), "--out", str(tmp_path)]) == 0

    folder = tmp_path / "outline_head_smoke"
    told = json.loads((folder / "config.json").read_text("utf-8"))
    facts = json.loads((folder / f"{head_outline.HEAD_NAME}.json").read_text("utf-8"))
    assert told["config"]["seed"] == 11 and len(told["manifest"]) == 64 and told["revision"]
    assert told["backbone"] == tiny_models.IDENTITY.sha256
    assert [line["step"] for line in _lines(folder)] == [2, 2]
    assert _lines(folder)[1]["validation"] == facts["validation"]
    assert facts["validation"].keys() == {"hc18"}, "one exam of validation; no head structures in these scans"
    assert facts["validation"]["hc18"]["pictures"] == 1


def test_dice_and_circumference_are_those_of_the_head_that_was_drawn(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_backbone: Any
) -> None:
    class Knowing(torch.nn.Linear):
        """Marks the fan's picture wherever the drawn head is."""

        def forward(self, pictures: torch.Tensor, maps: Any) -> torch.Tensor:  # type: ignore[override]
            held = [s for s in all_samples(data) if s.split == "validation"]
            (item,), _ = outlined_pictures(data, held)
            geometry = head_outline.augment.plain(tiny_models.SIZE, STORED_SIDE)
            mask = head_outline.mask_under(item.ellipse, geometry, tiny_models.SIZE)
            return torch.from_numpy(20 * mask - 10)[None, None]

    monkeypatch.setattr(head_outline, "train", lambda *_: Knowing(1, 1))
    folder = tmp_path / "run"

    OutlineConfig().smoke().execute(RunContext(data, folder, smoke=True))

    told = json.loads((folder / f"{head_outline.HEAD_NAME}.json").read_text("utf-8"))["validation"]["hc18"]
    true_mm = next(s.hc_mm for s in all_samples(data) if s.source == "hc18" and s.split == "validation")
    drawn_mm = 0.8 * WIDTH * np.pi * (3 * sum(HEAD[2:4]) - np.sqrt((3 * HEAD[2] + HEAD[3]) * (HEAD[2] + 3 * HEAD[3])))
    assert told["dice"] > 0.95
    assert told["hc_error_mm"] == pytest.approx(abs(drawn_mm - true_mm), abs=0.03 * drawn_mm)


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for ``resources/heads``; one simulated head is as good as all of them."""
    monkeypatch.setattr(head_outline, "simulated_heads", lambda _: simulated_heads(1))
    shutil.copytree(resources.path("growth"), tmp_path / "resources" / "growth")
    monkeypatch.setattr(head_outline.Shelf, "entry", lambda _: None)
    monkeypatch.setattr(resources, "root", lambda: tmp_path / "resources")
    return tmp_path / "resources" / "heads"


def test_the_command_copies_the_head_to_where_the_app_finds_it_for_these_weights(
    data: Path, shipped: Path, tmp_path: Path, tiny_backbone: Any
) -> None:
    out = tmp_path / "runs"
    assert main(["head", "--steps", "2", "--data", str(data), "--out", str(out)]) == 0

    spec = PreprocessSpec(size=tiny_models.SIZE)
    found = heads.find(shipped, "head_outline", tiny_backbone, spec, must_be=True)
    assert found is not None
    weights = (shipped / f"{head_outline.HEAD_NAME}.safetensors").read_bytes()
    assert found.identity == (head_outline.HEAD_NAME, hashlib.sha256(weights).hexdigest())
    mask = found.outline(np.zeros((1, 3, tiny_models.SIZE, tiny_models.SIZE), np.float32))
    assert mask.shape == (1, tiny_models.SIZE, tiny_models.SIZE)
    told = json.loads((shipped / f"{head_outline.HEAD_NAME}.json").read_text("utf-8"))
    assert (told["backbone_sha256"], told["training"]["steps"]) == (tiny_backbone.identity.sha256, 2)
    assert (out / "outline_head" / "last.pt").exists()


def test_an_exported_folder_gets_the_head_of_its_own(data: Path, shipped: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "mine"
    bundle.mkdir()

    head_outline.train_bundled_outline(RunContext(data, tmp_path / "runs"), 1, bundle)

    assert {path.name for path in (bundle / "heads").iterdir()} == {
        f"{head_outline.HEAD_NAME}.json",
        f"{head_outline.HEAD_NAME}.safetensors",
    }
    assert not shipped.exists()


def test_a_transformer_gets_no_outline_and_a_sentence(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "open_model", lambda *_, **__: tiny_models.backbone(tiny_models.VIT))

    with pytest.raises(ValueError, match="train mask_head"):
        OutlineConfig().smoke().execute(RunContext(data, tmp_path / "run", smoke=True))


def test_it_learns_the_outline_of_a_picture_that_it_sees_again(data: Path, tmp_path: Path, tiny_backbone: Any) -> None:
    still = replace(OutlineConfig().augmentation, keep=1.0)
    config = replace(OutlineConfig(), batch=2, rate=1e-2, average=0.5, augmentation=still)
    ends = []
    for steps in (1, 25):
        folder = tmp_path / str(steps)
        folder.mkdir()
        head_outline.train(tiny_backbone, simulated_heads(1), replace(config, steps=steps), Course(folder))
        ends.append(_lines(folder)[-1]["loss"])

    assert ends[1] < 0.8 * ends[0], "the mean of 25 steps is below the first"


def test_a_head_lies_in_the_stored_square_where_it_was_drawn(data: Path) -> None:
    """Masks of the head structures are larger copies of the picture; the head does not move with the mask's size."""
    heads_of = [s for s in all_samples(data) if s.outline is not None and s.split == "train"]
    stored = load(data, heads_of[:1])[0]
    plain = with_ellipse(data, stored).ellipse
    path = data / str(stored.sample.outline)
    line = np.zeros((3 * HEIGHT, 3 * WIDTH), np.uint8)
    centre = ((HEAD[0] * WIDTH + 0.5) * 3 - 0.5, (HEAD[1] * HEIGHT + 0.5) * 3 - 0.5)
    cv2.ellipse(line, (centre, (6 * HEAD[2] * WIDTH, 6 * HEAD[3] * WIDTH), HEAD[4]), 255, 3)
    cv2.imwrite(str(path), line)

    larger = with_ellipse(data, stored).ellipse

    assert (plain.cx, plain.cy, plain.a, plain.b) == pytest.approx(
        (larger.cx, larger.cy, larger.a, larger.b), abs=0.01 * STORED_SIDE
    )
    assert plain.a / plain.b == pytest.approx(HEAD[2] / HEAD[3], rel=0.02)
    assert plain.cx - plain.a > 0 and plain.cx + plain.a < STORED_SIDE


def test_simulated_heads_are_the_same_each_time_and_inside_their_square() -> None:
    once, again = simulated_heads(2), simulated_heads(2)

    assert [item.ellipse for item in once] == [item.ellipse for item in again]
    assert all(np.array_equal(a.stored.grey, b.stored.grey) for a, b in zip(once, again, strict=True))
    for item in once:
        assert item.stored.sample.source == "simulated"
        assert 0 < item.ellipse.cx < STORED_SIDE and 0 < item.ellipse.cy < STORED_SIDE
        assert STORED_SIDE / 10 < item.ellipse.b <= item.ellipse.a < STORED_SIDE
