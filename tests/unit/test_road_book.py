"""The road that was found is kept for these weights on this machine, and a damaged entry counts as none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import tiny_models
import torch

from fetalclip_app.model import instructions
from fetalclip_app.model.device import cpu
from fetalclip_app.model.encoder import TorchBackbone
from fetalclip_app.model.road_book import RoadBook
from fetalclip_app.model.road_trial import Verdict

GOOD = Verdict("bf16", 0.9999, 2.0, same=True)


def test_what_was_found_is_known_at_the_next_start(tmp_path: Path) -> None:
    book, backbone = RoadBook(tmp_path / "roads"), tiny_models.backbone()
    assert book.known(backbone) is None

    book.note(backbone, [GOOD, Verdict("other", 0.5, 9.0, same=True)])

    assert RoadBook(tmp_path / "roads").known(tiny_models.backbone()) == "bf16"


def test_that_no_road_was_better_is_known_too(tmp_path: Path) -> None:
    book, backbone = RoadBook(tmp_path), tiny_models.backbone()

    book.note(backbone, [replace(GOOD, same=False)])

    assert book.known(backbone) == ""


def test_nothing_is_known_of_other_weights_torch_threads_or_devices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book, backbone = RoadBook(tmp_path), tiny_models.backbone()
    book.note(backbone, [GOOD])

    other = replace(tiny_models.IDENTITY, sha256="1" * 64)
    assert book.known(TorchBackbone(tiny_models.network(), other, cpu(), config=tiny_models.VIT)) is None
    elsewhere = tiny_models.backbone(device=replace(cpu(), title="cpu of another"))
    assert book.known(elsewhere) is None
    threads = torch.get_num_threads()
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads + 1)
    assert book.known(backbone) is None
    monkeypatch.undo()
    assert book.known(backbone) == "bf16"
    monkeypatch.setattr(torch, "__version__", "99.0")
    assert book.known(backbone) is None
    monkeypatch.undo()
    tiles = instructions.has_tiles()
    monkeypatch.setattr(instructions, "has_tiles", lambda: not tiles)
    assert book.known(backbone) is None, "another processor of the same name"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"road": 3}', b"{}", b"\xff"])
def test_a_damaged_entry_counts_as_none(tmp_path: Path, content: bytes) -> None:
    book, backbone = RoadBook(tmp_path), tiny_models.backbone()
    book.note(backbone, [GOOD])
    next(tmp_path.iterdir()).write_bytes(content)

    assert book.known(backbone) is None


def test_a_folder_that_cannot_be_written_costs_a_trial_only(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    book, backbone = RoadBook(tmp_path / "file"), tiny_models.backbone()

    book.note(backbone, [GOOD])

    assert book.known(backbone) is None
