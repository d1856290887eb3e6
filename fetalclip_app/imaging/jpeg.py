"""JPEG codestreams: what their markers say, and the fast road for eight bits.

libjpeg-turbo (inside Pillow) decodes the lossless process as well as the lossy ones. gdcm, the usual decoder for JPEG
Lossless, ends the whole program on a damaged stream (an exception that crosses its Python layer; forty damaged files
of each kind were enough to see it), so it is not used. Lossless streams of more than eight bits, which the US Image
Module does not foresee (PS3.3 C.8.5.6), are refused by name instead.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass

import numpy as np
from PIL import JpegImagePlugin, features

from fetalclip_app.domain.clip import Pixels
from fetalclip_app.imaging.colour import ycc_to_rgb

_SOI = b"\xff\xd8"
_FRAMES = frozenset((*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0), 0xF7))
"""SOF markers of ITU T.81 B.1.1.3, and SOF55 of JPEG-LS."""

_LOSSLESS = 0xC3
_HUFFMAN = frozenset((0xC0, 0xC1, 0xC2, _LOSSLESS))
"""Baseline, extended, progressive, lossless: what libjpeg-turbo decodes."""

_BARE = frozenset((0x01, *range(0xD0, 0xD9)))
"""Markers without a length."""


@dataclass(frozen=True, slots=True)
class JpegHeader:
    """The markers before the first scan.

    Attributes:
        process: Low byte of the SOF marker.
        component_ids: As numbered in the SOF; some writers put the letters R, G and B there.
        is_subsampled: Any component has another sampling than the first.
        adobe_transform: 0 = no transform, 1 = YCbCr, 2 = YCCK; None without an Adobe segment.
    """

    process: int
    precision: int
    height: int
    width: int
    component_ids: tuple[int, ...]
    is_subsampled: bool
    has_jfif: bool
    adobe_transform: int | None

    @property
    def is_supported(self) -> bool:
        """Whether libjpeg-turbo decodes it to eight bits."""
        return self.process in _HUFFMAN and self.precision == 8 and len(self.component_ids) in (1, 3)

    @property
    def is_lossless(self) -> bool:
        """Whether this is the predictive process, which knows no colour transform."""
        return self.process == _LOSSLESS

    def is_rgb_unsaid(self, header_says_rgb: bool) -> bool:
        """Whether three components are RGB though libjpeg takes them for YCbCr.

        The markers decide, and libjpeg follows them: Adobe's transform, JFIF (always YCbCr), components that are
        lettered R, G, B. Scanners label YCbCr streams RGB and the reverse, and follow the markers in their own
        viewers. Chroma that is sampled more coarsely is YCbCr too: nobody does that to green and blue. Only a stream
        without any of these signs is what the DICOM header says.
        """
        signs = self.adobe_transform is not None or self.has_jfif or self.is_subsampled
        return header_says_rgb and len(self.component_ids) == 3 and not signs and self.component_ids != tuple(b"RGB")


def parse(stream: bytes) -> JpegHeader:
    """Return what the markers before the first scan say.

    Raises:
        ValueError: No JPEG, or no frame header in it.
    """
    if not stream.startswith(_SOI):
        raise ValueError("no JPEG stream")
    has_jfif, adobe, position = False, None, 2
    while position + 4 <= len(stream):
        if stream[position] != 0xFF:
            raise ValueError("a marker was expected")
        marker = stream[position + 1]
        if marker == 0xFF or marker in _BARE:
            position += 1 if marker == 0xFF else 2
            continue
        length = struct.unpack_from(">H", stream, position + 2)[0]
        body = stream[position + 4 : position + 2 + length]
        if marker in _FRAMES:
            return _frame_header(marker, body, has_jfif, adobe)
        has_jfif = has_jfif or (marker == 0xE0 and body.startswith(b"JFIF\0"))
        if marker == 0xEE and body.startswith(b"Adobe") and len(body) >= 12:
            adobe = body[11]
        position += 2 + max(length, 2)
    raise ValueError("truncated JPEG stream: no frame header")


def _frame_header(marker: int, body: bytes, has_jfif: bool, adobe: int | None) -> JpegHeader:
    precision, height, width, count = struct.unpack_from(">BHHB", body)
    components = [body[6 + 3 * i : 9 + 3 * i] for i in range(count)]
    if not components or any(len(component) != 3 for component in components):
        raise ValueError("truncated JPEG frame header")
    return JpegHeader(
        process=marker,
        precision=precision,
        height=height,
        width=width,
        component_ids=tuple(component[0] for component in components),
        is_subsampled=len({component[1] for component in components}) > 1,
        has_jfif=has_jfif,
        adobe_transform=adobe,
    )


def decode(stream: bytes, header: JpegHeader, *, header_says_rgb: bool) -> Pixels:
    """Return the samples of an eight-bit stream: uint8, (H, W) for one component, (H, W, 3) RGB for three.

    Raises:
        OSError: The stream ends too early or is damaged. (OpenCV would return grey instead.)
    """
    # The plugin and not Image.open: its warning about large pictures is ours to give, see guard.check_size.
    with JpegImagePlugin.JpegImageFile(io.BytesIO(stream)) as image:
        if header.is_lossless:
            return _lossless(image, header, header_says_rgb)
        if header.is_rgb_unsaid(header_says_rgb):
            # Asked for YCbCr, libjpeg hands out what is stored.
            image.draft("YCbCr", None)
        return np.asarray(image)


def has_lossless() -> bool:
    """Whether this Pillow stands on a libjpeg-turbo that decodes the lossless process (3.0 and later)."""
    version = features.version("libjpeg_turbo") or "0"
    return int(version.split(".")[0]) >= 3


def _lossless(image: JpegImagePlugin.JpegImageFile, header: JpegHeader, header_says_rgb: bool) -> Pixels:
    """Return the stored samples, turned into RGB where the DICOM header says that they are YCbCr."""
    if header.has_jfif or header.adobe_transform == 1:
        image.draft("YCbCr", None)  # libjpeg would convert, and refuses to where nothing is lost
    samples = np.asarray(image)
    return samples if samples.ndim == 2 or header_says_rgb else ycc_to_rgb(samples)
