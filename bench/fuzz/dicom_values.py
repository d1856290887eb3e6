"""Lies in the values of a DICOM file: sizes, counts, regions, times, palettes, windows, overlays, texts."""

from __future__ import annotations

import math
import struct
from dataclasses import replace
from random import Random

from bench.fuzz.dicom_shape import has_regions
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
from bench.fuzz.walker import ITEM, REGIONS, Element, Walk

_ROWS, _COLUMNS, _FRAMES = 0x00280010, 0x00280011, 0x00280008
_IMAGE = (_ROWS, _COLUMNS, 0x00280002, 0x00280006, 0x00280100, 0x00280101, 0x00280102, 0x00280103)
"""US: rows, columns, samples, planes, bits allocated, stored and high, sign."""

_SHORTS = (0, 1, 2, 3, 4, 7, 9, 12, 15, 16, 17, 32, 64, 255, 4096, 16_384, 16_385, 32_767, 32_768, 65_535)
_PHOTOMETRIC = (
    *("RGB", "MONOCHROME1", "MONOCHROME2", "PALETTE COLOR", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_422", "YBR_ICT"),
    *("YBR_RCT", "YBR_PARTIAL_420", "ARGB", "CMYK", "HSV", "", "rgb ", "RGB\\RGB", "\0", "Zzyzx^Fuzzina" * 5),
)
_DELTAS = (0.0, -0.0, -0.02, math.nan, math.inf, -math.inf, 1e308, -1e308, 1e-308, 5e-324, 1e300, 0.5, 1e9)
_TEXTS = (
    *(b"0", b"-1", b"nan", b"inf", b"-inf", b"1e308", b"1e309", b"1e-320", b"", b" ", b"\0", b"abc", b"0x10", b"1,5"),
    *(b"1\\2\\3", b"\\", b"0.0\\0.0", b"9" * 5000, b"-" * 16, b"1e9", b"2147483648", b"99999999999999999999", b"1_0"),
    *("\u0661\u0662".encode(), b"33.3\\x", b"+5", b"1e", b"--4"),
)
_STRINGS = (
    (0x00180040, "IS"), (0x00181063, "DS"), (0x00181065, "DS"), (0x00080008, "CS"), (0x00082144, "IS"),
    (_FRAMES, "IS"), (0x00281050, "DS"), (0x00281051, "DS"), (0x00281052, "DS"), (0x00281053, "DS"),
    (0x00200011, "IS"), (0x00200013, "IS"), (0x00181244, "US"), (0x00082142, "IS"), (0x00082143, "IS"),
    (0x00181066, "DS"), (0x00280009, "AT"), (0x00080033, "TM"), (0x00080020, "DA"),
)  # fmt: skip
_SPACINGS = (0x00280030, 0x00181164, 0x00182010)
_BOX = (0x00186018, 0x0018601A, 0x0018601C, 0x0018601E)
_LONGS = (0, 1, 5, 47, 63, 64, 95, 96, 97, 98, 10_000, 2**31 - 1, 2**31, 2**32 - 1)
_REGION_SHORTS = (0x00186012, 0x00186014, 0x00186024, 0x00186026)


def image_numbers(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Lie about the sizes and formats of the picture, one or several of them."""
    data, told = seed, []
    for tag in chance.sample(_IMAGE, chance.choice((1, 1, 2, 4))):
        value = chance.choice(_SHORTS)
        data = _changed(data, replaced_in(data, tag, "US", number(walked(data), value, 2)))
        told.append(f"{tag:08X}={value}")
    return data.content, ", ".join(told)


def sides_lied(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Lie about the sides so that the number of pixels stays, or nearly: a picture that decodes, in another shape."""
    rows, columns = chance.choice(
        (
            (seed.height * 2, seed.width // 2),
            (seed.height // 2, seed.width * 2),
            (seed.width, seed.height),
            (seed.height - 1, seed.width),
            (seed.height, seed.width - 2),
            (seed.height // 2, seed.width),
            (1, seed.height * seed.width % 65_536),
        )
    )
    found = walked(seed)
    data = _changed(seed, replaced_in(seed, _ROWS, "US", number(found, rows, 2)))
    return replaced_in(data, _COLUMNS, "US", number(found, columns, 2)), f"{rows} x {columns}"


def frames_lied(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Lie about the number of frames."""
    value = chance.choice((b"0", b"1", b"2", b"3", b"7", b"100", b"99999", b"100000", b"100001", b"-1", *_TEXTS))
    return replaced_in(seed, _FRAMES, "IS", value), f"NumberOfFrames {value[:20]!r}"


def photometric_lied(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """State other colours."""
    text = chance.choice(_PHOTOMETRIC)
    data = _changed(seed, replaced_in(seed, 0x00280004, "CS", text.encode()))
    if chance.random() < 0.3:
        samples = chance.choice((1, 3))
        return replaced_in(data, 0x00280002, "US", number(walked(data), samples, 2)), f"{text}, {samples} samples"
    return data.content, text


def strings_lied(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Put what is no number where numbers are written as text."""
    tag, vr = chance.choice(_STRINGS)
    text = chance.choice(_TEXTS)
    return replaced_in(seed, tag, vr, text), f"{tag:08X}: {text[:24]!r}"


def times_lied(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Lie about the frame times: a vector of a million, of nonsense, of the wrong length."""
    steps = chance.choice((1_000_000, 0, 1, 2, 3, 1000))
    step = chance.choice((b"33", b"0", b"-5", b"1e-9", b"nan", b"1e300", b"x"))
    text = b"\\".join([b"0", *[step] * steps])
    found = walked(seed)
    if not found.implicit and len(text) > 60_000:
        text = text[:65_534]
    return replaced_in(seed, 0x00181065, "DS", text), f"FrameTimeVector of {steps} times {step!r}"


def regions_moved(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Lie about a region's corners, units or kind."""
    found = walked(seed)
    element = _one(found, chance, (*_BOX, *_REGION_SHORTS))
    short = element.tag in _REGION_SHORTS
    value = chance.choice(range(18)) if short else chance.choice((*_LONGS, seed.width, seed.height))
    new = number(found, value, 2 if short else 4)
    return closed(seed, overwritten(found.data, element.value, new)), f"{element.tag:08X} = {value}"


def deltas_lied(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Lie about a region's deltas: no number, infinite, zero, negative, or two values where one belongs."""
    found = walked(seed)
    element = _one(found, chance, (0x0018602C, 0x0018602E))
    delta = chance.choice(_DELTAS)
    packed = struct.pack(f"{found.order}d", delta)
    values = chance.choice((packed, packed, packed, packed + packed, packed[:4], packed + packed[:2], b""))
    return closed(seed, with_value(found, element, values)), f"{element.tag:08X} = {delta} in {len(values)} bytes"


def regions_counted(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Give the sequence of regions another number of items."""
    found = walked(seed)
    place = next(index for index, each in enumerate(found.elements) if each.tag == REGIONS and not each.parents)
    sequence = found.elements[place]
    items = [found.elements[index] for index in found.inside(place) if found.elements[index].tag == ITEM]
    first = found.data[items[0].start : items[0].end]
    kind = chance.choice(("none", "one missing", "first twice", "thousands", "reversed", "empty items"))
    pieces = [found.data[each.start : each.end] for each in items]
    dropped = chance.randrange(len(items))
    made = {
        "none": [],
        "one missing": [piece for index, piece in enumerate(pieces) if index != dropped],
        "first twice": [first, *pieces],
        "thousands": pieces * (4000 // len(pieces)),
        "reversed": pieces[::-1],
        "empty items": [mark(found, ITEM, 0)] * 2000,
    }[kind]
    stop = items[-1].end
    parents = (*sequence.parents, place)
    return closed(seed, spliced(found, items[0].start, stop, b"".join(made), parents)), kind


def spacings_lied(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Add or change PixelSpacing and its relatives."""
    tag = chance.choice(_SPACINGS)
    text = chance.choice((b"0.3\\0.4", b"0.2", b"1e308\\1e308", b"1e-320\\1", b"-1\\-1", b"0.1\\0.1\\0.1", *_TEXTS))
    return replaced_in(seed, tag, "DS", text), f"{tag:08X} = {text[:24]!r}"


def palettes_lied(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Lie about entries, first value and bits of a palette, or cut its data."""
    colour = chance.randrange(3)
    if chance.random() < 0.6:
        values = [chance.choice(_SHORTS) for _ in range(chance.choice((3, 3, 3, 2, 1, 0, 4)))]
        value = b"".join(number(walked(seed), each, 2) for each in values)
        return replaced_in(seed, 0x00281101 + colour, "US", value), f"descriptor {colour}: {values}"
    length = chance.choice((0, 2, 255, 256, 510, 70_000))
    tag = chance.choice((0x00281201, 0x00281221)) + colour
    return replaced_in(seed, tag, "OW", chance.randbytes(length)), f"{tag:08X} of {length} bytes"


def overlays_lied(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Add overlay planes that do not fit the picture, themselves or their bits."""
    found, told = walked(seed), []
    group = chance.choice((0x6000, 0x6000, 0x6002, 0x601E, 0x6001)) << 16
    plane = {0x10: seed.height, 0x11: seed.width, 0x50: 1, 0x100: 1, 0x102: 0, 0x15: 1, 0x51: 1}
    for each in chance.sample(sorted(plane), 2):
        plane[each] = chance.choice(_SHORTS)
        told.append(f"{each:04X}={plane[each]}")
    data = seed
    for each, value in plane.items():
        raw = str(value).encode() if each == 0x15 else number(found, value, 2) * (2 if each == 0x50 else 1)
        vr = {0x15: "IS", 0x50: "SS"}.get(each, "US")
        data = _changed(data, replaced_in(data, group | each, vr, raw))
    length = chance.choice((0, 1, 100, seed.height * seed.width // 8, 100_000))
    return replaced_in(data, group | 0x3000, "OW", bytes(length)), f"{group >> 16:04X}: {told}, {length} bytes"


def texts_lied(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Fill names and descriptions with what breaks decoders of text, and state character sets that do not exist."""
    tag, vr = chance.choice(((0x00100010, "PN"), (0x00100020, "LO"), (0x00080070, "LO"), (0x00080018, "UI")))
    text = chance.choice(
        (b"\xff\xfe\x80", b"\x1b$)C\xff", b"Zzyzx^Fuzzina=" * 4000, b"\\" * 3000, b"=" * 3000, b"\0" * 9, b"%s%n{}")
    )
    sets = chance.choice(
        (b"ISO_IR 999", b"\\ISO 2022 IR 87", b"ISO_IR 192", b"GB18030", b"\xff", b"\\" * 500, b"utf-8")
    )
    data = _changed(seed, replaced_in(seed, 0x00080005, "CS", sets))
    return replaced_in(data, tag, vr, text), f"{tag:08X} of {len(text)} bytes in {sets[:16]!r}"


def voi_table_lied(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Add a modality or VOI table whose descriptor lies."""
    found = walked(seed)
    values = [chance.choice(_SHORTS) for _ in range(chance.choice((3, 3, 0, 2)))]
    inner = [
        (0x00283002, "US", b"".join(number(found, each, 2) for each in values)),
        (0x00283006, "OW", bytes(chance.choice((0, 1, 512, 70_000)))),
    ]
    body = b"".join(element_bytes(found, *each) for each in inner)
    item = mark(found, ITEM, len(body)) + body
    tag = chance.choice((0x00283000, 0x00283010))
    return closed(seed, inserted(found, tag, element_bytes(found, tag, "SQ", item))), f"{tag:08X}: {values}"


def replaced_in(seed: Seed, tag: int, vr: str, value: bytes) -> bytes:
    """Return the file with another value for a tag of its top level."""
    return closed(seed, replaced(walked(seed), tag, vr, value))


def _changed(seed: Seed, data: bytes) -> Seed:
    return replace(seed, files=(("scan.dcm", data),))


def _one(found: Walk, chance: Random, tags: tuple[int, ...]) -> Element:
    return chance.choice([each for each in found.elements if each.tag in tags])


_DICOM = (Family.DICOM,)

DAMAGES = (
    Damage("numbers of the picture", image_numbers, _DICOM),
    Damage("sides of the picture", sides_lied, _DICOM),
    Damage("number of frames", frames_lied, _DICOM),
    Damage("photometric interpretation", photometric_lied, _DICOM),
    Damage("numbers as text", strings_lied, _DICOM),
    Damage("frame times", times_lied, _DICOM),
    Damage("regions' places and units", regions_moved, _DICOM, has_regions),
    Damage("regions' deltas", deltas_lied, _DICOM, has_regions),
    Damage("number of regions", regions_counted, _DICOM, has_regions),
    Damage("pixel spacing", spacings_lied, _DICOM),
    Damage("palette", palettes_lied, _DICOM),
    Damage("overlay", overlays_lied, _DICOM),
    Damage("texts", texts_lied, _DICOM),
    Damage("VOI table", voi_table_lied, _DICOM),
)
