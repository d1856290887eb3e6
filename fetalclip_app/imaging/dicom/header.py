"""A DICOM file up to its pixels: which syntax, which tags, where the pixel data begin, and whether there are any."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Any

from pydicom import dcmread, uid
from pydicom.dataset import Dataset
from pydicom.filereader import _read_file_meta_info  # the public one takes nothing but a file's name

from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.dicom.overlay_planes import OVERLAY_TAGS
from fetalclip_app.imaging.dicom.transfer_syntaxes import PIXELS_ELSEWHERE, syntax_name
from fetalclip_app.imaging.files.budget import within_budget
from fetalclip_app.imaging.files.content import Content, KeyedContent, MemoryContent

_MAX_INFLATED = 1 << 30
"""Bytes that a deflated file may unpack to."""

_ALWAYS_INFLATED = 64 << 20
_MAX_RATIO = 100
"""How many bytes one packed byte may become, beyond the first 64 MiB. Noise of a scan packs 2 to 4 times, a black
screen with little on it some tens of times; zeros a thousand times, and only a bomb is nothing but zeros."""

_REPORTS = "1.2.840.10008.5.1.4.1.1.88."
"""Root of the storage classes of structured reports (PS3.4 B.5)."""

_KEY_OBJECTS = f"{_REPORTS}59"
_ENHANCED_VOLUME = "1.2.840.10008.5.1.4.1.1.6.2"
_PIXEL_DATA = b"\xe0\x7f\x10\x00"
UNDEFINED_LENGTH = 0xFFFFFFFF
"""Length of pixel data that are encapsulated (PS3.5 7.1.1)."""

ORIGIN_TAGS = {
    "patient_id": "PatientID",
    "patient_name": "PatientName",
    "study_uid": "StudyInstanceUID",
    "study_date": "StudyDate",
    "study_description": "StudyDescription",
    "study_time": "StudyTime",
    "series_uid": "SeriesInstanceUID",
    "series_description": "SeriesDescription",
    "instance_uid": "SOPInstanceUID",
    "manufacturer": "Manufacturer",
    "device_model": "ManufacturerModelName",
    "taken_at": "ContentTime",
}
"""Field of `Origin` -> keyword."""

_PALETTES = [
    f"{segment}{colour}PaletteColorLookupTable{part}"
    for colour in ("Red", "Green", "Blue")
    for segment, part in (("", "Descriptor"), ("", "Data"), ("Segmented", "Data"))
]
_TAGS: list[Any] = [
    *ORIGIN_TAGS.values(), *_PALETTES, "SOPClassUID", "ImageType", "SpecificCharacterSet",
    "SeriesNumber", "InstanceNumber",
    "Rows", "Columns", "NumberOfFrames", "SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration",
    "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "LossyImageCompression", "ExtendedOffsetTable",
    "ExtendedOffsetTableLengths",
    "FrameTime", "FrameTimeVector", "CineRate", "RecommendedDisplayFrameRate",
    "FrameIncrementPointer", "PreferredPlaybackSequencing", "StartTrim", "StopTrim",
    "SequenceOfUltrasoundRegions", "PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing",
    "PixelAspectRatio",
    "WindowCenter", "WindowWidth", "VOILUTFunction", "VOILUTSequence", "RescaleSlope", "RescaleIntercept",
    "ModalityLUTSequence", "PresentationLUTShape", "PixelPaddingValue", "PixelPaddingRangeLimit",
    "EncryptedAttributesSequence", "LongitudinalTemporalInformationModified", *OVERLAY_TAGS,
]  # fmt: skip
"""Only these are parsed: whatever else a scanner wrote, private volumes included, is skipped unread."""


# eq=False: a Dataset compares element by element.
@dataclass(frozen=True, eq=False, slots=True)
class DicomHeader:
    """What comes before the pixels.

    Attributes:
        content: Where the pixels are: the file, or what a deflated file unpacked to.
        syntax: Transfer syntax inside ``content``.
        declared_syntax: Transfer syntax that the file states.
        pixel_offset: Where parsing stopped: at the pixel data, if there are any.
    """

    content: Content
    dataset: Dataset
    syntax: str
    declared_syntax: str
    pixel_offset: int


@dataclass(frozen=True, slots=True)
class PixelElement:
    """Header of (7FE0,0010): where its value begins, and its length as stated."""

    offset: int
    length: int
    vr: str


def read_header(file: KeyedContent) -> DicomHeader:
    """Parse the tags that this program uses; stop at the pixels.

    Raises:
        UnreadableFile: NO_CODEC where the pixels lie in no file, FILE_TOO_LARGE.
    """
    content: Content = file
    declared = ""
    if file.read(0, min(file.size, 132))[128:] == b"DICM":
        with file.open() as stream:
            stream.seek(132)
            meta = _read_file_meta_info(stream)
        declared = str(meta.get("TransferSyntaxUID") or "")
        if declared in PIXELS_ELSEWHERE:
            raise UnreadableFile(ErrorCode.NO_CODEC, name=file.path.name, syntax=syntax_name(declared))
        if declared == uid.DeflatedExplicitVRLittleEndian:
            content = _inflated(file, 144 + int(meta.FileMetaInformationGroupLength))
    with content.open() as stream:
        dataset = dcmread(within_budget(stream), stop_before_pixels=True, force=True, specific_tags=_TAGS)
        offset = stream.tell()
    implicit, little = dataset.original_encoding
    implied = uid.ImplicitVRLittleEndian if implicit else uid.ExplicitVRLittleEndian
    implied = implied if little is not False else uid.ExplicitVRBigEndian
    syntax = str(implied) if content is not file or not declared else declared
    return DicomHeader(content, dataset, syntax, declared or syntax, offset)


def _inflated(file: KeyedContent, start: int) -> MemoryContent:
    """Unpack a deflated data set (PS3.5 A.5), but no more of it than scans need."""
    most = min(_MAX_INFLATED, _ALWAYS_INFLATED + _MAX_RATIO * max(file.size - start, 0))
    worker = zlib.decompressobj(-zlib.MAX_WBITS)
    data = worker.decompress(file.read(start, file.size - start), most)
    if worker.unconsumed_tail:
        raise UnreadableFile(ErrorCode.FILE_TOO_LARGE, name=file.path.name, limit=f"{most >> 20} MiB")
    return MemoryContent(file.path, data)


def check_object(header: DicomHeader) -> None:
    """Return where there are pixels to decode.

    Raises:
        UnreadableFile: NOT_A_PICTURE, STRUCTURED_REPORT, NO_PIXELS, FILE_TRUNCATED, FILE_ENCRYPTED, or NO_CODEC for a
            volume.
    """
    dataset, name = header.dataset, header.content.path.name
    is_marked = header.content.read(0, min(header.content.size, 132))[128:] == b"DICM"
    if not is_marked and not any(each in dataset for each in ("SOPClassUID", "Rows", "PatientID", "SOPInstanceUID")):
        raise UnreadableFile(ErrorCode.NOT_A_PICTURE, name=name)
    if dataset.get("SOPClassUID") == _ENHANCED_VOLUME:
        raise UnreadableFile(ErrorCode.NO_CODEC, name=name, syntax="Enhanced US Volume")
    if _tag_at(header, header.pixel_offset)[:2] == _PIXEL_DATA[:2]:
        return
    if dataset.get("EncryptedAttributesSequence"):
        raise UnreadableFile(ErrorCode.FILE_ENCRYPTED, name=name)
    ended_well = ends_at_an_element(header.content)
    if ended_well and is_structured_report(dataset):
        raise UnreadableFile(ErrorCode.STRUCTURED_REPORT, name=name)
    raise UnreadableFile(ErrorCode.NO_PIXELS if ended_well else ErrorCode.FILE_TRUNCATED, name=name)


def is_structured_report(dataset: Dataset) -> bool:
    """Whether an object is a structured report; a list of key objects is none."""
    kind = str(dataset.get("SOPClassUID") or "")
    return kind.startswith(_REPORTS) and kind != _KEY_OBJECTS


def _tag_at(header: DicomHeader, offset: int) -> bytes:
    """Return the four bytes of the tag at ``offset`` as little endian writes them."""
    left = header.content.size - offset
    tag = header.content.read(offset, 4) if left >= 4 else b""
    big = header.syntax == uid.ExplicitVRBigEndian
    return tag[1::-1] + tag[:1:-1] if big and len(tag) == 4 else tag


def ends_at_an_element(content: Content) -> bool:
    """Whether a file without pixels is whole: its last element ends where the file ends."""
    with content.open() as stream:
        whole = dcmread(within_budget(stream), force=True)
    tags = sorted(whole.keys())
    if not tags:
        return False
    last: Any = whole.get_item(tags[-1])
    if hasattr(last, "value_tell") and last.length != UNDEFINED_LENGTH:
        return bool(last.value_tell + last.length == content.size)
    if str(getattr(last, "VR", "")) != "SQ":
        return True  # an empty element: pydicom keeps no position for it
    return content.read(content.size - 8, 4) == b"\xfe\xff\xdd\xe0"


def pixel_element(header: DicomHeader) -> PixelElement:
    """Return where the pixel data begin.

    Raises:
        UnreadableFile: NO_CODEC for floating-point pixels.
    """
    name = header.content.path.name
    if _tag_at(header, header.pixel_offset) != _PIXEL_DATA:
        raise UnreadableFile(ErrorCode.NO_CODEC, name=name, syntax="floating-point pixels")
    order = ">" if header.syntax == uid.ExplicitVRBigEndian else "<"
    head = header.content.read(header.pixel_offset, 12)
    if head[4:6] in (b"OB", b"OW", b"UN"):  # as a length these letters would be odd, which none is
        length = struct.unpack(f"{order}I", head[8:12])[0]
        return PixelElement(header.pixel_offset + 12, length, head[4:6].decode())
    return PixelElement(header.pixel_offset + 8, struct.unpack(f"{order}I", head[4:8])[0], "OW")
