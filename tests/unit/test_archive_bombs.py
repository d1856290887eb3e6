"""An archive that is made to fill a computer is refused, and costs nothing before; what is only large is read."""

from __future__ import annotations

import struct
import tracemalloc
import zipfile
from pathlib import Path

import dicom_files as files
import numpy as np
import pytest
from zip_files import METHODS, RGB, code_of, packed, png

from fetalclip_app import wording
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.files import archives
from fetalclip_app.imaging.files.archives import MOST_RATIO
from fetalclip_app.imaging.readers import list_files, read_clip


def test_a_bomb_is_refused_before_anything_is_unpacked(tmp_path: Path) -> None:
    bomb = packed(tmp_path / "s.zip", {"x.dcm": bytes(100 << 20)})
    tracemalloc.start()
    code = code_of(bomb)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert code is ErrorCode.FILE_TOO_LARGE
    assert peak < 4 << 20


@pytest.mark.parametrize("method", METHODS)
def test_one_file_that_is_a_bomb_costs_the_others_nothing(method: str, tmp_path: Path) -> None:
    archive = tmp_path / "s.zip"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("bomb.dcm", bytes(80 << 20), zipfile.ZIP_DEFLATED)
        made.writestr("scan.png", png(), METHODS[method])

    assert [path.name for path in list_files([archive])] == ["bomb.dcm", "scan.png"]
    np.testing.assert_array_equal(read_clip(archive / "scan.png").frame(0).pixels, RGB)
    with pytest.raises(UnreadableFile) as caught:
        read_clip(archive / "bomb.dcm")
    assert wording.sentence(caught.value) == "s.zip / bomb.dcm would unpack to far more than an exam can hold."


def test_many_files_that_are_no_bombs_alone_are_one_together(tmp_path: Path) -> None:
    assert code_of(packed(tmp_path / "s.zip", {f"{i}": bytes(40 << 20) for i in range(2)})) is ErrorCode.FILE_TOO_LARGE


def test_a_bomb_that_lies_about_its_size_is_stopped_at_what_it_said(tmp_path: Path) -> None:
    archive = packed(tmp_path / "s.zip", {"x.dcm": bytes(90 << 20)})
    held = bytearray(archive.read_bytes())
    start = held.find(b"PK\x01\x02")
    struct.pack_into("<I", held, start + 24, 1 << 20)
    archive.write_bytes(held)
    tracemalloc.start()
    code = code_of(archive)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert code in (ErrorCode.FILE_DAMAGED, ErrorCode.NOT_A_PICTURE)
    assert peak < 12 << 20


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_MEMBERS", 3)

    assert code_of(packed(tmp_path / "s.zip", {f"{i}.png": png() for i in range(4)})) is ErrorCode.FILE_TOO_LARGE


def test_members_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    """The bomb of overlapping members: one kernel of bytes, unpacked by thousands of names."""
    archive = packed(tmp_path / "s.zip", {"a.png": png(), "b.png": png()})
    held = bytearray(archive.read_bytes())
    second = held.find(b"PK\x01\x02", held.find(b"PK\x01\x02") + 4)
    struct.pack_into("<I", held, second + 42, 0)  # both begin at the first one's header
    archive.write_bytes(held)

    assert code_of(archive) is ErrorCode.FILE_TOO_LARGE


def test_black_pictures_are_no_bomb(tmp_path: Path) -> None:
    """They pack a thousandfold, and are small."""
    black = np.zeros((40, 800, 1000, 3), np.uint8)
    plain = files.write(tmp_path / "x", files.dataset_of(black[:20]))
    archive = packed(tmp_path / "s.zip", {"x": plain.read_bytes()})
    assert plain.stat().st_size > MOST_RATIO * (archive.stat().st_size)

    assert len(read_clip(archive / "x")) == 20
