"""The trainings run: a made-up data folder, a tiny network, a few steps."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import fakes
import made_up_scans
import numpy as np
import pytest
import tiny_models
import torch

from fetalclip_app.imaging.preprocess import PreprocessSpec
from training import number_sense, run, split
from training.__main__ import main
from training.config import OptimizerConfig, RunConfig
from training.dataset import Batches, load
from training.loop import Course, optimizer_of, rate_factor, train
from training.number_sense import NumberConfig
from training.outlines import read_outline
from training.recipes.compact import compact
from training.towers import freeze_early, hold_statistics


def _config(**changes: Any) -> RunConfig:
    few = replace(compact().smoke(), optimizer=OptimizerConfig(warm_up=1))
    return replace(few, **changes)


def _batches(data: Path, config: RunConfig) -> Batches:
    stored = load(data, [sample for sample in run.all_samples(data) if sample.split == "train"])
    spec = PreprocessSpec(size=tiny_models.SIZE)
    return Batches(stored, spec=spec, batch=config.batch, augmentation=config.augmentation, seed=config.seed)


def _evaluate(heard: list[int]) -> Callable[[Any, int], dict[str, float]]:
    def evaluate(network: Any, step: int) -> dict[str, float]:
        heard.append(step)
        return {"training": float(network.training)}

    return evaluate


def _lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text("utf-8").splitlines()]


def test_two_steps_write_a_log_and_a_state_and_move_only_what_is_free(data: Path, tmp_path: Path) -> None:
    config, network, heard = _config(frozen_stages=2), tiny_models.network(tiny_models.CONVNET), []
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}

    mean = train(network, _batches(data, config), config, Course(tmp_path, _evaluate(heard)))

    losses, validation = _lines(tmp_path)
    assert losses["step"] == 2
    assert set(losses["loss"]) >= {"planes", "ages"}
    assert all(math.isfinite(loss) for loss in losses["loss"].values())
    assert validation == {"step": 2, "validation": {"training": 0.0}}
    assert heard == [2]
    saved = torch.load(tmp_path / "last.pt", weights_only=True)
    assert saved["step"] == 2
    assert all(torch.equal(saved["network"][name], tensor) for name, tensor in mean.state_dict().items())

    after = network.state_dict()
    same = {name for name in before if torch.equal(before[name], after[name])}
    early = ("visual.trunk.conv_stem.", "visual.trunk.bn1.", "visual.trunk.blocks.0.", "visual.trunk.blocks.1.")
    assert {name for name in before if name.startswith(early)} <= same
    learned = {f"visual.trunk.blocks.2.0.{name}" for name in ("conv_pw.weight", "bn1.running_mean", "bn1.running_var")}
    assert (learned | {"text_projection", "logit_scale"}).isdisjoint(same)


def test_a_loss_that_is_no_number_stops_the_run(data: Path, tmp_path: Path) -> None:
    config, network, heard = _config(), tiny_models.network(tiny_models.CONVNET), []
    network.logit_scale.data.fill_(math.nan)  # type: ignore[operator, union-attr]

    with pytest.raises(FloatingPointError, match="nan at step 0"):
        train(network, _batches(data, config), config, Course(tmp_path, _evaluate(heard)))
    assert heard == []
    assert not (tmp_path / "last.pt").exists()


def test_a_recipe_runs_from_the_data_folder_to_a_checkpoint(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "fresh_network", lambda *_, **__: tiny_models.network(tiny_models.CONVNET))
    out = tmp_path / "runs"

    assert main(["run", "compact", "--smoke", "--steps", "1", "--data", str(data), "--out", str(out)]) == 0

    folder = out / "compact_smoke"
    told = json.loads((folder / "config.json").read_text("utf-8"))
    looked = _lines(folder)[-1]["validation"]
    assert told["config"]["steps"] == 1
    assert len(told["manifest"]) == 64
    assert set(looked) == {"planes_f1", "brain_f1", "age_mae_days", "age_spread_days", "vpr"}
    assert 14 <= looked["age_spread_days"] <= 174, "fifteen days lie at least 14 apart"
    assert torch.load(folder / "last.pt", weights_only=True)["step"] == 1
    assert torch.load(folder / "numbers.pt", weights_only=True)["step"] == 0


def test_splits_are_drawn_by_exam_and_by_official_test_patient(data: Path, tmp_path: Path) -> None:
    split.draw_all(data)

    side_of = {sample.group: sample.split for sample in run.all_samples(data)}
    assert len(side_of) == 4 + 2 * len(made_up_scans.PLANES)
    for patient in range(1, 2 * len(made_up_scans.PLANES) + 1):
        assert (side_of[f"planes-patient-{patient}"] == "test") == (patient > len(made_up_scans.PLANES))


def test_the_made_up_outline_is_the_head_that_was_drawn(data: Path) -> None:
    ellipse = read_outline(data / "hc18" / "outlines" / "000_HC.png")

    axes = (ellipse.a / made_up_scans.WIDTH, ellipse.b / made_up_scans.WIDTH)
    assert axes == pytest.approx(fakes.HEAD[2:4], abs=0.01)


def test_practising_the_same_numbers_lowers_the_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    network = tiny_models.network(tiny_models.CONVNET)
    pictures_before = network.visual.trunk.conv_stem.weight.clone()  # type: ignore[union-attr, operator]
    drawn, calls = number_sense._ladder, itertools.count()

    def four_again_and_again(phrases: Any, config: Any, *_: Any) -> Any:
        seed = next(calls) % 4
        return drawn(phrases, config, np.random.default_rng(seed), Random(seed))

    monkeypatch.setattr(number_sense, "_ladder", four_again_and_again)

    losses = np.array(number_sense.teach_numbers(network, NumberConfig(steps=30, rows=4, ladder=4), seed=1))

    assert losses.shape == (30, 2)
    assert (losses[-3:].mean(axis=0) < 0.8 * losses[:3].mean(axis=0)).all(), "contrastive loss and reading error"
    assert torch.equal(network.visual.trunk.conv_stem.weight, pictures_before)  # type: ignore[union-attr, arg-type]


def test_frozen_layers_hold_their_batch_statistics_and_the_others_learn_theirs() -> None:
    network = tiny_models.network(tiny_models.CONVNET)
    network.train()
    freeze_early(network, 2)
    hold_statistics(network)
    norms: list[Any] = [module for module in network.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    means = [norm.running_mean.clone() for norm in norms]

    network.encode_image(torch.randn(2, 3, 64, 64)).sum().backward()  # type: ignore[operator]

    trunk: Any = network.visual.trunk  # type: ignore[union-attr]
    assert network.training and trunk.blocks.training
    held: dict[bool, list[bool]] = {True: [], False: []}
    for norm, mean in zip(norms, means, strict=True):
        held[norm.weight.requires_grad].append(torch.equal(norm.running_mean, mean))
    assert all(held[False]) and not any(held[True])
    assert trunk.conv_stem.weight.grad is None
    assert all(parameter.grad is None for parameter in trunk.blocks[:2].parameters())
    assert all(parameter.grad is not None for parameter in trunk.blocks[2].parameters())


def test_vectors_do_not_decay_and_each_tower_has_its_own_rate() -> None:
    network = tiny_models.network(tiny_models.CONVNET)
    freeze_early(network, 2)

    groups = optimizer_of(network, OptimizerConfig(image_rate=1e-4, text_rate=1e-3, weight_decay=0.1)).param_groups

    kinds = {(group["lr"], group["weight_decay"], tensor.ndim > 1) for group in groups for tensor in group["params"]}
    assert kinds == {(1e-4, 0.1, True), (1e-4, 0.0, False), (1e-3, 0.1, True), (1e-3, 0.0, False)}
    assert sum(len(group["params"]) for group in groups) == sum(p.requires_grad for p in network.parameters())


def test_the_rate_rises_to_the_full_one_and_ends_near_nothing() -> None:
    factors = [rate_factor(step, 100, 10) for step in range(100)]

    assert factors[:10] == pytest.approx(np.arange(1, 11) / 10)
    assert factors[10] == 1.0
    assert factors[55] == pytest.approx(0.5)
    assert factors[99] < 0.001
