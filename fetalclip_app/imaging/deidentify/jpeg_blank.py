"""Blanks whole blocks of a JPEG stream without decoding the rest: what stays visible keeps every bit.

A baseline stream (ITU T.81) is a row of MCUs, groups of 8 x 8 blocks. Each block is a DC value, as the difference from
the block before, and AC values that depend on nothing. So an MCU can be copied as it lies, bits for bits, or replaced
by a black one; only the first DC difference after such a change has to be written anew. Decoding and compressing again
would change every pixel, and storing decoded frames makes a cine fifty times as large.

Streams of other kinds (progressive, arithmetic, several scans, Huffman tables without a code that is needed) return
None: the caller stores the decoded pixels instead.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.uint8]
"""One bit an entry."""

_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_KEPT = frozenset((0xC0, 0xC1, 0xC4, 0xDB, 0xDD, 0xDA))
"""Segments a decoder needs. Comments and application data, which may say anything, are dropped."""

_COLOUR_SIGNS = {0xE0: b"JFIF\0", 0xEE: b"Adobe"}
_RESTART = re.compile(rb"\xff([\xd0-\xd7])")
_END = 99
"""Added to a coefficient's index by the end of a block."""


@dataclass(frozen=True, slots=True)
class _Huffman:
    """A table both ways: 16 bits -> bits to skip and what they say; symbol -> code."""

    lengths: list[int]
    symbols: list[int]
    codes: dict[int, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class _Component:
    """A colour of the scan.

    Attributes:
        blocks: Blocks of it in an MCU.
        black: Its DC value, quantised, where the picture is black.
    """

    blocks: int
    dc: _Huffman
    ac: _Huffman
    black: int


@dataclass(frozen=True, slots=True)
class _Stream:
    head: bytes
    scan: bytes
    components: tuple[_Component, ...]
    mcu: tuple[int, int]
    """Height and width of an MCU in pixels."""

    across: int
    down: int
    restart: int


class _Unsupported(Exception):
    """A stream of a kind that is not handled here."""


def blank_stream(stream: bytes, kept: NDArray[np.bool_], *, is_rgb: bool) -> bytes | None:
    """Return the stream with every MCU black that is not in ``kept``; None for a stream of another kind.

    Args:
        kept: (rows, columns) of MCUs, as `any_in_mcus` counts them.
        is_rgb: The components are red, green and blue.
    """
    try:
        parsed = _parse(stream, is_rgb=is_rgb)
        if kept.shape != (parsed.down, parsed.across):
            return None
        return _rewritten(parsed, kept.ravel())
    except (_Unsupported, struct.error, IndexError, KeyError):
        return None


def mcu_size(stream: bytes) -> tuple[int, int] | None:
    """Return height and width of an MCU in pixels; None for a stream of another kind."""
    try:
        return _parse(stream, is_rgb=False).mcu
    except (_Unsupported, struct.error, IndexError, KeyError):
        return None


def any_in_mcus(pixels: NDArray[np.bool_], mcu: tuple[int, int]) -> NDArray[np.bool_]:
    """Return which MCUs hold any of these pixels, (H, W) -> (rows, columns)."""
    height, width = mcu
    rows, columns = -(-pixels.shape[0] // height), -(-pixels.shape[1] // width)
    padded = np.zeros((rows * height, columns * width), np.bool_)
    padded[: pixels.shape[0], : pixels.shape[1]] = pixels
    return np.asarray(padded.reshape(rows, height, columns, width).any(axis=(1, 3)))


def pixels_of(kept: NDArray[np.bool_], mcu: tuple[int, int], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the pixels of the kept MCUs, (H, W)."""
    return np.asarray(np.kron(kept, np.ones(mcu, np.bool_))[: shape[0], : shape[1]])


def _parse(stream: bytes, *, is_rgb: bool) -> _Stream:
    if not stream.startswith(_SOI):
        raise _Unsupported
    head, quantisers, tables = [_SOI], {}, {}
    frame, restart = b"", 0
    for marker, body, after in _segments(stream):
        if marker in _KEPT or body.startswith(_COLOUR_SIGNS.get(marker, b"\xff\xff")):
            head.append(struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body)
        if marker == 0xDB:
            quantisers.update(_quantisers(body))
        elif marker == 0xC4:
            tables.update(_huffman_tables(body))
        elif marker == 0xDD:
            restart = struct.unpack(">H", body[:2])[0]
        elif marker in (0xC0, 0xC1):
            frame = body
        elif 0xC2 <= marker <= 0xCF and marker != 0xC4:
            raise _Unsupported
        elif marker == 0xDA:
            return _stream(b"".join(head), stream[after:], _Header(frame, body, restart), (quantisers, tables), is_rgb)
    raise _Unsupported


@dataclass(frozen=True, slots=True)
class _Header:
    frame: bytes
    scan: bytes
    restart: int


def _stream(
    head: bytes,
    rest: bytes,
    header: _Header,
    tables: tuple[dict[int, int], dict[int, _Huffman]],
    is_rgb: bool,
) -> _Stream:
    quantisers, huffman = tables
    precision, height, width, count = struct.unpack_from(">BHHB", header.frame)
    if precision != 8 or header.scan[0] != count:
        raise _Unsupported
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
        components.append(_Component(blocks, huffman[selectors >> 4], huffman[0x10 | selectors & 15], black))
    mcu = 8 * down, 8 * across
    end = rest.rfind(_EOI)
    return _Stream(
        head=head,
        scan=rest[: end if end >= 0 else len(rest)],
        components=tuple(components),
        mcu=mcu,
        across=-(-width // mcu[1]),
        down=-(-height // mcu[0]),
        restart=header.restart,
    )


def _segments(stream: bytes) -> Iterator[tuple[int, bytes, int]]:
    position = 2
    while position + 4 <= len(stream) and stream[position] == 0xFF:
        marker, length = stream[position + 1], struct.unpack_from(">H", stream, position + 2)[0]
        if marker == 0xFF:
            position += 1
            continue
        after = position + 2 + length
        yield marker, stream[position + 4 : after], after
        position = after


def _quantisers(body: bytes) -> Iterator[tuple[int, int]]:
    """Yield (table, its DC divisor)."""
    position = 0
    while position < len(body):
        wide, name = body[position] >> 4, body[position] & 15
        divisor = struct.unpack_from(">H" if wide else ">B", body, position + 1)[0]
        yield name, divisor
        position += 1 + (128 if wide else 64)


def _huffman_tables(body: bytes) -> Iterator[tuple[int, _Huffman]]:
    position = 0
    while position + 17 <= len(body):
        name, counts = body[position], body[position + 1 : position + 17]
        symbols = body[position + 17 : position + 17 + sum(counts)]
        yield name, _huffman(counts, symbols)
        position += 17 + sum(counts)


def _huffman(counts: bytes, symbols: bytes) -> _Huffman:
    """Return a table of T.81 annex C, spread over all 16 bits that can follow."""
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
    return _Huffman(lengths.tolist(), values.tolist(), codes)


def _rewritten(stream: _Stream, kept: NDArray[np.bool_]) -> bytes:
    pieces = _RESTART.split(stream.scan)
    segments, markers = pieces[::2], pieces[1::2]
    every = stream.restart or len(kept)
    if len(segments) != -(-len(kept) // every):
        raise _Unsupported
    out = [stream.head]
    for number, segment in enumerate(segments):
        part = kept[number * every : (number + 1) * every].tolist()
        out.append(_segment(segment.replace(b"\xff\x00", b"\xff"), stream.components, part))
        if number < len(markers):
            out.append(b"\xff" + markers[number])
    return b"".join([*out, _EOI])


def _segment(data: bytes, components: tuple[_Component, ...], kept: list[bool]) -> bytes:
    """Return the entropy-coded bytes between two restarts, with the MCUs that are not kept black."""
    walk = _Walk(data, components)
    bits = np.unpackbits(np.frombuffer(data, np.uint8))
    pieces: list[Bits] = []
    before = [0] * len(components)  # the DC values that a decoder of the output knows
    copied_from = -1
    for is_kept in kept:
        start = walk.position
        was = list(walk.dc)
        walk.mcu()
        if is_kept and copied_from < 0:
            pieces += _first_of_run(walk, bits, start, was, before)
            copied_from = walk.position
        elif not is_kept:
            if copied_from >= 0:
                pieces.append(bits[copied_from:start])
                before, copied_from = was, -1
            pieces += _black(components, before)
            before = [component.black for component in components]
    if copied_from >= 0:
        pieces.append(bits[copied_from : walk.position])
    joined = np.concatenate(pieces) if pieces else np.zeros(0, np.uint8)
    padding = np.ones(-len(joined) % 8, np.uint8)
    return np.packbits(np.concatenate([joined, padding])).tobytes().replace(b"\xff", b"\xff\x00")


def _first_of_run(walk: _Walk, bits: Bits, start: int, was: list[int], before: list[int]) -> list[Bits]:
    """Return an MCU whose first block of each colour states its DC anew; nothing else in it changes."""
    if was == before:
        return [bits[start : walk.position]]
    pieces: list[Bits] = []
    at = start
    for place, (dc_start, dc_end, value) in enumerate(walk.first_blocks):
        pieces += [bits[at:dc_start], _dc(walk.components[place], value - before[place])]
        at = dc_end
    return [*pieces, bits[at : walk.position]]


def _black(components: tuple[_Component, ...], before: list[int]) -> list[Bits]:
    pieces: list[Bits] = []
    for component, value in zip(components, before, strict=True):
        end = _code_bits(*component.ac.codes[0])
        for block in range(component.blocks):
            pieces += [_dc(component, component.black - value if block == 0 else 0), end]
    return pieces


def _dc(component: _Component, difference: int) -> Bits:
    """Return a DC difference as T.81 F.1.2.1 codes it: its size, then its bits, negative ones complemented."""
    size = abs(difference).bit_length()
    code = _code_bits(*component.dc.codes[size])
    low = difference if difference >= 0 else difference + (1 << size) - 1
    return np.concatenate([code, _code_bits(low, size)]) if size else code


def _code_bits(code: int, length: int) -> Bits:
    return np.array([code >> place & 1 for place in range(length - 1, -1, -1)], np.uint8)


class _Walk:
    """Goes through entropy-coded bits, MCU by MCU, and knows the DC values."""

    def __init__(self, data: bytes, components: tuple[_Component, ...]) -> None:
        padded = np.frombuffer(data + b"\xff" * 8, np.uint8).astype(np.int64)
        windows = padded[:-3] << 24 | padded[1:-2] << 16 | padded[2:-1] << 8 | padded[3:]
        self._windows: list[int] = windows.tolist()
        self._end = 8 * len(data)
        self.components = components
        self.position = 0
        self.dc = [0] * len(components)
        self.first_blocks: list[tuple[int, int, int]] = []
        """For each colour of the last MCU: where its first DC begins and ends, and its value."""

        self._steps = [_ac_steps(component.ac) for component in components]

    def mcu(self) -> None:
        """Go past one MCU."""
        self.first_blocks = []
        for place, component in enumerate(self.components):
            for block in range(component.blocks):
                start = self.position
                self._dc(place, component.dc)
                if block == 0:
                    self.first_blocks.append((start, self.position, self.dc[place]))
                self._ac(self._steps[place])
        if self.position > self._end:
            raise _Unsupported  # the stream ends too early

    def _dc(self, place: int, table: _Huffman) -> None:
        peek = self._peek(self.position)
        length, size = table.lengths[peek], table.symbols[peek]
        if length == 0 or size > 11:
            raise _Unsupported
        self.position += length
        if size:
            value = self._peek(self.position) >> (16 - size)
            self.dc[place] += value if value >> (size - 1) else value - (1 << size) + 1
            self.position += size

    def _ac(self, steps: list[int]) -> None:
        windows, position, index = self._windows, self.position, 1
        while index < 64:
            step = steps[windows[position >> 3] >> (16 - (position & 7)) & 0xFFFF]
            position += step & 0xFF
            index += step >> 8
        self.position = position

    def _peek(self, position: int) -> int:
        return self._windows[position >> 3] >> (16 - (position & 7)) & 0xFFFF


def _ac_steps(table: _Huffman) -> list[int]:
    """Return for each 16 bits: how many bits a coefficient takes, and 256 times how far it goes on."""
    lengths, symbols = np.array(table.lengths), np.array(table.symbols)
    run, size = symbols >> 4, symbols & 15
    on = np.where((size == 0) & (run != 15), _END, run + 1)
    on = np.where(lengths == 0, _END, on)
    return (lengths + size | on << 8).tolist()
