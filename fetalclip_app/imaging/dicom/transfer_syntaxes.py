"""Which transfer syntaxes this program decodes, and by what.

The table is the only place that says so; `docs/pixels.md` is printed from it. Only decoders of a free licence stand in
it, each named, and there is no second try with another: a codec is there, or the error says which syntax has none.
Left out on purpose: gdcm, which ends the program on a damaged JPEG (see `jpeg`), and pylibjpeg-libjpeg, which is GPL.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from av.codec import codecs_available
from pydicom import uid
from pydicom.pixels.decoders.base import get_decoder

from fetalclip_app.imaging.dicom import jpeg

_ENCAPSULATED_NATIVE = "1.2.840.10008.1.2.1.98"
"""Encapsulated Uncompressed Explicit VR Little Endian, for frames beyond 4 GiB; pydicom has no name for it."""


class Family(StrEnum):
    """How the bytes of a frame are packed."""

    NATIVE = "native"
    JPEG = "jpeg"
    JPEG_LS = "jpeg_ls"
    JPEG_2000 = "jpeg_2000"
    RLE = "rle"
    VIDEO = "video"


@dataclass(frozen=True, slots=True)
class Codec:
    """What decodes a transfer syntax.

    Attributes:
        decoder: Library and function, for people.
        plugin: pydicom's name of its plugin; of a video, FFmpeg's name of its decoder; empty where neither is asked.
    """

    family: Family
    decoder: str
    plugin: str = ""


_NATIVE = Codec(Family.NATIVE, "pydicom, NumPy")
_LIBJPEG = Codec(Family.JPEG, "libjpeg-turbo (simplejpeg, Pillow)")
_LOSSLESS = Codec(Family.JPEG, "libjpeg-turbo 3 (Pillow)")
_CHARLS = Codec(Family.JPEG_LS, "CharLS (pyjpegls)", "pyjpegls")
_MPEG_2 = Codec(Family.VIDEO, "FFmpeg (PyAV), mpeg2video", "mpeg2video")
_H264 = Codec(Family.VIDEO, "FFmpeg (PyAV), h264", "h264")
_HEVC = Codec(Family.VIDEO, "FFmpeg (PyAV), hevc", "hevc")
_OPENJPEG = Codec(Family.JPEG_2000, "OpenJPEG (pylibjpeg-openjpeg)", "pylibjpeg")

CODECS: dict[str, Codec] = {
    uid.ImplicitVRLittleEndian: _NATIVE,
    uid.ExplicitVRLittleEndian: _NATIVE,
    uid.DeflatedExplicitVRLittleEndian: Codec(Family.NATIVE, "zlib, then pydicom, NumPy"),
    uid.ExplicitVRBigEndian: _NATIVE,
    _ENCAPSULATED_NATIVE: _NATIVE,
    uid.JPEGBaseline8Bit: _LIBJPEG,
    uid.JPEGExtended12Bit: _LIBJPEG,
    uid.JPEGLossless: _LOSSLESS,
    uid.JPEGLosslessSV1: _LOSSLESS,
    uid.JPEGLSLossless: _CHARLS,
    uid.JPEGLSNearLossless: _CHARLS,
    uid.JPEG2000Lossless: _OPENJPEG,
    uid.JPEG2000: _OPENJPEG,
    uid.HTJ2KLossless: _OPENJPEG,
    uid.HTJ2KLosslessRPCL: _OPENJPEG,
    uid.HTJ2K: _OPENJPEG,
    uid.RLELossless: Codec(Family.RLE, "pydicom, NumPy", "pydicom"),
    **dict.fromkeys((uid.MPEG2MPML, uid.MPEG2MPMLF, uid.MPEG2MPHL, uid.MPEG2MPHLF), _MPEG_2),
    **dict.fromkeys((uid.MPEG4HP41, uid.MPEG4HP41F, uid.MPEG4HP41BD, uid.MPEG4HP41BDF), _H264),
    **dict.fromkeys((uid.MPEG4HP422D, uid.MPEG4HP422DF, uid.MPEG4HP423D, uid.MPEG4HP423DF), _H264),
    **dict.fromkeys((uid.MPEG4HP42STEREO, uid.MPEG4HP42STEREOF), _H264),
    **dict.fromkeys((uid.HEVCMP51, uid.HEVCM10P51), _HEVC),
}
"""Transfer syntax UID -> what decodes it."""


PIXELS_ELSEWHERE = frozenset(
    (
        *(f"1.2.840.10008.1.2.4.{each}" for each in (94, 95, 204, 205)),
        *(f"1.2.840.10008.1.2.7.{each}" for each in (1, 2, 3)),
    )
)
"""JPIP and SMPTE ST 2110: the file holds no pixels, a server or a cable does."""


def syntax_name(syntax: str) -> str:
    """Return the standard's name of a transfer syntax with its UID: ``JPEG Baseline (Process 1) (1.2.840...)``."""
    name = uid.UID(syntax).name
    return syntax if name == syntax else f"{name} ({syntax})"


def codec_of(syntax: str) -> Codec | None:
    """Return what decodes a transfer syntax here and now; None where nothing does."""
    codec = CODECS.get(syntax)
    return codec if codec is not None and _is_installed(syntax, codec) else None


def _is_installed(syntax: str, codec: Codec) -> bool:
    if codec is _LOSSLESS:
        return jpeg.has_lossless()
    if codec.family is Family.VIDEO:
        return codec.plugin in codecs_available
    return not codec.plugin or codec.plugin in get_decoder(uid.UID(syntax)).available_plugins
