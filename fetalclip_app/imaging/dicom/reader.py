"""DICOM -> Clip: the header now, the frames on demand. The only module that reads DICOM tags of pictures.

What is read, and what is decided here:

- *Frames that a file promises but does not hold* (a copy that was interrupted): the whole ones are readable, and
  `Clip.missing_frames` says how many are not; where none is whole, the file is FILE_TRUNCATED.
- *Frames that a file holds beyond what it promises* are frames like the others, where they are proven (`surplus`).
- *Volumes* (Enhanced US Volume) are refused: their frames are slices, not moments.
- *Deflated* files are unpacked into memory, since a deflated stream has no frame to jump to.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import replace

from pydicom import uid
from pydicom.dataset import Dataset

from fetalclip_app.domain.clip import Clip, FrameSource
from fetalclip_app.domain.content_key import ContentKey
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.dicom.calibration import calibration_of
from fetalclip_app.imaging.dicom.colour import Table, palette_table
from fetalclip_app.imaging.dicom.element_numbers import number_of
from fetalclip_app.imaging.dicom.encapsulated import Span, frames_of, scan
from fetalclip_app.imaging.dicom.grey_display import grey_table
from fetalclip_app.imaging.dicom.header import (
    UNDEFINED_LENGTH,
    DicomHeader,
    PixelElement,
    check_object,
    pixel_element,
    read_header,
)
from fetalclip_app.imaging.dicom.origin import LOSSY, origin_of
from fetalclip_app.imaging.dicom.overlay_planes import overlays_of
from fetalclip_app.imaging.dicom.pixels import DicomFrames
from fetalclip_app.imaging.dicom.pydicom_decoding import HALF_CHROMA, PixelLayout
from fetalclip_app.imaging.dicom.surplus import frames_held, native_frames_held
from fetalclip_app.imaging.dicom.timing import timing_of
from fetalclip_app.imaging.dicom.transfer_syntaxes import Codec, Family, codec_of, syntax_name
from fetalclip_app.imaging.dicom.video import video_of
from fetalclip_app.imaging.files.content import KeyedContent
from fetalclip_app.imaging.files.joined import JoinedContent
from fetalclip_app.imaging.guard import check_size, readable

_COLOURS = {"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_422", "YBR_ICT", "YBR_RCT"}
_VIDEO_COLOURS = {"YBR_PARTIAL_420"}
"""Of videos, and seen on old JPEG cines; both say themselves what they are. Uncompressed it is refused."""

_GREYS = {"MONOCHROME1", "MONOCHROME2"}

_SELF_TOLD = {uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit}
"""Streams that say themselves what their colours are: a label that is missing or misspelt does not matter."""


def read_dicom(file: KeyedContent) -> Clip:
    """Return the clip of a DICOM file.

    Raises:
        UnreadableFile: NO_PIXELS, NO_CODEC, FILE_TRUNCATED, FILE_TOO_LARGE, FILE_ENCRYPTED or FILE_DAMAGED.
        Exception: pydicom's own, on damaged input; `readers.read_clip` makes them FILE_DAMAGED.
    """
    header = read_header(file)
    dataset = header.dataset
    check_object(header)
    promised = int(number_of(dataset, "NumberOfFrames") or 1)
    height, width = _whole_number(dataset, "Rows"), _whole_number(dataset, "Columns")
    check_size(file.path, height=height, width=width, frames=promised)
    codec = codec_of(header.syntax)
    if codec is None:
        raise UnreadableFile(ErrorCode.NO_CODEC, name=file.path.name, syntax=readable(syntax_name(header.syntax)))
    element = pixel_element(header)
    stream_hz = None
    if codec.family is Family.VIDEO:
        source, stream_hz = _video(header, element, codec, file.key())
    else:
        source, promised = _pictures(header, element, promised)
    count = max(promised, len(source))
    timing = timing_of(dataset, count).of_first(len(source)).or_else(stream_hz)
    return Clip(
        path=file.path,
        content_key=file.key(),
        source=source,
        height=height,
        width=width,
        calibration=calibration_of(dataset, height, width),
        rate=timing.rate if count > 1 else None,
        origin=origin_of(dataset, header.declared_syntax),
        missing_frames=count - len(source),
        times_s=timing.times_s,
        playback=timing.playback,
        overlays=overlays_of(dataset, source if isinstance(source, DicomFrames) else None, len(source)),
    )


def _pictures(header: DicomHeader, element: PixelElement, promised: int) -> tuple[FrameSource, int]:
    """Return frames that lie one by one, and how many there should be: more than promised where more are begun.

    Raises:
        UnreadableFile: FILE_TRUNCATED where not one is whole.
    """
    layout = _layout(header, element, promised)
    spans, count = _spans(header, layout, element, promised)
    if not spans:
        raise UnreadableFile(ErrorCode.FILE_TRUNCATED, name=header.content.path.name)
    return DicomFrames(header.content, layout, spans, _table(header.dataset, layout)), count


def _video(
    header: DicomHeader, element: PixelElement, codec: Codec, key: ContentKey
) -> tuple[FrameSource, float | None]:
    """Return the frames of a stream, and its rate; it may hold more frames than the header says, or fewer.

    Raises:
        ValueError: The stream's size is not the header's, on which calibration stands.
    """
    items = scan(header.content, element.offset)
    fragments = (*items.fragments, items.cut) if items.cut else items.fragments
    video = video_of(JoinedContent.of(header.content, fragments, key), codec.plugin, is_whole=items.cut is None)
    size = _whole_number(header.dataset, "Rows"), _whole_number(header.dataset, "Columns")
    if (video.height, video.width) != size:
        raise ValueError(f"a stream of {(video.height, video.width)} in a picture of {size}")
    return video.source, video.rate_hz


def _layout(header: DicomHeader, element: PixelElement, promised: int) -> PixelLayout:
    dataset, name = header.dataset, header.content.path.name
    photometric = str(dataset.get("PhotometricInterpretation") or "").strip().upper()
    samples = int(number_of(dataset, "SamplesPerPixel") or (3 if photometric in _COLOURS else 1))
    allocated = _whole_number(dataset, "BitsAllocated")
    stored = int(number_of(dataset, "BitsStored") or allocated)
    if header.syntax in _SELF_TOLD and photometric not in _COLOURS | _VIDEO_COLOURS | _GREYS | {"PALETTE COLOR"}:
        photometric = "YBR_FULL" if samples == 3 else "MONOCHROME2"
    colours = _COLOURS | _VIDEO_COLOURS if header.syntax in LOSSY else _COLOURS
    known = photometric in (colours if samples == 3 else _GREYS | {"PALETTE COLOR"})
    if samples not in (1, 3) or not known or allocated not in (8, 16) or not 1 <= stored <= allocated:
        syntax = f"{readable(photometric) or 'no photometric interpretation'}, {samples} x {allocated} bits"
        raise UnreadableFile(ErrorCode.NO_CODEC, name=name, syntax=syntax)
    layout = PixelLayout(
        syntax=header.syntax,
        photometric=photometric,
        height=_whole_number(dataset, "Rows"),
        width=_whole_number(dataset, "Columns"),
        samples=samples,
        bits_allocated=allocated,
        bits_stored=stored,
        signed=number_of(dataset, "PixelRepresentation") == 1,
        planar=int(number_of(dataset, "PlanarConfiguration") or 0),
        shift=_shift(dataset, allocated, stored),
        pixel_vr="OB" if element.vr == "OB" else "OW",
    )
    if header.syntax == uid.ExplicitVRBigEndian and allocated == 8 and layout.pixel_vr == "OW":
        layout = replace(layout, syntax=uid.ExplicitVRLittleEndian, pixel_vr="OB", is_swapped=True)
    return _with_whole_chroma(layout, element, promised)


def _shift(dataset: Dataset, allocated: int, stored: int) -> int:
    """Return how many unused bits lie below the stored ones; a HighBit that cannot be is not believed."""
    high = int(number_of(dataset, "HighBit") or stored - 1)
    return high - stored + 1 if stored - 1 <= high < allocated else 0


def _with_whole_chroma(layout: PixelLayout, element: PixelElement, promised: int) -> PixelLayout:
    """Some writers say 4:2:2 of uncompressed pixels that were never subsampled: their number tells."""
    whole = layout.height * layout.width * 3 * layout.bits_allocated // 8
    if (
        layout.is_native
        and layout.photometric in HALF_CHROMA
        and element.length in range(whole * promised, whole * promised + 2)
    ):
        return replace(layout, photometric=layout.photometric.removesuffix("_422"))
    return layout


def _spans(
    header: DicomHeader, layout: PixelLayout, element: PixelElement, promised: int
) -> tuple[tuple[tuple[Span, ...], ...], int]:
    """Return where each whole frame lies, and how many there should be: more where the file ends too early.

    Raises:
        ValueError: Compressed pixels that are not encapsulated, the reverse, or frames that cannot be told apart.
        UnreadableFile: FILE_TOO_LARGE for more frames than any scan has.
    """
    if layout.is_encapsulated != (element.length == UNDEFINED_LENGTH):
        raise ValueError("pixel data that are not packed as the transfer syntax says")
    if not layout.is_encapsulated:
        count = native_frames_held(element.length, promised, layout)
        _check_count(header, layout, count)
        held = min(element.length, header.content.size - element.offset)
        return tuple(_native_spans(layout, element.offset, held, count)), count
    offsets, lengths = (_long_numbers(header.dataset, f"ExtendedOffsetTable{part}") for part in ("", "Lengths"))
    items = scan(header.content, element.offset)
    count = frames_held(items, promised, layout, header.content)
    _check_count(header, layout, count)
    spans = frames_of(items, count, offsets, lengths)
    if items.complete and len(spans) < count and not spans:
        raise ValueError("fragments that cannot be told apart")
    return spans, count


def _native_spans(layout: PixelLayout, start: int, held: int, count: int) -> Iterator[tuple[Span, ...]]:
    """Yield where each frame lies that is whole in ``held`` bytes; of swapped bytes whole words."""
    for index in range(count):
        first, last = index * layout.frame_bytes, (index + 1) * layout.frame_bytes
        if layout.is_swapped:
            first, last = first - first % 2, last + last % 2
        if last > held:
            return
        yield (Span(start + first, last - first),)


def _check_count(header: DicomHeader, layout: PixelLayout, count: int) -> None:
    check_size(header.content.path, height=layout.height, width=layout.width, frames=count)


def _long_numbers(dataset: Dataset, keyword: str) -> tuple[int, ...]:
    """Return the 64-bit numbers of an element (OV), which pydicom leaves as bytes."""
    held = bytes(dataset.get(keyword) or b"")
    return struct.unpack(f"<{len(held) // 8}Q", held[: len(held) // 8 * 8])


def _table(dataset: Dataset, layout: PixelLayout) -> Table | None:
    if layout.samples == 3:
        return None
    if layout.photometric == "PALETTE COLOR":
        return palette_table(dataset, layout.bits_stored, signed=layout.signed)
    return grey_table(dataset, layout.bits_stored, signed=layout.signed, photometric=layout.photometric)


def _whole_number(dataset: Dataset, keyword: str) -> int:
    """Return a number that a picture cannot be without.

    Raises:
        ValueError: It is absent.
    """
    value = number_of(dataset, keyword)
    if value is None:
        raise ValueError(f"no {keyword}")
    return int(value)
