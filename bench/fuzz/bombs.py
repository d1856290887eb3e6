"""Files that are small and ask for much: memory, time, or both."""

from __future__ import annotations

import io
import struct
import zlib
from functools import lru_cache
from random import Random

import numpy as np
from PIL import Image
from pydicom import uid

from bench.fuzz.dicom_objects import file_of, packed
from bench.fuzz.edits import Damage, closed, element_bytes, inserted, mark, walked
from bench.fuzz.seeds import Family, Seed
from bench.fuzz.seeds_dicom import dataset_of
from bench.fuzz.walker import DEFLATED, ITEM

_LARGE = ((8000, 8000), (16_384, 3900), (3900, 16_384), (8001, 8000), (16_385, 10), (20_000, 20_000))
"""Height and width: just within the program's limits, just above them, far above."""


_PNG_SAMPLES = {"RGB": (8, 2, 3), "RGBA": (8, 6, 4), "16 bits": (16, 0, 2)}
"""Bits, colour type and bytes of a pixel."""


def deflated_bomb(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Pack up to several GiB of zeros into a deflated file: after the data set, or as an element in it."""
    found = walked(seed)
    size = chance.choice((100 << 20, 900 << 20, 3 << 30))
    meta = seed.content[: found.packed_at]
    if chance.random() < 0.5:
        worker = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        front = worker.compress(found.data) + worker.flush(zlib.Z_FULL_FLUSH)
        return meta + front + zeros_packed(size), f"{size >> 20} MiB behind the pixels"
    head = element_bytes(found, 0x00091010, "OB", b"")[:-4] + struct.pack("<I", size % 2**32)
    worker = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    front = worker.compress(found.data[:200] + head) + worker.flush(zlib.Z_FULL_FLUSH)
    return meta + front + zeros_packed(size), f"{size >> 20} MiB in a private element"


@lru_cache
def _zero_block() -> bytes:
    worker = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    return worker.compress(bytes(1 << 20)) + worker.flush(zlib.Z_FULL_FLUSH)


def zeros_packed(size: int) -> bytes:
    """Return raw deflate data that unpack to ``size`` zeros, in whole MiB."""
    return _zero_block() * (size >> 20) + zlib.compressobj(9, wbits=-zlib.MAX_WBITS).flush()


def is_deflated(seed: Seed) -> bool:
    """Whether the seed is a deflated DICOM file."""
    return walked(seed).syntax == DEFLATED


def many_elements(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Insert elements by the hundred thousand: empty ones, or items of one sequence."""
    found = walked(seed)
    count = chance.choice((10_000, 100_000, 400_000))
    kind = chance.choice(("empty", "items", "items with contents", "known"))
    if kind in ("empty", "known"):
        tag = 0x00091010 if kind == "empty" else 0x00080008
        return closed(seed, inserted(found, tag, element_bytes(found, tag, "CS", b"") * count)), f"{count} {kind}"
    value = element_bytes(found, 0x00080100, "SH", b"X") if kind == "items with contents" else b""
    item = mark(found, ITEM, len(value)) + value
    tag = chance.choice((0x00081140, 0x00091010, 0x00186011, 0x00041220))
    return closed(seed, inserted(found, tag, element_bytes(found, tag, "SQ", item * count))), f"{count} {kind}"


@lru_cache(maxsize=24)
def black_jpeg(height: int, width: int, mode: str = "L", *, progressive: bool = False) -> bytes:
    """Return a black picture, which may be large in few bytes; ``mode`` is Pillow's."""
    held = io.BytesIO()
    Image.new(mode, (width, height)).save(held, "JPEG", progressive=progressive)
    return held.getvalue()


def scans_again(stream: bytes, more: int) -> bytes:
    """Return a JPEG stream whose last scan is there ``more`` times again."""
    return stream[:-2] + stream[stream.rindex(b"\xff\xda") : -2] * more + b"\xff\xd9"


def large_stream(_seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Write a huge black picture whose header and stream agree: some within the limits, some beyond."""
    height, width = chance.choice(_LARGE[:5])
    kind = chance.choice(("JPEG", "RLE", "native"))
    data = dataset_of(np.zeros((1, 1), np.uint8), "MONOCHROME2")
    data.Rows, data.Columns = height, width
    if kind == "JPEG":
        return packed(data, [black_jpeg(height, width)], uid.JPEGBaseline8Bit), f"{kind} {height} x {width}"
    if kind == "native":
        data.PixelData = bytes(height * width + height * width % 2)
        return file_of(data), f"{kind} {height} x {width}"
    run = (b"\x81\0" * (-(-height * width // 128))).ljust(2, b"\0")
    stream = struct.pack("<16I", 1, 64, *([0] * 14)) + run
    return packed(data, [stream], uid.RLELossless), f"{kind} {height} x {width}"


def large_palette_loop(_seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Write a hundred thousand frames of one pixel, or about as many."""
    count = chance.choice((99_999, 100_000, 100_001))
    data = dataset_of(np.zeros((2, 1, 1), np.uint8), "MONOCHROME2")
    data.NumberOfFrames, data.PixelData = count, bytes(count + count % 2)
    return file_of(data), f"{count} frames of one pixel"


def many_scans(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Repeat a progressive JPEG's last scan thousands of times: each costs a pass over the whole picture."""
    side, mode = chance.choice((64, 2000, 8000)), chance.choice(("L", "RGB"))
    scans = chance.choice((100, 2000, 10_000))
    longer = scans_again(black_jpeg(side, side, mode, progressive=True), scans - 1)
    told = f"{scans} scans of {side} x {side}, {mode}"
    if seed.family is Family.PICTURE:
        return longer, told
    grey = mode == "L"
    data = dataset_of(np.zeros((1, 1) if grey else (1, 1, 3), np.uint8), "MONOCHROME2" if grey else "YBR_FULL_422")
    data.Rows = data.Columns = side
    return packed(data, [longer], uid.JPEGBaseline8Bit), told


def large_picture(_seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Write a huge picture file of few bytes."""
    height, width = chance.choice(_LARGE)
    kind = chance.choice(("PNG", "TIFF", "JPEG")) if height * width < 100_000_000 else "PNG"
    if kind == "PNG":
        samples = chance.choice(sorted(_PNG_SAMPLES))
        return png(height, width, samples), f"PNG {height} x {width} {samples}"
    held = io.BytesIO()
    if kind == "TIFF":
        Image.new("L", (width, height)).save(held, "TIFF", compression="tiff_adobe_deflate")
        return held.getvalue(), f"TIFF {height} x {width}"
    return black_jpeg(height, width), f"JPEG {height} x {width}"


def chunk(kind: bytes, body: bytes) -> bytes:
    """Return a PNG chunk with its check sum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(height: int, width: int, samples: str = "RGB") -> bytes:
    """Return a black picture whose lines are packed zeros."""
    bits, colour, size = _PNG_SAMPLES[samples]
    packed_lines = b"\x78\xda" + zeros_packed(height * (1 + size * width) + (1 << 20))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", packed_lines) + chunk(b"IEND", b"")


def in_jpeg_dicom(seed: Seed) -> bool:
    """Whether a seed stands for the DICOM files of JPEG streams."""
    return seed.name in ("JPEG", "native RGB", "RLE", "JPEG picture")


def is_plain_picture(seed: Seed) -> bool:
    """Whether a seed stands for all pictures."""
    return seed.name in ("PNG picture", "TIFF LZW picture", "JPEG picture")


_DICOM, _PICTURE = (Family.DICOM,), (Family.PICTURE,)

DAMAGES = (
    Damage("deflated bomb", deflated_bomb, _DICOM, is_deflated),
    Damage("elements by the thousand", many_elements, (Family.DICOM, Family.DISC)),
    Damage("huge picture", large_stream, _DICOM, in_jpeg_dicom),
    Damage("huge loop", large_palette_loop, _DICOM, in_jpeg_dicom),
    Damage("scans by the thousand", many_scans, (Family.DICOM, Family.PICTURE), in_jpeg_dicom),
    Damage("huge picture file", large_picture, _PICTURE, is_plain_picture),
)
