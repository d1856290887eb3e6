"""A fine-tuning runs where its configuration says: without a card, on one that torch only pretends to have."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tiny_models
import torch
import torch.nn.functional as F
from torch._subclasses.fake_tensor import FakeTensorMode

from fetalclip_app.errors import ComputeFailed, InvalidInput
from fetalclip_app.imaging.preprocess import PreprocessSpec
from fetalclip_app.model import device
from training.augment import AugmentConfig
from training.commands.catalog import find_recipe
from training.finetune import epochs
from training.finetune.epochs import Tower, Trainee
from training.finetune.features import ModelChoice, open_network
from training.finetune.lora import AdapterConfig, adapted, graded_loss
from training.recipe import RunContext

SPEC = PreprocessSpec(size=tiny_models.SIZE)

CARD = torch.device("cuda", 0)


def _choice(folder: Path, wanted: str) -> ModelChoice:
    path, entry = tiny_models.released(folder, tiny_models.CONVNET)
    return ModelChoice(weights=str(path), config=str(entry.config), device=wanted)


@pytest.mark.parametrize(
    ("loss", "outputs", "is_adapted"), [(graded_loss, 2, True), (F.cross_entropy, 6, False)], ids=["quality", "full"]
)
def test_the_loss_of_a_batch_from_the_cpu_is_computed_on_the_models_card(
    loss: Any, outputs: int, is_adapted: bool
) -> None:
    """Torch's fake tensors refuse an operation on two devices as a card would, and need none."""
    network: Any = tiny_models.network(tiny_models.CONVNET)
    visual = adapted(network.visual, AdapterConfig()) if is_adapted else network.visual
    tower = Tower(visual, 16, outputs).train()
    with FakeTensorMode():
        _put_on_the_card(tower)
        trainee = Trainee(tower, torch.optim.AdamW(tower.parameters()), loss, SPEC, AugmentConfig())
        pictures, labels = torch.zeros(4, 3, tiny_models.SIZE, tiny_models.SIZE), torch.zeros(4, dtype=torch.long)

        with pytest.raises(RuntimeError, match="device"):
            tower(pictures)
        with pytest.raises(RuntimeError, match="device"):
            loss(tower(pictures.to(CARD)), labels)
        found = epochs.loss_of(trainee, pictures, labels)

        assert (found.device, trainee.device, found.requires_grad) == (CARD, CARD, True)


def _put_on_the_card(tower: torch.nn.Module) -> None:
    """`Module.to` cannot move what is fake: each weight is replaced by one of its form."""
    for module in tower.modules():
        for name, parameter in module.named_parameters(recurse=False):
            grown = torch.empty(parameter.shape, device=CARD)
            setattr(module, name, torch.nn.Parameter(grown, requires_grad=parameter.requires_grad))
        for name, buffer in module.named_buffers(recurse=False):
            setattr(module, name, torch.empty(buffer.shape, dtype=buffer.dtype, device=CARD))


@pytest.mark.parametrize("name", ["quality_lora", "finetune_full"])
def test_a_run_trains_where_its_configuration_says(
    name: str, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved, asked, trained = [], [], epochs.train
    to = Tower.to

    def chosen(wanted: str) -> device.Device:
        asked.append(wanted)
        return replace(device.cpu(), kind="meta") if wanted == "cuda" else device.cpu()

    def moves(tower: Tower, place: str) -> Tower:
        moved.append(place)
        return to(tower, "cpu")  # nothing can be computed on 'meta': what is asked for is proof enough

    def checks(trainee: Trainee, *rest: Any, **named: Any) -> float:
        assert moved == ["meta"], "before the optimizer was made and the first picture was shown"
        return trained(trainee, *rest, **named)

    monkeypatch.setattr(device, "choose", chosen)
    monkeypatch.setattr(Tower, "to", moves)
    monkeypatch.setattr(epochs, "train", checks)
    config = replace(find_recipe(name).smoke(), model=_choice(tmp_path, "cuda"))

    config.execute(RunContext(data, tmp_path / "run", smoke=True))

    assert (asked[0], moved) == ("cuda", ["meta"])


def test_a_card_that_is_not_there_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is one")

    with pytest.raises(ComputeFailed):
        open_network(_choice(tmp_path, "cuda"))
    with pytest.raises(InvalidInput):
        open_network(_choice(tmp_path, "cuda:7"))
    assert open_network(_choice(tmp_path, "auto")).device == "cpu"
