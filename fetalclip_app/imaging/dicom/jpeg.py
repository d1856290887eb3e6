"""JPEG codestreams: what their markers say, and the fast road for eight bits.

libjpeg-turbo decodes the lossless process as well as the lossy ones. It is reached by simplejpeg, which gives up the
interpreter's lock and copies nothing, and by Pillow for the lossless process and for components as they are stored.
Both give the same pixels to the digit; OpenCV's reader, as fast, hands out grey for what is missing and says nothing.

gdcm, the usual decoder for JPEG Lossless, ends the whole program on a damaged stream (an exception that crosses its
Python layer; forty damaged files of each kind were enough to see it), so it is not used. Lossless streams of more than
eight bits, which the US Image Module does not foresee (PS3.3 C.8.5.6), are refused by name instead.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import simplejpeg
from PIL import JpegImagePlugin, features

from fetalclip_app.domain.clip import Pixels

_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_SOS = b"\xff\xda"
_PADDING = b"\0"

_USUAL_SCANS = 20
"""libjpeg writes 10 for three progressive components; what squeezes files writes up to twice as many."""

_MOST_SCANNED = 200_000_000
"""Pixels times scans beyond that; a second or two of work."""

_HARMLESS = re.compile(
    "Invalid SOS parameters|Unknown Adobe color|Warning: unknown JFIF|.*: [1-4] extraneous bytes before marker 0xd9"
)
"""libjpeg's warnings that no pixel depends on (the last: a writer's padding); others mean that something was lost."""

_FRAMES = frozenset((*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0), 0xF7))
"""SOF markers of ITU T.81 B.1.1.3, and SOF55 of JPEG-LS."""

_LOSSLESS = 0xC3
_HUFFMAN = frozenset((0xC0, 0xC1, 0xC2, _LOSSLESS))
"""Baseline, extended, progressive, lossless: what libjpeg-turbo decodes."""

_SEQUENTIAL = frozenset((0xC0, 0xC1))

_LOWEST = 0xC0
"""Of the markers with a length; below it, libjpeg looks for the next marker inside what the length covers."""

_LETTERS = tuple(b"RGB")

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
        has_hp_transform: JPEG-LS with one of HP's colour transforms (APP8 ``mrfx``), which CharLS undoes: RGB.
    """

    process: int
    precision: int
    height: int
    width: int
    component_ids: tuple[int, ...]
    is_subsampled: bool
    has_jfif: bool = False
    adobe_transform: int | None = None
    has_hp_transform: bool = False

    @property
    def is_supported(self) -> bool:
        """Whether libjpeg-turbo decodes it to eight bits."""
        return self.process in _HUFFMAN and self.precision == 8 and len(self.component_ids) in (1, 3)

    @property
    def is_lossless(self) -> bool:
        """Whether this is the predictive process, which knows no colour transform."""
        return self.process == _LOSSLESS

    @property
    def has_signs(self) -> bool:
        """Whether the stream itself says what its three components are.

        Adobe's transform, JFIF (always YCbCr), components that are lettered R, G, B: libjpeg follows these. Scanners
        label YCbCr streams RGB and the reverse, and follow the markers in their own viewers. Chroma that is sampled
        more coarsely is YCbCr too: nobody does that to green and blue.
        """
        marked = self.adobe_transform is not None or self.has_jfif
        return marked or self.is_subsampled or self.component_ids == _LETTERS

    @property
    def is_rgb(self) -> bool:
        """Whether the signs say RGB: as libjpeg reads them, JFIF before Adobe before the letters."""
        if self.has_jfif or self.adobe_transform is not None:
            return not self.has_jfif and self.adobe_transform == 0
        return self.component_ids == _LETTERS


def parse(stream: bytes) -> JpegHeader:
    """Return what the markers before the first scan say.

    Raises:
        ValueError: No JPEG, or no frame header in it.
    """
    if not stream.startswith(_SOI):
        raise ValueError("no JPEG stream")
    has_jfif, adobe, has_hp = False, None, False
    for marker, body, _after in segments(stream):
        if marker in _FRAMES:
            return replace(
                _frame_header(marker, body), has_jfif=has_jfif, adobe_transform=adobe, has_hp_transform=has_hp
            )
        has_jfif = has_jfif or (marker == 0xE0 and body.startswith(b"JFIF\0"))
        has_hp = has_hp or (marker == 0xE8 and body.startswith(b"mrfx") and body[4:5] != b"\0")
        if marker == 0xEE and body.startswith(b"Adobe") and len(body) >= 12:
            adobe = body[11]
    raise ValueError("truncated JPEG stream: no frame header")


def segments(stream: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Yield each marker that has a length, as far as the stream goes: its low byte, its body, and where that ends.

    Raises:
        ValueError: Something else stands where a marker should; beyond the header of the first scan it always does.
    """
    position = 2
    while position + 4 <= len(stream):
        if stream[position] != 0xFF:
            raise ValueError("a marker was expected")
        marker = stream[position + 1]
        if marker == 0xFF or marker in _BARE:
            position += 1 if marker == 0xFF else 2
            continue
        length = struct.unpack_from(">H", stream, position + 2)[0]
        after = position + 2 + max(length, 2)
        yield marker, stream[position + 4 : after], after
        position = after


def _frame_header(marker: int, body: bytes) -> JpegHeader:
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
    )


def check_scans(stream: bytes, *, height: int, width: int) -> None:
    """Refuse a stream whose scans would keep libjpeg busy for minutes: each is a pass over the whole picture.

    Raises:
        ValueError: More scans than any encoder writes, on a picture that is large for them.
    """
    if _has_one_scan(stream):
        return
    scans = stream.count(_SOS)  # coded samples never hold a marker (ITU T.81 B.1.1.5)
    if scans > _USUAL_SCANS and scans * height * width > _MOST_SCANNED:
        raise ValueError(f"{scans} scans of {height} x {width} pixels")


def _has_one_scan(stream: bytes) -> bool:
    """Whether the first scan holds all components of a sequential picture: libjpeg refuses a second one unread.

    To count the scans of such a stream takes a tenth of the time that decoding it takes.
    """
    components = 0
    try:
        for marker, body, _after in segments(stream):
            if marker < _LOWEST:
                return False
            if marker in _FRAMES:
                components = _frame_components(body) if marker in _SEQUENTIAL and not components else -1
            elif marker == _SOS[1]:
                return components > 0 and body[:1] == bytes([components])
    except ValueError:
        return False
    return False


def _frame_components(body: bytes) -> int:
    """Return how many components a frame header promises; -1 where it is cut."""
    return body[5] if len(body) > 5 else -1


def decode(stream: bytes, header: JpegHeader) -> Pixels:
    """Return an eight-bit stream: uint8, (H, W) for one component, (H, W, 3) RGB for three, by its own signs.

    Raises:
        ValueError, OSError: The stream ends too early or is damaged.
    """
    if header.is_lossless:
        return stored_components(stream, header)
    if not stream.rstrip(_PADDING).endswith(_EOI):
        stream += _EOI  # some writers forget it; where more than that is missing, libjpeg still says so
    colours = "GRAY" if len(header.component_ids) == 1 else "RGB"
    try:
        pixels = simplejpeg.decode_jpeg(stream, colours)
    except ValueError as error:
        if not _HARMLESS.match(str(error)):
            raise ValueError(f"damaged or truncated JPEG stream: {error}") from error
        with JpegImagePlugin.JpegImageFile(io.BytesIO(stream)) as image:
            return np.asarray(image)
    return np.asarray(pixels[..., 0] if colours == "GRAY" else pixels)


def stored_components(stream: bytes, header: JpegHeader) -> Pixels:
    """Return the components without any transform of colours: uint8, (H, W) or (H, W, 3).

    Raises:
        OSError: The stream ends too early or is damaged.
    """
    # The plugin and not Image.open: its warning about large pictures is ours to give, see guard.check_size.
    with JpegImagePlugin.JpegImageFile(io.BytesIO(stream)) as image:
        # libjpeg converts what it takes for YCbCr, and refuses to where nothing is lost; asked for YCbCr, it hands
        # out what is stored.
        if len(header.component_ids) == 3 and not header.is_rgb and not _is_plain_lossless(header):
            image.draft("YCbCr", None)
        return np.asarray(image)


def _is_plain_lossless(header: JpegHeader) -> bool:
    """Whether libjpeg takes a lossless stream for RGB already: without a mark it does, though not a lossy one."""
    return header.is_lossless and not header.has_jfif and header.adobe_transform != 1


def has_lossless() -> bool:
    """Whether this Pillow stands on a libjpeg-turbo that decodes the lossless process (3.0 and later)."""
    version = features.version("libjpeg_turbo") or "0"
    return int(version.split(".")[0]) >= 3
