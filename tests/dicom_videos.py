"""Videos inside DICOM, written by the tests: a picture that says its own number, encoded by FFmpeg."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import dicom_files as files
import numpy as np
from numpy.typing import NDArray
from pydicom.encaps import encapsulate, itemize_frame

HEIGHT, WIDTH = 96, 128
BLOCK = 32
PURE = ((220, 30, 30), (30, 210, 40), (35, 45, 225), (128, 128, 128))
_BITS = 6

BT601, BT709 = 5, 1
STUDIO, FULL = 1, 2
"""Numbers of ITU-T H.273 and FFmpeg."""


def picture(number: int, height: int = HEIGHT, width: int = WIDTH) -> NDArray[np.uint8]:
    """Return four columns of pure colour under a row of squares that spell ``number`` in binary: (H, W, 3)."""
    colours = np.zeros((height, width, 3), np.uint8)
    for place, colour in enumerate(PURE):
        colours[:, place * width // 4 : (place + 1) * width // 4] = colour
    for bit in range(_BITS):
        colours[:16, bit * 16 : bit * 16 + 16] = 235 if number >> bit & 1 else 20
    return colours


def number_of(pixels: NDArray[np.uint8]) -> int:
    """Return the number that a picture spells."""
    return sum((int(pixels[8, bit * 16 + 8].mean() > 128)) << bit for bit in range(_BITS))


@dataclass(frozen=True)
class Film:
    """How a film is encoded.

    Attributes:
        container: FFmpeg's name of the format; of a bare stream too.
        matrix: None: nothing is said, and BT.601 is used.
    """

    encoder: str
    container: str
    options: dict[str, str] = field(default_factory=dict)
    count: int = 20
    matrix: int | None = None
    span: int = STUDIO
    pixel_format: str = "yuv420p"
    height: int = HEIGHT
    used_matrix: int = BT601

    def encoded(self) -> bytes:
        """Return the film's bytes."""
        held = io.BytesIO()
        with av.open(held, "w", format=self.container) as container:
            stream: Any = container.add_stream(self.encoder, rate=25, options=dict(self.options))
            stream.width, stream.height, stream.pix_fmt = WIDTH, self.height, self.pixel_format
            if self.matrix is not None:
                stream.codec_context.colorspace = self.matrix
            stream.codec_context.color_range = self.span
            used = self.matrix or self.used_matrix
            for number in range(self.count):
                frame = av.VideoFrame.from_ndarray(picture(number, self.height), format="rgb24")
                frame.pts = number
                wanted = {"dst_colorspace": used, "dst_color_range": self.span}
                container.mux(stream.encode(frame.reformat(format=self.pixel_format, **wanted)))
            container.mux(stream.encode())
        return held.getvalue()


_QUIET = "log-level=none:"
H264 = {"crf": "10", "bf": "3", "g": "8", "x264-params": "log-level=-1"}
H264_OPEN = {"crf": "10", "x264-params": "log-level=-1:bframes=3:open-gop=1:keyint=8:b-adapt=0"}
HEVC = {"crf": "10", "x265-params": f"{_QUIET}keyint=8:bframes=3:b-adapt=0:open-gop=0"}
HEVC_OPEN = {"crf": "10", "x265-params": f"{_QUIET}keyint=8:bframes=3:b-adapt=0:open-gop=1"}
MPEG_2 = {"bf": "2", "g": "8", "qscale": "2", "b": "6000000"}

FILMS: dict[str, Film] = {
    "h264": Film("libx264", "h264", H264),
    "h264 open": Film("libx264", "h264", H264_OPEN),
    "h264 mp4": Film("libx264", "mp4", H264),
    "h264 ts": Film("libx264", "mpegts", H264),
    "hevc": Film("libx265", "hevc", HEVC),
    "hevc open": Film("libx265", "hevc", HEVC_OPEN),
    "hevc mp4": Film("libx265", "mp4", HEVC),
    "mpeg2": Film("mpeg2video", "mpeg2video", MPEG_2),
    "mpeg2 ts": Film("mpeg2video", "mpegts", MPEG_2),
    "mpeg2 ps": Film("mpeg2video", "vob", MPEG_2),
}


def write(  # one keyword for each thing that a file may get wrong
    path: Path,
    stream: bytes,
    syntax: str,
    *,
    promised: int = 20,
    fragments: int = 1,
    height: int = HEIGHT,
    photometric: str = "YBR_PARTIAL_420",
    **tags: Any,
) -> Path:
    """Write a stream as one object, cut into ``fragments`` anywhere."""
    data = files.dataset_of(np.zeros((height, WIDTH, 3), np.uint8), photometric, **tags)
    data.NumberOfFrames = promised
    pieces = list(itemize_frame(stream + b"\0" * (len(stream) % 2), fragments)) if fragments > 1 else None
    data.PixelData = encapsulate([stream], has_bot=False)
    if pieces is not None:
        end = b"\xfe\xff\xdd\xe0\0\0\0\0"
        data.PixelData = b"\xfe\xff\0\xe0\0\0\0\0" + b"".join(pieces) + end
    return files.write(path, data, syntax)
