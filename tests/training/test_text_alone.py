"""A run can begin with a checkpoint's text tower alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import safetensors.torch
import tiny_models
import torch

from training.towers import begin_with


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
