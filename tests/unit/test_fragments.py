"""Frames are found whatever a writer made of its offset tables, and however it cut its frames."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import accumulate, pairwise
from pathlib import Path

import dicom_files as files
import jpeg_ls
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import uid

from fetalclip_app.imaging.dicom.encapsulated import frames_of, joined, scan
from fetalclip_app.imaging.files.content import MemoryContent
from fetalclip_app.imaging.readers import read_clip

_END = b"\xfe\xff\xdd\xe0\0\0\0\0"
CINE = files.cine(4)


def item(value: bytes) -> bytes:
    return b"\xfe\xff\0\xe0" + struct.pack("<I", len(value)) + value


def sequence(frames: Sequence[Sequence[bytes]], table: Sequence[int] | None) -> bytes:
    """Return items: the table, then each frame's fragments; None leaves the table's item away."""
    head = b"" if table is None else item(struct.pack(f"<{len(table)}I", *table))
    return head + b"".join(item(piece) for frame in frames for piece in frame) + _END


def true_table(frames: Sequence[Sequence[bytes]]) -> list[int]:
    sizes = [sum(8 + len(piece) for piece in frame) for frame in frames]
    return list(accumulate(sizes, initial=0))[:-1]


def read_back(data: bytes, count: int, extended: Sequence[int] = (), lengths: Sequence[int] = ()) -> list[bytes]:
    """Return the frames that are found in items which begin at an odd place."""
    content = MemoryContent(Path("x"), b"?" * 37 + data)
    return [joined(content, spans) for spans in frames_of(scan(content, 37), count, extended, lengths)]


stream = st.binary(min_size=2, max_size=60).map(lambda body: b"\xff\xd8\xff\xdb" + body.replace(b"\xff", b"\xfe"))
streams = st.lists(stream, min_size=2, max_size=8)


@st.composite
def cut(draw: st.DrawFn, whole: st.SearchStrategy[list[bytes]] = streams) -> list[list[bytes]]:
    """Return frames, each cut anywhere into one to four pieces."""
    found = []
    for each in draw(whole):
        places = sorted(draw(st.sets(st.integers(3, len(each) - 1), max_size=3)))
        edges = [0, *places, len(each)]
        found.append([each[first:last] for first, last in pairwise(edges)])
    return found


@given(cut(), st.sampled_from(["right", "empty", "forgotten", "from the items", "short", "wild"]))
def test_frames_come_back_whole_under_any_table(frames: list[list[bytes]], kind: str) -> None:
    table: list[int] | None = {
        "right": true_table(frames),
        "empty": [],
        "forgotten": None,
        "from the items": [place + 8 + 4 * len(frames) for place in true_table(frames)],
        "short": true_table(frames)[:-1],
        "wild": [0, *[7 * place + 3 for place in range(1, len(frames))]],
    }[kind]

    assert read_back(sequence(frames, table), len(frames)) == [b"".join(frame) for frame in frames]


@given(st.lists(st.binary(min_size=10, max_size=60), min_size=2, max_size=8), st.sampled_from([[], None]))
def test_frames_that_begin_with_nothing_known_lie_one_to_a_fragment(
    frames: list[bytes], table: list[int] | None
) -> None:
    """Run lengths do; a forgotten table is told by the first frame, which begins with the number of its segments."""
    segments = [struct.pack("<2I", 3, 64) + bytes(56) + frame + b"\0" * (len(frame) % 4) for frame in frames]

    assert read_back(sequence([[each] for each in segments], table), len(frames)) == segments


def test_empty_fragments_between_frames_of_nothing_known_are_no_frames() -> None:
    frames = [struct.pack("<2I", 1, 64) + bytes(60) for _ in range(3)]

    assert read_back(sequence([[frames[0], b""], [b"", frames[1]], [frames[2]]], []), 3) == frames


def test_a_table_that_leaves_out_the_first_fragment_is_not_believed() -> None:
    frames = [[b"\xff\xd8\xff" + bytes(5), bytes(8)], [b"\xff\xd8\xff" + bytes(9)]]
    second = len(item(frames[0][0]))

    assert read_back(sequence(frames, [second, second + len(item(frames[0][1]))]), 2) == [
        b"".join(each) for each in frames
    ]


def test_a_frame_whose_second_half_is_gone_is_not_shown_though_the_first_is_a_fragment() -> None:
    frames = [[b"\xff\xd8\xff" + bytes(5), bytes(8)], [b"\xff\xd8\xff" + bytes(5), bytes(8)]]
    whole = sequence(frames, true_table(frames))
    first_piece = len(item(bytes(8))) + len(item(frames[0][0]))
    content = MemoryContent(Path("x"), whole[: first_piece + 3])

    assert frames_of(scan(content, 0), 2) == ()


@given(cut(), st.integers(0, 7))
def test_empty_fragments_between_are_nothing(frames: list[list[bytes]], place: int) -> None:
    with_gap = [list(frame) for frame in frames]
    with_gap[place % len(frames)].append(b"")

    assert read_back(sequence(with_gap, []), len(frames)) == [b"".join(frame) for frame in frames]


def test_padding_that_was_not_counted_is_stepped_over() -> None:
    frames = [b"\xff\xd8\xff" + bytes(4), b"\xff\xd8\xff" + bytes(5), b"\xff\xd8\xff" + bytes(6)]
    data = item(b"") + b"".join(item(frame) + b"\0" * (len(frame) % 2) for frame in frames) + _END

    assert read_back(data, 3) == frames


@given(st.lists(stream, min_size=2, max_size=8))
def test_an_extended_table_tells_frames_and_their_true_lengths(frames: list[bytes]) -> None:
    padded = [[frame + b"\0" * (len(frame) % 2)] for frame in frames]
    found = read_back(sequence(padded, []), len(frames), true_table(padded), [len(frame) for frame in frames])

    assert found == frames


def test_lengths_that_fit_no_fragment_are_not_believed() -> None:
    frames = [[b"\xff\xd8\xff" + bytes(5)], [b"\xff\xd8\xff" + bytes(7)]]

    assert read_back(sequence(frames, []), 2, true_table(frames), [3, 400]) == [frame[0] for frame in frames]


@given(cut(), st.data())
def test_of_a_file_that_breaks_off_the_whole_frames_are_found(frames: list[list[bytes]], data: st.DataObject) -> None:
    whole = sequence(frames, true_table(frames))
    held = data.draw(st.integers(0, len(whole) - 1))
    content = MemoryContent(Path("x"), whole[:held])
    items = scan(content, 0)
    found = [joined(content, spans) for spans in frames_of(items, len(frames))]
    wanted = [b"".join(frame) for frame in frames][: len(found)]
    if found and len(found) == len(frames) and items.cut is None:
        # Cut exactly behind a fragment of the last frame: only its decoder can tell.
        assert wanted.pop().startswith(found.pop())

    assert found == wanted


WRITERS = {
    "jpeg": (uid.JPEGBaseline8Bit, "YBR_FULL_422", files.jpeg_stream),
    "jpeg-ls": (uid.JPEGLSLossless, "RGB", lambda frame: bytes(jpeg_ls.encode_array(frame, interleave_mode=2))),
}


@pytest.mark.parametrize("table", ["none", "forgotten", "right"])
@pytest.mark.parametrize("kind", WRITERS)
def test_a_cine_opens_with_its_frames_in_three_pieces_each(kind: str, table: str, tmp_path: Path) -> None:
    syntax, photometric, encode = WRITERS[kind]
    pieces = [[each[:30], each[30:101], each[101:]] for each in map(encode, CINE)]
    data = files.dataset_of(CINE, photometric)
    data.PixelData = sequence(pieces, {"none": [], "forgotten": None, "right": true_table(pieces)}[table])
    clip = read_clip(files.write(tmp_path / "x", data, syntax))

    assert len(clip) == 4
    for index in range(4):
        assert np.abs(clip.frame(index).pixels.astype(int) - CINE[index]).mean() < 3


def test_a_native_cine_may_be_encapsulated(tmp_path: Path) -> None:
    data = files.dataset_of(CINE)
    path = files.encapsulated(tmp_path / "x", data, [frame.tobytes() for frame in CINE], "1.2.840.10008.1.2.1.98")
    clip = read_clip(path)

    for index in (3, 0, 2):
        np.testing.assert_array_equal(clip.frame(index).pixels, CINE[index])
