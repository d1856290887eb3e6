"""What a contrastive run begins with: the released shape, and any checkpoint of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import open_clip
import pytest
import tiny_models
import torch
from open_clip.transformer import QuickGELU

from fetalclip_app.errors import ModelUnavailable
from fetalclip_app.model.architecture import build
from training import towers
from training.__main__ import main
from training.recipes.compact import compact
from training.recipes.vit_large import vit_large
from training.towers import TowerConfig, architecture, begin_with, freeze_early, stretched

SHORT = {**tiny_models.VIT, "text_cfg": {**tiny_models.TEXT, "context_length": 77}}


def _checkpoint(folder: Path, config: dict[str, Any], **changes: torch.Tensor) -> tuple[Path, dict[str, torch.Tensor]]:
    """Write an open_clip checkpoint as its trainer does."""
    state = tiny_models.network(config).state_dict() | changes
    path = folder / "open_clip.pt"
    torch.save({"epoch": 1, "state_dict": {f"module.{name}": tensor for name, tensor in state.items()}}, path)
    return path, state


def test_the_large_recipe_has_exactly_the_released_shape() -> None:
    with torch.device("meta"):
        network = open_clip.CLIP(**architecture(vit_large().tower))

    count = sum(parameter.numel() for parameter in network.parameters())
    assert count == 427_647_233, "as counted from the released configuration"
    assert len(network.state_dict()) == 446
    assert (network.context_length, tuple(network.visual.image_size)) == (117, (224, 224))


def test_positions_are_stretched_in_a_straight_line() -> None:
    ramp = torch.stack([torch.arange(77.0), 5 - 2 * torch.arange(77.0)], dim=1)

    long = stretched(ramp, 117)

    where = ((torch.arange(117) + 0.5) * 77 / 117 - 0.5).clamp(0, 76)
    torch.testing.assert_close(long, torch.stack([where, 5 - 2 * where], dim=1))
    assert stretched(ramp, 77) is ramp


def test_a_checkpoint_with_77_positions_begins_a_network_with_117(tmp_path: Path) -> None:
    path, theirs = _checkpoint(tmp_path, SHORT)
    network = tiny_models.network(tiny_models.VIT)
    for parameter in network.parameters():
        parameter.data.zero_()

    begin_with(network, path)

    ours = network.state_dict()
    assert torch.equal(ours["positional_embedding"], stretched(theirs["positional_embedding"], 117))
    assert all(torch.equal(ours[name], theirs[name]) for name in ours if name != "positional_embedding")


def test_another_shape_is_refused_and_nothing_is_changed(tmp_path: Path) -> None:
    path, _ = _checkpoint(tmp_path, SHORT, **{"visual.proj": torch.zeros(64, 24)})
    network = tiny_models.network(tiny_models.VIT)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}

    with pytest.raises(ModelUnavailable) as refusal:
        begin_with(network, path)

    assert refusal.value.parameters["reason"] == "visual.proj: (64, 24) for (64, 16)"
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())


def test_siglip_keeps_its_own_temperature_where_the_checkpoint_has_no_bias(tmp_path: Path) -> None:
    path, theirs = _checkpoint(tmp_path, SHORT)
    network: Any = tiny_models.network(tiny_models.VIT | {"init_logit_scale": 2.3, "init_logit_bias": -10.0})

    begin_with(network, path)

    assert network.logit_scale.item() == pytest.approx(2.3)
    assert network.logit_bias.item() == -10.0
    assert torch.equal(network.visual.proj, theirs["visual.proj"])


def test_siglips_network_has_a_bias_and_clips_has_none() -> None:
    tiny = TowerConfig(shape="fetalclip", tiny=True)

    assert towers.fresh_network(architecture(tiny, "siglip"), 1).logit_bias.item() == -10.0
    assert towers.fresh_network(architecture(tiny), 1).logit_bias is None


@pytest.mark.parametrize("quick", [False, True])
def test_the_network_computes_the_activation_that_its_configuration_asks_for(quick: bool) -> None:
    shape = architecture(TowerConfig(shape="fetalclip", tiny=True, quick_gelu=quick))

    network = build(shape)

    kinds = [type(module) for module in network.modules() if isinstance(module, torch.nn.GELU | QuickGELU)]
    assert kinds == [QuickGELU if quick else torch.nn.GELU] * 4, "two layers of each tower"
    assert shape.get("quick_gelu", False) is quick
    assert TowerConfig(shape="fetalclip", quick_gelu=quick).smoke().quick_gelu is quick


@pytest.mark.parametrize("sign", ["what it holds", "its name"])
def test_a_checkpoint_of_quick_gelu_is_refused_by_a_network_of_gelu(tmp_path: Path, sign: str) -> None:
    sizes = {"input_resolution": torch.tensor(224)} if sign == "what it holds" else {}
    path, theirs = _checkpoint(tmp_path, SHORT, **sizes)
    if sign == "its name":
        path = path.rename(tmp_path / "vit_l_14-QuickGELU-metaclip.pt")
    network: Any = tiny_models.network(tiny_models.VIT)
    network.visual.proj.data.zero_()

    with pytest.raises(ValueError, match="trained with QuickGELU"):
        begin_with(network, path)

    assert not network.visual.proj.any(), "nothing was copied"
    quick: Any = build(tiny_models.VIT | {"quick_gelu": True})
    begin_with(quick, path)
    assert torch.equal(quick.visual.proj, theirs["visual.proj"])


def test_a_name_that_speaks_of_openai_is_no_proof_and_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, _ = _checkpoint(tmp_path, SHORT)
    path = path.rename(tmp_path / "ViT-L-14-openai.pt")

    begin_with(tiny_models.network(tiny_models.VIT), path)
    assert "want TowerConfig.quick_gelu" in capsys.readouterr().out
    begin_with(build(tiny_models.VIT | {"quick_gelu": True}), path)
    assert not capsys.readouterr().out


def test_only_a_tower_with_stages_can_freeze_them() -> None:
    network = tiny_models.network(tiny_models.VIT)

    freeze_early(network, 0)
    assert all(parameter.requires_grad for parameter in network.parameters())
    with pytest.raises(ValueError, match="set frozen_stages to 0"):
        freeze_early(network, 2)


def test_the_compact_tower_has_no_tiny_form_and_its_smoke_run_none() -> None:
    assert compact().smoke().tower == compact().tower
    with pytest.raises(ValueError, match="no tiny form"):
        architecture(TowerConfig(tiny=True))


def test_the_large_recipe_refuses_to_begin_with_nothing(data: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="name it by --weights FILE"):
        main(["run", "vit_large", "--set", "step.device=cpu", "--data", str(data), "--out", str(tmp_path)])
    assert not (tmp_path / "vit_large").exists()


@pytest.mark.parametrize("recipe", ["vit_large", "vit_large_sharded"])
def test_the_large_recipe_runs_with_a_tiny_tower_and_goes_on(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], recipe: str
) -> None:
    arguments = ["run", recipe, "--smoke", "--data", str(data), "--out", str(tmp_path)]

    assert main(arguments) == 0
    assert ("one process: it holds all weights" in capsys.readouterr().out) == recipe.endswith("sharded")
    folder = tmp_path / f"{recipe}_smoke"
    log = (folder / "log.jsonl").read_text("utf-8")
    assert main([*arguments, "--resume"]) == 0

    assert json.loads(log.splitlines()[-1])["validation"].keys() >= {"planes_f1", "vpr"}
    assert (folder / "log.jsonl").read_text("utf-8") == log, "a finished run has nothing left to do"
    told = json.loads((folder / "config.json").read_text("utf-8"))["config"]
    step = {"micro_batch": 4, "precision": "bf16", "recompute": True, "device": "cpu", "repeatable": False}
    assert told["step"] == step | {"sharded": recipe.endswith("sharded")}
    assert told["tower"]["tiny"]
