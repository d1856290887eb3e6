"""Pixels -> a lossless JPEG stream: the predictive process of ITU-T T.81, written for test files.

Source: ITU-T T.81 (1992). Process 14 with selection value 1, a sample is predicted by its left neighbour (H.1.2.1 and
Table H.1); differences are coded as a category and its extra bits (H.1.2.2 and Table H.2); segments as in Annex B;
stuffed bytes as in F.1.2.3. One Huffman table serves all components, and one scan holds them sample by sample.
"""

from __future__ import annotations

import itertools
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

_CODES_OF_LENGTH = (0, 1, 5, *[1] * 11, 0, 0)
"""Of 1 to 16 bits. Table K.3 carried on, one bit more for each category, from its 12 to the 17 that H.1.2.2 knows."""

_CATEGORIES = 17
_LONGEST = 13 + 15
"""Bits of the longest code with its extra bits: category 15. Category 16 has a longer code, and no extra bits."""


def encode(pixels: NDArray[Any]) -> bytes:
    """Return a stream that decodes to ``pixels``, bit by bit.

    Args:
        pixels: uint8 or uint16, (H, W) or (H, W, 3); the precision written is that of the type.
            No colour is converted, and no marker says which colours they are.

    Raises:
        ValueError: Another shape or type.
    """
    planes = pixels[..., None] if pixels.ndim == 2 else pixels
    if planes.ndim != 3 or planes.shape[2] not in (1, 3) or pixels.dtype not in (np.uint8, np.uint16):
        raise ValueError(f"neither grey nor three colours of 8 or 16 bits: {pixels.dtype} {pixels.shape}")
    height, width, count = planes.shape
    ids = range(1, count + 1)
    frame = struct.pack(">BHHB", 8 * pixels.itemsize, height, width, count)
    frame += b"".join(bytes((each, 0x11, 0)) for each in ids)  # one sample each way; no quantization
    table = bytes((0, *_CODES_OF_LENGTH, *range(_CATEGORIES)))
    scan = bytes((count, *(value for each in ids for value in (each, 0)), 1, 0, 0))  # selection value 1, no shift
    head = b"\xff\xd8" + _segment(0xC3, frame) + _segment(0xC4, table) + _segment(0xDA, scan)
    return head + _entropy_coded(_differences(planes).reshape(-1)) + b"\xff\xd9"


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, 2 + len(body)) + body


def _differences(planes: NDArray[Any]) -> NDArray[np.int64]:
    """Return sample less prediction, modulo 65536, as -32767 to 32768: (H, W, C)."""
    samples = planes.astype(np.int64)
    predicted = np.empty_like(samples)
    predicted[:, 1:] = samples[:, :-1]
    predicted[1:, 0] = samples[:-1, 0]  # a line's first: the one above
    predicted[0, 0] = 1 << (8 * planes.itemsize - 1)
    wrapped = (samples - predicted) % 65536
    return np.where(wrapped > 32768, wrapped - 65536, wrapped)


def _huffman_codes() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return each category's code and its length in bits (Annex C.2)."""
    lengths = [length for length, count in enumerate(_CODES_OF_LENGTH, 1) for _ in range(count)]
    codes, code = [0], 0
    for before, length in itertools.pairwise(lengths):
        code = (code + 1) << (length - before)
        codes.append(code)
    return np.array(codes), np.array(lengths)


def _entropy_coded(differences: NDArray[np.int64]) -> bytes:
    codes, lengths = _huffman_codes()
    category = np.frexp(np.abs(differences).astype(float))[1].astype(np.int64)  # bits of the magnitude
    extra_bits = np.where(category == 16, 0, category)
    # A negative difference is written less one, in two's complement (F.1.2.1.1).
    extra = (differences - (differences < 0)) & ((1 << extra_bits) - 1)
    words = (codes[category] << extra_bits) | extra
    used = lengths[category] + extra_bits
    places = np.arange(_LONGEST - 1, -1, -1)
    bits = (words[:, None] >> places & 1)[places < used[:, None]]
    filled = np.concatenate([bits, np.ones(-len(bits) % 8, np.int64)]).astype(np.uint8)
    return np.packbits(filled).tobytes().replace(b"\xff", b"\xff\x00")
