"""What a processor multiplies by, where torch says it and where it does not."""

from __future__ import annotations

import pytest
import torch

from fetalclip_app.model import instructions


@pytest.mark.parametrize("has", [True, False])
def test_what_torch_says_is_told(monkeypatch: pytest.MonkeyPatch, has: bool) -> None:
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: has, raising=False)
    monkeypatch.setattr(torch.cpu, "_is_vnni_supported", lambda: not has, raising=False)

    assert (instructions.has_tiles(), instructions.has_eight_bits()) == (has, not has)


def test_a_torch_that_does_not_say_has_none_of_the_instructions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch.cpu, "_is_amx_tile_supported", raising=False)
    monkeypatch.delattr(torch.cpu, "_is_vnni_supported", raising=False)

    monkeypatch.setattr(torch.ops, "mkldnn", object())

    assert not instructions.has_tiles()
    assert not instructions.has_eight_bits()
    assert not instructions.has_bf16()
