from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch

from fetalclip_app.errors import ComputeFailed, ErrorCode, InvalidInput
from fetalclip_app.model import device
from fetalclip_app.model.device import GPU_UNUSABLE, choose


def _card(monkeypatch: pytest.MonkeyPatch, test: Any, capability: tuple[int, int] = (8, 6)) -> None:
    """Pretend that a card is there whose test ends like ``test``."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Pretended Card")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: capability)
    monkeypatch.setattr(device, "_self_test", test)


def _fails() -> bool:
    raise RuntimeError("no kernel image is available")


def _none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


def test_the_cpu_is_taken_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    _card(monkeypatch, lambda: pytest.fail("the card was touched"))

    chosen = choose("cpu")

    assert (chosen.kind, chosen.title, chosen.half, chosen.notices) == ("cpu", "cpu fp32", False, ())


def test_auto_takes_a_card_that_works_and_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    _card(monkeypatch, lambda: True)

    chosen = choose("auto")

    assert chosen.kind == "cuda"
    assert "Pretended Card" in chosen.title
    assert "fp16" in chosen.title
    assert chosen.half
    assert chosen.may_fall_back


def test_an_old_card_keeps_full_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    _card(monkeypatch, lambda: True, (6, 1))

    assert not choose("auto").half
    assert "fp32" in choose("auto").title


def test_a_card_that_was_asked_for_may_not_be_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    _card(monkeypatch, lambda: True)

    assert choose("cuda").kind == "cuda"
    assert not choose("cuda").may_fall_back


@pytest.mark.parametrize("test", [_fails, lambda: False], ids=["raises", "wrong result"])
def test_auto_leaves_a_card_that_fails_its_test_and_says_so(monkeypatch: pytest.MonkeyPatch, test: Any) -> None:
    _card(monkeypatch, test)

    assert choose("auto").kind == "cpu"
    assert choose("auto").notices == (GPU_UNUSABLE,)


def test_auto_without_a_card_takes_the_cpu_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    _none(monkeypatch)

    assert choose("auto").kind == "cpu"
    assert choose("auto").notices == ()


def test_a_driver_that_is_too_old_counts_as_a_card_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def complains() -> bool:
        warnings.warn("The NVIDIA driver on your system is too old", UserWarning, stacklevel=1)
        return False

    monkeypatch.setattr(torch.cuda, "is_available", complains)

    assert choose("auto").notices == (GPU_UNUSABLE,)


@pytest.mark.parametrize("test", [None, _fails, lambda: False], ids=["absent", "raises", "wrong result"])
def test_a_card_that_was_asked_for_and_does_not_work_is_an_error(monkeypatch: pytest.MonkeyPatch, test: Any) -> None:
    if test is None:
        _none(monkeypatch)
    else:
        _card(monkeypatch, test)

    with pytest.raises(ComputeFailed) as raised:
        choose("cuda")

    assert raised.value.code is ErrorCode.DEVICE_UNAVAILABLE
    assert raised.value.parameters["device"] == "cuda"


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(InvalidInput):
        choose("tpu")
