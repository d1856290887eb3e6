"""Exports are whole or not there: pictures and files written to a temporary name first."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest
from fakes import make_clip
from PIL import Image

from fetalclip_app import RESEARCH_USE_ONLY, atomic
from fetalclip_app.errors import ErrorCode, ExportFailed
from fetalclip_app.report.picture import write_annotated_png


def test_an_annotated_picture_keeps_its_pixels_and_carries_the_line(tmp_path: Path) -> None:
    clip = make_clip()
    pixels = clip.frame(0).pixels
    write_annotated_png(tmp_path / "frame.png", pixels, caption="clip.dcm, frame 1 of 6")
    with Image.open(tmp_path / "frame.png") as picture:
        made = np.asarray(picture.convert("RGB"))
        assert picture.info["Comment"] == RESEARCH_USE_ONLY
    assert (made[: clip.height] == pixels).all() and made.shape[0] > clip.height
    assert made[clip.height :].max() > 150


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "report.pdf"
    target.write_bytes(b"before")

    def full(path: Path, content: bytes) -> int:
        with path.open("wb") as stream:
            stream.write(content[:3])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ExportFailed) as raised:
        atomic.write_bytes(target, b"whole")
    monkeypatch.undo()
    assert raised.value.code is ErrorCode.EXPORT_FAILED and raised.value.parameters["name"] == "report.pdf"
    assert raised.value.parameters["problem"] == "no space left on device"
    assert target.read_bytes() == b"before" and [path.name for path in tmp_path.iterdir()] == ["report.pdf"]


def test_a_missing_folder_and_a_folder_in_the_way_are_sentences(tmp_path: Path) -> None:
    with pytest.raises(ExportFailed):
        atomic.write_bytes(tmp_path / "nowhere" / "report.pdf", b"x")
    (tmp_path / "taken.pdf").mkdir()
    with pytest.raises(ExportFailed):
        atomic.write_bytes(tmp_path / "taken.pdf", b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["taken.pdf"]


def test_a_bug_while_writing_leaves_nothing_behind(tmp_path: Path) -> None:
    def broken(path: Path) -> None:
        path.write_bytes(b"half")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        atomic.write_whole(tmp_path / "report.pdf", broken)
    assert list(tmp_path.iterdir()) == []
