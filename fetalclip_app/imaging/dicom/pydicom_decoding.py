"""One frame's bytes -> samples, through pydicom and the plugin that `transfer_syntaxes` names."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import uid
from pydicom.pixels.decoders.base import get_decoder

from fetalclip_app.imaging.dicom import jpeg, jpeg_2000
from fetalclip_app.imaging.dicom.transfer_syntaxes import CODECS, Codec, Family

HALF_CHROMA = frozenset({"YBR_FULL_422", "YBR_PARTIAL_422"})
"""Uncompressed, two pixels share their chroma: two samples for each pixel (PS3.3 C.7.6.3.1.2)."""


_JPEG_LS_END = b"\xff\xd9" * 4
"""Put behind a JPEG-LS stream: where one was cut, CharLS looks for a marker far beyond its last byte."""


@dataclass(frozen=True, slots=True)
class PixelLayout:
    """The Image Pixel module (PS3.3 C.7.6.3) of a file that passed all checks.

    Attributes:
        syntax: Transfer syntax of the pixel data (deflated files: of what came out).
        photometric: Photometric interpretation as the header states it.
        shift: Unused bits below the stored ones: 0 unless HighBit is above BitsStored - 1.
        signed: Two's complement samples.
        planar: 1 where colours lie in planes.
        pixel_vr: OB or OW; matters for big endian only.
        is_swapped: Samples of one byte in words of two, big endian: each two lie the other way round in the file, over
            the edge of odd frames. They are put in order where they are read, so ``syntax`` is little endian.
    """

    syntax: str
    photometric: str
    height: int
    width: int
    samples: int
    bits_allocated: int
    bits_stored: int
    signed: bool
    planar: int
    shift: int = 0
    pixel_vr: str = "OW"
    is_swapped: bool = False

    @property
    def frame_bytes(self) -> int:
        """Size of one uncompressed frame."""
        samples = 2 if self.photometric in HALF_CHROMA else self.samples
        return self.height * self.width * samples * self.bits_allocated // 8

    def has_spare_bit(self, position: int) -> bool:
        """Whether a bit of the allocated ones, counted from 0, holds nothing of the picture but may hold a mark."""
        is_stored = self.shift <= position < self.shift + self.bits_stored
        is_kept = self.codec.family in (Family.NATIVE, Family.RLE)
        return self.samples == 1 and is_kept and 0 <= position < self.bits_allocated and not is_stored

    @property
    def codec(self) -> Codec:
        """What decodes it."""
        return CODECS[self.syntax]

    @property
    def is_native(self) -> bool:
        """Whether the pixels are not compressed."""
        return self.codec.family is Family.NATIVE

    @property
    def is_encapsulated(self) -> bool:
        """Whether the pixel data are a row of items."""
        return bool(uid.UID(self.syntax).is_encapsulated)


# eq=False: holds an array.
@dataclass(frozen=True, eq=False, slots=True)
class Samples:
    """A decoded frame, not coloured yet.

    Attributes:
        values: (H, W) or (H, W, 3), the integer type that the stream asks for.
        photometric: What three samples mean now, after the decoder undid what it undoes.
        bits: Bits that a sample has in the stream.
    """

    values: NDArray[Any]
    photometric: str
    bits: int = 8


def decode(data: bytes, layout: PixelLayout) -> Samples:
    """Decode one frame.

    Raises:
        ValueError: The codestream's size is not the header's: a damaged file, or a bomb.
        Exception: The plugin's own, on damaged bytes.
    """
    family = layout.codec.family
    if family is Family.JPEG_2000:
        return _jpeg_2000(data, layout)
    if family is Family.JPEG_LS:
        return _jpeg_ls(data, layout)
    values = words(data, layout) >> layout.shift & (1 << layout.bits_stored) - 1
    if layout.signed:
        unused = layout.bits_allocated - layout.bits_stored
        values = (values << unused).view(f"i{values.itemsize}") >> unused
    photometric = layout.photometric.removesuffix("_422") if layout.samples == 3 else layout.photometric
    return Samples(values, photometric, layout.bits_stored)  # chroma that pixels shared was handed to each


def words(data: bytes, layout: PixelLayout) -> NDArray[Any]:
    """Return all allocated bits of a frame that is native or run-length coded, unsigned: (H, W) or (H, W, 3)."""
    # Bits beside the stored ones are not left to pydicom, which takes the highest stored bit for the sign wherever it
    # lies, and drops what may be an overlay.
    whole: dict[str, Any] = {"bits_stored": layout.bits_allocated, "pixel_representation": 0}
    if layout.is_native and layout.photometric in HALF_CHROMA:
        # Retired partial chroma lies as full chroma does; only its range differs.
        whole["photometric_interpretation"] = "YBR_FULL_422"
    return _through_plugin(data, layout, **whole)


def check_size(layout: PixelLayout, height: int, width: int) -> None:
    """Compare the codestream's size with the header's before a decoder allocates for it.

    Raises:
        ValueError: They differ.
    """
    if (height, width) != (layout.height, layout.width):
        raise ValueError(f"a codestream of {(height, width)} in a picture of {(layout.height, layout.width)}")


def _jpeg_2000(data: bytes, layout: PixelLayout) -> Samples:
    header = jpeg_2000.parse(data)
    check_size(layout, header.height, header.width)
    # OpenJPEG's plugin hands out colours pixel by pixel, whatever the header says of planes.
    values = _through_plugin(data, layout, samples_per_pixel=header.components, planar_configuration=0)
    return Samples(values, header.photometric(layout.photometric), header.precision)


def _jpeg_ls(data: bytes, layout: PixelLayout) -> Samples:
    header = jpeg.parse(data)
    check_size(layout, header.height, header.width)
    values = _through_plugin(data + _JPEG_LS_END, layout, samples_per_pixel=len(header.component_ids))
    return Samples(values, "RGB" if header.has_hp_transform else layout.photometric, header.precision)


def _through_plugin(data: bytes, layout: PixelLayout, **changed: Any) -> NDArray[Any]:
    """Return (H, W) or (H, W, 3); the photometric interpretation only says how samples lie, nothing is converted."""
    samples = int(changed.get("samples_per_pixel", layout.samples))
    options: dict[str, Any] = {
        "rows": layout.height,
        "columns": layout.width,
        "number_of_frames": 1,
        "samples_per_pixel": samples,
        "photometric_interpretation": "MONOCHROME2" if samples == 1 else "RGB",
        "bits_allocated": layout.bits_allocated,
        "bits_stored": layout.bits_stored,
        "pixel_representation": int(layout.signed),
        "planar_configuration": layout.planar,
        "pixel_keyword": "PixelData",
        "pixel_vr": layout.pixel_vr,
    }
    syntax = uid.ExplicitVRLittleEndian if layout.is_native and layout.is_encapsulated else layout.syntax
    stored = data if layout.is_native else _one_item(data)
    decoder = get_decoder(uid.UID(syntax))
    plugin = layout.codec.plugin
    values, _ = decoder.as_array(stored, index=0, raw=True, decoding_plugin=plugin, **{**options, **changed})
    return np.asarray(values)


def _one_item(data: bytes) -> bytes:
    """Return one frame as the decoders want it: an empty offset table, one item, the end."""
    padded = data if len(data) % 2 == 0 else data + b"\0"
    item = struct.pack("<HHI", 0xFFFE, 0xE000, len(padded))
    return struct.pack("<HHI", 0xFFFE, 0xE000, 0) + item + padded + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
