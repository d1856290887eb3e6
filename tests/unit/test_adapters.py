"""A tower with something added for one head: it is never the loaded one, and a damaged head costs no other."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
import tiny_models
import torch
from numpy.typing import NDArray

from fetalclip_app.imaging.preprocess import PreprocessSpec
from fetalclip_app.model import adapters, clip_labels
from fetalclip_app.model.adapters import CHECK, LEFT, RIGHT
from fetalclip_app.model.encoder import TorchBackbone
from fetalclip_app.wording import hint, sentence

SPEC = PreprocessSpec(size=tiny_models.SIZE)
WIDTH = 16
WEIGHT = "transformer.resblocks.0.mlp.c_fc.weight"
VECTOR = "transformer.resblocks.0.mlp.c_fc.bias"

Tensors = dict[str, NDArray[Any]]


def _factors(backbone: TorchBackbone, name: str = WEIGHT, size: float = 0.5) -> Tensors:
    weight = backbone.network.get_submodule("visual").get_parameter(name)
    rng = np.random.default_rng(3)
    rows, columns = weight.flatten(1).shape
    left, right = rng.normal(0, size, (rows, 2)), rng.normal(0, size, (2, columns))
    check = adapters.check_of(weight).numpy()
    return {LEFT + name: left.astype("f4"), RIGHT + name: right.astype("f4"), CHECK + name: check}


def _write(folder: Path, name: str, tensors: Tensors, **changes: Any) -> None:
    ones = np.ones(WIDTH, np.float32)
    layer = {"last.weight": ones[None], "last.bias": np.zeros(1, np.float32)}
    content = safetensors.numpy.save({**tensors, **layer, **dict.fromkeys(clip_labels.SHARED, ones)})
    (folder / f"{name}.safetensors").write_bytes(content)
    told = {
        "kind": clip_labels.PICTURE_KIND,
        "frames": 1,
        "pooling": "concatenated",
        "training": {"clips": 9, "patients": 5, "positive": 4},
        "auroc": {"value": 0.8, "low": 0.7, "high": 0.9},
        "calibration": {"temperature": 1.0, "offset": 0.0},
        "unlike_limit": 2.0,
        "label": name,
        "meaning": "it is sharp",
        "view": "",
        "backbone_sha256": tiny_models.IDENTITY.sha256,
        "sha256": hashlib.sha256(content).hexdigest(),
        "preprocessing": SPEC.fingerprint(),
        "licence": "CC0",
        "generated": False,
    }
    (folder / f"{name}.json").write_text(json.dumps({**told, **changes}), encoding="utf-8")


def _pictures() -> NDArray[np.float32]:
    return np.random.default_rng(1).normal(size=(2, 3, tiny_models.SIZE, tiny_models.SIZE)).astype(np.float32)


@contextmanager
def _inside_every_pass(act: Callable[[], None]) -> Iterator[None]:
    """Act once while a tower's attention is computed, whichever tower it is."""
    waiting = [act]

    def hook(module: torch.nn.Module, given: Any) -> None:
        if isinstance(module, torch.nn.GELU) and waiting:
            waiting.pop()()

    handle = torch.nn.modules.module.register_module_forward_pre_hook(hook)
    try:
        yield
    finally:
        handle.remove()


def _vector(factors: Tensors, backbone: TorchBackbone) -> Tensors:
    bias = backbone.network.get_submodule("visual").get_parameter(VECTOR)
    return {
        LEFT + VECTOR: np.ones((len(bias), 1), np.float32),
        RIGHT + VECTOR: np.ones((1, 1), np.float32),
        CHECK + VECTOR: np.ones(1, np.float32),
    }


def _typed(kind: str) -> Callable[[Tensors, TorchBackbone], Tensors]:
    return lambda factors, _: {**factors, LEFT + WEIGHT: factors[LEFT + WEIGHT].astype(kind)}


def _huge(factors: Tensors, backbone: TorchBackbone) -> Tensors:
    return {key: np.full_like(part, 1e30) if key.startswith((LEFT, RIGHT)) else part for key, part in factors.items()}


def _without(side: str) -> Callable[[Tensors, TorchBackbone], Tensors]:
    return lambda factors, _: {key: part for key, part in factors.items() if not key.startswith(side)}


def _lonely(factors: Tensors, backbone: TorchBackbone) -> Tensors:
    other = WEIGHT.replace("c_fc", "c_proj")
    return {**factors, RIGHT + other: _factors(backbone, other)[RIGHT + other]}


@pytest.mark.parametrize(
    "damaged",
    [
        _vector,
        _typed("i4"),
        _typed("?"),
        _typed("c8"),
        _huge,
        _without(RIGHT),
        _without(LEFT),
        _without(CHECK),
        _lonely,
    ],
    ids=["a vector", "integers", "bools", "complex", "overflow", "no right", "no left", "no check", "a lone right"],
)
def test_a_damaged_adapter_is_a_trouble_and_costs_no_other(
    damaged: Callable[[Tensors, TorchBackbone], Tensors], tmp_path: Path
) -> None:
    backbone = tiny_models.backbone()
    factors = _factors(backbone)
    _write(tmp_path, "a", damaged(factors, backbone))
    _write(tmp_path, "b", factors)

    found = clip_labels.find_all(tmp_path, tiny_models.IDENTITY.sha256, SPEC, WIDTH, backbone)

    assert [head.facts.name for head in found.heads] == ["b"]
    (trouble,) = found.troubles
    assert "a.safetensors" in sentence(trouble)


@pytest.mark.parametrize(
    "changes",
    [
        {"frames": float("inf")},
        {"training": {"clips": float("inf"), "patients": 5, "positive": 4}},
        {"calibration": {"temperature": 0.0, "offset": 0.0}},
        {"auroc": []},
    ],
    ids=["endless frames", "endless clips", "no temperature", "a list"],
)
def test_numbers_that_are_none_are_a_trouble_and_cost_no_other(changes: dict[str, Any], tmp_path: Path) -> None:
    backbone = tiny_models.backbone()
    _write(tmp_path, "a", _factors(backbone), **changes)
    _write(tmp_path, "b", _factors(backbone))

    found = clip_labels.find_all(tmp_path, tiny_models.IDENTITY.sha256, SPEC, WIDTH, backbone)

    assert [head.facts.name for head in found.heads] == ["b"] and len(found.troubles) == 1


def test_weights_that_were_loaded_otherwise_are_refused_with_a_sentence(tmp_path: Path) -> None:
    backbone = tiny_models.backbone()
    _write(tmp_path, "a", _factors(backbone))
    weight = backbone.network.get_submodule("visual").get_parameter(WEIGHT)
    weight[3] *= 1.1  # as folding scales one channel

    found = clip_labels.find_all(tmp_path, tiny_models.IDENTITY.sha256, SPEC, WIDTH, backbone)

    (trouble,) = found.troubles
    assert not found.heads
    assert "loaded otherwise than its training did" in sentence(trouble) and WEIGHT in sentence(trouble)
    assert hint(trouble) == "Train the head again with this version of the program."


def test_rounding_is_not_loading_otherwise() -> None:
    backbone = tiny_models.backbone()
    factors = _factors(backbone)
    backbone.network.get_submodule("visual").get_parameter(WEIGHT).mul_(1 + 1e-6)

    assert adapters.of_tensors(factors, backbone).factors.keys() == {WEIGHT}


def test_the_loaded_tower_gives_its_own_rows_while_an_adapter_is_inside_its_pass() -> None:
    backbone = tiny_models.backbone()
    adapter, pictures = adapters.of_tensors(_factors(backbone), backbone), _pictures()
    plain, changed = backbone.encode_frames(pictures), adapter.encode(pictures)
    assert np.abs(plain - changed).max() > 1e-2
    seen: list[NDArray[np.float32]] = []

    def ask() -> None:
        seen.extend((backbone.encode_frames(pictures), adapter.encode(pictures)))

    with _inside_every_pass(ask):
        np.testing.assert_array_equal(adapter.encode(pictures), changed)

    np.testing.assert_array_equal(seen[0], plain)
    np.testing.assert_array_equal(seen[1], changed)
    np.testing.assert_array_equal(backbone.encode_frames(pictures), plain)


def test_the_loaded_tower_and_the_adapter_are_as_they_were_after_a_pass_that_failed() -> None:
    backbone = tiny_models.backbone()
    adapter, pictures = adapters.of_tensors(_factors(backbone), backbone), _pictures()
    plain, changed = backbone.encode_frames(pictures), adapter.encode(pictures)

    def fail() -> None:
        raise KeyError("planted")

    with _inside_every_pass(fail), pytest.raises(KeyError, match="planted"):
        adapter.encode(pictures)

    np.testing.assert_array_equal(backbone.encode_frames(pictures), plain)
    np.testing.assert_array_equal(adapter.encode(pictures), changed)


def test_the_changed_tower_shares_every_weight_and_follows_the_network_that_takes_over() -> None:
    backbone = tiny_models.backbone()
    adapter, pictures = adapters.of_tensors(_factors(backbone), backbone), _pictures()
    before, changed = torch.nn.Module.state_dict(backbone.network), adapter.encode(pictures)
    loaded = {part.data_ptr() for part in backbone.network.get_submodule("visual").state_dict().values()}

    held = {part.data_ptr() for part in adapter._tower(backbone.network).state_dict().values()}

    assert held <= loaded
    assert before.keys() == backbone.network.state_dict().keys()
    backbone._network = tiny_models.network()  # as `meet` does
    backbone._network.eval().requires_grad_(False).get_submodule("visual").get_parameter("proj").neg_()
    np.testing.assert_allclose(adapter.encode(pictures), -changed, atol=1e-6)
