"""Lies about the shape of a DICOM file: tags, lengths, kinds of value, order, nesting, transfer syntax."""

from __future__ import annotations

import struct
from collections.abc import Callable
from random import Random

from bench.fuzz.edits import (
    Damage,
    closed,
    element_bytes,
    inserted,
    mark,
    number,
    overwritten,
    replaced,
    spliced,
    walked,
    with_value,
)
from bench.fuzz.seeds import Family, Seed
from bench.fuzz.walker import ITEM, ITEM_END, REGIONS, SEQUENCE_END, TRANSFER_SYNTAX, UNDEFINED, Element, Walk

_VRS = [
    "AE",
    "AS",
    "AT",
    "CS",
    "DA",
    "DS",
    "DT",
    "FL",
    "FD",
    "IS",
    "LO",
    "LT",
    "OB",
    "OD",
    "OF",
    "OW",
    "PN",
    "SH",
    "SL",
    "SQ",
    "SS",
    "ST",
    "TM",
    "UC",
    "UI",
    "UL",
    "UN",
    "UR",
    "US",
    "UT",
    "UV",
]
_SYNTAXES = (
    *("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"),
    *(f"1.2.840.10008.1.2.4.{each}" for each in (50, 51, 57, 70, 80, 81, 90, 91, 92, 94, 100, 102, 103, 106, 107)),
    *("1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.203", "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.7.1"),
    *("", "9.9.9", "1.2.840.10008.1.2.4.50\0\0\0", "not a uid", "1." * 200),
)

Choice = Callable[[Walk, Random], Element]


def _any(found: Walk, chance: Random) -> Element:
    return chance.choice(found.elements)


def _of_calibration(found: Walk, chance: Random) -> Element:
    inside = {place for place, each in enumerate(found.elements) if each.tag == REGIONS}
    chosen = [each for place, each in enumerate(found.elements) if place in inside or inside & {*each.parents}]
    return chance.choice(chosen)


def has_regions(seed: Seed) -> bool:
    """Whether a DICOM seed has ultrasound regions."""
    return any(each.tag == REGIONS for each in walked(seed).elements)


def _lengths(found: Walk, element: Element, chance: Random) -> int:
    size = len(found.data)
    near = (element.length + delta for delta in (-8, -2, -1, 1, 2, 4, 8, 18))
    absurd = (0, 1, 2, 0xFFFF, 0xFFFE, UNDEFINED, UNDEFINED - 1, 0x7FFFFFFF, 0x80000000)
    return chance.choice((*near, *near, *absurd, size, size - element.value, size - element.value + 1, 2 * size))


def _length_lied(choose: Choice) -> Callable[[Seed, Random], tuple[bytes, str]]:
    def change(seed: Seed, chance: Random) -> tuple[bytes, str]:
        found = walked(seed)
        element = choose(found, chance)
        length = _lengths(found, element, chance)
        new = number(found, length, element.length_size)
        return closed(seed, overwritten(found.data, element.length_at, new)), f"length of {element.tag:08X}: {length}"

    return change


def _vr_lied(choose: Choice) -> Callable[[Seed, Random], tuple[bytes, str]]:
    def change(seed: Seed, chance: Random) -> tuple[bytes, str]:
        found = walked(seed)
        element = choose(found, chance)
        same_layout = [vr for vr in ("US", "SS", "UL", "SL", "FL", "FD", "DS", "IS", "AT", "LO", "CS") if element.vr]
        vr = chance.choice((*_VRS, *same_layout, *same_layout, "??", "\0\0", "ab"))
        at = element.start + 4
        return closed(seed, overwritten(found.data, at, vr.encode())), f"VR of {element.tag:08X}: {vr!r}"

    return change


def _tag_lied(choose: Choice) -> Callable[[Seed, Random], tuple[bytes, str]]:
    def change(seed: Seed, chance: Random) -> tuple[bytes, str]:
        found = walked(seed)
        element, other = choose(found, chance), choose(found, chance)
        flipped = element.tag ^ 1 << chance.randrange(32)
        tag = chance.choice((flipped, other.tag, ITEM, ITEM_END, SEQUENCE_END, 0x7FE00010, 0, 0xFFFFFFFF))
        new = struct.pack(f"{found.order}HH", tag >> 16, tag & 0xFFFF)
        return closed(seed, overwritten(found.data, element.start, new)), f"tag {element.tag:08X} -> {tag:08X}"

    return change


def _moved(choose: Choice) -> Callable[[Seed, Random], tuple[bytes, str]]:
    def change(seed: Seed, chance: Random) -> tuple[bytes, str]:
        found = walked(seed)
        element, other = choose(found, chance), choose(found, chance)
        held = found.data[element.start : element.end]
        kind = chance.choice(("missing", "missing", "twice", "emptied", "moved", "missing, lengths stale"))
        if kind == "missing":
            data = spliced(found, element.start, element.end, b"", element.parents)
        elif kind == "twice":
            data = spliced(found, element.end, element.end, held, element.parents)
        elif kind == "emptied":
            data = with_value(found, element, b"")
        elif kind == "moved":
            data = spliced(found, other.start, other.start, held, other.parents)
        else:
            data = found.data[: element.start] + found.data[element.end :]
        return closed(seed, data), f"{element.tag:08X} {kind}"

    return change


def delimiters_damaged(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Add, drop or change the marks that end items and sequences."""
    found = walked(seed)
    element = _any(found, chance)
    tag = chance.choice((ITEM, ITEM_END, SEQUENCE_END))
    length = chance.choice((0, 0, 8, UNDEFINED, 0x7FFFFFFF))
    data = found.data[: element.start] + mark(found, tag, length) + found.data[element.start :]
    return closed(seed, data), f"{tag:08X} of {length}"


def nested(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Insert sequences in sequences, up to tens of thousands deep, with lengths or without, closed or not."""
    found = walked(seed)
    depth = chance.choice((30, 300, 1000, 1500, 5000, 20_000))
    tag = chance.choice((0x00081140, 0x00091010, 0x00186011, 0x00189999, 0x00400555, 0x00283010))
    whole = _closed_nest(found, tag, depth) if chance.random() < 0.4 else _open_nest(found, tag, depth, chance)
    if has_regions(seed) and chance.random() < 0.3:
        element = next(each for each in found.elements if each.tag == REGIONS)
        return closed(seed, spliced(found, element.value + 8, element.value + 8, whole)), f"regions, {depth} deep"
    return closed(seed, inserted(found, tag, whole)), f"{tag:08X}, {depth} deep"


def _closed_nest(found: Walk, tag: int, depth: int) -> bytes:
    heads = []
    length = 0
    for _ in range(depth):
        head = element_bytes(found, tag, "SQ", b"")[:-4] + number(found, length + 8, 4)
        heads.append(head + mark(found, ITEM, length))
        length += 8 + len(head)
    return b"".join(reversed(heads))


def _open_nest(found: Walk, tag: int, depth: int, chance: Random) -> bytes:
    vr = chance.choice(("SQ", "SQ", "UN"))
    head = element_bytes(found, tag, vr, b"")[:-4] + b"\xff" * 4 + mark(found, ITEM, UNDEFINED)
    ends = mark(found, ITEM_END, 0) + mark(found, SEQUENCE_END, 0)
    return head * depth + (ends * depth if chance.random() < 0.7 else b"")


def syntax_lied(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """State another transfer syntax."""
    found = walked(seed)
    syntax = chance.choice(_SYNTAXES)
    if found.packed_at:  # the walk over what was unpacked knows no group 2
        return seed.content.replace(found.syntax.encode(), syntax.encode(), 1), syntax
    return replaced(found, TRANSFER_SYNTAX, "UI", syntax.encode()), syntax


def start_damaged(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Damage preamble, mark and group 2, with whose lengths readers find the rest."""
    data, kind = seed.content, chance.choice(("no preamble", "no mark", "group length", "no group 2", "twice", "meta"))
    length = struct.pack("<I", chance.choice((0, 1, 2, 255, 10_000, 2**31, 2**32 - 1)))
    start = 132 if data[128:132] == b"DICM" else 0
    if kind == "meta":
        at = start + chance.randrange(200)
        return overwritten(data, at, chance.randbytes(chance.choice((1, 2, 8)))), f"group 2 at {at}"
    changed = {
        "no preamble": data[start:],
        "no mark": data[:128] + b"dicm" + data[132:],
        "group length": overwritten(data, start + 8, length),
        "no group 2": data[:start] + data[start + 12 + int.from_bytes(data[start + 8 : start + 12], "little") :],
        "twice": data[:start] + data,
    }
    return changed[kind], kind


_DICOM, _BOTH = (Family.DICOM,), (Family.DICOM, Family.DISC)
_NAMES = (("length", _length_lied), ("kind of value", _vr_lied), ("tag", _tag_lied), ("element moved", _moved))

DAMAGES = (
    *(Damage(f"{name} lied", make(_any), _BOTH) for name, make in _NAMES),
    *(Damage(f"calibration's {name} lied", make(_of_calibration), _DICOM, has_regions) for name, make in _NAMES),
    Damage("delimiters", delimiters_damaged, _BOTH),
    Damage("nested", nested, _BOTH),
    Damage("transfer syntax", syntax_lied, _BOTH),
    Damage("file's start", start_damaged, _BOTH),
)
