"""The fast road for JPEG: libjpeg's pixels to the digit, and nothing that is lost goes unsaid."""

from __future__ import annotations

import io
import struct
import time
from concurrent.futures import ThreadPoolExecutor

import dicom_files as files
import numpy as np
import pytest
from PIL import Image

from bench.fuzz.bombs import black_jpeg, scans_again
from fetalclip_app.imaging.dicom import jpeg

RGB = files.colour_picture(200, 300)


def _decoded(stream: bytes) -> np.ndarray:
    return jpeg.decode(stream, jpeg.parse(stream))


@pytest.mark.parametrize(
    "options",
    [
        *({"subsampling": kind} for kind in (0, 1, 2, "4:1:1")),
        *({name: True} for name in ("progressive", "keep_rgb", "optimize")),
        {"restart_marker_blocks": 4},
    ],
    ids=str,
)
def test_the_fast_road_gives_the_pixels_of_libjpeg(options: dict[str, object]) -> None:
    stream = files.jpeg_stream(RGB, **options)
    reference = np.asarray(Image.open(io.BytesIO(stream)).convert("RGB"))

    np.testing.assert_array_equal(_decoded(stream), reference)


def test_a_stream_without_its_end_mark_is_whole_if_its_pixels_are() -> None:
    stream = files.jpeg_stream(RGB)

    np.testing.assert_array_equal(_decoded(stream[:-2]), _decoded(stream))
    np.testing.assert_array_equal(_decoded(stream + b"\0"), _decoded(stream))


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.99])
def test_a_stream_that_was_cut_is_refused(share: float) -> None:
    stream = files.jpeg_stream(RGB)
    with pytest.raises(ValueError, match="truncated"):
        _decoded(stream[: int(len(stream) * share)])


def test_a_part_that_fell_out_is_noticed() -> None:
    """libjpeg finds its place again at the next restart mark, and paints over what is missing."""
    stream = files.jpeg_stream(RGB, restart_marker_blocks=4)
    place = stream.index(b"\xff\xd3")
    with pytest.raises(ValueError, match="damaged"):
        _decoded(stream[:place] + stream[place + 32 :])


def test_padding_before_the_end_mark_is_no_damage() -> None:
    stream = files.jpeg_stream(RGB)

    np.testing.assert_array_equal(_decoded(stream[:-2] + b"\0\0" + stream[-2:]), _decoded(stream))


def test_an_adobe_mark_that_nobody_knows_is_no_damage() -> None:
    stream = files.jpeg_stream(RGB)
    marked = stream[:2] + files.adobe(7) + files.without_marker(stream, 0xE0)[2:]

    np.testing.assert_array_equal(_decoded(marked), _decoded(stream))


def test_threads_may_decode_at_once() -> None:
    streams = [files.jpeg_stream(frame, subsampling=1) for frame in files.cine(8, 96, 128)]
    alone = [_decoded(stream) for stream in streams]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(_decoded, streams * 8))

    for number, pixels in enumerate(together):
        np.testing.assert_array_equal(pixels, alone[number % 8])


@pytest.mark.parametrize("components", [1, 3])
def test_stored_components_come_without_a_transform(components: int) -> None:
    picture = RGB if components == 3 else RGB[..., 0]
    stream = files.jpeg_stream(picture, quality=100)
    stored = jpeg.stored_components(stream, jpeg.parse(stream))

    expected = files.to_ycc(picture) if components == 3 else picture
    assert np.abs(stored.astype(int) - expected).mean() < 1


def test_a_stream_that_ends_in_its_header_is_truncated() -> None:
    stream = files.jpeg_stream(RGB)
    with pytest.raises((ValueError, struct.error)):
        jpeg.parse(stream[:100])


def _with_scans(mode: str, side: int, more: int, *, progressive: bool = False) -> bytes:
    """Return a black picture whose last scan is there ``more`` times again."""
    return scans_again(black_jpeg(side, side, mode, progressive=progressive), more)


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_the_scans_of_a_sequential_jpeg_are_not_counted_and_a_second_one_is_refused_at_once(
    mode: str,
) -> None:
    """What the count would guard from is never decoded: nothing is to be had by hiding scans behind such a header."""
    endless = _with_scans(mode, 4000, 30)
    began = time.process_time()
    jpeg.check_scans(endless, height=4000, width=4000)
    with pytest.raises(ValueError, match="scan"):
        jpeg.decode(endless, jpeg.parse(endless))

    assert time.process_time() - began < 1.0


def test_scans_behind_a_marker_that_libjpeg_looks_into_are_counted() -> None:
    """A length behind FF 00 is none: libjpeg takes the progressive frame within it, and not the header after it."""
    hidden = _with_scans("L", 64, 30, progressive=True)[2:-2]
    stream = b"\xff\xd8\xff\x00" + (len(hidden) + 2).to_bytes(2, "big") + hidden + _with_scans("L", 64, 0)[2:]

    with pytest.raises(ValueError, match="scans of"):
        jpeg.check_scans(stream, height=4000, width=4000)
