"""Frames as RLE Lossless, where that saves space: every foreign reader opens it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydicom.pixels.encoders.base import RLELosslessEncoder

from fetalclip_app.imaging.deidentify.blank import PlainPixels

_WORTH = 0.8
"""Share of the uncompressed size from which RLE, which cannot shrink speckle in colour, is not worth it."""

_MOST_BYTES = 1 << 28
"""All streams are in memory at once until they are written."""


def rle_streams(frames: Iterator[bytes], layout: PlainPixels, size: tuple[int, int], count: int) -> list[bytes] | None:
    """Return each frame's stream; None where the first one shows that it saves little or needs much memory.

    Args:
        size: Height and width of the frames.
    """
    first = next(frames)
    stream = _encoded(first, layout, size)
    if len(stream) > _WORTH * len(first) or len(stream) * count > _MOST_BYTES:
        return None
    return [stream, *(_encoded(frame, layout, size) for frame in frames)]


def _encoded(frame: bytes, layout: PlainPixels, size: tuple[int, int]) -> bytes:
    options: dict[str, Any] = {
        "rows": size[0],
        "columns": size[1],
        "number_of_frames": 1,
        "samples_per_pixel": layout.samples,
        "photometric_interpretation": layout.photometric,
        "bits_allocated": layout.bits_allocated,
        "bits_stored": layout.bits_stored,
        "pixel_representation": int(layout.signed),
    }
    if layout.samples == 3:
        options["planar_configuration"] = 0
    return bytes(RLELosslessEncoder.encode(frame, encoding_plugin="pydicom", **options))
