"""A thumbnail is the clip's middle, small, in its true colours, and cheap."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import dicom_files as files
import numpy as np
import pytest
from fakes import make_clip
from PIL import Image

from fetalclip_app.domain.clip import Clip, Pixels
from fetalclip_app.errors import UnreadableFile
from fetalclip_app.imaging.dicom import pixels as dicom_pixels
from fetalclip_app.imaging.readers import read_clip
from fetalclip_app.imaging.thumbnails import small_picture

SIZE = {"height": 144, "width": 192}


def patches(height: int = 768, width: int = 1024) -> Pixels:
    """Return a picture of four flat colours, which show a swap of colours at any scale."""
    picture = np.zeros((height, width, 3), np.uint8)
    top, left = height // 2, width // 2
    picture[:top, :left], picture[:top, left:] = (200, 30, 30), (30, 180, 40)
    picture[top:, :left], picture[top:, left:] = (40, 50, 210), (128, 128, 128)
    return picture


def corners(pixels: Pixels) -> np.ndarray:
    """Return the colour in the middle of each quarter."""
    height, width = pixels.shape[:2]
    return pixels[[height // 4, height // 4, 3 * height // 4, 3 * height // 4]][
        :, [width // 4, 3 * width // 4, width // 4, 3 * width // 4]
    ][range(4), range(4)].astype(int)


def jpeg_dicom(path: Path, *, photometric: str = "YBR_FULL_422", frames: int = 3, **options: object) -> Clip:
    picture = patches()
    stack = np.stack([np.zeros_like(picture)] * frames) if frames > 1 else picture
    middle = files.jpeg_stream(picture, **{"quality": 90, **options})
    streams = [files.jpeg_stream(stack[0] if frames > 1 else picture)] * (frames // 2) + [middle] * (
        frames - frames // 2
    )
    return read_clip(files.encapsulated(path, files.dataset_of(stack, photometric), streams))


@pytest.mark.parametrize("photometric", ["YBR_FULL_422", "YBR_FULL", "RGB"])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_a_jpeg_cine_s_middle_keeps_its_colours(photometric: str, subsampling: int, tmp_path: Path) -> None:
    clip = jpeg_dicom(tmp_path / "x", photometric=photometric, subsampling=subsampling)
    small = small_picture(clip, **SIZE)

    assert small.shape == (192, 256, 3)
    np.testing.assert_allclose(corners(small), corners(patches()), atol=6)


def test_colours_that_no_marker_names_are_those_of_the_whole_road(tmp_path: Path) -> None:
    bare = files.without_marker(files.jpeg_stream(patches(), subsampling=0), 0xE0)
    for photometric in ("YBR_FULL", "RGB"):
        clip = read_clip(files.encapsulated(tmp_path / photometric, files.dataset_of(patches(), photometric), [bare]))

        np.testing.assert_allclose(corners(small_picture(clip, **SIZE)), corners(clip.frame(0).pixels), atol=6)


@pytest.mark.parametrize("kind", files.stills())
def test_every_kind_of_still_has_a_thumbnail_of_its_own_colours(kind: str, tmp_path: Path) -> None:
    clip = read_clip(files.stills()[kind](tmp_path / "x"))
    small = small_picture(clip, height=12, width=16)

    np.testing.assert_allclose(small.mean((0, 1)), clip.frame(0).pixels.mean((0, 1)), atol=16)


def test_a_jpeg_picture_is_turned_as_its_camera_says(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(patches()).save(tmp_path / "x.jpg", quality=90, exif=exif)
    clip = read_clip(tmp_path / "x.jpg")
    small = small_picture(clip, **SIZE)

    assert small.shape[0] > small.shape[1]
    np.testing.assert_allclose(corners(small), corners(clip.frame(0).pixels), atol=6)


def test_the_codec_scales_and_not_we(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = jpeg_dicom(tmp_path / "x", subsampling=1)

    def refuse(*given: object) -> Pixels:
        raise AssertionError("decoded as a whole")

    monkeypatch.setattr(dicom_pixels.DicomFrames, "pixels", refuse)

    assert small_picture(clip, **SIZE).shape == (192, 256, 3)


def test_a_scaled_frame_costs_a_fraction_of_the_whole(tmp_path: Path) -> None:
    clip = jpeg_dicom(tmp_path / "x", subsampling=1)

    def cost(work: Callable[[], object]) -> float:
        best = 1.0
        for _ in range(5):
            began = time.thread_time()
            work()
            best = min(best, time.thread_time() - began)
        return best

    assert cost(lambda: small_picture(clip, **SIZE)) < 0.7 * cost(lambda: clip.frame(1).pixels)


def test_a_broken_middle_has_no_thumbnail(tmp_path: Path) -> None:
    picture = patches(96, 128)
    whole = files.jpeg_stream(picture)
    broken = whole[: len(whole) // 4]
    data = files.dataset_of(np.stack([picture] * 3), "YBR_FULL_422")
    clip = read_clip(files.encapsulated(tmp_path / "x", data, [whole, broken, whole]))
    with pytest.raises(UnreadableFile):
        small_picture(clip, height=24, width=32)

    assert len(clip) == 3


def test_a_picture_smaller_than_asked_stays_as_it_is() -> None:
    clip = make_clip(1, height=60, width=80)

    np.testing.assert_array_equal(small_picture(clip, **SIZE), clip.frame(0).pixels)


@pytest.mark.parametrize("name", ["mp4", "h264"])
def test_a_video_s_thumbnail_is_the_key_frame_nearest_to_its_middle(name: str, tmp_path: Path) -> None:
    with av.open(str(tmp_path / "x"), "w", format=name) as output:
        stream: Any = output.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.options = {"g": "8", "sc_threshold": "0", "bf": "2"}
        for number in range(20):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((48, 64, 3), 40 + 8 * number, np.uint8))))
        output.mux(stream.encode())
    clip = read_clip(tmp_path / "x")

    assert round((float(small_picture(clip, height=48, width=64).mean()) - 40) / 8) == 8
