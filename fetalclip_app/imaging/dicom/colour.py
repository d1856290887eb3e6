"""Samples as a scanner stores them -> RGB as a screen shows them.

One-sample pictures go through a table that is made once for each clip: value -> RGB. Three-sample pictures are RGB
already or full-range YCbCr (PS3.3 C.7.6.3.1.2), which is JFIF's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut

from fetalclip_app.domain.clip import Pixels

Table = NDArray[np.uint8]
"""uint8, (2 ** bits, 3): the colour of each stored value; signed values lie above 2 ** (bits - 1)."""


_CHROMA = np.arange(256, dtype=np.int64) - 128


def _times(factor: float) -> NDArray[np.int64]:
    """Return ``factor`` times chroma in 16-bit fixed point, as jdcolor.c of libjpeg has it."""
    return int(factor * 65536 + 0.5) * _CHROMA


_RED_OF_CR: NDArray[np.int16] = (_times(1.402) + 32768 >> 16).astype(np.int16)
_BLUE_OF_CB: NDArray[np.int16] = (_times(1.772) + 32768 >> 16).astype(np.int16)
_GREEN_OF_CB_CR: NDArray[np.int16] = (
    (32768 - _times(0.34414)[:, None] - _times(0.71414)[None] >> 16).astype(np.int16).reshape(-1)
)

_BAND = 64
"""Lines that go through a table at a time: NumPy widens every index to 64 bits, which is 8 times a large picture."""


def palette_table(dataset: Dataset, bits: int, *, signed: bool = False) -> Table:
    """Return the table of a PALETTE COLOR picture (PS3.3 C.7.6.3.1.5), whose values and first mapped one may be signed.

    Values before the first mapped one and after the last take the colour at that end. Entries of 16 bits keep their
    upper 8; some scanners declare 16 bits and store 8: where no entry exceeds 255, they are taken as they are.
    """
    descriptor = dataset["RedPaletteColorLookupTableDescriptor"].value
    entries, first = int(descriptor[0]) or 1 << 16, int(descriptor[1])
    values = np.arange(1 << bits, dtype=np.int64)
    if signed:
        values -= (values >> (bits - 1)) << bits
    # A writer that lists the first value without its sign means the same one.
    origin = first - (1 << 16) if signed and first >= 1 << 15 else first
    index = np.clip(values - origin, 0, entries - 1)
    if "RedPaletteColorLookupTableData" in dataset:
        channels = np.stack([_channel(dataset, colour, entries) for colour in ("Red", "Green", "Blue")], axis=1)
        colours = channels[index]
    else:
        colours = np.asarray(apply_color_lut(index + first, dataset))[..., :3]
    shift = 8 if int(colours.max()) > 255 else 0
    return (colours >> shift).astype(np.uint8)


def _channel(dataset: Dataset, colour: str, entries: int) -> NDArray[np.unsignedinteger[Any]]:
    """Return one column of the palette, its last entry repeated where the file holds fewer than it says."""
    data = bytes(dataset[f"{colour}PaletteColorLookupTableData"].value)
    order = "<" if dataset.original_encoding[1] is not False else ">"
    wide = len(data) >= 2 * entries
    values = np.frombuffer(data[: len(data) // 2 * 2] if wide else data, np.dtype(f"{order}u2" if wide else "u1"))
    return np.pad(values[:entries], (0, entries - len(values[:entries])), mode="edge")


def through_table(samples: NDArray[Any], table: Table) -> Pixels:
    """Return the colours of one-sample pixels, (H, W) -> (H, W, 3).

    A codestream may hold more bits than the header promises: what lies outside the table takes the colour at its end.
    """
    count = len(table)
    low, high = (-(count >> 1), (count >> 1) - 1) if samples.dtype.kind == "i" else (0, count - 1)
    is_within = samples.dtype.itemsize == 1 and count >= 256
    coloured: Pixels = np.empty((*samples.shape, 3), np.uint8)
    for top in range(0, len(samples), _BAND):
        band = samples[top : top + _BAND]
        places = (band if is_within else np.clip(band, low, high)).astype(np.intp) & (count - 1)
        np.take(table, places, axis=0, out=coloured[top : top + _BAND], mode="clip")
    return coloured


def to_eight_bits(samples: NDArray[Any], bits: int) -> NDArray[np.uint8]:
    """Return colour samples of ``bits`` bits as uint8, the full range on the full range."""
    if bits == 8 and samples.dtype == np.uint8:
        return np.asarray(samples, dtype=np.uint8)
    top = (1 << bits) - 1
    scaled = (np.clip(samples, 0, top).astype(np.uint32) * 255 + top // 2) // top
    eight: NDArray[np.uint8] = scaled.astype(np.uint8)
    return eight


def ycc_to_rgb(samples: NDArray[np.uint8]) -> Pixels:
    """Return full-range YCbCr (H, W, 3) as RGB, by libjpeg's arithmetic to the digit (Pillow's own is one off)."""
    luma = samples[..., 0].astype(np.int16)
    blue, red = np.ascontiguousarray(samples[..., 1]), np.ascontiguousarray(samples[..., 2])
    both = blue.astype(np.uint16) << 8 | red
    rgb = np.empty(samples.shape, np.uint8)
    for channel, added in enumerate((_RED_OF_CR[red], _GREEN_OF_CB_CR[both], _BLUE_OF_CB[blue])):
        rgb[..., channel] = np.clip(luma + added, 0, 255)
    return rgb


def partial_to_full(samples: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Stretch YCbCr of the studio range (Y 16 to 235, C 16 to 240; PS3.3 C.7.6.3.1.2) to 0 to 255."""
    low = np.array([16.0, 128.0, 128.0])
    full = (samples - low) * (255.0 / np.array([219.0, 224.0, 224.0])) + np.array([0.0, 128.0, 128.0])
    rounded: NDArray[np.uint8] = np.clip(np.rint(full), 0, 255).astype(np.uint8)
    return rounded
