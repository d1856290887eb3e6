from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import tiny_models
import torch
from timm.layers.conv2d_same import Conv2dSame
from torch import nn
from torch.nn import functional

from fetalclip_app.model.device import cpu
from fetalclip_app.model.encoder import TorchBackbone
from fetalclip_app.model.folding import fold
from fetalclip_app.model.one_step import OneStepConvolution


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


def _one_steps(network: nn.Module) -> list[OneStepConvolution]:
    return [module for module in network.modules() if isinstance(module, OneStepConvolution)]


def test_the_compact_kind_of_tower_has_its_clamps_in_its_convolutions_under_the_same_names() -> None:
    network = _lively(tiny_models.CONVNET)
    before = [name for name, _ in network.get_submodule("visual").named_parameters() if name.endswith("conv_pw.weight")]

    fold(network)

    limits = [one.limits for one in _one_steps(network)]
    assert {(0.0, 6.0), None} == set(limits)
    assert not [one for one in network.modules() if isinstance(one, nn.ReLU6)]
    assert set(before) <= {name for name, _ in network.get_submodule("visual").named_parameters()}


@pytest.mark.parametrize("size", [(9, 9), (12, 12), (9, 12), (13, 8)])
@pytest.mark.parametrize(
    ("kernel", "stride", "groups"), [(3, 2, 6), (5, 2, 6), (3, 1, 1), (1, 1, 1), (5, 1, 6), (3, 2, 1)]
)
@pytest.mark.parametrize("kind", [Conv2dSame, nn.Conv2d])
@pytest.mark.parametrize("limits", [(0.0, 0.5), (0.0, float("inf"))])
def test_one_step_gives_what_the_two_give(
    size: tuple[int, int], kernel: int, stride: int, groups: int, kind: type[nn.Conv2d], limits: tuple[float, float]
) -> None:
    torch.manual_seed(1)
    plain = kind(6, 12, kernel, stride, groups=groups).requires_grad_(False)
    one_step = OneStepConvolution(plain, limits)
    maps = torch.randn(2, 6, *size).contiguous(memory_format=torch.channels_last)
    expected = functional.hardtanh(plain(maps), *limits)

    assert 0.1 < float((expected > 0).float().mean()) < 0.9
    torch.testing.assert_close(one_step(maps), expected)
    torch.testing.assert_close(copy.deepcopy(one_step)(maps), expected)
    with torch.inference_mode():
        torch.testing.assert_close(one_step(maps), expected)
    maps.requires_grad_(True)
    torch.testing.assert_close(one_step(maps), expected)
    assert one_step(maps).requires_grad


def test_a_weight_that_is_changed_changes_the_one_step() -> None:
    plain = nn.Conv2d(2, 2, 1).requires_grad_(False)
    one_step, maps = OneStepConvolution(plain, None), torch.randn(1, 2, 3, 3)
    before = one_step(maps)
    one_step.weight.mul_(2)
    torch.testing.assert_close(one_step(maps), functional.conv2d(maps, plain.weight, plain.bias))
    assert not torch.equal(one_step(maps), before)

    one_step.weight = nn.Parameter(torch.ones(2, 2, 1, 1), requires_grad=False)
    torch.testing.assert_close(one_step(maps), functional.conv2d(maps, torch.ones(2, 2, 1, 1), plain.bias))


def test_where_one_step_cannot_be_taken_the_tower_is_folded_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(self: OneStepConvolution, maps: torch.Tensor) -> torch.Tensor:
        raise AttributeError("no such operator")

    monkeypatch.setattr(OneStepConvolution, "forward", missing)
    network = _lively(tiny_models.CONVNET)

    fold(network)

    assert (_normalisations(network), _one_steps(network)) == (0, [])


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
