"""Adapters and whole towers: what is trained, what is merged, and a run that goes on where it was stopped."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import peft
import pytest
import safetensors.torch
import tiny_models
import torch

from fetalclip_app.imaging.preprocess import PreprocessSpec
from training.augment import AugmentConfig
from training.commands.catalog import find_recipe
from training.files import sha256_of
from training.finetune import degraded, epochs, lora
from training.finetune.adapted_file import Answered, write_pictures
from training.finetune.epochs import EpochConfig, Shown, Tower, Trainee
from training.finetune.features import ModelChoice, open_network
from training.finetune.lora import AdapterConfig, adapted, adapted_modules, graded_loss, merged
from training.finetune.pictures import Picture, plain_input
from training.manifest_file import ManifestError
from training.recipe import RunContext

SPEC = PreprocessSpec(size=tiny_models.SIZE)


def choice(folder: Path) -> ModelChoice:
    """Write a tiny model and return where it lies."""
    path, entry = tiny_models.released(folder, tiny_models.CONVNET)
    return ModelChoice(weights=str(path), config=str(entry.config), device="cpu")


def pictures(count: int = 12) -> Shown:
    """Pictures of noise; those with label 1 are brighter."""
    rng = np.random.default_rng(2)
    labels = np.arange(count) % 2
    greys = [rng.integers(0, 90 + 160 * int(label), (288, 288)).astype(np.uint8) for label in labels]
    seen = [degraded.shown(grey, tiny_models.SIZE) for grey in greys]
    return Shown(seen, labels, tuple(f"p{number}" for number in range(count)))


def trainee(learning: float = 1e-2) -> Trainee:
    torch.manual_seed(1)
    network: Any = tiny_models.network(tiny_models.CONVNET)
    tower = Tower(adapted(network.visual, AdapterConfig()), 16, 1)
    free = {name: parameter for name, parameter in tower.named_parameters() if parameter.requires_grad}
    optimizer = torch.optim.AdamW(free.values(), lr=learning)
    return Trainee(tower, optimizer, graded_loss, SPEC, AugmentConfig(), free.__contains__)


@pytest.mark.parametrize("name", ["VIT", "CONVNET", "TIMM_VIT"])
def test_adapters_change_nothing_at_first_and_merged_weights_say_the_same(name: str) -> None:
    config = getattr(tiny_models, name)
    plain: Any = tiny_models.network(config)
    size = config["vision_cfg"]["image_size"]
    shown = torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        before = plain.visual.eval()(shown)
    network: Any = tiny_models.network(config)
    tower = Tower(adapted(network.visual, AdapterConfig()), 16, 1).eval()

    with torch.no_grad():
        assert torch.allclose(tower.visual(shown), before, atol=1e-5)
        for key, parameter in tower.named_parameters():
            if "lora_B" in key:
                parameter.normal_(0, 0.02, generator=torch.Generator().manual_seed(len(key)))
        moved = tower.visual(shown)
        after = merged(tower).visual(shown)

    assert not torch.allclose(moved, before, atol=1e-2)
    assert torch.allclose(after, moved, atol=1e-4 * float(moved.abs().max()))
    assert set(tower.visual.state_dict()) == set(plain.visual.state_dict()), "an open_clip tower again"


def test_attention_is_adapted_as_a_whole_and_convolutions_of_one_pixel() -> None:
    transformer: Any = tiny_models.network(tiny_models.VIT)
    convolutional: Any = tiny_models.network(tiny_models.CONVNET)

    blocks, points = adapted_modules(transformer.visual), adapted_modules(convolutional.visual)

    assert {name.split(".", 3)[3] for name in blocks} == {"attn", "mlp.c_fc", "mlp.c_proj"}
    assert {name.rsplit(".", 1)[1] for name in points} == {"conv_pw", "conv_pwl", "conv_head"}
    with pytest.raises(ValueError, match="no attention"):
        adapted_modules(torch.nn.Conv2d(3, 3, 3))


def test_training_moves_the_adapters_and_the_layer_alone_and_learns(tmp_path: Path) -> None:
    subject = trainee()
    before = {name: tensor.clone() for name, tensor in subject.model.state_dict().items()}
    shown = pictures()
    config = EpochConfig(epochs=4, batch=6)

    first = epochs.held_loss_of(subject, shown, 6)
    best = epochs.train(subject, shown, shown, config, tmp_path, resume=False)

    assert best < 0.9 * first
    moved = {name for name, tensor in subject.model.state_dict().items() if not torch.equal(tensor, before[name])}
    assert moved and all("lora_" in name or name.startswith("last.") for name in moved)


def test_a_stopped_run_goes_on_and_ends_with_the_same_weights(tmp_path: Path) -> None:
    shown, config = pictures(6), EpochConfig(epochs=3, batch=3, patience=9)
    whole, first, second = trainee(), trainee(), trainee()
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()

    epochs.train(whole, shown, shown, config, tmp_path / "a", resume=False)
    epochs.train(first, shown, shown, replace(config, epochs=1), tmp_path / "b", resume=False)
    epochs.train(second, shown, shown, config, tmp_path / "b", resume=True)

    ended, resumed = whole.state(), second.state()
    assert all(torch.equal(ended[name], resumed[name]) for name in ended)
    steps = [json.loads(line)["epoch"] for line in (tmp_path / "b" / "log.jsonl").read_text("utf-8").splitlines()]
    assert steps == [1, 2, 3]


def test_a_run_that_gets_no_better_stops_and_keeps_its_best_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses, states = iter([0.5, 0.3, 0.4, 0.6, 0.2]), []
    subject, shown = trainee(), pictures(4)

    def told(*_: Any) -> float:
        states.append(subject.state())
        return next(losses)

    monkeypatch.setattr(epochs, "held_loss_of", told)

    best = epochs.train(subject, shown, shown, EpochConfig(epochs=9, batch=4, patience=2), tmp_path, resume=False)

    assert (best, len(states)) == (0.3, 4)
    ended = subject.state()
    assert all(torch.equal(ended[name], states[1][name]) for name in ended)


def test_a_loss_that_is_no_number_stops_the_run_with_its_batch(tmp_path: Path) -> None:
    subject, shown = trainee(), pictures(4)
    subject.model.last.bias.data.fill_(float("nan"))  # type: ignore[union-attr, operator]

    with pytest.raises(FloatingPointError, match=r"nan in epoch 1; the batch that caused it is in .*bad_batch\.pt"):
        epochs.train(subject, shown, shown, EpochConfig(batch=4), tmp_path, resume=False)

    saved = torch.load(tmp_path / "bad_batch.pt", weights_only=True)
    assert saved["pictures"].shape == (4, 3, 64, 64) and sorted(saved["rows"]) == [0, 1, 2, 3]


def test_held_back_pictures_that_get_no_number_stop_the_run_and_are_kept(tmp_path: Path) -> None:
    subject, shown, held = trainee(), pictures(4), pictures(4)
    held.pictures[2].seen[:] = 255
    marked = float(torch.from_numpy(plain_input(held.pictures[2], SPEC)).mean())

    def breaks_at_the_marked(_: Any, given: Any, logits: torch.Tensor) -> torch.Tensor:
        guilty = torch.isclose(given[0].mean(dim=(1, 2, 3)), torch.tensor(marked))
        return torch.where(guilty[:, None], torch.tensor(float("nan")), logits)

    subject.model.register_forward_hook(breaks_at_the_marked)

    with pytest.raises(FloatingPointError, match=r"the loss is nan on held-back pictures; .*bad_batch\.pt"):
        epochs.train(subject, shown, held, EpochConfig(batch=4), tmp_path, resume=False)

    saved = torch.load(tmp_path / "bad_batch.pt", weights_only=True)
    assert saved["rows"] == [2] and float(saved["pictures"][0].mean()) == pytest.approx(marked)


def test_the_graded_loss_of_two_grades_is_that_of_yes_and_no() -> None:
    logits, grades = torch.tensor([[0.5], [-1.0]]), torch.tensor([1, 0])

    expected = torch.nn.functional.binary_cross_entropy_with_logits(logits[:, 0], grades.float())
    assert graded_loss(logits, grades) == pytest.approx(float(expected))
    ordered = graded_loss(torch.tensor([[9.0, 9.0], [9.0, -9.0], [-9.0, -9.0]]), torch.tensor([2, 1, 0]))
    assert ordered < 0.001


@pytest.mark.parametrize("harm", degraded.HARMS, ids=lambda harm: harm.__name__)
def test_every_harm_changes_the_picture_and_none_its_form(harm: degraded.Harm) -> None:
    grey = pictures(1).pictures[0].grey

    harmed = harm(grey, np.random.default_rng(1))

    assert harmed.dtype == np.uint8 and harmed.shape == grey.shape
    assert np.abs(harmed.astype(int) - grey).mean() > 5


def test_a_table_of_grades_is_read_and_refused_when_patients_or_grades_are_wrong(tmp_path: Path) -> None:
    def write(*rows: tuple[str, str, str, str]) -> Path:
        path = tmp_path / "grades.csv"
        with path.open("w", encoding="utf-8", newline="") as table:
            csv.writer(table).writerows([("picture", "group", "split", "sharpness"), *rows])
        return path

    (row,) = lora.read_table(write(("a.png", "p", "train", "2")), "sharpness")
    assert (row.picture, row.group, row.split, row.grade) == ("a.png", "p", "train", 2)
    with pytest.raises(ValueError, match="two sides"):
        lora.read_table(write(("a.png", "p", "train", "2"), ("b.png", "p", "test", "1")), "sharpness")
    with pytest.raises(ValueError, match=r"sharpness of a\.png"):
        lora.read_table(write(("a.png", "p", "train", "good")), "sharpness")
    with pytest.raises(ManifestError, match=r"grades\.csv: there is no column quality; there are picture, group"):
        lora.read_table(write(("a.png", "p", "train", "2")), "quality")

    config = replace(find_recipe("quality_lora"), table="grades.csv", column="sharpness")
    lora._rows(config, RunContext(tmp_path, tmp_path / "run"))
    told = json.loads((tmp_path / "run" / "config.json").read_text("utf-8"))
    assert (told["labels"], told["labels_sha256"]) == ("grades.csv", sha256_of(tmp_path / "grades.csv"))


def test_the_quality_recipe_writes_merged_weights_and_says_that_nobody_graded(data: Path, tmp_path: Path) -> None:
    config = replace(find_recipe("quality_lora").smoke(), model=choice(tmp_path))
    folder = tmp_path / "run"

    config.execute(RunContext(data, folder, smoke=True))

    told = json.loads((folder / "results.json").read_text("utf-8"))
    assert (told["labels"], told["split"]) == (lora.DEGRADED, "validation")
    plain: Any = tiny_models.network(tiny_models.CONVNET)
    saved = safetensors.torch.load_file(folder / "merged.safetensors")
    assert {name for name in saved if name.startswith("visual.")} == {f"visual.{n}" for n in plain.visual.state_dict()}
    assert isinstance(pictures(1).pictures[0], Picture)


def test_an_adapter_on_an_attentions_output_projection_alone_is_never_heard() -> None:
    """`nn.MultiheadAttention` reads the projection's weight and never calls it: the attention is adapted whole."""
    network: Any = tiny_models.network(tiny_models.VIT)
    shown = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    wanted = peft.LoraConfig(r=8, target_modules=["out_proj"])
    with torch.no_grad():
        before = network.visual.eval()(shown)
        tower = peft.get_peft_model(network.visual, wanted).eval()
        for name, parameter in tower.named_parameters():
            if "lora_B" in name:
                parameter.fill_(1.0)

        assert torch.equal(tower(shown), before)


@pytest.mark.parametrize(
    ("told", "labels"),
    [
        ({}, ["Picture quality"]),
        ({"table": "t.csv"}, ["Picture quality"]),
        ({"table": "t.csv", "column": "shadow"}, ["shadow"]),
        ({"table": "t.csv", "column": "shadow", "label": "Dark"}, ["Dark"]),
        ({"column": "shadow"}, ["Picture quality"]),
    ],
    ids=["made poor", "quality", "another column", "a name", "a column of no table"],
)
def test_a_label_without_a_name_is_called_after_its_column(
    told: dict[str, str], labels: list[str], tmp_path: Path
) -> None:
    config = replace(find_recipe("quality_lora"), **told)

    opened = open_network(choice(tmp_path))
    facts = lora._facts(config, opened, 1, "CC0")

    assert [fact.label for fact in facts] == labels
    if config.table:
        several = lora._facts(config, opened, 2, "CC0")
        assert [fact.label for fact in several] == [f"{labels[0]} above {step}" for step in (0, 1)]


def test_a_label_that_cannot_be_written_costs_no_results_and_leaves_no_earlier_one(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> Any:
        raise ValueError("changed by more than rank 8")

    monkeypatch.setattr(lora, "changed_weights", fails)
    config = replace(find_recipe("quality_lora").smoke(), model=choice(tmp_path))
    folder = tmp_path / "run"
    folder.mkdir()
    for kind in ("json", "safetensors"):
        (folder / f"custom_picture_picture_quality.{kind}").write_text("{}", encoding="utf-8")

    with pytest.raises(ValueError, match="more than rank"):
        config.execute(RunContext(data, folder, smoke=True))

    assert json.loads((folder / "results.json").read_text("utf-8"))["labels"] == lora.DEGRADED
    assert (folder / "merged.safetensors").is_file()
    assert not list(folder.glob("custom_picture_*"))


def test_a_step_without_a_head_leaves_no_earlier_one(tmp_path: Path) -> None:
    (fact,) = lora._facts(find_recipe("quality_lora"), open_network(choice(tmp_path)), 1, "CC0")
    rows = np.eye(4, dtype=np.float32)
    side = Answered(rows, np.ones(4, np.intp), ("a", "b", "c", "d"))
    for kind in ("json", "safetensors"):
        (tmp_path / f"{fact.backbone}_picture_picture_quality.{kind}").write_text("{}", encoding="utf-8")

    assert write_pictures({}, torch.nn.Linear(4, 1), (side, side), [fact], tmp_path) == []

    assert not list(tmp_path.glob("*_picture_*"))
