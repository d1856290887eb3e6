"""Ultrasound files full of everything that identifies, for the tests of de-identification."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jpeg_ls
import numpy as np
from dicom_files import (
    ULTRASOUND_CINE,
    cine,
    colour_picture,
    compressed,
    dataset_of,
    encapsulated,
    grey_picture,
    jpeg_lossless,
    jpeg_stream,
    region,
    to_ycc,
    write,
    write_big_endian,
)
from pydicom import uid
from pydicom.datadict import dictionary_has_tag, dictionary_keyword, dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from fetalclip_app.domain.calibration import Box
from fetalclip_app.imaging.deidentify import engine
from fetalclip_app.imaging.deidentify.engine import Opened, Seen, Written
from fetalclip_app.imaging.deidentify.identifiers import Identifiers
from fetalclip_app.imaging.deidentify.mask import Mask, MaskSource
from fetalclip_app.imaging.deidentify.profile import table
from fetalclip_app.imaging.deidentify.sight import Work
from fetalclip_app.imaging.deidentify.texts import TextReader
from fetalclip_app.progress import CancelToken, silent

SECRET = "Zwölfaxing"
"""A word that no dictionary and no header has."""

_VALUES: dict[str, Any] = {
    "DA": "20110525", "TM": "112233", "DT": "20110526112233.123456+0200", "AS": "091Y", "DS": "4711.0815",
    "IS": "47110815", "UI": "1.2.276.0.4711.815", "PN": f"{SECRET}^Maria^^Dr.", "AE": "AE_NOWHERE",
    "CS": "QUITE SECRET", "SH": f"{SECRET} 7", "LO": f"Praxis {SECRET}", "ST": f"Near {SECRET}", "UR": "x:secret",
    "LT": f"Long words\r\nabout {SECRET}", "UT": f"Unlimited {SECRET}", "UC": f"Characters of {SECRET}",
    "OB": f"bytes of {SECRET}".encode("latin-1"), "OW": f"words of {SECRET}x".encode("latin-1"),
    "UN": f"unknown {SECRET}".encode(), "US": 4711, "SS": -4711, "UL": 47110815, "SL": 47110815, "FL": 47.11,
    "FD": 47.11, "AT": 0x00100010, "SV": 4711, "UV": 4711, "OF": b"fsecret.", "OD": b"dsecret.", "OL": b"lsecret.",
    "OV": b"vsecret.",
}  # fmt: skip

SECRET_TEXTS = tuple(text for vr, text in _VALUES.items() if isinstance(text, str) and vr not in ("TM", "AS", "CS"))


def value_of(vr: str) -> Any:
    """Return something secret of a representation."""
    if vr == "SQ":
        item = Dataset()
        item.PatientComments, item.PersonName, item.TextValue = f"Nested {SECRET}", f"{SECRET}^N", f"inside {SECRET}"
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = "121065", "99SECRET", f"Code of {SECRET}"
        item.add_new(0x00990010, "LO", f"Private {SECRET}")
        item.add_new(0x00991001, "LO", f"Nested private {SECRET}")
        return Sequence([item])
    return _VALUES[vr]


def add(dataset: Dataset, tag: int) -> None:
    """Add an attribute with something secret in it."""
    vr = dictionary_VR(tag).split(" or ")[0]
    dataset.add(DataElement(tag, vr, value_of(vr)))


def listed_tags() -> list[int]:
    """Return every tag of the table that a data set before the pixels may hold and pydicom knows."""
    return [tag for tag in table() if 0x0008 <= tag >> 16 < 0x7FE0 and dictionary_has_tag(tag)]


def full_dataset(frames: Any = None, photometric: str = "RGB", **tags: Any) -> Dataset:
    """Return an ultrasound picture in which every attribute of the table is filled, private ones and overlays too."""
    picture = colour_picture() if frames is None else frames
    height, width = picture.shape[-3:-1] if picture.shape[-1] == 3 else picture.shape[-2:]
    data = dataset_of(picture, photometric, **tags)
    data.SpecificCharacterSet = "ISO_IR 100"
    for tag in listed_tags():
        if dictionary_keyword(tag) not in ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
            add(data, tag)
    data.SOPInstanceUID, data.StudyInstanceUID, data.SeriesInstanceUID = (
        "1.2.3.47.11.1",
        "1.2.3.47.11.2",
        "1.2.3.47.11.3",
    )
    data.PatientID, data.StudyDate = f"{SECRET}-4711", "20110525"
    data.Manufacturer, data.ManufacturerModelName, data.SoftwareVersions = "Maker of Scanners", "Model 7", "1.2"
    data.TransducerData, data.StageName = f"Probe of {SECRET}", f"Stage {SECRET}"
    data.SequenceOfUltrasoundRegions = [region((2, 10, width - 3, height - 3))]
    data.add_new(0x00090010, "LO", f"PRIVATE {SECRET}")
    data.add_new(0x00091001, "LT", f"private words about {SECRET}")
    data.add_new(0x00091002, "UN", f"private bytes about {SECRET}".encode())
    data.add_new(0x60000010, "US", 4)
    data.add_new(0x60000022, "LO", f"Overlay {SECRET}")
    data.add_new(0x50002600, "SH", f"Curve {SECRET}")
    return data


def looked(opened: Opened, mask: Mask, reader: TextReader) -> Seen:
    """Return what an OCR finds inside a mask, on every frame that has to be read, with nothing blanked for it."""
    sight = engine._sight(opened, reader, frozenset(), Work(CancelToken(), silent))
    return engine._seen(sight, mask, sight.frames(mask))


KEY = b"k" * 32
IDENTIFIERS = Identifiers(KEY)
INSIDE = Box(8, 16, 56, 48)
MASK = Mask(48, 64, (INSIDE,), MaskSource.GIVEN)


def deidentified(path: Path, target: Path, mask: Mask = MASK, **options: Any) -> Written:
    """Write the copy of a file that somebody has looked at: no text was found."""
    opened = engine.open_original(path, Identifiers(KEY))
    return engine.write(opened, Seen(mask, frames_read=tuple(range(len(opened.clip)))), target, **options)


def dark_banner(frames: np.ndarray) -> np.ndarray:
    """Black around the scan with some bright text above, far from it: what a real screen looks like."""
    made = np.zeros_like(frames)
    made[..., 16:48, 8:56, :] = frames[..., 16:48, 8:56, :]
    made[..., 2:6, 10:50:3, :] = 255
    return made


def rgb(**tags: Any) -> Dataset:
    """Return an uncompressed cine with everything that identifies."""
    return full_dataset(cine(), FrameTime="33.3", SOPClassUID=ULTRASOUND_CINE, **tags)


def palette(frames: np.ndarray) -> Dataset:
    """An inverted palette whose first colour is red: index 0 is no black."""
    data = full_dataset(frames, "PALETTE COLOR")
    ramp = np.arange(256, dtype=np.uint16)[::-1] * 257
    ramp[0] = 0xFFFF
    for colour, column in (("Red", ramp), ("Green", ramp // 2), ("Blue", ramp // 3)):
        setattr(data, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 16])
        setattr(data, f"{colour}PaletteColorLookupTableData", column.tobytes())
    return data


def jpeg_cine(path: Path, **options: Any) -> Path:
    """Write a cine of JPEG streams, with Pillow's options for them."""
    streams = [jpeg_stream(frame, **options) for frame in dark_banner(cine())]
    return encapsulated(path, full_dataset(cine(), "YBR_FULL_422", FrameTime="33.3"), streams)


GREY = grey_picture().astype(np.uint8)
KINDS: dict[str, Callable[[Path], Path]] = {
    "explicit": lambda path: write(path, rgb()),
    "implicit": lambda path: write(path, rgb(), uid.ImplicitVRLittleEndian),
    "planes": lambda path: write(path, rgb(PlanarConfiguration=1)),
    "deflated": lambda path: write(path, rgb(), uid.DeflatedExplicitVRLittleEndian),
    "big endian, 16 bits": lambda path: write_big_endian(path, full_dataset(grey_picture(top=60000), "MONOCHROME2")),
    "ybr full": lambda path: write(path, full_dataset(to_ycc(colour_picture()), "YBR_FULL")),
    "monochrome 1": lambda path: write(path, full_dataset(GREY, "MONOCHROME1")),
    "monochrome 2, window": lambda path: write(
        path, full_dataset(GREY, "MONOCHROME2", WindowCenter="100", WindowWidth="150")
    ),
    "twelve bits": lambda path: write(path, full_dataset(grey_picture(top=4095), "MONOCHROME2", bits_stored=12)),
    "palette": lambda path: write(path, palette(GREY)),
    "palette, rle": lambda path: compressed(path, palette(GREY), uid.RLELossless),
    "rle": lambda path: compressed(path, rgb(), uid.RLELossless),
    "jpeg 2000": lambda path: compressed(path, rgb(), uid.JPEG2000Lossless),
    "jpeg 2000, grey of twelve bits": lambda path: compressed(
        path, full_dataset(grey_picture(top=4095), "MONOCHROME2", bits_stored=12), uid.JPEG2000Lossless
    ),
    "jpeg-ls": lambda path: encapsulated(
        path, rgb(), [bytes(jpeg_ls.encode_array(frame, interleave_mode=2)) for frame in cine()], uid.JPEGLSLossless
    ),
    "jpeg lossless": lambda path: jpeg_lossless(path, rgb()),
    "jpeg lossless, grey": lambda path: jpeg_lossless(path, full_dataset(GREY, "MONOCHROME2")),
    "jpeg": lambda path: jpeg_cine(path, subsampling=0),
    "jpeg 422": lambda path: jpeg_cine(path, subsampling=1),
    "jpeg 420": lambda path: jpeg_cine(path, subsampling=2),
    "jpeg, own tables": lambda path: jpeg_cine(path, subsampling=1, optimize=True),
    "jpeg, restarts": lambda path: jpeg_cine(path, subsampling=1, restart_marker_blocks=3),
    "jpeg, progressive": lambda path: jpeg_cine(path, progressive=True),
    "jpeg, comment": lambda path: jpeg_cine(path, subsampling=1, comment=f"taken of {SECRET}".encode()),
    "jpeg, rgb": lambda path: jpeg_cine(path, keep_rgb=True),
    "jpeg, grey": lambda path: encapsulated(path, full_dataset(GREY, "MONOCHROME2"), [jpeg_stream(GREY)]),
}
