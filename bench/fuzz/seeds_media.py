"""Undamaged pictures and videos made of formulas."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import uid

from bench.fuzz.dicom_objects import packed
from bench.fuzz.seeds import Family, Seed
from bench.fuzz.seeds_dicom import HEIGHT, SECRETS, WIDTH, colours, dataset_of, greys, loop


def seeds() -> list[Seed]:
    """Return every kind of picture and video that the program reads, videos inside DICOM as well."""
    return [*_pictures(), *_videos(), *_videos_in_dicom()]


def _pictures() -> Iterator[Seed]:
    rgb = Image.fromarray(colours())
    turned = Image.Exif()
    turned[0x0112] = 6
    translucent = Image.fromarray(np.dstack([colours(), greys().astype(np.uint8)]))
    pages = [Image.fromarray(frame) for frame in loop()]
    yield _picture("PNG", rgb)
    yield _picture("PNG 16 bits", Image.fromarray(greys(65535)), "PNG")
    yield _picture("PNG palette", rgb.quantize(32), "PNG")
    yield _picture("PNG alpha", translucent, "PNG")
    yield _picture("JPEG", rgb)
    yield _picture("JPEG progressive, turned", rgb, "JPEG", progressive=True, exif=turned)
    yield _picture("JPEG CMYK", rgb.convert("CMYK"), "JPEG")
    yield _picture("BMP", rgb)
    yield _picture("BMP palette", rgb.quantize(16), "BMP")
    yield _picture("TIFF pages", pages[0], "TIFF", save_all=True, append_images=pages[1:])
    yield _picture("TIFF LZW", rgb, "TIFF", compression="tiff_lzw")
    yield _picture("TIFF JPEG", rgb, "TIFF", compression="jpeg")
    yield _picture("TIFF deflate 16 bits", Image.fromarray(greys(65535)), "TIFF", compression="tiff_adobe_deflate")


def _picture(name: str, image: Image.Image, kind: str = "", **options: Any) -> Seed:
    held = io.BytesIO()
    image.save(held, kind or name, **options)
    return Seed(f"{name} picture", Family.PICTURE, (("scan.img", held.getvalue()),), HEIGHT, WIDTH)


def _videos() -> Iterator[Seed]:
    for name, container, codec, colour in (
        ("AVI MJPEG", "avi", "mjpeg", "yuvj420p"),
        ("AVI raw", "avi", "rawvideo", "bgr24"),
        ("MP4 H.264", "mp4", "libx264", "yuv420p"),
        ("MP4 HEVC", "mp4", "libx265", "yuv420p"),
        ("MOV MPEG-4", "mov", "mpeg4", "yuv420p"),
        ("MKV FFV1", "matroska", "ffv1", "yuv420p"),
        ("MKV VP9", "matroska", "libvpx-vp9", "yuv420p"),
    ):
        content = video(container, codec, colour)
        yield Seed(name, Family.VIDEO, (("scan.vid", content),), HEIGHT, WIDTH)


def _videos_in_dicom() -> Iterator[Seed]:
    for name, container, codec, syntax in (
        ("DICOM MPEG-2", "mpeg2video", "mpeg2video", uid.MPEG2MPML),
        ("DICOM H.264", "h264", "libx264", uid.MPEG4HP41),
        ("DICOM H.264 in MP4", "mp4", "libx264", uid.MPEG4HP41),
        ("DICOM HEVC", "hevc", "libx265", uid.HEVCMP51),
    ):
        data = dataset_of(loop(), "YBR_PARTIAL_420", NumberOfFrames=8)
        content = packed(data, [video(container, codec, "yuv420p")], syntax)
        yield Seed(name, Family.DICOM, (("scan.dcm", content),), HEIGHT, WIDTH, SECRETS)


def video(container: str, codec: str, colour: str, frames: NDArray[np.uint8] | None = None) -> bytes:
    """Return frames, (N, H, W, 3), at 25 a second as FFmpeg writes them; eight of a loop where none are given."""
    frames = np.concatenate([loop(), loop()[::-1]]) if frames is None else frames
    held = io.BytesIO()
    options = {"x265-params": "log-level=none:pools=1:frame-threads=1"} if codec == "libx265" else {}
    with av.open(held, "w", format=container) as output:
        stream: Any = output.add_stream(codec, rate=25, options=options)
        stream.height, stream.width, stream.pix_fmt = *frames.shape[1:3], colour
        stream.codec_context.thread_count = 1
        for frame in frames:
            output.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        output.mux(stream.encode())
    return held.getvalue()
