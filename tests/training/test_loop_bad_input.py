"""What a run does with numbers that are none, pictures that are damaged and patients on two sides."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tiny_models
import tiny_training
import torch

from training import checkpoint, run
from training.accumulate import backward
from training.config import RunConfig
from training.loop import Course, train
from training.not_finite import NotFinite
from training.readable import load_readable
from training.recipe import RunContext


def test_a_loss_that_is_no_number_stops_the_run_and_leaves_the_batch(data: Path, tmp_path: Path) -> None:
    config, network = tiny_training.config(), tiny_models.network(tiny_models.CONVNET)
    network.logit_scale.data.fill_(math.nan)  # type: ignore[operator, union-attr]
    expected = tiny_training.batches(data, config).draw()
    batches = tiny_training.batches(data, config)

    with pytest.raises(NotFinite, match=r"the loss is nan at step 0; .*batch_0\.pt"):
        train(network, batches, config, Course(tmp_path, tiny_training.evaluate))

    saved = torch.load(tmp_path / "batch_0.pt", weights_only=True)
    assert saved["samples"] == list(expected.keys)
    assert any(name.startswith("fetal_planes/images/") for name in saved["samples"])
    assert torch.equal(saved["pictures"], torch.from_numpy(expected.pictures))
    named = saved["planes_target"].shape[1] + saved["brain_target"].shape[1] + saved["age_target"].numel()
    assert len(saved["captions"]) == named
    assert not (tmp_path / checkpoint.FILE).exists()
    assert not (tmp_path / "last.pt").exists()


def test_the_batch_that_is_left_has_its_question_whole(data: Path) -> None:
    config = tiny_training.config()
    batch = tiny_training.batches(data, replace(config, batch=replace(config.batch, asked=True))).draw()

    told = checkpoint.told_of_batch(batch, 0)

    count = len(batch.question.texts)
    assert count
    assert told["captions"][-count:] == batch.question.texts
    assert torch.equal(told["asked_classes"], torch.from_numpy(batch.question.classes))
    assert torch.equal(told["asked_answers"], torch.from_numpy(batch.question.answers))


def test_a_gradient_that_is_no_number_never_reaches_the_weights(data: Path, tmp_path: Path) -> None:
    config = tiny_training.config(frozen_stages=0, steps=3, checkpoint_every=1, evaluate_every=9)
    done = [0]

    def breaks(network: Any, *rest: Any) -> Any:
        parts = backward(network, *rest)
        done[0] += 1
        if done[0] == 3:
            network.text_projection.grad[0, 0] = math.inf
        return parts

    with pytest.raises(NotFinite, match=r"the gradient is (inf|nan) at step 2; .*batch_2\.pt"):
        tiny_training.train(data, tmp_path, config, backward=breaks)

    saved = torch.load(tmp_path / checkpoint.FILE, weights_only=True)
    assert saved["step"] == 2
    assert all(tensor.isfinite().all() for tensor in saved["network"].values() if tensor.is_floating_point())


@pytest.fixture
def pretrained(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A run up to the first step: what it would train with."""
    given: list[Any] = []
    monkeypatch.setattr(run, "_network", lambda *_: None)
    monkeypatch.setattr(run, "train", lambda _, batches, *__: given.append(batches))

    def pretrain(**changes: Any) -> list[Any]:
        config: RunConfig = replace(tiny_training.config(simulated=0), **changes)
        run.pretrain(config, RunContext(data, tmp_path / "run"))
        return given

    return pretrain


def _damage(data: Path) -> str:
    name = "fetal_planes/images/Patient00003_1.jpg"
    (data / name).write_bytes(b"no picture")
    return name


def test_an_unreadable_picture_is_listed_counted_and_left_out(
    data: Path, tmp_path: Path, pretrained: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    name = _damage(data)

    assert len(pretrained(unreadable_share=0.2)) == 1

    with (tmp_path / "run" / "unreadable.csv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    assert [row["picture"] for row in rows] == [name]
    assert rows[0]["reason"].startswith("UnidentifiedImageError: cannot identify")
    assert str(data) not in rows[0]["reason"]
    assert "1 of 15 pictures are unreadable and left out" in capsys.readouterr().out


def test_too_many_unreadable_pictures_refuse_the_run_at_its_start(data: Path, tmp_path: Path, pretrained: Any) -> None:
    name = _damage(data)

    with pytest.raises(ValueError, match=r"1 of 15 pictures cannot be read, and at most 5% may be so") as refusal:
        pretrained()

    assert name in str(refusal.value)
    assert (tmp_path / "run" / "unreadable.csv").exists(), "the list is there to be looked at"


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", None])
def test_no_kind_of_damage_stops_the_reading(data: Path, content: bytes | None) -> None:
    samples = [sample for sample in run.all_samples(data) if sample.source == "hc18"]
    path = data / samples[0].picture
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if content is None else content)

    stored, unreadable = load_readable(data, [*samples, replace(samples[1], picture="hc18/images/missing.png")])

    assert [item.sample for item in stored] == samples[1:]
    assert [one.picture for one in unreadable] == [samples[0].picture, "hc18/images/missing.png"]


def test_patients_on_two_sides_refuse_the_run(
    data: Path, tmp_path: Path, pretrained: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = run.all_samples(data)
    torn = replace(samples[0], split="validation" if samples[0].split == "train" else "train")
    monkeypatch.setattr(run, "all_samples", lambda _: [*samples, torn])

    with pytest.raises(ValueError, match=samples[0].group):
        pretrained()
    assert not (tmp_path / "run").exists()
