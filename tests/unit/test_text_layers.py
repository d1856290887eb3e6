"""Many texts in one go: weights laid out once, the same rows, and a way back where the copies are no good."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tiny_models
import torch

from fetalclip_app.model import text_layers
from fetalclip_app.model.linear_kinds import Kind, Linear, packed
from fetalclip_app.tasks.gestational_age import AgeTask

PARTS = [list(AgeTask.bundled().texts(0.43)[start : start + 60]) for start in (0, 60, 400)]


class _Laid:
    """Notes each layer that is laid out."""

    def __init__(self) -> None:
        self.kept: list[weakref.ref[Any]] = []

    def __call__(self, dtype: torch.dtype) -> Kind:
        make = packed(dtype)

        def noted(weight: torch.Tensor, bias: torch.Tensor, then: Linear | None = None) -> Linear:
            layer = make(weight, bias, then)
            self.kept.append(weakref.ref(layer))
            return layer

        return noted

    @property
    def alive(self) -> int:
        gc.collect()
        return sum(one() is not None for one in self.kept)


@pytest.fixture
def laid(monkeypatch: pytest.MonkeyPatch) -> _Laid:
    found = _Laid()
    monkeypatch.setattr(text_layers, "packed", found)
    return found


def test_many_texts_have_the_rows_of_few_and_weights_are_laid_out_once_and_given_back(laid: _Laid) -> None:
    backbone = tiny_models.backbone()
    expected = [backbone.encode_texts(part) for part in PARTS]
    assert not laid.kept

    rows = backbone.encode_texts_in_parts(PARTS)
    found = [next(rows), next(rows)]
    copies = len(laid.kept)
    found.append(next(rows))

    assert copies == 8, "two blocks of four layers"
    assert len(laid.kept) == copies == laid.alive
    assert next(rows, None) is None
    assert laid.alive == 0
    for ours, plain in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, plain, rtol=0, atol=1e-6)


def _no_operator(dtype: torch.dtype, attempt: int) -> Kind:
    raise AttributeError("'_OpNamespace' 'mkldnn' object has no attribute '_reorder_linear_weight'")


def _no_memory_for_a_second_block(dtype: torch.dtype, attempt: int) -> Kind:
    if attempt == 2:
        raise MemoryError
    return packed(dtype)


def _wrong(dtype: torch.dtype, attempt: int) -> Kind:
    make = packed(dtype)
    return lambda weight, bias, then=None: make(weight, bias + 1e-3, then)


@pytest.mark.parametrize(("broken", "tries"), [(_no_operator, 1), (_no_memory_for_a_second_block, 2), (_wrong, 1)])
def test_where_the_copies_are_no_good_the_layers_are_torchs_own(
    monkeypatch: pytest.MonkeyPatch, broken: Callable[[torch.dtype, int], Kind], tries: int
) -> None:
    backbone = tiny_models.backbone()
    expected = [backbone.encode_texts(part) for part in PARTS]
    made: list[torch.dtype] = []

    def tried(dtype: torch.dtype) -> Kind:
        made.append(dtype)
        return broken(dtype, len(made))

    monkeypatch.setattr(text_layers, "packed", tried)

    found = list(backbone.encode_texts_in_parts(PARTS))

    assert len(made) == tries, "tried, and then left alone"
    for ours, plain in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, plain, rtol=0, atol=1e-6)
