"""What a run begins with: a text tower alone, or the mean of two networks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import safetensors.torch
import tiny_models
import torch

from training.config import RunConfig
from training.run import first_network
from training.towers import TowerConfig, begin_with


@pytest.fixture
def bundled(tmp_path: Path) -> tuple[Path, dict[str, torch.Tensor]]:
    weights = {
        name: tensor + 1 if tensor.is_floating_point() else tensor
        for name, tensor in tiny_models.network(tiny_models.CONVNET).state_dict().items()
    }
    path = tmp_path / "bundled.safetensors"
    safetensors.torch.save_file({name: tensor.contiguous() for name, tensor in weights.items()}, path)
    return path, weights


def test_a_text_tower_can_begin_alone(bundled: tuple[Path, dict[str, torch.Tensor]]) -> None:
    path, weights = bundled
    network = tiny_models.network(tiny_models.CONVNET)
    images = {name: tensor.clone() for name, tensor in network.state_dict().items() if name.startswith("visual.")}

    begin_with(network, path, text_alone=True)

    begun = network.state_dict()
    assert images
    assert all(torch.equal(begun[name], tensor) for name, tensor in images.items())
    assert all(torch.equal(begun[name], weights[name]) for name in begun if not name.startswith("visual."))


@pytest.mark.parametrize("share", [1.0, 0.25])
def test_a_start_has_its_share_beside_the_weights(
    bundled: tuple[Path, dict[str, torch.Tensor]], tmp_path: Path, share: float
) -> None:
    path, weights = bundled
    first = tiny_models.network(tiny_models.CONVNET).state_dict()
    counted = next(name for name, tensor in first.items() if not tensor.is_floating_point())
    first[counted] = first[counted] + 7
    (tmp_path / "first").mkdir()
    torch.save({"network": first}, tmp_path / "first" / "last.pt")
    tower = TowerConfig(image_net=False, weights=str(path))
    config = replace(RunConfig("second", steps=1), start="first/last.pt", start_share=share, tower=tower)

    begun = first_network(config, tiny_models.CONVNET, tmp_path / "second").state_dict()

    assert torch.equal(begun[counted], first[counted])
    for name, tensor in begun.items():
        if tensor.is_floating_point():
            torch.testing.assert_close(tensor, share * first[name] + (1 - share) * weights[name], msg=name)
