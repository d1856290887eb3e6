"""ZIP files are opened in place, and each file inside is the file itself."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import dicom_files as files
import numpy as np
import pytest
from zip_files import METHODS, RGB, code_of, packed, png

from fetalclip_app import wording
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.files import archives
from fetalclip_app.imaging.files.content import FileContent
from fetalclip_app.imaging.readers import list_files, read_clip


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", files.stills())
def test_a_file_in_an_archive_is_the_file_itself(kind: str, method: str, tmp_path: Path) -> None:
    plain = files.stills()[kind](tmp_path / "IMG0007")
    archive = packed(tmp_path / "study.zip", {"a/IMG0007": plain.read_bytes()}, METHODS[method])
    outside, (inside,) = read_clip(plain), map(read_clip, list_files([archive]))

    np.testing.assert_array_equal(inside.frame(0).pixels, outside.frame(0).pixels)
    assert (inside.key, inside.origin) == (outside.key, outside.origin)
    assert inside.path == archive / "a" / "IMG0007"
    assert inside.name == "study.zip / a / IMG0007"
    assert [path.name for path in tmp_path.iterdir()] == ["IMG0007", "study.zip"] or len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("method", METHODS)
def test_a_cine_in_an_archive_gives_its_frames_in_any_order(method: str, tmp_path: Path) -> None:
    frames = files.cine(6)
    plain = files.write(tmp_path / "x", files.dataset_of(frames))
    clip = read_clip(packed(tmp_path / "s.zip", {"x": plain.read_bytes()}, METHODS[method]) / "x")

    for index in (5, 0, 3, 4, 1, 2, 5):
        np.testing.assert_array_equal(clip.frame(index).pixels, frames[index])


def test_files_inside_come_in_natural_order_without_what_is_no_scan(tmp_path: Path) -> None:
    names = ("b/IM10", "b/IM2", "notes.txt", "__MACOSX/b/._IM2", ".DS_Store", "IM1")
    found = list_files([packed(tmp_path / "s.zip", dict.fromkeys(names, png()))])

    assert [path.relative_to(tmp_path / "s.zip").as_posix() for path in found] == ["b/IM2", "b/IM10", "IM1"]


@pytest.mark.parametrize("name", ["../../out.png", "/etc/out.png", "C:\\out.png", "..\\..\\out.png", "./x/../out.png"])
def test_a_name_that_leads_out_of_the_archive_leads_nowhere(name: str, tmp_path: Path) -> None:
    (found,) = list_files([packed(tmp_path / "s.zip", {name: png()})])

    assert tmp_path / "s.zip" in found.parents
    assert ".." not in found.parts
    assert read_clip(found).name.endswith("out.png")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name_are_two_files(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "s.zip", "w") as archive:
        archive.writestr("x.png", png())
        archive.writestr("x.png", png(255 - RGB))
    clips = [read_clip(path) for path in list_files([tmp_path / "s.zip"])]

    assert [int(clip.frame(0).pixels[0, 0, 0]) for clip in clips] == [int(RGB[0, 0, 0]), 255 - int(RGB[0, 0, 0])]


def test_an_archive_inside_an_archive_is_refused_by_name(tmp_path: Path) -> None:
    inner = packed(tmp_path / "inner.zip", {"x.png": png()})
    outer = packed(tmp_path / "outer.zip", {"inner.zip": inner.read_bytes()})

    assert code_of(outer) is ErrorCode.ARCHIVE_INSIDE
    assert code_of(packed(tmp_path / "o.zip", {"no_ending": inner.read_bytes()})) is ErrorCode.ARCHIVE_INSIDE


def _with_flag(path: Path, bit: int) -> Path:
    held = bytearray(path.read_bytes())
    for magic, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        start = held.find(magic)
        while start >= 0:
            held[start + offset] |= bit
            start = held.find(magic, start + 4)
    path.write_bytes(held)
    return path


def test_an_encrypted_archive_says_so(tmp_path: Path) -> None:
    assert code_of(_with_flag(packed(tmp_path / "s.zip", {"x.png": png()}), 1)) is ErrorCode.FILE_ENCRYPTED


def test_a_method_of_packing_that_is_not_read_is_named(tmp_path: Path) -> None:
    archive = packed(tmp_path / "s.zip", {"x.png": png()}, zipfile.ZIP_BZIP2)
    with pytest.raises(UnreadableFile) as caught:
        read_clip(archive / "x.png")

    assert caught.value.code is ErrorCode.NO_CODEC
    assert "bzip2" in wording.sentence(caught.value)
    assert "s.zip / x.png" in wording.sentence(caught.value)


def test_one_flipped_bit_in_a_file_is_damage(tmp_path: Path) -> None:
    """Uncompressed pixels hide a flipped bit from every decoder; a flipped bit in a scale would be a wrong number."""
    plain = files.write(tmp_path / "x", files.dataset_of(RGB))
    archive = packed(tmp_path / "s.zip", {"x": plain.read_bytes()}, zipfile.ZIP_STORED)
    held = bytearray(archive.read_bytes())
    held[len(held) // 2] ^= 4
    archive.write_bytes(held)

    assert code_of(archive) is ErrorCode.FILE_DAMAGED


def test_an_archive_that_was_cut_off_is_truncated(tmp_path: Path) -> None:
    archive = packed(tmp_path / "s.zip", {"x.png": png()})
    archive.write_bytes(archive.read_bytes()[:-60])

    assert code_of(archive) is ErrorCode.FILE_TRUNCATED


def test_an_archive_of_more_than_32_bits_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 10)
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
    archive = packed(tmp_path / "s.zip", {"a.png": png(), "b.png": png(255 - RGB)})
    assert b"PK\x06\x06" in archive.read_bytes()
    monkeypatch.undo()

    np.testing.assert_array_equal(read_clip(archive / "b.png").frame(0).pixels, 255 - RGB)


class OneWay(io.BytesIO):
    """A pipe: what is written to it cannot be gone back to."""

    def seekable(self) -> bool:
        return False

    def seek(self, *given: int) -> int:
        raise io.UnsupportedOperation

    def tell(self) -> int:
        raise io.UnsupportedOperation


def test_an_archive_that_was_written_to_a_pipe_is_read(tmp_path: Path) -> None:
    """Sizes stand behind the bytes there, and in the directory."""
    pipe = OneWay()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", png())
        archive.writestr("b.png", png(255 - RGB))
    (tmp_path / "s.zip").write_bytes(pipe.getvalue())

    np.testing.assert_array_equal(read_clip(tmp_path / "s.zip" / "b.png").frame(0).pixels, 255 - RGB)


def test_an_empty_archive_and_a_missing_member_say_so(tmp_path: Path) -> None:
    assert code_of(packed(tmp_path / "e.zip", {})) is ErrorCode.FOLDER_EMPTY
    archive = packed(tmp_path / "s.zip", {"x.png": png()})

    assert code_of(archive / "y.png") is ErrorCode.FILE_MISSING


def test_an_archive_that_changed_is_noticed(tmp_path: Path) -> None:
    plain = files.write(tmp_path / "x", files.dataset_of(files.cine(3)))
    archive = packed(tmp_path / "s.zip", {"x": plain.read_bytes()})
    clip = read_clip(archive / "x")
    packed(archive, {"x": png(), "y": png()})
    with pytest.raises(UnreadableFile) as caught:
        clip.frame(1)

    assert caught.value.code is ErrorCode.FILE_DAMAGED


def test_the_directory_of_an_archive_is_read_once_for_all_of_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = packed(tmp_path / "s.zip", {f"{i}.png": png() for i in range(5)})
    opened: list[object] = []
    really = zipfile.ZipFile
    monkeypatch.setattr(archives.zipfile, "ZipFile", lambda *given: opened.append(given) or really(*given))
    for path in list_files([archive]):
        read_clip(path)

    assert len(opened) == 1
    assert FileContent.of(archive) == FileContent.of(archive)
