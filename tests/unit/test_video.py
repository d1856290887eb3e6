"""Frame n of a video is frame n, in whatever order frames are asked for."""

from __future__ import annotations

import struct
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from fetalclip_app.domain.calibration import PixelSpacing, Ruler, Statement, Verdict
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.timing import RateSource
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.readers import read_clip
from fetalclip_app.imaging.video import reader as video

COUNT = 40
KINDS: dict[str, tuple[str, str, str, dict[str, str]]] = {
    "mp4 with reordered frames": ("mp4", "libx264", "yuv420p", {"bf": "2", "g": "15"}),
    "mp4 with one key frame": ("mp4", "libx264", "yuv420p", {"g": "1000"}),
    "avi of jpegs": ("avi", "mjpeg", "yuvj420p", {}),
    "avi of mpeg4": ("avi", "mpeg4", "yuv420p", {"g": "10", "qmin": "1", "qmax": "2"}),
    "avi with reordered frames": ("avi", "mpeg4", "yuv420p", {"g": "10", "bf": "2", "qmin": "1", "qmax": "2"}),
    "avi uncompressed": ("avi", "rawvideo", "bgr24", {}),
    "matroska": ("matroska", "libx264", "yuv420p", {"bf": "2"}),
}


def grey_level(index: int) -> int:
    return 40 + 4 * index


def write_video(path: Path, kind: str, *, rotation: int = 0, pixel_aspect: str = "1/1", **container: Any) -> Path:
    """Write frames that are grey, each lighter than the one before, with a white mark at the left."""
    format_name, codec, pixel_format, options = KINDS[kind]
    with av.open(str(path), "w", format=format_name, **container) as output:
        stream: Any = output.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, pixel_format
        stream.options = {**options, "aspect": pixel_aspect}
        if rotation:
            stream.set_display_rotation(rotation)
        for index in range(COUNT):
            pixels = np.full((48, 64, 3), grey_level(index), np.uint8)
            pixels[:, :8] = 255
            output.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        output.mux(stream.encode())
    return path


def shown(pixels: np.ndarray) -> int:
    """Return the number of the frame, read from its grey."""
    return round((float(pixels[8:40, 16:].mean()) - 40) / 4)


@pytest.mark.parametrize("kind", KINDS)
def test_every_frame_is_the_one_that_was_asked_for(kind: str, tmp_path: Path) -> None:
    clip = read_clip(write_video(tmp_path / "video", kind))
    order = [*range(COUNT), 0, 39, 17, 3, 38, 20, 19, 18, 1]

    assert len(clip) == COUNT
    assert [shown(clip.frame(index).pixels) for index in order] == order
    assert (clip.height, clip.width, clip.missing_frames) == (48, 64, 0)
    assert clip.frame(0).pixels.shape == (48, 64, 3)


def test_the_rate_is_the_container_s(tmp_path: Path) -> None:
    clip = read_clip(write_video(tmp_path / "x", "mp4 with reordered frames"))

    assert clip.rate is not None
    assert (clip.rate.hz, clip.rate.source) == (25, RateSource.CONTAINER)
    assert clip.calibration is None
    assert clip.origin.is_lossy


def test_uncompressed_video_has_lost_nothing(tmp_path: Path) -> None:
    clip = read_clip(write_video(tmp_path / "x", "avi uncompressed"))

    assert not clip.origin.is_lossy
    assert (clip.frame(5).pixels[:, 16:] == grey_level(5)).all()


def test_a_video_that_was_held_sideways_stands_upright(tmp_path: Path) -> None:
    clip = read_clip(write_video(tmp_path / "x", "mp4 with reordered frames", rotation=90))
    pixels = clip.frame(3).pixels

    assert (clip.height, clip.width) == pixels.shape[:2] == (64, 48)
    assert pixels[-6:].mean() > 240 > pixels[:6].mean()  # the mark at the left is turned to the bottom


@pytest.mark.parametrize("kind", ["mp4 with reordered frames", "avi with reordered frames"])
def test_pixels_that_are_no_squares_are_known_to_the_ruler(kind: str, tmp_path: Path) -> None:
    """A pixel is twice as wide as high. What is shown stays as it is stored."""
    clip = read_clip(write_video(tmp_path / "x", kind, pixel_aspect="2/1"))
    down, across = (clip.with_ruler(Ruler((10, 10), end, 5)) for end in ((10, 30), (30, 10)))

    assert clip.calibration is not None
    assert not clip.is_calibrated
    assert clip.calibration.statements == (Statement("SampleAspectRatio", Verdict.RATIO_ONLY, ratio=0.5),)
    assert (clip.height, clip.width) == clip.frame(0).pixels.shape[:2] == (48, 64)
    assert isinstance(down, Clip)
    assert isinstance(across, Clip)
    assert _spacings(down) == [PixelSpacing(row_mm=0.25, column_mm=0.5)]
    assert _spacings(across) == [PixelSpacing(row_mm=0.125, column_mm=0.25)]


def _spacings(clip: Clip) -> list[PixelSpacing | None]:
    return [region.spacing for region in clip.calibration.regions] if clip.calibration is not None else []


def test_pixels_of_a_picture_that_is_turned_are_turned_with_it(tmp_path: Path) -> None:
    clip = read_clip(write_video(tmp_path / "x", "mp4 with reordered frames", rotation=90, pixel_aspect="2/1"))

    assert clip.calibration is not None
    assert [each.ratio for each in clip.calibration.statements] == [2]


@pytest.mark.parametrize("kind", ["mp4 with reordered frames", "avi of jpegs", "matroska"])
def test_seeking_never_starts_the_file_over(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Containers seek by decoding time, which differs from the time shown where frames are reordered."""
    clip = read_clip(write_video(tmp_path / "x", kind))
    opened: list[object] = []
    really_open = video.opened
    monkeypatch.setattr(video, "opened", lambda content: opened.append(content) or really_open(content))

    assert [shown(clip.frame(index).pixels) for index in (30, 0, 12, 39, 5)] == [30, 0, 12, 39, 5]
    assert len(opened) == 1


def test_threads_may_share_a_video(tmp_path: Path) -> None:
    clip = read_clip(write_video(tmp_path / "x", "mp4 with reordered frames"))
    order = [(7 * index) % COUNT for index in range(80)]
    with ThreadPoolExecutor(4) as pool:
        seen = list(pool.map(lambda index: shown(clip.frame(index).pixels), order))

    assert seen == order


def test_a_video_may_be_moved_while_it_is_open(tmp_path: Path) -> None:
    path = write_video(tmp_path / "x", "avi of jpegs")
    seen, unseen = read_clip(path), read_clip(path)
    seen.frame(0)
    path.rename(tmp_path / "moved")  # Windows refuses where a handle is open

    with pytest.raises(UnreadableFile) as caught:
        unseen.frame(30)
    assert caught.value.code is ErrorCode.FILE_MISSING


def test_what_is_left_of_a_broken_copy_can_be_seen_and_is_counted(tmp_path: Path) -> None:
    """The table of an MP4 with its index in front still lists the frames that the copy lost."""
    path = write_video(tmp_path / "x", "mp4 with reordered frames", container_options={"movflags": "faststart"})
    held = path.read_bytes()
    start = held.index(b"mdat")
    path.write_bytes(held[: start + (len(held) - start) * 3 // 5])
    clip = read_clip(path)

    assert 0 < len(clip) < COUNT
    assert len(clip) + clip.missing_frames == COUNT
    assert [shown(clip.frame(index).pixels) for index in range(len(clip))] == list(range(len(clip)))


def test_a_copy_without_its_index_is_truncated(tmp_path: Path) -> None:
    path = write_video(tmp_path / "x", "mp4 with one key frame")
    path.write_bytes(path.read_bytes()[:-600])
    with pytest.raises(UnreadableFile) as caught:
        read_clip(path)

    assert caught.value.code is ErrorCode.FILE_TRUNCATED


def test_sound_alone_is_no_picture(tmp_path: Path) -> None:
    path = tmp_path / "x.mp4"
    with av.open(str(path), "w", format="mp4") as output:
        stream: Any = output.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 44100
        output.mux(stream.encode(frame))
        output.mux(stream.encode())
    with pytest.raises(UnreadableFile) as caught:
        read_clip(path)

    assert caught.value.code is ErrorCode.NO_PIXELS


def test_a_container_that_claims_a_giant_picture_is_refused(tmp_path: Path) -> None:
    path = write_video(tmp_path / "x", "avi uncompressed")
    held = path.read_bytes()
    small = struct.pack("<ii", 64, 48)
    path.write_bytes(
        held.replace(small, struct.pack("<ii", 30000, 30000)).replace(
            struct.pack("<ii", 64, -48), struct.pack("<ii", 30000, -30000)
        )
    )
    with pytest.raises(UnreadableFile) as caught:
        read_clip(path).frame(0)

    assert caught.value.code in (ErrorCode.FILE_TOO_LARGE, ErrorCode.FILE_DAMAGED)
