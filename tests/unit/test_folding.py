from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tiny_models
import torch
from torch import nn

from fetalclip_app.model.device import cpu
from fetalclip_app.model.encoder import TorchBackbone
from fetalclip_app.model.folding import fold


def _lively(config: dict[str, Any]) -> nn.Module:
    """Return a network whose normalisations do something."""
    network = tiny_models.network(config).eval()
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.normal_(0.0, 0.1, generator=generator)  # type: ignore[union-attr]
                module.running_var.uniform_(0.8, 1.2, generator=generator)  # type: ignore[union-attr]
                module.weight.uniform_(0.8, 1.2, generator=generator)
                module.bias.normal_(0.0, 0.1, generator=generator)
    return network


def _normalisations(network: nn.Module) -> int:
    return sum(isinstance(module, nn.BatchNorm2d) for module in network.modules())


@pytest.mark.parametrize("config", [tiny_models.CONVNET, tiny_models.RESNET], ids=["timm", "resnet"])
def test_a_folded_tower_sees_the_same_and_normalises_no_more(config: dict[str, Any]) -> None:
    network = _lively(config)
    pictures = np.random.default_rng(4).normal(size=(2, 3, 64, 64)).astype(np.float32)
    expected = TorchBackbone(network, tiny_models.IDENTITY, cpu()).encode_frames(pictures)
    before = _normalisations(network)

    fold(network)

    found = TorchBackbone(network, tiny_models.IDENTITY, cpu()).encode_frames(pictures)
    assert before > 10
    assert _normalisations(network) == 0
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_tower_whose_parts_stand_in_another_order_stays_as_it_is() -> None:
    class Backwards(nn.Module):
        image_size = 16

        def __init__(self) -> None:
            super().__init__()
            self.convolution = nn.Conv2d(3, 3, 3)
            self.normalisation = nn.BatchNorm2d(3)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.convolution(self.normalisation(images) + 1.0)

    network = nn.Module()
    network.visual = Backwards()
    network.visual.normalisation.running_mean.fill_(0.5)  # type: ignore[union-attr,operator]

    fold(network)

    assert _normalisations(network) == 1


def test_a_tower_without_convolutions_is_left_alone() -> None:
    network = tiny_models.network(tiny_models.VIT)
    visual = network.visual

    fold(network)

    assert network.visual is visual
