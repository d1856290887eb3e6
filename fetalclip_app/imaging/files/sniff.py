"""What a file is, told from its first bytes and never from its name."""

from __future__ import annotations

import struct
from enum import StrEnum

from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.files.content import Content

_HEAD = 4096
_TAIL = 65536


class Kind(StrEnum):
    """The readers that there are."""

    DICOM = "dicom"
    PNG = "png"
    JPEG = "jpeg"
    TIFF = "tiff"
    BMP = "bmp"
    VIDEO = "video"


_PICTURES: tuple[tuple[bytes, Kind], ...] = (
    (b"\x89PNG\r\n\x1a\n", Kind.PNG),
    (b"\xff\xd8\xff", Kind.JPEG),
    (b"II*\x00", Kind.TIFF),
    (b"MM\x00*", Kind.TIFF),
    (b"II+\x00", Kind.TIFF),
    (b"MM\x00+", Kind.TIFF),
    (b"\x1aE\xdf\xa3", Kind.VIDEO),  # Matroska, WebM
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Kind.VIDEO),  # ASF, WMV
)

_STRANGERS: tuple[tuple[bytes, str], ...] = (
    (b"GIF8", "GIF"),
    (b"\x00\x00\x00\x0cjP  \r\n", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\x00\x00\x00\x0cJXL ", "JPEG XL"),
    (b"KRETZFILE", "Kretz 3D volume"),
)
"""Pictures that exist but that this program does not show: the error can name them."""

_ENCRYPTED: tuple[bytes, ...] = (
    b"Salted__",  # openssl enc
    b"age-encryption.org/",
    b"-----BEGIN PGP MESSAGE",
    b"-----BEGIN CMS",
    b"-----BEGIN PKCS7",
    b"-----BEGIN AGE ENCRYPTED",
)

_CMS_ENVELOPES = (b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03", b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06")
"""enveloped-data and encrypted-data of RFC 5652: what a DICOM Secure File (PS3.10 7.4) is wrapped in."""

_STILL_BRANDS = (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis")
_VIDEO_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")

_VRS = frozenset(
    b"AE AS AT CS DA DS DT FL FD IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV".split()
)


def kind_of(content: Content) -> Kind:
    """Return which reader a file needs.

    Raises:
        UnreadableFile: NOT_A_PICTURE, FILE_ENCRYPTED, or NO_CODEC for a picture of a foreign kind.
    """
    name = content.path.name
    head = content.read(0, min(_HEAD, content.size))
    if head[128:132] == b"DICM":
        return Kind.DICOM
    kind = _media(head)
    if kind is not None:
        return kind
    stranger = _stranger(head)
    if stranger:
        raise UnreadableFile(ErrorCode.NO_CODEC, name=name, syntax=stranger)
    if _is_encrypted(head, content):
        raise UnreadableFile(ErrorCode.FILE_ENCRYPTED, name=name)
    if _is_bare_dataset(head, content.size):
        return Kind.DICOM
    raise UnreadableFile(ErrorCode.NOT_A_PICTURE, name=name)


def _media(head: bytes) -> Kind | None:
    for magic, kind in _PICTURES:
        if head.startswith(magic):
            return kind
    if (
        head.startswith(b"BM")
        and head[6:10] == bytes(4)
        and head[14:15] in (b"\x0c", b"\x28", b"\x40", b"\x6c", b"\x7c")
    ):
        return Kind.BMP
    if head[4:8] in _VIDEO_BOXES and not (head[4:8] == b"ftyp" and head[8:12] in _STILL_BRANDS):
        return Kind.VIDEO
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return Kind.VIDEO
    return Kind.VIDEO if _is_mpeg(head) else None


def _is_mpeg(head: bytes) -> bool:
    """Whether this is a program stream, a transport stream, or a stream without either.

    Source: ISO/IEC 13818-1 2.4.3.2 (packets of 188 bytes that begin with 47H; recorders put 4 bytes before), 2.5.3.3.
    """
    is_transport = any(head[first : first + 2 * step + 1 : step] == b"GGG" for first, step in ((0, 188), (4, 192)))
    return head.startswith(b"\0\0\1\xba") or is_transport or bool(bare_codec(head))


def bare_codec(head: bytes) -> str:
    """Return FFmpeg's name of the codec of a stream without a container; empty for what is none.

    Source: ISO/IEC 13818-2 table 6-1 (sequence header), ITU-T H.264 table 7-1 and H.265 table 7-1 (parameter sets, and
    the delimiter before them).
    """
    start = head.find(b"\0\0\1")
    if start not in (0, 1) or head[:start].strip(b"\0"):
        return ""
    first, second = head[start + 3 : start + 4], head[start + 4 : start + 5]
    if first == b"\xb3":
        return "mpeg2video"
    if first in (b"\x67", b"\x27", b"\x47") or (first == b"\x09" and second in b"\x10\x30\x50\x70\x90\xb0\xd0\xf0"):
        return "h264"
    return "hevc" if first in (b"\x40", b"\x46") and second == b"\x01" else ""


def _stranger(head: bytes) -> str:
    for magic, name in _STRANGERS:
        if head.startswith(magic):
            return name
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "WebP"
    return "HEIF" if head[4:8] == b"ftyp" else ""


def _is_encrypted(head: bytes, content: Content) -> bool:
    """Whether this is one of the usual wrappers around something unreadable."""
    if head.startswith(_ENCRYPTED):
        return True
    if head.startswith(b"PK\x03\x04"):
        return bool(head[6] & 1) if len(head) > 6 else False  # general purpose bit 0 (APPNOTE 4.4.4)
    if head.startswith(b"%PDF-"):
        tail = content.read(max(content.size - _TAIL, 0), min(_TAIL, content.size))
        return b"/Encrypt" in tail or b"/Encrypt" in head
    return head[:1] == b"\x30" and any(oid in head[:32] for oid in _CMS_ENVELOPES)


def _is_bare_dataset(head: bytes, size: int) -> bool:
    """Whether a DICOM data set begins at byte 0, without preamble: older archives write such files.

    The first element must be of group 0002 or 0008, with a small element number, and carry a known VR
    or, in implicit VR, a length that fits.
    """
    if len(head) < 8:
        return False
    for order in "<", ">":
        group, element, length = struct.unpack(f"{order}HHI", head[:8])
        if group in (0x0002, 0x0008) and element < 0x0100:
            fits = order == "<" and length % 2 == 0 and length < min(size, 1024)
            return head[4:6] in _VRS or fits
    return False
