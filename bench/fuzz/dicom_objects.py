"""Pictures -> DICOM objects and files, in each encoding that can be written here."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.filewriter import dcmwrite

_ENCODERS = {uid.RLELossless: "pydicom", uid.JPEGLSLossless: "pyjpegls"}


def image_of(pixels: NDArray[Any], photometric: str = "RGB", *, bits_stored: int = 0, **tags: Any) -> Dataset:
    """Return an uncompressed ultrasound object of nobody.

    Args:
        pixels: (H, W), (H, W, 3) or with N in front; already in the colour space that ``photometric`` names.
        tags: Any further attributes, by keyword; they come last and may replace anything.
            ``PlanarConfiguration=1`` lays the colours in planes.
    """
    colour = photometric not in ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR")
    stack = pixels if pixels.ndim == (4 if colour else 3) else pixels[None]
    data = Dataset()
    data.SOPClassUID = uid.UltrasoundImageStorage if len(stack) == 1 else uid.UltrasoundMultiFrameImageStorage
    data.SOPInstanceUID, data.StudyInstanceUID, data.SeriesInstanceUID = "1.2.3.4", "1.2.3", "1.2.3.1"
    data.Modality = "US"
    data.SamplesPerPixel, data.PhotometricInterpretation = 3 if colour else 1, photometric
    data.Rows, data.Columns = stack.shape[1:3]
    data.BitsAllocated = 8 * stack.dtype.itemsize
    data.BitsStored = bits_stored or data.BitsAllocated
    data.HighBit, data.PixelRepresentation = data.BitsStored - 1, int(stack.dtype.kind == "i")
    if len(stack) > 1:
        data.NumberOfFrames = len(stack)
    if colour:
        data.PlanarConfiguration = 0
    for keyword, value in tags.items():
        setattr(data, keyword, value)
    if colour and data.PlanarConfiguration == 1:
        stack = stack.transpose(0, 3, 1, 2)
    samples = np.ascontiguousarray(stack).tobytes()
    data.PixelData = samples + b"\0" * (len(samples) % 2)
    data["PixelData"].VR = "OB" if data.BitsAllocated == 8 else "OW"
    return data


def region(
    box: tuple[int, int, int, int],
    delta: tuple[float, float],
    *,
    units: tuple[int, int] = (3, 3),
    kind: tuple[int, int] = (1, 1),
) -> Dataset:
    """Return one item of SequenceOfUltrasoundRegions; ``kind`` is spatial format, data type."""
    item = Dataset()
    item.RegionSpatialFormat, item.RegionDataType = kind
    item.RegionFlags = 0
    item.RegionLocationMinX0, item.RegionLocationMinY0, item.RegionLocationMaxX1, item.RegionLocationMaxY1 = box
    item.PhysicalUnitsXDirection, item.PhysicalUnitsYDirection = units
    item.PhysicalDeltaX, item.PhysicalDeltaY = delta
    return item


def palette(columns: Sequence[NDArray[Any]], *, first: int = 0, bits: int = 16) -> dict[str, Any]:
    """Return the tags of three lookup tables, red, green and blue, for ``image_of``."""
    tags: dict[str, Any] = {}
    for colour, column in zip(("Red", "Green", "Blue"), columns, strict=True):
        tags[f"{colour}PaletteColorLookupTableDescriptor"] = [len(column), first, bits]
        tags[f"{colour}PaletteColorLookupTableData"] = column.tobytes()
    return tags


def file_of(data: Dataset, syntax: str = uid.ExplicitVRLittleEndian, *, bare: bool = False) -> bytes:
    """Return the file's bytes; the pixels must be encoded so already.

    Args:
        bare: The data set alone, as old archives wrote it.
    """
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = uid.UID(syntax)
    data.file_meta.MediaStorageSOPClassUID = data.get("SOPClassUID", uid.UltrasoundImageStorage)
    data.file_meta.MediaStorageSOPInstanceUID = data.get("SOPInstanceUID", "1.2.3.4")
    if "PixelData" in data and uid.UID(syntax).is_encapsulated:
        data["PixelData"].is_undefined_length, data["PixelData"].VR = True, "OB"
    held = io.BytesIO()
    if bare:
        del data.file_meta
        implicit, little = syntax == uid.ImplicitVRLittleEndian, syntax != uid.ExplicitVRBigEndian
        dcmwrite(held, data, implicit_vr=implicit, little_endian=little)
    else:
        dcmwrite(held, data, enforce_file_format=True)
    return held.getvalue()


def packed(data: Dataset, streams: Sequence[bytes], syntax: str, *, table: str = "basic", pieces: int = 1) -> bytes:
    """Return a file of codestreams as they are, one for each frame.

    Args:
        table: ``basic``, ``extended`` or ``none``: which offset table is written.
        pieces: Into how many fragments each frame is cut.
    """
    if table == "extended":
        data.PixelData, data.ExtendedOffsetTable, data.ExtendedOffsetTableLengths = encapsulate_extended(list(streams))
    else:
        data.PixelData = encapsulate(list(streams), fragments_per_frame=pieces, has_bot=table == "basic")
    return file_of(data, syntax)


def compressed(data: Dataset, syntax: str, **options: Any) -> bytes:
    """Return a file as pydicom's encoders pack it: RLE, JPEG-LS and JPEG 2000."""
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    plugin = _ENCODERS.get(uid.UID(syntax), "pylibjpeg")
    data.compress(uid.UID(syntax), encoding_plugin=plugin, generate_instance_uid=False, **options)
    return file_of(data, syntax)
