"""DICOM frames on demand: find the frame's bytes, decode them, colour them.

Two roads. JPEG, lossy and lossless, goes straight from its bytes to libjpeg-turbo, coloured by its own markers.
Everything else goes through pydicom's decoders, each with its plugin named: OpenJPEG for JPEG 2000, pydicom's own for
RLE. There is no second try with another plugin: a codec is there, or the error says which is not.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import uid
from pydicom.pixels.decoders.base import get_decoder

from fetalclip_app.domain.clip import Pixels
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging import jpeg
from fetalclip_app.imaging.colour import Table, through_table, to_eight_bits, ycc_to_rgb
from fetalclip_app.imaging.content import Content
from fetalclip_app.imaging.encapsulated import Span
from fetalclip_app.imaging.guard import reading

_JPEG_LOSSLESS = frozenset({uid.JPEGLossless, uid.JPEGLosslessSV1})
_JPEG = _JPEG_LOSSLESS | {uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit}
_JPEG_2000 = frozenset({uid.JPEG2000Lossless, uid.JPEG2000, uid.HTJ2KLossless, uid.HTJ2KLosslessRPCL, uid.HTJ2K})

_PLUGINS: dict[str, str] = {
    uid.RLELossless: "pydicom",
    **dict.fromkeys(_JPEG_2000, "pylibjpeg"),
}
"""Which of pydicom's plugins decodes a syntax."""

_NATIVE = frozenset({uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian, uid.ExplicitVRBigEndian})


@dataclass(frozen=True, slots=True)
class PixelLayout:
    """The Image Pixel module (PS3.3 C.7.6.3) of a file that passed all checks.

    Attributes:
        syntax: Transfer syntax of the pixel data (deflated files: of what came out).
        photometric: Photometric interpretation of what is *stored*.
        signed: Two's complement samples.
        planar: 1 where colours lie in planes.
        pixel_vr: OB or OW; matters for big endian only.
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
    pixel_vr: str = "OW"

    @property
    def frame_bytes(self) -> int:
        """Size of one uncompressed frame."""
        samples = 2 if self.photometric == "YBR_FULL_422" else self.samples
        return self.height * self.width * samples * self.bits_allocated // 8

    @property
    def is_native(self) -> bool:
        """Whether the pixels are not compressed."""
        return self.syntax in _NATIVE


def syntax_name(syntax: str) -> str:
    """Return the standard's name of a transfer syntax with its UID: ``JPEG Baseline (Process 1) (1.2.840...)``."""
    name = uid.UID(syntax).name
    return syntax if name == syntax else f"{name} ({syntax})"


def has_codec(syntax: str) -> bool:
    """Whether this program can decode a transfer syntax, here and now."""
    if syntax in _NATIVE or syntax in _JPEG:
        return syntax not in _JPEG_LOSSLESS or jpeg.has_lossless()
    plugin = _PLUGINS.get(syntax)
    return plugin is not None and plugin in get_decoder(uid.UID(syntax)).available_plugins


# eq=False: holds an array.
@dataclass(frozen=True, eq=False, slots=True)
class DicomFrames:
    """The frames of one DICOM file; safe to use from several threads, since nothing in it changes.

    Attributes:
        spans: For each frame, where its bytes lie.
        table: Colours of one-sample pixels; None for three samples.
    """

    content: Content
    layout: PixelLayout
    spans: tuple[tuple[Span, ...], ...]
    table: Table | None

    def __len__(self) -> int:
        return len(self.spans)

    def pixels(self, index: int) -> Pixels:
        """Decode one frame: uint8, (H, W, 3), RGB.

        Raises:
            UnreadableFile: The file has gone or changed, or this frame is damaged.
            IndexError: No such frame.
        """
        with reading(self.content.path):
            return np.ascontiguousarray(self._decoded(self.stream(index)))

    def stored(self, index: int) -> tuple[NDArray[Any], str]:
        """Return one frame as it is stored, (H, W) or (H, W, 3), and the photometric interpretation of these samples.

        What a codec has turned into RGB, as libjpeg does, is said to be RGB.

        Raises:
            UnreadableFile: As `pixels`.
        """
        with reading(self.content.path):
            return self._stored(self.stream(index))

    def stream(self, index: int) -> bytes:
        """Return the bytes of one frame as they lie in the file.

        Raises:
            UnreadableFile: The file has gone or changed, or ends before.
        """
        return b"".join(self.content.read(span.offset, span.length) for span in self.spans[index])

    def _decoded(self, data: bytes) -> Pixels:
        return self._coloured(*self._stored(data))

    def _stored(self, data: bytes) -> tuple[NDArray[Any], str]:
        layout = self.layout
        self._check_codestream(data)
        if layout.syntax in _JPEG:
            header = jpeg.parse(data)
            if not header.is_supported:
                syntax = f"JPEG process {header.process:02X}, {header.precision} bits"
                raise UnreadableFile(ErrorCode.NO_CODEC, name=self.content.path.name, syntax=syntax)
            samples = jpeg.decode(data, header, header_says_rgb=layout.photometric == "RGB")
            return samples, "RGB" if samples.ndim == 3 else layout.photometric
        return _through_pydicom(data, layout)

    def _coloured(self, samples: NDArray[Any], photometric: str) -> Pixels:
        if samples.ndim == 2:
            if self.table is None:
                return np.repeat(to_eight_bits(samples, self.layout.bits_stored)[..., None], 3, axis=2)
            return through_table(samples, self.table)
        eight = to_eight_bits(samples, self.layout.bits_stored)
        return ycc_to_rgb(eight) if photometric.startswith("YBR_FULL") else eight

    def _check_codestream(self, data: bytes) -> None:
        """Compare the codestream's size with the header's before a decoder allocates for it.

        Raises:
            ValueError: They differ: a damaged file, or a bomb.
        """
        layout = self.layout
        if layout.syntax in _JPEG:
            header = jpeg.parse(data)
            size = header.height, header.width
        elif layout.syntax in _JPEG_2000:
            size = _jpeg_2000_size(data)
        else:
            return
        if size != (layout.height, layout.width):
            raise ValueError(f"a codestream of {size} in a picture of {(layout.height, layout.width)}")


def _through_pydicom(data: bytes, layout: PixelLayout) -> tuple[NDArray[Any], str]:
    """Return the samples, (H, W) or (H, W, 3), and the photometric interpretation that they have now."""
    photometric = layout.photometric
    if layout.syntax in _JPEG_2000 and layout.samples == 3:
        # The codestream knows whether it was colour-transformed; its decoder has undone that already.
        photometric = "RGB" if _jpeg_2000_transform(data) or photometric.startswith("YBR_R") else photometric
        photometric = "RGB" if photometric == "YBR_ICT" else photometric
    stored = data if layout.is_native else _encapsulated(data)
    if layout.samples == 3 and not layout.is_native and photometric == "YBR_FULL_422":
        photometric = "YBR_FULL"  # decoders hand out whole pixels
    options: dict[str, Any] = {
        "rows": layout.height,
        "columns": layout.width,
        "number_of_frames": 1,
        "samples_per_pixel": layout.samples,
        "photometric_interpretation": "MONOCHROME2" if layout.samples == 1 else photometric,
        "bits_allocated": layout.bits_allocated,
        "bits_stored": layout.bits_stored,
        "pixel_representation": int(layout.signed),
        "planar_configuration": layout.planar,
        "pixel_keyword": "PixelData",
        "pixel_vr": layout.pixel_vr,
    }
    plugin = _PLUGINS.get(layout.syntax, "")
    decoder = get_decoder(uid.UID(layout.syntax))
    samples, _ = decoder.as_array(stored, index=0, raw=True, decoding_plugin=plugin, **options)
    return samples, photometric


def _encapsulated(data: bytes) -> bytes:
    """Return one frame as the decoders want it: an empty offset table, one item, the end."""
    padded = data if len(data) % 2 == 0 else data + b"\0"
    item = struct.pack("<HHI", 0xFFFE, 0xE000, len(padded))
    return struct.pack("<HHI", 0xFFFE, 0xE000, 0) + item + padded + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)


def _codestream(data: bytes) -> int:
    """Return where the JPEG 2000 codestream begins: some writers wrap it in a JP2 file."""
    start = data.find(b"\xff\x4f\xff\x51")
    if start < 0:
        raise ValueError("no JPEG 2000 codestream")
    return start


def _jpeg_2000_size(data: bytes) -> tuple[int, int]:
    """Return (height, width) of the SIZ marker (ITU T.800 A.5.1)."""
    right, bottom, left, top = struct.unpack_from(">4I", data, _codestream(data) + 8)
    return bottom - top, right - left


def _jpeg_2000_transform(data: bytes) -> bool:
    """Whether the COD marker (ITU T.800 A.6.1) asks for a component transform."""
    position = _codestream(data) + 2
    while position + 4 <= len(data):
        marker, length = struct.unpack_from(">HH", data, position)
        if marker == 0xFF52:
            return data[position + 8] == 1
        position += 2 + length
    raise ValueError("truncated JPEG 2000 header")
