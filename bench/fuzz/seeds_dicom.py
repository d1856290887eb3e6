"""Undamaged DICOM files made of formulas: each way to pack pixels that can be written here, with unlike regions."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import uid
from pydicom.dataset import Dataset

from bench.fuzz import lossless_jpeg
from bench.fuzz.dicom_objects import compressed, file_of, image_of, packed, palette, region
from bench.fuzz.seeds import Family, Seed

HEIGHT, WIDTH, FRAMES = 64, 96, 4
SECRETS = ("Zzyzx^Fuzzina", "PID-ZZ-4711", "19870203")


def colours(seed: int = 0) -> NDArray[np.uint8]:
    """Return smooth colours, (HEIGHT, WIDTH, 3)."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    channels = (x * 255 // WIDTH, 127 + 120 * np.sin((y + seed) / 9), (2 * x + 3 * y + 20 * seed) % 256)
    return np.stack([np.asarray(channel, np.float64) for channel in channels], axis=2).astype(np.uint8)


def loop() -> NDArray[np.uint8]:
    """Return FRAMES pictures that differ."""
    return np.stack([colours(seed) for seed in range(FRAMES)])


def greys(top: int = 255) -> NDArray[np.uint16]:
    """Return a ramp from 0 to ``top``."""
    return np.linspace(0, top, HEIGHT * WIDTH).astype(np.uint16).reshape(HEIGHT, WIDTH)


def dataset_of(pixels: NDArray[Any], photometric: str = "RGB", **tags: Any) -> Dataset:
    """Return an uncompressed object of a patient, with three regions; ``tags`` may replace anything."""
    name, number, born = SECRETS
    own: dict[str, Any] = {"PatientName": name, "PatientID": number, "PatientBirthDate": born, "StudyDate": "20240102"}
    own |= {"Manufacturer": "Formula", "SequenceOfUltrasoundRegions": regions()}
    data = image_of(pixels, photometric, **{**own, **tags})
    if "NumberOfFrames" in data:
        data.FrameTime = tags.get("FrameTime", 40.0)
        data.FrameIncrementPointer = tags.get("FrameIncrementPointer", 0x00181063)
    return data


def regions() -> list[Dataset]:
    """Return two tissue regions of different scales side by side, and an M-mode below them."""
    half, floor = WIDTH // 2, HEIGHT * 3 // 4
    return [
        region((0, 0, half - 1, floor - 1), (0.021, 0.034)),
        region((half, 0, WIDTH - 1, floor - 1), (0.05, 0.05)),
        region((0, floor, WIDTH - 1, HEIGHT - 1), (0.01, 0.034), units=(4, 3), kind=(2, 1)),
    ]


def _jpegs(**options: Any) -> list[bytes]:
    streams = []
    for frame in loop():
        held = io.BytesIO()
        Image.fromarray(frame).save(held, "JPEG", **{"quality": 90, **options})
        streams.append(held.getvalue())
    return streams


def _big_endian() -> bytes:
    data = dataset_of(greys(4095), "MONOCHROME2", BitsStored=12, HighBit=11)
    data.PixelData = np.frombuffer(data.PixelData, "<u2").astype(">u2").tobytes()
    return file_of(data, uid.ExplicitVRBigEndian)


def _palette() -> dict[str, Any]:
    return palette([(np.arange(256) * times % 256).astype("<u2") << 8 for times in (1, 2, 3)])


def _with_overlay() -> bytes:
    data = dataset_of(greys().astype(np.uint8), "MONOCHROME2")
    data.add_new(0x60000010, "US", HEIGHT)
    data.add_new(0x60000011, "US", WIDTH)
    data.add_new(0x60000015, "IS", 1)
    data.add_new(0x60000040, "CS", "G")
    data.add_new(0x60000050, "SS", [1, 1])
    data.add_new(0x60000051, "US", 1)
    data.add_new(0x60000100, "US", 1)
    data.add_new(0x60000102, "US", 0)
    data.add_new(0x60003000, "OW", np.packbits(greys() % 7 == 0, bitorder="little").tobytes())
    return file_of(data)


def _with_voi_table() -> bytes:
    item = Dataset()
    item.LUTDescriptor, item.LUTData = [256, 0, 8], struct.pack("<256H", *range(255, -1, -1))
    item["LUTData"].VR = "OW"
    grey = greys().astype(np.uint8)
    return file_of(dataset_of(grey, "MONOCHROME2", VOILUTSequence=[item], RescaleSlope=1, RescaleIntercept=0))


def _undefined_lengths() -> bytes:
    data = dataset_of(colours())
    data["SequenceOfUltrasoundRegions"].is_undefined_length = True
    for item in data.SequenceOfUltrasoundRegions:
        item.is_undefined_length_sequence_item = True
    return file_of(data)


def _spacing_alone() -> bytes:
    data = dataset_of(colours(), PixelSpacing=[0.3, 0.4])
    del data.SequenceOfUltrasoundRegions
    return file_of(data)


def _signed() -> bytes:
    pixels = (greys(4000).astype(np.int16) - 2000).astype("<i2")
    return file_of(dataset_of(pixels, "MONOCHROME1", WindowCenter=0, WindowWidth=3000))


def _half_chroma() -> bytes:
    data = dataset_of(colours(), "YBR_FULL_422")
    data.PixelData = bytes(data.PixelData)[: HEIGHT * WIDTH * 2]
    return file_of(data)


def _times() -> bytes:
    data = dataset_of(loop(), FrameTimeVector=[0, 30, 50, 30], FrameIncrementPointer=0x00181065)
    del data.FrameTime
    return file_of(data, uid.ImplicitVRLittleEndian)


def _native_in_items() -> bytes:
    data = dataset_of(loop())
    return packed(data, [frame.tobytes() for frame in loop()], "1.2.840.10008.1.2.1.98")


def _region_on_region() -> bytes:
    """A zoomed inset of high priority on a large region of low priority: a lost inset must not lend the large scale."""
    large = region((0, 0, WIDTH - 1, HEIGHT - 1), (0.04, 0.04))
    large.RegionFlags = 1
    inset = region((WIDTH // 3, HEIGHT // 3, WIDTH * 2 // 3, HEIGHT * 2 // 3), (0.01, 0.01))
    return file_of(dataset_of(colours(), SequenceOfUltrasoundRegions=[large, inset]))


_MAKERS: dict[str, Callable[[], bytes]] = {
    "native RGB": lambda: file_of(dataset_of(colours())),
    "native planes": lambda: file_of(dataset_of(loop(), PlanarConfiguration=1)),
    "native grey": lambda: file_of(dataset_of(greys().astype(np.uint8), "MONOCHROME2")),
    "native signed": _signed,
    "native half chroma": _half_chroma,
    "VOI table": _with_voi_table,
    "overlay": _with_overlay,
    "palette": lambda: file_of(dataset_of(greys().astype(np.uint8), "PALETTE COLOR", **_palette())),
    "implicit, time vector": _times,
    "big endian": _big_endian,
    "deflated": lambda: file_of(dataset_of(colours()), uid.DeflatedExplicitVRLittleEndian),
    "bare explicit": lambda: file_of(dataset_of(colours()), bare=True),
    "bare implicit": lambda: file_of(dataset_of(colours()), uid.ImplicitVRLittleEndian, bare=True),
    "undefined lengths": _undefined_lengths,
    "PixelSpacing alone": _spacing_alone,
    "RLE": lambda: compressed(dataset_of(loop()), uid.RLELossless),
    "RLE 16 bits": lambda: compressed(dataset_of(greys(65535), "MONOCHROME2"), uid.RLELossless),
    "JPEG": lambda: packed(dataset_of(loop(), "YBR_FULL_422"), _jpegs(), uid.JPEGBaseline8Bit),
    "JPEG in pieces": lambda: packed(
        dataset_of(loop(), "YBR_FULL_422"), _jpegs(progressive=True), uid.JPEGBaseline8Bit, table="none", pieces=3
    ),
    "JPEG, long table": lambda: packed(
        dataset_of(loop(), "YBR_FULL_422"), _jpegs(), uid.JPEGBaseline8Bit, table="extended"
    ),
    "JPEG lossless": lambda: packed(
        dataset_of(loop()), [lossless_jpeg.encode(frame) for frame in loop()], uid.JPEGLosslessSV1
    ),
    "JPEG-LS": lambda: compressed(dataset_of(loop()), uid.JPEGLSLossless),
    "JPEG-LS 16 bits": lambda: compressed(dataset_of(greys(65535), "MONOCHROME2"), uid.JPEGLSLossless),
    "native in items": _native_in_items,
    "retired class": lambda: file_of(dataset_of(loop(), SOPClassUID="1.2.840.10008.5.1.4.1.1.3")),
    "region on region": _region_on_region,
    "JPEG 2000": lambda: compressed(dataset_of(loop(), "RGB"), uid.JPEG2000Lossless),
    "JPEG 2000 16 bits": lambda: compressed(dataset_of(greys(65535), "MONOCHROME2"), uid.JPEG2000Lossless),
}


def seeds() -> list[Seed]:
    """Return every kind of DICOM file that can be written here."""
    return seeds_named(_MAKERS)


def seeds_named(names: Iterable[str]) -> list[Seed]:
    """Return some of them, by their names."""
    return [Seed(name, Family.DICOM, (("scan.dcm", _MAKERS[name]()),), HEIGHT, WIDTH, SECRETS) for name in names]
