"""Pixels outside the mask -> the picture's own black, every other sample bit for bit as it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain.clip import Clip
from fetalclip_app.imaging.deidentify.mask import Visible
from fetalclip_app.imaging.dicom.colour import Table
from fetalclip_app.imaging.dicom.pixels import DicomFrames
from fetalclip_app.progress import CancelToken


class MixedColours(Exception):
    """The frames of one file do not all have the same photometric interpretation."""


@dataclass(frozen=True, slots=True)
class PlainPixels:
    """How uncompressed frames are described (PS3.3 C.7.6.3).

    Attributes:
        black: Sample (one value, or three) that is shown as black.
        is_as_stored: They keep the samples of the file; else they are RGB as shown.
    """

    photometric: str
    samples: int
    bits_allocated: int
    bits_stored: int
    signed: bool
    black: tuple[int, ...]
    is_as_stored: bool = True

    @property
    def frame_bytes_per_pixel(self) -> int:
        """Bytes of one pixel."""
        return self.samples * self.bits_allocated // 8


AS_SHOWN = PlainPixels("RGB", 3, 8, 8, signed=False, black=(0, 0, 0), is_as_stored=False)
"""RGB of eight bits, as this program shows it: for videos, and for colours with no uncompressed form of their own."""


def plain_layout(clip: Clip) -> PlainPixels:
    """Return how the frames of a clip are stored once they are not compressed any more."""
    source = clip.source
    if not isinstance(source, DicomFrames):
        return AS_SHOWN
    samples, photometric = source.stored(0)
    layout = source.layout
    if (samples.ndim == 3 or source.table is None) and photometric not in ("RGB", "YBR_FULL"):
        return AS_SHOWN
    if samples.ndim == 3:
        half = 1 << (layout.bits_stored - 1)
        black: tuple[int, ...] = (0, half, half) if photometric == "YBR_FULL" else (0, 0, 0)
    else:
        black = (darkest(source.table, layout.bits_stored),)
    allocated = 8 * samples.dtype.itemsize
    return PlainPixels(photometric, len(black), allocated, min(layout.bits_stored, allocated), layout.signed, black)


def darkest(table: Table | None, bits: int) -> int:
    """Return the stored value that is shown darkest: 0 mostly, the top in MONOCHROME1, any index of a palette."""
    return 0 if table is None else int(np.argmin(table[: 1 << bits].astype(np.int64).sum(axis=1)))


def blanked_frames(clip: Clip, layout: PlainPixels, visible: Visible, cancel: CancelToken) -> Iterator[bytes]:
    """Yield each frame, little endian, colours pixel by pixel, with only what is visible in it."""
    for index in range(len(clip)):
        cancel.check()
        samples = _samples(clip, index, layout)
        yield blanked(samples, layout, visible).tobytes()


def blanked(samples: NDArray[Any], layout: PlainPixels, visible: Visible) -> NDArray[Any]:
    """Return a copy of stored samples, (H, W) or (H, W, 3), with only what is visible in it.

    Bits above the stored ones are cleared: old scanners drew overlays there.
    """
    kind = np.dtype(f"<u{layout.bits_allocated // 8}")
    whole = (samples.astype(np.int64) & ((1 << layout.bits_stored) - 1)).astype(kind)
    whole[~visible] = layout.black if samples.ndim == 3 else layout.black[0]
    return whole


def _samples(clip: Clip, index: int, layout: PlainPixels) -> NDArray[Any]:
    if isinstance(clip.source, DicomFrames) and layout.is_as_stored:
        samples, photometric = clip.source.stored(index)
        if samples.ndim == 2 or photometric == layout.photometric:
            return samples
        raise MixedColours
    return clip.frame(index).pixels
