from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tiny_models
import torch

from fetalclip_app.model import instructions, linear_kinds
from fetalclip_app.model.linear_kinds import Kind
from fetalclip_app.model.vit_tower import VitTower, fits, stages_of

SCALED = {**tiny_models.VIT, "vision_cfg": {**tiny_models.VIT["vision_cfg"], "ls_init_value": 0.3}}
QUICK = {**tiny_models.VIT, "quick_gelu": True}
ONE_BLOCK = {**tiny_models.VIT, "vision_cfg": {**tiny_models.VIT["vision_cfg"], "layers": 1}}


def _pictures(count: int = 3) -> torch.Tensor:
    size = tiny_models.SIZE
    numbers = np.random.default_rng(2).normal(size=(count, 3, size, size))
    return torch.from_numpy(numbers.astype(np.float32))


def _visual(config: dict[str, Any] = tiny_models.VIT) -> Any:
    visual = tiny_models.network(config).eval().requires_grad_(False).get_submodule("visual")
    with torch.no_grad():  # weights of a new network are so small that an error in a block would not show
        for name, weight in visual.named_parameters():
            if "resblocks" in name and weight.ndim == 2:
                weight.mul_(4)
    return visual


@torch.inference_mode()
def _both(visual: Any, **how: Any) -> tuple[torch.Tensor, torch.Tensor]:
    pictures = _pictures()
    return visual(pictures), VitTower(visual, **how)(pictures)


def _fused(dtype: torch.dtype) -> Kind:
    return linear_kinds.with_gelu(dtype, "cpu")


@pytest.mark.parametrize("config", [tiny_models.VIT, SCALED, QUICK, ONE_BLOCK], ids=["vit", "scaled", "quick", "one"])
@pytest.mark.parametrize("kind", [linear_kinds.plain, linear_kinds.packed, _fused], ids=["plain", "packed", "fused"])
def test_in_full_precision_the_features_are_open_clips(config: dict[str, Any], kind: Any) -> None:
    expected, found = _both(_visual(config), kind=kind(torch.float32))

    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


@torch.inference_mode()
@pytest.mark.parametrize("config", [tiny_models.VIT, SCALED, QUICK, ONE_BLOCK], ids=["vit", "scaled", "quick", "one"])
def test_open_clips_own_stages_give_its_very_digits(config: dict[str, Any]) -> None:
    visual = _visual(config)
    found = _pictures()

    for stage in stages_of(visual):
        found = stage(found)

    assert torch.equal(found, visual(_pictures()))


@pytest.mark.parametrize(
    ("kind", "dtype", "least"),
    [
        (linear_kinds.plain(torch.bfloat16), torch.bfloat16, 0.999),
        pytest.param(
            linear_kinds.packed(torch.bfloat16),
            torch.bfloat16,
            0.999,
            marks=pytest.mark.skipif(not instructions.has_bf16(), reason="this processor has no bf16"),
        ),
        (linear_kinds.with_gelu(torch.bfloat16, "cpu"), torch.bfloat16, 0.999),
        (linear_kinds.int8(), torch.float32, 0.99),
    ],
    ids=["bf16", "bf16 packed", "bf16 with GELU", "int8"],
)
def test_with_fewer_digits_the_features_are_near(kind: Kind, dtype: torch.dtype, least: float) -> None:
    expected, found = _both(_visual(), kind=kind, dtype=dtype)

    assert found.dtype == torch.float32
    assert float(torch.cosine_similarity(found, expected).min()) > least
    assert not torch.equal(found, expected)


@pytest.mark.parametrize(
    ("changed", "value"),
    [("pool_type", "avg"), ("output_tokens", True), ("attn_pool", torch.nn.Identity()), ("proj", None)],
)
def test_a_tower_that_is_read_otherwise_does_not_fit(changed: str, value: Any) -> None:
    visual = _visual()
    assert fits(visual)

    setattr(visual, changed, value)

    assert not fits(visual)


@pytest.mark.parametrize("config", [tiny_models.CONVNET, tiny_models.RESNET, tiny_models.TIMM_VIT])
def test_towers_of_other_kinds_do_not_fit(config: dict[str, Any]) -> None:
    assert not fits(tiny_models.network(config).get_submodule("visual"))


def test_blocks_of_another_kind_do_not_fit() -> None:
    visual = _visual()

    visual.transformer.resblocks[1] = torch.nn.Identity()

    assert not fits(visual)
