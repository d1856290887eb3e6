"""Any byte of a deflated file in an archive is reached, quickly and in little memory."""

from __future__ import annotations

import hashlib
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from zip_files import packed

from fetalclip_app.imaging.files import archives
from fetalclip_app.imaging.files.archives import MemberContent
from fetalclip_app.imaging.files.inflating import PIECE, InflatingStream


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, MemberContent]:
    """A deflated member that is large enough for marks, with its bytes."""
    noise = np.random.default_rng(7).integers(0, 40, 5 * PIECE + 12345, dtype=np.uint8).tobytes()
    archive = packed(tmp_path_factory.mktemp("zip") / "s.zip", {"x": noise})
    member = archives.open_member(archive / "x")
    assert member is not None
    return noise, member.checked()


@given(data=st.data())
def test_any_bytes_of_a_deflated_file_are_those_bytes(large: tuple[bytes, MemberContent], data: st.DataObject) -> None:
    truth, member = large
    for _ in range(4):
        offset = data.draw(st.integers(0, len(truth) - 1))
        length = data.draw(st.integers(0, min(len(truth) - offset, 3 * PIECE)))
        assert member.read(offset, length) == truth[offset : offset + length]
    assert member.key().digits() == hashlib.sha256(truth).hexdigest()[:16]


@pytest.mark.parametrize("offset", [0, 2 * PIECE + 5, 3 * PIECE - 900, 5 * PIECE])
def test_no_more_than_one_piece_is_inflated_to_reach_a_place(
    offset: int, large: tuple[bytes, MemberContent], monkeypatch: pytest.MonkeyPatch
) -> None:
    truth, member = large
    inflated: list[int] = []
    really = InflatingStream._more

    def counted(stream: InflatingStream, archive: Any, most: int) -> bytes:
        piece = really(stream, archive, most)
        inflated.append(len(piece))
        return piece

    monkeypatch.setattr(InflatingStream, "_more", counted)
    for start in (len(truth) - 1, offset):
        stream = InflatingStream(member)
        stream.seek(start)
        inflated.clear()
        assert stream.read(100) == truth[start : start + 100]

    assert sum(inflated) <= PIECE + 100


def test_a_large_file_is_read_in_little_memory(large: tuple[bytes, MemberContent]) -> None:
    truth, member = large
    tracemalloc.start()
    for offset in range(0, len(truth) - 1000, PIECE // 2):
        member.read(offset, 1000)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 2 * PIECE
