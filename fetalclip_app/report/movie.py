"""A clip as an MP4 with what was read and drawn on its frames, and the research-use line under each.

The encoder is FFmpeg's own for MPEG-4 part 2; libx264, which lies beside it in PyAV's wheel, is not used.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from fetalclip_app import RESEARCH_USE_ONLY, __version__
from fetalclip_app.atomic import write_whole
from fetalclip_app.domain.clip import Pixels
from fetalclip_app.errors import ErrorCode, ExportFailed
from fetalclip_app.progress import CancelToken, Report
from fetalclip_app.report.annotated import Overlays, about, annotated, overlays_of
from fetalclip_app.report.entries import ClipEntry
from fetalclip_app.report.picture import with_strip
from fetalclip_app.wording.pictures import held_frame

HELD_S = 1.0
"""A frame that something is drawn on stands still so long: at 25 a second nobody would see it."""

_CODEC, _COLOUR = "mpeg4", "yuv420p"
_BITS_PER_PIXEL = 0.6
"""Of each frame: enough that the speckle stays as it is to the eye."""

_SLOWEST, _FASTEST = 1.0, 120.0
"""Frames a second that players follow."""


def write_movie(path: Path, entry: ClipEntry, cancel: CancelToken, report: Report) -> None:
    """Write the whole clip.

    Raises:
        ExportFailed: It is a single picture, or the file could not be written.
        UnreadableFile: A frame cannot be decoded.
        Cancelled: ``cancel`` was raised between two frames.
    """
    clip = entry.clip
    if len(clip) < 2 or clip.rate is None:
        raise ExportFailed(ErrorCode.EXPORT_FAILED, name=clip.name, reason="no_cine")
    rate = min(max(clip.rate.hz, _SLOWEST), _FASTEST)

    def write(temporary: Path) -> None:
        with av.open(str(temporary), "w", format="mp4") as output:
            output.metadata.update({"comment": RESEARCH_USE_ONLY, "encoder": f"FetalCLIP Studio {__version__}"})
            _fill(output, entry, rate, (cancel, report))

    write_whole(path, write)


def _fill(output: Any, entry: ClipEntry, rate: float, watched: tuple[CancelToken, Report]) -> None:
    cancel, report = watched
    overlays, count = overlays_of(entry), len(entry.clip)
    stream: Any = None
    for index in range(count):
        cancel.check()
        pixels = _even(_framed(entry, index, overlays))
        if stream is None:
            stream = _stream(output, pixels, rate)
        for _time in range(max(round(HELD_S * rate), 1) if index in overlays else 1):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        report(index + 1, count)
    output.mux(stream.encode())


def _stream(output: Any, pixels: Pixels, rate: float) -> Any:
    height, width = pixels.shape[:2]
    stream = output.add_stream(_CODEC, rate=Fraction(rate).limit_denominator(1001))
    stream.height, stream.width, stream.pix_fmt = height, width, _COLOUR
    stream.bit_rate = round(width * height * rate * _BITS_PER_PIXEL)
    stream.codec_context.thread_count = 1
    return stream


def _framed(entry: ClipEntry, index: int, overlays: Overlays) -> Pixels:
    """Return a frame with its overlays and three lines below it, so that all frames are of one size."""
    drawn = overlays.get(index, ())
    caption, remark = about(entry, index, drawn)
    told = f"{remark} {held_frame(HELD_S)}" if drawn else " "
    return np.asarray(with_strip(annotated(entry, index, drawn), caption, told))


def _even(pixels: Pixels) -> Pixels:
    """Return the picture with a black row or column more where its sides are odd, as the colours need it."""
    height, width = pixels.shape[:2]
    return np.ascontiguousarray(np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0))))
