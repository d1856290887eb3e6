"""The mean of a training and of what it began with, and of nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import safetensors.torch
import tiny_models
import torch

from training import export
from training.files import sha256_of
from training.soup import RECORDED, mean_with


@pytest.fixture
def begun(tmp_path: Path) -> tuple[Path, dict[str, torch.Tensor]]:
    state = tiny_models.network(tiny_models.CONVNET).state_dict()
    path = tmp_path / "first.safetensors"
    safetensors.torch.save_file({name: tensor.contiguous() for name, tensor in state.items()}, path)
    return path, state


def _trained(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: tensor + 2 for name, tensor in state.items()}


def test_what_counts_is_the_runs_and_all_else_the_mean(begun: tuple[Path, dict[str, torch.Tensor]]) -> None:
    path, state = begun

    mean = mean_with(_trained(state), path, {"start": {"weights_sha256": sha256_of(path)}})

    assert mean.keys() == state.keys()
    for name, tensor in state.items():
        torch.testing.assert_close(mean[name], tensor + (1 if tensor.is_floating_point() else 2), msg=name)


def test_weights_that_the_run_did_not_begin_with_are_refused(begun: tuple[Path, dict[str, torch.Tensor]]) -> None:
    path, state = begun

    with pytest.raises(ValueError, match=r"did not begin with first\.safetensors"):
        mean_with(_trained(state), path, {"weights_sha256": "0" * 64, "start": {"weights_sha256": "1" * 64}})


def test_a_run_that_took_the_text_tower_alone_is_refused(begun: tuple[Path, dict[str, torch.Tensor]]) -> None:
    path, state = begun
    alone = {"config": {"tower": {"text_alone": True}}, "weights_sha256": sha256_of(path)}

    with pytest.raises(ValueError, match="did not begin with"):
        mean_with(_trained(state), path, {"config": {"tower": {}}, "start": alone})


def test_weights_of_other_layers_are_refused(begun: tuple[Path, dict[str, torch.Tensor]]) -> None:
    path, state = begun
    fewer = {name: tensor for name, tensor in state.items() if name != "logit_scale"}

    with pytest.raises(ValueError, match="other layers"):
        mean_with(fewer, path, {"weights_sha256": sha256_of(path)})


def test_an_export_writes_the_mean_and_tells_of_it(begun: tuple[Path, dict[str, torch.Tensor]], tmp_path: Path) -> None:
    path, state = begun
    run, out = tmp_path / "run", tmp_path / "out"
    run.mkdir()
    torch.save({"network": _trained(state), "step": 2}, run / "last.pt")
    tower = {"weights": path.name, "image_net": False}
    record = {"config": {"name": "run", "tower": tower}, "weights_sha256": sha256_of(path)}
    (run / "config.json").write_text(json.dumps(record), "utf-8")

    export.export_run(run, list, out, beside=path)

    written = safetensors.torch.load_file(out / "model.safetensors")
    for name, tensor in state.items():
        if tensor.is_floating_point():
            torch.testing.assert_close(written[name].float(), tensor + 1, rtol=2e-3, atol=2e-3, msg=name)
    assert json.loads((out / "manifest.json").read_text("utf-8"))["training"][RECORDED] == sha256_of(path)
