"""What the components of a clip are is decided once: no frame changes colour because of what it shows."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any

import dicom_files as files
import numpy as np
import pytest
from pydicom import uid
from test_colour_evidence import SCAN, _marked

from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.dicom import jpeg
from fetalclip_app.imaging.readers import read_clip
from fetalclip_app.imaging.thumbnails import small_picture

Picture = np.ndarray[Any, Any]


def with_box(share: float) -> Picture:
    """Return the scan with a box of flow that covers a share of it."""
    picture = SCAN.copy()
    height = round(len(picture) * share)
    y, x = np.mgrid[0:height, 0 : picture.shape[1]]
    picture[:height] = np.stack([180 + 60 * np.sin(x / 9), 40 + 30 * np.cos(y / 5), 20 + x // 2], axis=2)
    return picture


GREY, GROWN = SCAN, with_box(0.8)
LOOP = np.stack([GROWN, GROWN, GROWN, GREY])
"""A box of flow that covers nearly everything, but in the last frame."""


def native(path: Path, frames: Picture, stored: str, label: str) -> Path:
    data = files.dataset_of(frames if stored == "RGB" else files.to_ycc(frames), label)
    return files.write(path, data)


def run_length(path: Path, frames: Picture, stored: str, label: str) -> Path:
    data = files.dataset_of(frames if stored == "RGB" else files.to_ycc(frames), "RGB")
    files.compressed(path, data, uid.RLELossless)
    data.PhotometricInterpretation = label
    return files.write(path, data, uid.RLELossless)


def in_jpeg(marks: str) -> Callable[[Path, Picture, str, str], Path]:
    def write(path: Path, frames: Picture, stored: str, label: str) -> Path:
        kind = f"{'rgb' if stored == 'RGB' else 'ycc'}-{marks}"
        return files.encapsulated(path, files.dataset_of(frames, label), [_marked(kind, each) for each in frames])

    return write


WRITERS = {
    "native": native,
    "rle": run_length,
    **{f"jpeg {marks}": in_jpeg(marks) for marks in ("none", "jfif", "adobe")},
}
every_kind = pytest.mark.parametrize("kind", WRITERS)
either_label = pytest.mark.parametrize("label", ["RGB", "YBR_FULL"])
either_truth = pytest.mark.parametrize("stored", ["RGB", "YBR_FULL"])


@every_kind
@either_label
@either_truth
def test_a_box_that_grows_changes_no_colour_whichever_frame_is_asked_first(
    stored: str, label: str, kind: str, tmp_path: Path
) -> None:
    path = WRITERS[kind](tmp_path / "x", LOOP, stored, label)
    for first in (0, 1, 3):
        clip = read_clip(path)
        for index in (first, *range(4)):
            assert files.is_near(clip.frame(index).pixels, LOOP[index]), (first, index)


@every_kind
@either_label
@either_truth
def test_a_thumbnail_has_the_colours_of_its_clip(stored: str, label: str, kind: str, tmp_path: Path) -> None:
    clip = read_clip(WRITERS[kind](tmp_path / "x", LOOP, stored, label))
    height, width = SCAN.shape[:2]

    assert files.is_near(small_picture(clip, height=height, width=width), GROWN)


@every_kind
@either_label
@either_truth
def test_a_loop_with_flow_in_every_frame_is_told_by_its_grey_parts(
    stored: str, label: str, kind: str, tmp_path: Path
) -> None:
    frames = np.stack([with_box(0.3)] * 3)
    clip = read_clip(WRITERS[kind](tmp_path / "x", frames, stored, label))

    assert files.is_near(clip.frame(1).pixels, frames[1])


@either_truth
def test_an_empty_first_frame_decides_nothing(stored: str, tmp_path: Path) -> None:
    """Zeros that fill a frame before the first picture are no proof of RGB."""
    label = "RGB" if stored == "YBR_FULL" else "YBR_FULL"
    data = files.dataset_of(LOOP if stored == "RGB" else files.to_ycc(LOOP), label)
    frame_bytes = LOOP[0].size
    data.PixelData = bytes(frame_bytes) + bytes(data.PixelData)[frame_bytes:]
    clip = read_clip(files.write(tmp_path / "x", data))

    for index in (1, 2, 3):
        assert files.is_near(clip.frame(index).pixels, LOOP[index])


def test_a_clip_of_nothing_but_black_is_black_under_either_label(tmp_path: Path) -> None:
    for label in ("RGB", "YBR_FULL"):
        clip = read_clip(native(tmp_path / label, np.zeros((3, 48, 64, 3), np.uint8), "RGB", label))

        assert clip.frame(1).pixels.max() == 0


def test_a_damaged_frame_decides_nothing_and_harms_no_other(tmp_path: Path) -> None:
    streams = [_marked("rgb-jfif", each) for each in LOOP]
    streams[0] = streams[0][: len(streams[0]) // 3]
    clip = read_clip(files.encapsulated(tmp_path / "x", files.dataset_of(LOOP, "YBR_FULL"), streams))
    with pytest.raises(UnreadableFile):
        clip.frame(0)

    assert files.is_near(clip.frame(1).pixels, GROWN)


def test_nothing_is_decided_while_the_file_is_away(tmp_path: Path) -> None:
    path = native(tmp_path / "x", LOOP, "YBR_FULL", "RGB")
    clip = read_clip(path)
    shutil.move(path, tmp_path / "y")
    with pytest.raises(UnreadableFile) as refused:
        clip.frame(0)
    shutil.move(tmp_path / "y", path)

    assert refused.value.code is ErrorCode.FILE_MISSING
    assert files.is_near(clip.frame(0).pixels, GROWN)


@pytest.mark.parametrize(("subsampling", "asked"), [(1, (0, 3, 1)), (2, (2,)), (0, (0, 3, 1))])
def test_honest_marked_streams_are_decoded_once_each(
    subsampling: int, asked: tuple[int, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    streams = [files.jpeg_stream(GREY, subsampling=subsampling)] * 4
    clip = read_clip(files.encapsulated(tmp_path / "x", files.dataset_of(LOOP, "YBR_FULL_422"), streams))
    decoded = []
    for name in ("decode", "stored_components"):
        real = getattr(jpeg, name)
        monkeypatch.setattr(jpeg, name, lambda *given, real=real: decoded.append(1) or real(*given))
    for index in asked:
        clip.frame(index)

    assert len(decoded) == len(asked)


def test_a_clip_that_proves_nothing_is_asked_three_frames_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    colours = files.cine(9)
    clip = read_clip(in_jpeg("jfif")(tmp_path / "x", colours, "YBR_FULL", "YBR_FULL"))
    decoded = []
    real = jpeg.decode
    monkeypatch.setattr(jpeg, "decode", lambda *given: decoded.append(1) or real(*given))
    for order in permutations(range(3)):
        for index in order:
            assert files.is_near(clip.frame(index).pixels, colours[index])

    assert len(decoded) == 2 + 6 * 3
