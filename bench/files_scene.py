"""Generated cines of a realistic size: speckle in a fan, coded by libjpeg, each frame with its number in its pixels."""

from __future__ import annotations

import functools
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import dcmwrite, uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from scipy.ndimage import gaussian_filter

HEIGHT, WIDTH = 768, 1024
RATE_HZ = 30.0

FRAME_BYTES = 333_000
"""Of one JPEG stream: 900 of them are 300 MB."""

SCANNER_BYTES = 50_000
"""What scanners write: the Voluson S8 and the SonoSite cine that the tests know have 43 and 51 kB a frame."""

_BITS, _BLOCK = 12, 24
"""The number stands at the foot of the picture, outside the fan, a black or white block for each bit."""

_PICTURES = 30
"""Different speckle; further frames are these, turned."""

FINE, COARSE = 1.0, 4.0

Pixels = NDArray[np.uint8]


def picture(number: int, mark: int = 0, grain: float = FINE) -> Pixels:
    """Return frame ``number`` (below 1024) of file ``mark`` (0 to 3): uint8, (768, 1024, 3).

    Args:
        grain: Size of the speckle: `FINE` fills a stream, `COARSE` is what scanners show after their own smoothing.
    """
    grey = np.roll(_speckle(number % _PICTURES, grain), 7 * (number // _PICTURES), axis=1) * _fan()
    tint = np.array([1.0, 0.97, 0.9])
    rgb: Pixels = np.clip(grey[..., None] * tint, 0, 255).astype(np.uint8)
    code = number + 1024 * mark
    for bit in range(_BITS):
        rgb[_code_box(bit)] = 255 if code >> bit & 1 else 0
    return rgb


def code_of(pixels: Pixels) -> tuple[int, int]:
    """Return (number, mark) that stand in the pixels of a decoded frame."""
    bits = [int(pixels[_code_box(bit)][6:-6, 6:-6].mean() > 127) << bit for bit in range(_BITS)]
    code = sum(bits)
    return code % 1024, code // 1024


def write_cine(path: Path, numbers: range, quality: int, *, mark: int = 0, grain: float = FINE) -> Path:
    """Write a multi-frame ultrasound object, JPEG baseline, YBR_FULL_422, with its offset table.

    Args:
        numbers: Which pictures are its frames.
        quality: Of libjpeg.
    """
    return write_streams(path, [encoded(picture(number, mark, grain), quality) for number in numbers])


def write_streams(path: Path, streams: list[bytes]) -> Path:
    """Write an object of JPEG streams that are there already, under an instance identifier of its own."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = uid.JPEGBaseline8Bit
    data.SOPClassUID = uid.UltrasoundMultiFrameImageStorage
    data.SOPInstanceUID, data.StudyInstanceUID, data.SeriesInstanceUID = uid.generate_uid(), "2.25.1", "2.25.2"
    data.PatientID, data.PatientName, data.Modality = "BENCH", "Generated", "US"
    data.Rows, data.Columns, data.SamplesPerPixel, data.PlanarConfiguration = HEIGHT, WIDTH, 3, 0
    data.PhotometricInterpretation = "YBR_FULL_422"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 8, 8, 7, 0
    data.NumberOfFrames, data.FrameTime = len(streams), f"{1000 / RATE_HZ:.10f}"
    data.LossyImageCompression = "01"
    data.PixelData = encapsulate(streams)
    data["PixelData"].VR = "OB"
    dcmwrite(path, data, enforce_file_format=True)
    return path


def encoded(pixels: Pixels, quality: int) -> bytes:
    """Return the stream that libjpeg makes with chroma of half the width (4:2:2)."""
    target = io.BytesIO()
    Image.fromarray(pixels).save(target, "JPEG", quality=quality, subsampling="4:2:2")
    return target.getvalue()


def fitting_quality(frame_bytes: int = FRAME_BYTES, grain: float = FINE) -> int:
    """Return the quality whose stream comes closest to a size."""
    first = picture(0, grain=grain)
    return min(range(40, 99, 2), key=lambda quality: abs(len(encoded(first, quality)) - frame_bytes))


def _code_box(bit: int) -> tuple[slice, slice]:
    return slice(HEIGHT - _BLOCK, HEIGHT), slice(bit * _BLOCK, (bit + 1) * _BLOCK)


@functools.cache
def _speckle(seed: int, grain: float) -> NDArray[np.float32]:
    """Return fully developed speckle: the envelope of a blurred complex noise, which is Rayleigh distributed."""
    chance = np.random.default_rng(seed)
    real, imaginary = (
        gaussian_filter(chance.normal(size=(HEIGHT, WIDTH)), (0.8 * grain, 1.4 * grain)) for _ in range(2)
    )
    envelope = np.hypot(real, imaginary)
    return np.asarray(70.0 * envelope / envelope.mean(), dtype=np.float32)


@functools.cache
def _fan() -> NDArray[np.float32]:
    """Return 1 inside a sector of 70 degrees from the top, 0 outside; two structures in it are darker and brighter."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    depth, side = rows + 60.0, columns - WIDTH / 2
    inside = (np.abs(np.arctan2(side, depth)) < 0.61) & (np.hypot(side, depth) < HEIGHT + 20)
    head = np.hypot((columns - 500) / 230, (rows - 420) / 170)
    shade = np.where(np.abs(head - 1) < 0.06, 2.4, np.where(head < 1, 0.55, 1.0))
    return np.asarray(inside * shade, dtype=np.float32)
