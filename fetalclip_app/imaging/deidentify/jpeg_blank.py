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
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.imaging.deidentify.jpeg_scan import EOI, Component, Huffman, JpegScan, Unsupported, parse_scan

Bits = NDArray[np.uint8]
"""One bit an entry."""

_RESTART = re.compile(rb"\xff([\xd0-\xd7])")
_NOT_OURS = (Unsupported, ValueError, struct.error, IndexError, KeyError, ZeroDivisionError)
"""What a stream of another kind, or a damaged one, ends in."""

_END = 99
"""Added to a coefficient's index by the end of a block."""


def blank_stream(stream: bytes, kept: NDArray[np.bool_], *, is_rgb: bool) -> bytes | None:
    """Return the stream with every MCU black that is not in ``kept``; None for a stream of another kind.

    Args:
        kept: (rows, columns) of MCUs, as `any_in_mcus` counts them.
        is_rgb: The components are red, green and blue.
    """
    try:
        parsed = parse_scan(stream, is_rgb=is_rgb)
        if kept.shape != (parsed.down, parsed.across):
            return None
        return _rewritten(parsed, kept.ravel())
    except _NOT_OURS:
        return None


def mcu_size(stream: bytes) -> tuple[int, int] | None:
    """Return height and width of an MCU in pixels; None for a stream of another kind."""
    try:
        return parse_scan(stream, is_rgb=False).mcu
    except _NOT_OURS:
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


def _rewritten(stream: JpegScan, kept: NDArray[np.bool_]) -> bytes:
    pieces = _RESTART.split(stream.scan)
    segments, markers = pieces[::2], pieces[1::2]
    every = stream.restart or len(kept)
    if len(segments) != -(-len(kept) // every):
        raise Unsupported
    out = [stream.head]
    for number, segment in enumerate(segments):
        part = kept[number * every : (number + 1) * every].tolist()
        out.append(_segment(segment.replace(b"\xff\x00", b"\xff"), stream.components, part))
        if number < len(markers):
            out.append(b"\xff" + markers[number])
    return b"".join([*out, EOI])


def _segment(data: bytes, components: tuple[Component, ...], kept: list[bool]) -> bytes:
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


def _black(components: tuple[Component, ...], before: list[int]) -> list[Bits]:
    pieces: list[Bits] = []
    for component, value in zip(components, before, strict=True):
        end = _code_bits(*component.ac.codes[0])
        for block in range(component.blocks):
            pieces += [_dc(component, component.black - value if block == 0 else 0), end]
    return pieces


def _dc(component: Component, difference: int) -> Bits:
    """Return a DC difference as T.81 F.1.2.1 codes it: its size, then its bits, negative ones complemented."""
    size = abs(difference).bit_length()
    code = _code_bits(*component.dc.codes[size])
    low = difference if difference >= 0 else difference + (1 << size) - 1
    return np.concatenate([code, _code_bits(low, size)]) if size else code


def _code_bits(code: int, length: int) -> Bits:
    return np.array([code >> place & 1 for place in range(length - 1, -1, -1)], np.uint8)


class _Walk:
    """Goes through entropy-coded bits, MCU by MCU, and knows the DC values."""

    def __init__(self, data: bytes, components: tuple[Component, ...]) -> None:
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
            raise Unsupported  # the stream ends too early

    def _dc(self, place: int, table: Huffman) -> None:
        peek = self._peek(self.position)
        length, size = table.lengths[peek], table.symbols[peek]
        if length == 0 or size > 11:
            raise Unsupported
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


@lru_cache(maxsize=8)
def _ac_steps(table: Huffman) -> list[int]:
    """Return for each 16 bits: how many bits a coefficient takes, and 256 times how far it goes on."""
    lengths, symbols = np.array(table.lengths), np.array(table.symbols)
    run, size = symbols >> 4, symbols & 15
    on = np.where((size == 0) & (run != 15), _END, run + 1)
    on = np.where(lengths == 0, _END, on)
    steps: list[int] = (lengths + size | on << 8).tolist()
    return steps
