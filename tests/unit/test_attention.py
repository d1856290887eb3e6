"""All ways of attention mix what the fused kernel mixes of the parts as they lie."""

from __future__ import annotations

import pytest
import tiny_models
import torch

from fetalclip_app.model import attention, instructions, roads
from fetalclip_app.model.device import cpu


def _parts(length: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(2, length, 3, 2, 8, generator=torch.Generator().manual_seed(length)).to(dtype)


WAYS = [attention.in_whole_tiles, attention.as_two_products]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("length", [1, 31, 32, 33, 197, 257])
@pytest.mark.parametrize(("dtype", "off"), [(torch.float32, 1e-6), (torch.bfloat16, 0.02)])
def test_all_ways_mix_the_same(way: attention.Attention, length: int, dtype: torch.dtype, off: float) -> None:
    parts = _parts(length, dtype)
    before = parts.clone()

    found = way(parts)

    assert (found.shape, found.dtype) == ((2, length, 16), dtype)
    torch.testing.assert_close(found, attention.as_they_lie(parts), rtol=0, atol=off)
    assert torch.equal(parts, before), "nothing of the parts is changed"


@pytest.mark.parametrize("way", WAYS)
def test_no_picture_mixes_with_its_neighbour(way: attention.Attention) -> None:
    parts = _parts(33)

    torch.testing.assert_close(way(parts)[1:], way(parts[1:]), rtol=0, atol=1e-6)


def test_what_fills_the_tiles_is_not_seen_even_where_all_scores_are_far_below_its_own() -> None:
    parts = _parts(33).abs()
    parts[:, :, 0] *= -1000  # scores of a thousand below zero; those of the filling would be zero

    found = attention.in_whole_tiles(parts)

    torch.testing.assert_close(found, attention.as_they_lie(parts), rtol=0, atol=1e-5)
    assert float(found.min()) > 0


@pytest.mark.skipif(not instructions.has_bf16(), reason="this processor has no bf16")
@pytest.mark.parametrize(("tiles", "way"), [(True, "in_whole_tiles"), (False, "as_two_products")])
def test_what_the_processor_multiplies_decides_how_bf16_mixes(
    monkeypatch: pytest.MonkeyPatch, tiles: bool, way: str
) -> None:
    asked: list[tuple[str, torch.dtype]] = []

    def watched(name: str) -> attention.Attention:
        plain: attention.Attention = getattr(attention, name)
        return lambda parts: asked.append((name, parts.dtype)) or plain(parts)  # type: ignore[func-returns-value]

    for one in ("as_they_lie", "in_whole_tiles", "as_two_products"):
        monkeypatch.setattr(attention, one, watched(one))
    monkeypatch.setattr(instructions, "has_tiles", lambda: tiles)
    network = tiny_models.network(tiny_models.VIT).eval()
    pictures = torch.randn(1, 3, tiny_models.SIZE, tiny_models.SIZE, generator=torch.Generator().manual_seed(1))

    with torch.inference_mode():
        bf16, fp32 = (road.build(network.get_submodule("visual"))(pictures) for road in roads.roads_for(network, cpu()))

    assert set(asked) == {(way, torch.bfloat16), ("as_they_lie", torch.float32)}
    assert float(torch.cosine_similarity(bf16, fp32).min()) > 0.999


def test_a_torch_that_does_not_say_has_none_of_the_instructions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch.cpu, "_is_amx_tile_supported")
    monkeypatch.delattr(torch.cpu, "_is_vnni_supported")

    assert not instructions.has_tiles()
    assert not instructions.has_eight_bits()
