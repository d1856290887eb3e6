"""DICOM files of every kind, written by the tests: pictures made of formulas, no scan of anybody."""

from __future__ import annotations

import io
import math
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import uid
from pydicom.dataset import Dataset

from bench.fuzz import dicom_objects, lossless_jpeg
from fetalclip_app.domain.calibration import Calibration
from fetalclip_app.imaging.dicom.calibration import calibration_of

Picture = NDArray[Any]

ULTRASOUND_CINE = uid.UltrasoundMultiFrameImageStorage


def colour_picture(height: int = 48, width: int = 64, seed: int = 0) -> NDArray[np.uint8]:
    """Return smooth colours with a grey fan's worth of structure: (H, W, 3)."""
    y, x = np.mgrid[0:height, 0:width]
    red = 127 + 120 * np.sin((x + 3 * seed) / 9)
    green = 127 + 120 * np.cos((y - 2 * seed) / 7)
    blue = (4 * x + 3 * y + 20 * seed) % 256
    return np.stack([red, green, blue], axis=2).astype(np.uint8)


def grey_picture(height: int = 48, width: int = 64, top: int = 255) -> NDArray[np.uint16]:
    """Return a ramp that reaches from 0 to ``top``: (H, W)."""
    return np.linspace(0, top, height * width).round().astype(np.uint16).reshape(height, width)


def cine(count: int = 4, height: int = 48, width: int = 64) -> NDArray[np.uint8]:
    """Return (N, H, W, 3); no two frames are alike."""
    return np.stack([colour_picture(height, width, seed) for seed in range(count)])


def dataset_of(frames: Picture, photometric: str = "RGB", *, bits_stored: int = 0, **tags: Any) -> Dataset:
    """Return an uncompressed ultrasound object.

    Args:
        frames: (H, W), (H, W, 3) or with N in front; already in the colour space that ``photometric`` names.
        tags: Any further attributes, by keyword; ``PlanarConfiguration=1`` lays the colours in planes.
    """
    named = {"PatientID": "P1", "PatientName": "Test^Case", **tags}
    return dicom_objects.image_of(frames, photometric, bits_stored=bits_stored, **named)


def write(path: Path, data: Dataset, syntax: str = uid.ExplicitVRLittleEndian, *, preamble: bool = True) -> Path:
    """Write a data set in ``syntax``; its pixels must be encoded so already. Without preamble: the bare data set."""
    path.write_bytes(dicom_objects.file_of(data, syntax, bare=not preamble))
    return path


def write_big_endian(path: Path, data: Dataset) -> Path:
    """Write in Explicit VR Big Endian, with the pixels' bytes swapped as its rules want."""
    if data.BitsAllocated == 16:
        data.PixelData = np.frombuffer(data.PixelData, "<u2").astype(">u2").tobytes()
    return write(path, data, uid.ExplicitVRBigEndian)


def compressed(path: Path, data: Dataset, syntax: str, **options: Any) -> Path:
    """Write with pydicom's encoders: RLE, JPEG-LS and JPEG 2000."""
    path.write_bytes(dicom_objects.compressed(data, syntax, **options))
    return path


def jpeg_lossless(path: Path, data: Dataset, syntax: str = uid.JPEGLosslessSV1) -> Path:
    """Write as JPEG Lossless, process 14, selection value 1, under either syntax; colours must lie pixel by pixel."""
    assert data.get("PlanarConfiguration", 0) == 0
    shape = (int(data.get("NumberOfFrames", 1)), data.Rows, data.Columns, data.SamplesPerPixel)
    samples = np.frombuffer(data.PixelData, f"<u{data.BitsAllocated // 8}", count=math.prod(shape))
    frames = samples.reshape(shape if data.SamplesPerPixel == 3 else shape[:3])
    return encapsulated(path, data, [lossless_jpeg.encode(frame) for frame in frames], syntax)


def encapsulated(
    path: Path,
    data: Dataset,
    streams: Sequence[bytes],
    syntax: str = uid.JPEGBaseline8Bit,
    *,
    table: str = "basic",
    fragments: int = 1,
) -> Path:
    """Write codestreams as they are, one for each frame.

    Args:
        table: ``basic``, ``extended`` or ``none``: which offset table is written.
        fragments: Into how many pieces each frame is cut.
    """
    path.write_bytes(dicom_objects.packed(data, streams, syntax, table=table, pieces=fragments))
    return path


def jpeg_stream(picture: Picture, **options: Any) -> bytes:
    """Return a JPEG stream by libjpeg, quality 95 and 4:4:4 unless ``options`` say otherwise."""
    held = io.BytesIO()
    Image.fromarray(picture).save(held, "JPEG", **{"quality": 95, "subsampling": 0, **options})
    return held.getvalue()


def is_near(pixels: Picture, picture: Picture) -> bool:
    """Whether a picture came back through a JPEG, or another loss as small: less than 3 grey levels on average."""
    return bool(np.abs(pixels.astype(int) - picture).mean() < 3)


JFIF = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"


def adobe(transform: int) -> bytes:
    """Return Adobe's APP14 segment; 0 says that the components are RGB, 1 YCbCr."""
    return b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + bytes((transform,))


def without_marker(stream: bytes, marker: int) -> bytes:
    """Return a JPEG stream without the segments of one APP marker."""
    position, kept = 2, stream[:2]
    while stream[position + 1] != 0xDA:
        length = 2 + struct.unpack_from(">H", stream, position + 2)[0]
        kept += b"" if stream[position + 1] == marker else stream[position : position + length]
        position += length
    return kept + stream[position:]


def to_ycc(picture: Picture) -> NDArray[np.uint8]:
    """Return RGB as full-range YCbCr, by the formulas of PS3.3 C.7.6.3.1.2."""
    red, green, blue = np.moveaxis(picture.astype(float), -1, 0)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    cb = 128 - 0.1687 * red - 0.3313 * green + 0.5 * blue
    cr = 128 + 0.5 * red - 0.4187 * green - 0.0813 * blue
    return np.clip(np.rint(np.stack([luma, cb, cr], axis=-1)), 0, 255).astype(np.uint8)


def region(  # one keyword for each attribute
    box: tuple[float, float, float, float] = (0, 0, 63, 47),
    *,
    delta: tuple[float, float] = (0.02, 0.02),
    units: tuple[int, int] = (3, 3),
    spatial_format: int = 1,
    data_type: int = 1,
) -> Dataset:
    """Return an item of SequenceOfUltrasoundRegions; ``box`` is inclusive, as the file writes it."""
    left, top, right, bottom = (int(side) for side in box)
    kind = spatial_format, data_type
    return dicom_objects.region((left, top, right, bottom), delta, units=units, kind=kind)


def calibration(*items: Dataset, height: int, width: int, **tags: Any) -> Calibration:
    """Return the calibration of a picture whose header holds these regions and tags.

    Raises:
        ValueError: The header says nothing of a scale.
    """
    data = Dataset()
    if items:
        data.SequenceOfUltrasoundRegions = list(items)
    for keyword, value in tags.items():
        setattr(data, keyword, value)
    found = calibration_of(data, height, width)
    if found is None:
        raise ValueError("a header without a scale")
    return found


def stills() -> dict[str, Callable[[Path], Path]]:
    """Return one writer for each kind of still: all write `colour_picture` to the path that they are given."""
    rgb = colour_picture()

    def saved(format_name: str) -> Callable[[Path], Path]:
        def save(path: Path) -> Path:
            Image.fromarray(rgb).save(path, format_name)
            return path

        return save

    return {
        "uncompressed": lambda path: write(path, dataset_of(rgb)),
        "rle": lambda path: compressed(path, dataset_of(rgb), uid.RLELossless),
        "jpeg 2000": lambda path: compressed(path, dataset_of(rgb), uid.JPEG2000Lossless),
        "jpeg lossless": lambda path: jpeg_lossless(path, dataset_of(rgb)),
        "jpeg": lambda path: encapsulated(path, dataset_of(rgb, "YBR_FULL_422"), [jpeg_stream(rgb)]),
        "deflated": lambda path: write(path, dataset_of(rgb), uid.DeflatedExplicitVRLittleEndian),
        "png": saved("PNG"),
        "jpeg picture": saved("JPEG"),
        "bmp": saved("BMP"),
    }
