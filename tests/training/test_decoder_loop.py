"""The loop that all heads share: whose checkpoint it takes, what it sets aside, and where it computes."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import landmark_scans
import made_up_scans
import numpy as np
import pytest
import tiny_models
import torch
import torch.fx.experimental._config as symbolic

from fetalclip_app.model import opening
from fetalclip_app.model.heads import decoder_for
from training import decoder_loop, readable
from training.decoder_loop import Course, DecoderTraining, begin, fit
from training.head_outline import OutlineConfig
from training.mask_head import MaskConfig, picture_errors
from training.measurement import MeasurementConfig
from training.recipe import Recipe, RunContext
from training.run import all_samples

HEADS: list[Any] = [OutlineConfig(), MeasurementConfig(), MaskConfig()]


@dataclass(frozen=True, slots=True)
class Plain:
    """A configuration of nothing."""

    name: str = "plain"
    steps: int = 2
    seed: int = 3
    device: str = "cpu"


def _train(course: Course, steps: int) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)

    def drawn(rng: np.random.Generator) -> tuple[torch.Tensor, ...]:
        return (torch.from_numpy(rng.normal(size=(4, 3)).astype(np.float32)),)

    training = DecoderTraining(steps=steps, seed=3, save_every=1)
    return fit(
        torch.nn.Linear(3, 2), drawn, lambda net, batch: net(batch[0]).square().mean(), training, course
    ).state_dict()


@pytest.mark.parametrize(
    ("config", "facts", "named"),
    [
        (Plain(seed=4), {"manifest": "a", "backbone": "b"}, "seed"),
        (Plain(), {"manifest": "x", "backbone": "b"}, "manifest"),
        (Plain(steps=3), {"manifest": "a", "backbone": "y"}, "backbone, steps"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused_by_name_and_its_record_stays(
    config: Plain, facts: dict[str, str], named: str, tmp_path: Path
) -> None:
    _train(begin(Plain(), RunContext(tmp_path, tmp_path), manifest="a", backbone="b"), 2)
    record = (tmp_path / "config.json").read_text("utf-8")

    with pytest.raises(ValueError, match=f"another {named}: go on"):
        begin(config, RunContext(tmp_path, tmp_path, resume=True), **facts)
    assert (tmp_path / "config.json").read_text("utf-8") == record


def test_another_processor_may_go_on_and_a_finished_run_is_not_trained_again(tmp_path: Path) -> None:
    first = _train(begin(Plain(), RunContext(tmp_path, tmp_path), manifest="a"), 2)

    again = begin(replace(Plain(), device="cuda"), RunContext(tmp_path, tmp_path, resume=True), manifest="a")

    assert all(torch.equal(first[key], value) for key, value in _train(again, 2).items())


def test_a_run_that_begins_anew_sets_every_file_of_the_one_before_aside(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    for seed in (1, 2, 3):
        _train(begin(Plain(seed=seed), RunContext(tmp_path, folder), manifest="a"), 2)
        (folder / "masks.json").write_text(str(seed), encoding="utf-8")

    record = json.loads((folder / "config.json.before").read_text("utf-8"))
    assert record["config"]["seed"] == 2, "of the run before, not of the first"
    assert len((folder / "log.jsonl").read_text("utf-8").splitlines()) == 2
    assert {path.name.removesuffix(".before") for path in folder.glob("*.before")} == {
        "config.json",
        "last.pt",
        "log.jsonl",
        "masks.json",
    }


def test_several_processes_are_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")

    with pytest.raises(ValueError, match="plain is trained in one process"):
        begin(Plain(), RunContext(tmp_path, tmp_path / "run"), manifest="a")
    assert not (tmp_path / "run").exists()


def test_a_log_goes_on_after_the_checkpoint(tmp_path: Path) -> None:
    course = begin(Plain(steps=4), RunContext(tmp_path, tmp_path), manifest="a")
    _train(course, 4)
    saved = torch.load(tmp_path / "last.pt", weights_only=True)
    told = (tmp_path / "log.jsonl").read_text("utf-8")
    (tmp_path / "log.jsonl").write_text(told + json.dumps({"step": 5, "loss": 1.0}) + "\n", encoding="utf-8")

    _train(replace(course, resume=True), 4)

    assert saved["step"] == 4
    assert (tmp_path / "log.jsonl").read_text("utf-8") == told


class Reached(Exception):
    """A loss was computed."""


@pytest.fixture
def scans(data: Path) -> Path:
    landmark_scans.write(data)
    made_up_scans.write_structures(data)
    return data


@pytest.mark.parametrize("config", HEADS, ids=lambda config: config.name)
def test_tower_decoder_and_pictures_meet_on_one_processor(
    config: Recipe, scans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Torch's ``meta`` stands for a card: it computes shapes alone, and refuses to mix with the CPU's tensors."""
    backbone = tiny_models.backbone(tiny_models.CONVNET)
    backbone.network.to("meta")
    asked: list[Any] = []

    def opened(_: Any, chosen: Any, **__: Any) -> Any:
        asked.append(chosen)
        return backbone

    def reached(loss: torch.Tensor) -> bool:
        raise Reached(loss.device.type)

    monkeypatch.setattr(opening, "open_model", opened)
    monkeypatch.setattr(decoder_loop.torch, "isfinite", reached)

    # How many masks are known is a number, and ``meta`` holds none.
    all_known = symbolic.patch(meta_nonzero_assume_all_nonzero=True)
    with all_known, pytest.raises(Reached, match="meta"):
        config.smoke().execute(RunContext(scans, tmp_path / "run", smoke=True))
    assert [chosen.kind for chosen in asked] == ["cpu"], "a smoke run asks for no card"


def test_pictures_are_measured_where_the_tower_is(scans: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backbone = tiny_models.backbone(tiny_models.CONVNET)
    decoder, maps = decoder_for(backbone.network.to("meta"), 3)
    monkeypatch.setattr(backbone, "_device", replace(backbone._device, kind="meta"))
    monkeypatch.setattr(torch.Tensor, "cpu", lambda tensor: torch.zeros(tensor.shape))
    (sample, *_) = [s for s in all_samples(scans) if s.source == "hc18"]

    (error,) = picture_errors(scans, sample, backbone, (decoder.to("meta"), maps))

    assert error.dice == 0, "nothing was found in what stands for an answer"


@pytest.mark.parametrize("config", HEADS, ids=lambda config: config.name)
def test_unreadable_pictures_are_listed_and_left_out(
    config: Any, scans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "open_model", lambda *_, **__: tiny_models.backbone(tiny_models.CONVNET))
    for broken in BROKEN:
        (scans / broken).write_bytes(b"no picture")
    changes = {"few": 0} if hasattr(config, "few") else {}
    small = replace(config.smoke(), unreadable_share=0.7, **changes)

    small.execute(RunContext(scans, tmp_path / "run"))

    listed = {one.picture: one.reason for one in readable.read_list(tmp_path / "run", readable.FILE)}
    assert len(listed) == 2
    assert all(str(tmp_path) not in reason for reason in listed.values())
    with pytest.raises(ValueError, match="cannot be read, and at most 5%"):
        replace(small, unreadable_share=0.05).execute(RunContext(scans, tmp_path / "other"))


BROKEN = (
    "hc18/images/000_HC.png",
    "head_structures/masks/Patient00007_1.png",
    "fetal_planes/images/Patient00003_1.jpg",
    "fetal_planes/images/Patient00009_1.jpg",
)
"""For outlines and masks a training picture and a validation annotation; for landmarks a femur of each side."""


def test_a_loss_that_is_no_number_leaves_its_batch(tmp_path: Path) -> None:
    batch, training = (torch.full((1, 3), math.nan),), DecoderTraining(2, 0)

    with pytest.raises(FloatingPointError, match="step 0"):
        fit(torch.nn.Linear(3, 2), lambda _: batch, lambda net, shown: net(shown[0]).sum(), training, Course(tmp_path))

    saved = torch.load(tmp_path / "bad_batch.pt", weights_only=True)
    assert saved["step"] == 0 and saved["batch"][0].isnan().all()
