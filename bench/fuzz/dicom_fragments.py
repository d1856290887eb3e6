"""Lies about encapsulated pixel data: fragments out of order, tables that point elsewhere, missing ends."""

from __future__ import annotations

import struct
from random import Random

from bench.fuzz.dicom_values import replaced_in
from bench.fuzz.edits import Damage, overwritten, walked
from bench.fuzz.seeds import Family, Seed
from bench.fuzz.walker import ITEM, PIXEL_DATA, UNDEFINED, Element, Walk

_END = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)


def is_encapsulated(seed: Seed) -> bool:
    """Whether a DICOM seed's pixels are in fragments."""
    element = walked(seed).find(PIXEL_DATA)
    return element is not None and element.length == UNDEFINED


def _items(found: Walk) -> list[Element]:
    return [each for each in found.elements if each.tag == ITEM and found.elements[each.parents[0]].tag == PIXEL_DATA]


def _parts(seed: Seed) -> tuple[bytes, list[bytes], bytes]:
    """Return what comes before the items, the items, and what comes after the last of them."""
    items = _items(walked(seed))
    data = seed.content
    return data[: items[0].start], [data[each.start : each.end] for each in items], data[items[-1].end :]


def _item(value: bytes) -> bytes:
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(value)) + value


def fragments_moved(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Put the fragments into another order, lose some, repeat some, or cut them at other places."""
    head, items, tail = _parts(seed)
    table, fragments = items[0], items[1:]
    kind = chance.choice(("shuffled", "reversed", "one lost", "one twice", "cut in two", "table lost", "all in one"))
    place = chance.randrange(len(fragments))
    if kind == "shuffled":
        chance.shuffle(fragments)
    elif kind == "reversed":
        fragments.reverse()
    elif kind == "one lost":
        fragments.pop(place)
    elif kind == "one twice":
        fragments.insert(place, fragments[place])
    elif kind == "cut in two":
        whole = fragments[place][8:]
        cut = chance.randrange(len(whole) + 1) if whole else 0
        fragments[place : place + 1] = [_item(whole[:cut]), _item(whole[cut:])]
    elif kind == "all in one":
        fragments = [_item(b"".join(each[8:] for each in fragments))]
    table = b"" if kind == "table lost" else table
    return head + table + b"".join(fragments) + tail, kind


def fragments_added(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Add fragments: empty ones, a hundred thousand of them, or items within items."""
    head, items, tail = _parts(seed)
    kind = chance.choice(("empty", "noise", "100,000 empty", "300,000 of two bytes", "an item in an item", "odd"))
    added = {
        "empty": _item(b""),
        "noise": _item(chance.randbytes(chance.choice((2, 100, 4000)))),
        "100,000 empty": _item(b"") * 100_000,
        "300,000 of two bytes": _item(b"\xff\xd8") * 300_000,
        "an item in an item": _item(_item(_item(b"\xff\xd8\xff\xd9"))),
        "odd": _item(b"\xff\xd8\xff"),
    }[kind]
    place = chance.randrange(len(items) + 1)
    return head + b"".join(items[:place]) + added + b"".join(items[place:]) + tail, f"{kind} at {place}"


def items_lied(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Lie about a fragment's tag or length, or leave the end away."""
    found, data = walked(seed), seed.content
    item = chance.choice(_items(found))
    kind = chance.choice(("length", "length", "tag", "no end", "end early", "end within"))
    if kind == "length":
        near = (item.length + delta for delta in (-2, -1, 1, 2, 8, -8))
        length = chance.choice((*near, 0, UNDEFINED, 0x7FFFFFFF, len(data)))
        return overwritten(data, item.length_at, struct.pack("<I", length % 2**32)), f"item's length {length}"
    if kind == "tag":
        return overwritten(data, item.start, chance.randbytes(4)), "item's tag"
    if kind == "no end":
        return data[: _items(found)[-1].end], kind
    if kind == "end early":
        return data[: item.start] + _END + data[item.start :], kind
    return overwritten(data, item.value, _END[: item.length]), kind


def tables_lied(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Lie in the basic or the extended offset table."""
    head, items, tail = _parts(seed)
    starts = [0]
    for each in items[1:]:
        starts.append(starts[-1] + len(each))
    kind = chance.choice(("shuffled", "beyond", "within", "all zero", "short", "long", "huge", "true", "odd bytes"))
    offsets = {
        "shuffled": chance.sample(starts, len(starts)),
        "beyond": [each + len(seed.content) for each in starts[:-1]],
        "within": [each + 2 for each in starts[:-1]],
        "all zero": [0] * len(starts),
        "short": starts[:-2],
        "long": starts * 3,
        "huge": [0, *[2**32 - 1] * (len(starts) - 2)],
        "true": starts[:-1],
        "odd bytes": starts[:-1],
    }[kind]
    extra = b"\1\2" if kind == "odd bytes" else b""
    if chance.random() < 0.5:
        table = _item(b"".join(struct.pack("<I", each % 2**32) for each in offsets) + extra)
        return head + table + b"".join(items[1:]) + tail, f"basic table: {kind}"
    value = b"".join(struct.pack("<Q", each) for each in offsets) + extra
    return replaced_in(seed, 0x7FE00001, "OV", value), f"extended table: {kind}"


_DICOM = (Family.DICOM,)

DAMAGES = (
    Damage("fragments out of order", fragments_moved, _DICOM, is_encapsulated),
    Damage("fragments added", fragments_added, _DICOM, is_encapsulated),
    Damage("items", items_lied, _DICOM, is_encapsulated),
    Damage("offset tables", tables_lied, _DICOM, is_encapsulated),
)
