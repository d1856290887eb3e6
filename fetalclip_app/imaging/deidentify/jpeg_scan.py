"""What a baseline JPEG stream says before its entropy-coded bits: tables, colours, the size of its groups of blocks."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from fetalclip_app.imaging.dicom import jpeg

_SOI, EOI = b"\xff\xd8", b"\xff\xd9"
_KEPT = frozenset((0xC0, 0xC1, 0xC4, 0xDB, 0xDD, 0xDA))
"""Segments a decoder needs. Comments and application data, which may say anything, are dropped."""


# eq=False: one table is one object (`_huffman`), which a cache can be asked for.
@dataclass(frozen=True, eq=False, slots=True)
class Huffman:
    """A table both ways: 16 bits -> bits to skip and what they say; symbol -> code."""

    lengths: list[int]
    symbols: list[int]
    codes: dict[int, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Component:
    """A colour of the scan.

    Attributes:
        blocks: Blocks of it in an MCU.
        black: Its DC value, quantised, where the picture is black.
    """

    blocks: int
    dc: Huffman
    ac: Huffman
    black: int


@dataclass(frozen=True, slots=True)
class JpegScan:
    """A stream of one scan.

    Attributes:
        head: All markers that a decoder needs, up to the scan.
        scan: Entropy-coded bytes.
        mcu: Height and width of an MCU in pixels.
        across, down: Number of MCUs.
        restart: MCUs between two restart markers; 0 without any.
    """

    head: bytes
    scan: bytes
    components: tuple[Component, ...]
    mcu: tuple[int, int]
    across: int
    down: int
    restart: int


class Unsupported(Exception):
    """A stream of a kind that is not handled here."""


def parse_scan(stream: bytes, *, is_rgb: bool) -> JpegScan:
    """Return what the markers say, and the scan.

    Args:
        is_rgb: All components are dark where the picture is; else only the first.

    Raises:
        Unsupported: Neither baseline nor extended sequential with Huffman codes, or more than one scan.
        ValueError, struct.error, IndexError, KeyError, ZeroDivisionError: A damaged stream.
    """
    if not stream.startswith(_SOI):
        raise Unsupported
    head = [_SOI]
    quantisers: dict[int, int] = {}
    tables: dict[int, Huffman] = {}
    frame, restart = b"", 0
    for marker, body, after in jpeg.segments(stream):
        needed = _needed(marker, body)
        if needed:
            head.append(struct.pack(">BBH", 0xFF, marker, len(needed) + 2) + needed)
        if marker == 0xDB:
            quantisers.update(_quantisers(body))
        elif marker == 0xC4:
            tables.update(_huffman_tables(body))
        elif marker == 0xDD:
            restart = struct.unpack(">H", body[:2])[0]
        elif marker in (0xC0, 0xC1):
            frame = body
        elif 0xC2 <= marker <= 0xCF and marker != 0xC4:
            raise Unsupported
        elif marker == 0xDA:
            return _stream(b"".join(head), stream[after:], _Header(frame, body, restart), (quantisers, tables), is_rgb)
    raise Unsupported


@dataclass(frozen=True, slots=True)
class _Header:
    frame: bytes
    scan: bytes
    restart: int


def _stream(
    head: bytes,
    rest: bytes,
    header: _Header,
    tables: tuple[dict[int, int], dict[int, Huffman]],
    is_rgb: bool,
) -> JpegScan:
    quantisers, huffman = tables
    precision, height, width, count = struct.unpack_from(">BHHB", header.frame)
    if precision != 8 or header.scan[0] != count:
        raise Unsupported
    frame = {header.frame[6 + 3 * i]: header.frame[7 + 3 * i : 9 + 3 * i] for i in range(count)}
    factors = [(sampling[0] >> 4, sampling[0] & 15) for sampling in frame.values()]
    # A scan of one component has no groups: its MCU is one block (T.81 A.2.2).
    across, down = (1, 1) if count == 1 else (max(h for h, _ in factors), max(v for _, v in factors))
    components = []
    for place in range(count):
        name, selectors = header.scan[1 + 2 * place], header.scan[2 + 2 * place]
        sampling, quantiser = frame[name]
        blocks = 1 if count == 1 else (sampling >> 4) * (sampling & 15)
        is_dark = place == 0 or is_rgb
        black = -1024 // quantisers[quantiser] if is_dark else 0  # rounded down: it decodes to 0 after clipping
        components.append(Component(blocks, huffman[selectors >> 4], huffman[0x10 | selectors & 15], black))
    mcu = 8 * down, 8 * across
    end = rest.rfind(EOI)
    return JpegScan(
        head=head,
        scan=rest[: end if end >= 0 else len(rest)],
        components=tuple(components),
        mcu=mcu,
        across=-(-width // mcu[1]),
        down=-(-height // mcu[0]),
        restart=header.restart,
    )


def _needed(marker: int, body: bytes) -> bytes:
    """Return what a decoder needs of a segment; of JFIF's and Adobe's the marks of colour, and no thumbnail."""
    if marker in _KEPT:
        return body
    if marker == 0xE0 and body.startswith(b"JFIF\0"):
        return body[:12] + bytes(2)
    return body[:12] if marker == 0xEE and body.startswith(b"Adobe") else b""


def _quantisers(body: bytes) -> Iterator[tuple[int, int]]:
    """Yield (table, its DC divisor)."""
    position = 0
    while position < len(body):
        wide, name = body[position] >> 4, body[position] & 15
        divisor = struct.unpack_from(">H" if wide else ">B", body, position + 1)[0]
        yield name, divisor
        position += 1 + (128 if wide else 64)


def _huffman_tables(body: bytes) -> Iterator[tuple[int, Huffman]]:
    position = 0
    while position + 17 <= len(body):
        name, counts = body[position], body[position + 1 : position + 17]
        symbols = body[position + 17 : position + 17 + sum(counts)]
        yield name, _huffman(counts, symbols)
        position += 17 + sum(counts)


@lru_cache(maxsize=8)
def _huffman(counts: bytes, symbols: bytes) -> Huffman:
    """Return a table of T.81 annex C, spread over all 16 bits that can follow.

    Kept for the next stream: all frames of a cine have the same four tables, mostly.
    """
    lengths, values = np.zeros(1 << 16, np.int64), np.zeros(1 << 16, np.int64)
    codes: dict[int, tuple[int, int]] = {}
    code, place = 0, 0
    for length, count in enumerate(counts, start=1):
        for symbol in symbols[place : place + count]:
            first = code << (16 - length)
            lengths[first : first + (1 << (16 - length))] = length
            values[first : first + (1 << (16 - length))] = symbol
            codes[symbol] = code, length
            code += 1
        place += count
        code <<= 1
    return Huffman(lengths.tolist(), values.tolist(), codes)
