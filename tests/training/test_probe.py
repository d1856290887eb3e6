"""Linear probes: the published protocol on frozen features, and the head that the app loads."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_models
import torch
import torch.nn.functional as F

from fetalclip_app.domain.clip import Frame
from fetalclip_app.imaging.preprocess import PreprocessSpec, prepare
from fetalclip_app.imaging.readers import read_clip
from fetalclip_app.model import probes
from training.commands.catalog import find_recipe
from training.finetune import few_data, probe, probe_results
from training.finetune.features import FeatureStore, unit
from training.finetune.groups import Group, folds_of, set_apart
from training.finetune.linear import Examples, LinearConfig, fit_together
from training.finetune.pictures import CopyConfig
from training.finetune.probe_file import temperature_of
from training.quick_look import macro_f1
from training.recipe import Recipe, RunContext

PICTURE = "hc18/images/000_HC.png"


def _examples(count: int, seed: int, classes: int = 3) -> Examples:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, count)
    return Examples((np.eye(classes, 5)[labels] + rng.normal(0, 0.5, (count, 5))).astype(np.float32), labels)


def _alone(taught: Examples, held: Examples, seed: int, config: LinearConfig) -> tuple[Any, float]:
    """One probe in torch's own words: `nn.Linear`, AdamW, the epoch of the lowest validation loss."""
    draw = torch.Generator().manual_seed(seed)
    layer = torch.nn.Linear(5, 3)
    for parameter in (layer.weight, layer.bias):
        parameter.data = (2 * torch.rand(parameter.shape, generator=draw) - 1) / 5**0.5
    optimizer = torch.optim.AdamW(layer.parameters(), lr=config.rate, weight_decay=config.weight_decay)
    rows, labels = torch.from_numpy(taught.rows), torch.from_numpy(taught.labels)
    best = (layer.weight.detach().clone(), float("inf"))
    for _ in range(config.epochs):
        order = torch.randperm(len(rows), generator=draw)
        for start in range(0, len(rows) - config.batch + 1, config.batch):
            chosen = order[start : start + config.batch]
            optimizer.zero_grad()
            F.cross_entropy(layer(rows[chosen]), labels[chosen]).backward()
            optimizer.step()
        with torch.no_grad():
            loss = F.cross_entropy(layer(torch.from_numpy(held.rows)), torch.from_numpy(held.labels)).item()
        if loss < best[1]:
            best = (layer.weight.detach().clone(), loss)
    return best


def test_layers_trained_together_are_those_trained_one_by_one() -> None:
    taught, held, config = _examples(50, 1), _examples(20, 2), LinearConfig(rate=0.05, batch=16, epochs=12)

    layers = fit_together(taught, held, 3, [3, 4], config)

    for number, seed in enumerate((3, 4)):
        weight, loss = _alone(taught, held, seed, config)
        assert layers.weight[number] == pytest.approx(weight.numpy(), abs=1e-5)
        assert layers.losses[number] == pytest.approx(loss, abs=1e-5)
    assert not np.allclose(layers.weight[0], layers.weight[1])


def test_fewer_pictures_than_a_batch_are_a_batch() -> None:
    taught = _examples(6, 1)

    first, last = (fit_together(taught, taught, 3, [1], LinearConfig(rate=0.1, epochs=e)).losses[0] for e in (1, 30))

    assert last < 0.7 * first


def test_a_loss_that_is_no_number_stops_the_probe() -> None:
    broken = Examples(np.full((4, 5), np.nan, np.float32), np.zeros(4, np.intp))

    with pytest.raises(FloatingPointError, match="nan"):
        fit_together(broken, broken, 3, [1])


def test_folds_keep_a_patient_together_and_lose_nobody() -> None:
    groups = [f"patient-{number % 11}" for number in range(40)]

    folds = folds_of(groups, 5, seed=1)

    assert sorted(name for fold in folds for name in fold) == sorted(set(groups))
    assert {len(fold) for fold in folds} == {2, 3}
    assert 0 < len(set_apart(groups, 1)) < 11
    with pytest.raises(ValueError, match="11 patients cannot make 12 folds"):
        folds_of(groups, 12, seed=1)


def test_the_mean_layer_answers_with_the_mean_of_all_logits() -> None:
    layers = fit_together(_examples(30, 1), _examples(30, 2), 3, [1, 2, 3], LinearConfig(epochs=2, batch=8))
    rows = _examples(7, 5).rows

    weight, bias = layers.mean()

    assert rows @ weight.T + bias == pytest.approx(layers.logits(rows).mean(axis=0), abs=1e-5)


def test_the_mean_over_layers_is_the_mean_of_their_f1() -> None:
    layers = fit_together(_examples(30, 1), _examples(30, 2), 3, [1, 2], LinearConfig(epochs=1, batch=8))
    held, names = _examples(40, 9), ("a", "b", "c", "never shown")
    layers = replace(
        layers, weight=np.pad(layers.weight, ((0, 0), (0, 1), (0, 0))), bias=np.pad(layers.bias, (0, 1))[:2]
    )
    group = Group(held.rows, None, held.labels, tuple(f"p{number // 2}" for number in range(40)))

    results = probe_results.measure(group, layers, names, "validation")

    truth = [names[label] for label in held.labels]
    each = [macro_f1(truth, [names[place] for place in row], "abc") for row in layers.logits(held.rows).argmax(axis=2)]
    assert results.scores[0].mean == pytest.approx(np.mean(each))
    assert results.scores[0].deviation == pytest.approx(np.std(each, ddof=1))
    assert results.scores[0].low < results.scores[0].mean < results.scores[0].high
    assert (results.absent, results.patients) == (("never shown",), 20)


def test_features_are_computed_once_and_are_those_of_the_app(data: Path, tmp_path: Path) -> None:
    backbone = tiny_models.backbone(tiny_models.CONVNET)
    store = FeatureStore(backbone, tmp_path / "features", seed=1)
    (data / "broken.png").write_bytes(b"no picture")

    plain, broken, missing = store.rows(data, [PICTURE, "broken.png", "nowhere.png"])
    (copies,) = store.rows(data, [PICTURE], CopyConfig(count=3))

    assert broken is None and missing is None and plain is not None and copies is not None
    assert store.lost == ["broken.png", "nowhere.png"]
    seen = prepare(Frame(read_clip(data / PICTURE).frame(0).pixels), PreprocessSpec(size=tiny_models.SIZE))
    assert unit(plain) == pytest.approx(backbone.encode_frames(seen[None]), abs=1e-5)
    assert len({row.tobytes() for row in [*copies, *plain]}) == 4, "no copy is another one or the original"
    other_seed = FeatureStore(backbone, tmp_path / "features", seed=2).rows(data, [PICTURE], CopyConfig(count=3))[0]
    assert not np.allclose(other_seed, copies)  # type: ignore[arg-type]

    def refuse(*_: Any) -> Any:
        raise AssertionError("computed twice")

    backbone.run = refuse  # type: ignore[method-assign]
    again = store.rows(data, [PICTURE], CopyConfig(count=3))[0]
    assert again is not None and np.array_equal(again, copies)


@pytest.mark.parametrize("name", ["probe_planes", "probe_brain"])
def test_a_probe_goes_from_the_data_folder_to_a_head_that_the_app_loads(
    name: str, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "open_backbone", lambda _: tiny_models.backbone(tiny_models.CONVNET))
    config = find_recipe(name).smoke()
    context = RunContext(data, tmp_path / "run", smoke=True)

    assert isinstance(config, Recipe)
    config.execute(context)

    told = json.loads((context.folder / "results.json").read_text("utf-8"))
    assert (told["split"], told["layers"]) == ("validation", config.folds * config.repeats)
    assert "| macro-F1 |" in (context.folder / "results.md").read_text("utf-8")
    spec = PreprocessSpec(size=tiny_models.SIZE)
    head = probes.find_all(context.folder, tiny_models.IDENTITY.sha256, spec).probes[config.task]
    assert head.facts.classes == probe.CLASSES[config.task]
    examined, _ = probe.examples_of(config, context, config)
    weight, bias = probe.cross_validated(examined, config).mean()
    logits = (examined.held.seen @ weight.T + bias) / (head.facts.temperature or 1.0)
    expected = torch.softmax(torch.from_numpy(logits), dim=1).numpy()
    assert head.probabilities(unit(examined.held.seen)) == pytest.approx(expected, abs=1e-4)


def test_the_temperature_finds_the_one_that_was_hidden() -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 2, (4000, 3)).astype(np.float32)
    shares = torch.softmax(torch.from_numpy(logits), dim=1).numpy()
    labels = np.array([rng.choice(3, p=row / row.sum()) for row in shares.astype(float)])

    assert temperature_of(3 * logits, labels) == pytest.approx(3.0, rel=0.1)


def test_few_patients_teach_and_as_many_others_choose() -> None:
    groups = tuple(f"p{number // 3}" for number in range(30))
    rows = np.arange(60, dtype=np.float32).reshape(30, 2)
    taught = Group(rows, rows[:, None], np.zeros(30, np.intp), groups)

    first, second = few_data.support(taught, 4, seed=1)

    assert (len(set(first.groups)), len(set(second.groups))) == (4, 4)
    assert not set(first.groups) & set(second.groups)
    assert few_data.support(taught, 4, seed=2)[0].groups != first.groups


def test_the_study_of_few_patients_runs(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "open_backbone", lambda _: tiny_models.backbone(tiny_models.CONVNET))
    config = replace(find_recipe("probe_few").smoke(), counts=(1, 2, 64))
    folder = tmp_path / "run"

    config.execute(RunContext(data, folder, smoke=True))

    told = json.loads((folder / "results.json").read_text("utf-8"))
    assert [row["training_patients"] for row in told] == [1, 2]
    assert all(row["layers"] == 4 for row in told)
    assert "Only 6 patients: 64 left out." in (folder / "results.md").read_text("utf-8")


def test_the_few_data_studies_have_the_published_settings() -> None:
    planes, brain = find_recipe("probe_few"), find_recipe("probe_few_brain")

    assert (planes.counts, brain.counts) == ((2, 4, 8, 16, 32, 64), (4, 8, 16, 32, 64))
    assert (planes.probe.linear.rate, brain.probe.linear.rate) == (3e-4, 1e-4)
    assert planes.probe.linear.batch == 16 and planes.probe.linear.epochs == 100
