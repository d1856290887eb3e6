"""Changes to a DICOM file's bytes that can leave everything around them right."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from bench.fuzz.seeds import Family, Seed
from bench.fuzz.walker import UNDEFINED, Element, Walk, walk

Change = Callable[[Seed, Random], tuple[bytes, str]]
"""Seed -> damaged bytes, and what was touched, in words."""

EVERY = tuple(Family)


def _always(_seed: Seed) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Damage:
    """One way to damage files.

    Attributes:
        suits: Whether a seed has what this damages.
    """

    name: str
    change: Change
    families: tuple[Family, ...]
    suits: Callable[[Seed], bool] = _always


@lru_cache(maxsize=256)
def walked(seed: Seed) -> Walk:
    """Return the walk over a seed; it is kept, since a seed is damaged hundreds of times."""
    return walk(seed.content)


def closed(seed: Seed, data: bytes) -> bytes:
    """Return the file of changed data: a deflated one is packed again."""
    found = walked(seed)
    if not found.packed_at:
        return data
    worker = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return seed.content[: found.packed_at] + worker.compress(data) + worker.flush()


def overwritten(data: bytes, at: int, new: bytes) -> bytes:
    """Return data with some bytes replaced by as many others."""
    return data[:at] + new + data[at + len(new) :]


def flipped(data: bytes, places: Sequence[int], chance: Random) -> bytes:
    """Return data with one bit of the byte at each place flipped."""
    changed = bytearray(data)
    for place in places:
        changed[place] ^= 1 << chance.randrange(8)
    return bytes(changed)


def spliced(found: Walk, start: int, end: int, new: bytes, parents: tuple[int, ...] = ()) -> bytes:
    """Replace ``start`` to ``end``, and correct the lengths of the sequences and items around."""
    data = found.data
    for place in parents:
        around = found.elements[place]
        if around.length != UNDEFINED:
            length = around.length + len(new) - (end - start)
            data = overwritten(data, around.length_at, number(found, length, around.length_size))
    return data[:start] + new + data[end:]


def number(found: Walk, value: int, size: int) -> bytes:
    """Return an unsigned number in the file's byte order, what does not fit cut off."""
    letter = {1: "B", 2: "H", 4: "I", 8: "Q"}[size]
    return struct.pack(f"{found.order}{letter}", value % (1 << 8 * size))


def with_value(found: Walk, element: Element, value: bytes) -> bytes:
    """Return the data with another value in an element; all lengths are made right."""
    value += b"\0" * (len(value) % 2)
    length = number(found, len(value), element.length_size)
    new = found.data[element.start : element.length_at] + length + value
    return spliced(found, element.start, element.end, new, element.parents)


def mark(found: Walk, tag: int, length: int) -> bytes:
    """Return an item's head, or a mark that ends an item or a sequence, in the file's byte order."""
    return struct.pack(f"{found.order}HHI", tag >> 16, tag & 0xFFFF, length % 2**32)


def element_bytes(found: Walk, tag: int, vr: str, value: bytes) -> bytes:
    """Return a new element as this file would write it."""
    value += b"\0" * (len(value) % 2)
    head = struct.pack(f"{found.order}HH", tag >> 16, tag & 0xFFFF)
    if found.implicit:
        return head + number(found, len(value), 4) + value
    if vr in ("OB", "OW", "SQ", "UN", "UT", "OF", "OV"):
        return head + vr.encode() + b"\0\0" + number(found, len(value), 4) + value
    return head + vr.encode() + number(found, len(value), 2) + value


def inserted(found: Walk, tag: int, new: bytes) -> bytes:
    """Return the data with ``new`` before the first element of the top level whose tag is not lower."""
    places = [each for each in found.elements if not each.parents and each.tag >= tag and each.tag >> 16 != 2]
    start = places[0].start if places else len(found.data)
    return found.data[:start] + new + found.data[start:]


def replaced(found: Walk, tag: int, vr: str, value: bytes) -> bytes:
    """Return the data with another value for a tag of the top level; the element is made where there is none."""
    element = found.find(tag)
    if element is None:
        return inserted(found, tag, element_bytes(found, tag, vr, value))
    return with_value(found, element, value)
