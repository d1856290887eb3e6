"""All ways of attention mix what the fused kernel mixes of the parts as they lie."""

from __future__ import annotations

import pytest
import torch

from fetalclip_app.model import attention


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
