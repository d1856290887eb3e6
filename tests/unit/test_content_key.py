"""The key of a clip is the hash of its file, and is not taken before it is asked for."""

from __future__ import annotations

import hashlib
import os
import pickle
from pathlib import Path
from typing import Any

import dicom_files as files
import pytest

from fetalclip_app.domain.content_key import ContentKey
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.files.content import FileContent
from fetalclip_app.imaging.readers import read_clip


def cine(path: Path) -> Path:
    return files.write(path, files.dataset_of(files.cine(4), FrameTime=40))


def test_the_key_is_the_hash_of_the_file_and_waits_to_be_asked_for(tmp_path: Path) -> None:
    path = cine(tmp_path / "cine.dcm")
    clip = read_clip(path)
    clip.frame(3)

    assert not clip.content_key.is_taken
    assert clip.key == hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    assert clip.content_key.is_taken


def test_opening_reads_no_pixels_but_those_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted at the file: header and one frame of a hundred, however the pixels are packed."""
    read: list[int] = []
    whole = FileContent.read

    def counted(content: FileContent, offset: int, length: int) -> bytes:
        read.append(length)
        return whole(content, offset, length)

    monkeypatch.setattr(FileContent, "read", counted)
    path = files.write(tmp_path / "cine.dcm", files.dataset_of(files.cine(100), FrameTime=40))
    clip = read_clip(path)
    clip.frame(0)

    assert sum(read) < path.stat().st_size / 20
    assert not clip.content_key.is_taken


def test_a_file_that_changed_since_it_was_opened_has_no_key(tmp_path: Path) -> None:
    path = cine(tmp_path / "cine.dcm")
    clip = read_clip(path)
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"\x01")
    os.utime(path, ns=(1, 1))
    with pytest.raises(UnreadableFile) as raised:
        _ = clip.key

    assert raised.value.code is ErrorCode.FILE_DAMAGED
    assert not clip.content_key.is_taken


def test_a_file_put_in_the_place_of_another_has_not_its_key(tmp_path: Path) -> None:
    """Of the same size, and of the same time to the nanosecond."""
    path, other = tmp_path / "a", tmp_path / "b"
    path.write_bytes(b"a" * 100)
    content, status = FileContent.of(path), path.stat()
    other.write_bytes(b"b" * 100)
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(path)

    assert not FileContent.of(path).key().is_same_as(ContentKey.of_digits(hashlib.sha256(b"a" * 100).hexdigest()[:16]))
    if path.stat().st_ctime_ns == status.st_ctime_ns:
        pytest.skip("this system keeps no time of change")
    with pytest.raises(UnreadableFile):
        content.key().is_same_as(FileContent.of(path).key())
    with pytest.raises(UnreadableFile):
        content.read(0, 10)


def test_another_name_or_other_rights_make_no_other_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"a" * 100)
    content = FileContent.of(path)
    os.link(path, tmp_path / "b")
    path.chmod(0o600)

    assert content.read(0, 3) == b"aaa"
    assert content.key().is_same_as(FileContent.of(path).key())


def test_what_is_written_while_the_key_is_taken_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"a" * 100)
    content, hashed = FileContent.of(path), hashlib.file_digest

    def written_before(stream: Any, name: str) -> Any:
        with path.open("r+b") as other:
            other.write(b"c" * 50)
        os.utime(path, ns=(1, 1))
        return hashed(stream, name)

    monkeypatch.setattr(hashlib, "file_digest", written_before)
    with pytest.raises(UnreadableFile) as raised:
        content.key().digits()

    assert raised.value.code is ErrorCode.FILE_DAMAGED


def test_a_key_crosses_to_another_process_as_digits(tmp_path: Path) -> None:
    path = cine(tmp_path / "cine.dcm")
    clip = read_clip(path)
    key = pickle.dumps(clip.content_key)
    path.unlink()

    assert pickle.loads(key).digits() == clip.key


def test_copies_have_the_same_content_and_other_files_are_told_apart_unread(tmp_path: Path) -> None:
    one, copy = cine(tmp_path / "one.dcm"), cine(tmp_path / "copy.dcm")
    other = files.write(tmp_path / "other.dcm", files.dataset_of(files.cine(5), FrameTime=40))
    first, again, second, third = (read_clip(path) for path in (one, one, copy, other))
    named = files.dataset_of(files.cine(4), FrameTime=40)
    named.SOPInstanceUID = "1.2.3.5"
    fourth = read_clip(files.write(tmp_path / "named.dcm", named))

    assert first.has_content_of(again)
    assert not first.has_content_of(third)
    assert not first.has_content_of(fourth)
    assert not any(clip.content_key.is_taken for clip in (first, again, third, fourth))
    assert first.has_content_of(second)


def test_a_hash_that_fails_is_tried_again() -> None:
    answers = iter([OSError("gone"), "ab" * 8])

    def take() -> str:
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    key = ContentKey(take, 5, "origin")
    with pytest.raises(OSError, match="gone"):
        key.digits()

    assert key.digits() == "ab" * 8
