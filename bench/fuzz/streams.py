"""Lies in the headers of codestreams: JPEG, JPEG-LS, JPEG 2000 and RLE, in DICOM files and alone."""

from __future__ import annotations

import struct
from random import Random

from bench.fuzz.edits import Damage, flipped, overwritten
from bench.fuzz.seeds import Family, Seed

_SIDES = (0, 1, 2, 63, 65, 96, 255, 4096, 8000, 16_384, 16_385, 60_000, 65_535)
_WORDS = (0, 1, 2, 63, 8000, 16_384, 60_000, 2**31 - 1, 2**31, 2**32 - 1)


def _places(data: bytes, mark: bytes) -> list[int]:
    found, place = [], data.find(mark)
    while place >= 0:
        found.append(place)
        place = data.find(mark, place + 1)
    return found


def _segments(data: bytes, start: int) -> list[tuple[int, int]]:
    """Return (marker, place) of a JPEG stream's segments up to and including its first scan."""
    found, place = [], start + 2
    while place + 4 <= len(data) and data[place] == 0xFF:
        found.append((data[place + 1], place))
        if data[place + 1] == 0xDA:
            break
        place += 2 + int(struct.unpack_from(">H", data, place + 2)[0])
    return found


def has_jpeg(seed: Seed) -> bool:
    """Whether a seed holds a JPEG or JPEG-LS stream."""
    return any(_segments(seed.content, place) for place in _places(seed.content, b"\xff\xd8\xff")[:3])


def has_jpeg_2000(seed: Seed) -> bool:
    """Whether a seed holds a JPEG 2000 codestream."""
    return b"\xff\x4f\xff\x51" in seed.content


def has_rle(seed: Seed) -> bool:
    """Whether a seed's pixels are run-length coded."""
    return b"1.2.840.10008.1.2.5\0" in seed.content[:1000]


def jpeg_header_lied(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Lie in a frame header: sides, precision, components, sampling, process."""
    data = seed.content
    start = chance.choice(_places(data, b"\xff\xd8\xff"))
    frames = [place for marker, place in _segments(data, start) if marker & 0xF0 == 0xC0 and marker != 0xC4]
    if not frames:
        return overwritten(data, start, b"\xff\xd9"), "no stream"
    at, kind = frames[0], chance.choice(("sides", "sides", "precision", "components", "sampling", "process", "ids"))
    new_at, new = {
        "sides": (at + 5, struct.pack(">HH", chance.choice(_SIDES), chance.choice(_SIDES))),
        "precision": (at + 4, bytes((chance.choice((0, 1, 2, 7, 9, 12, 16, 255)),))),
        "components": (at + 9, bytes((chance.choice((0, 1, 2, 3, 4, 255)),))),
        "sampling": (at + 11, bytes((chance.choice((0, 0x11, 0x12, 0x21, 0x44, 0xFF, 0x31)),))),
        "process": (at + 1, bytes((chance.choice((0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC9, 0xCA, 0xCF, 0xF7)),))),
        "ids": (at + 10, chance.randbytes(1)),
    }[kind]
    return overwritten(data, new_at, new), f"{kind} of the stream at {start}: {new.hex()}"


def jpeg_segments_lied(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Lie about a segment's length or marker, damage its tables, add segments of another kind."""
    data = seed.content
    marker, at = chance.choice(_segments(data, chance.choice(_places(data, b"\xff\xd8\xff"))) or [(0, 2)])
    kind = chance.choice(("length", "marker", "body", "restart", "end", "lost scan"))
    if kind == "length":
        new = struct.pack(">H", chance.choice((0, 1, 2, 3, 8, 100, 65_535)))
        return overwritten(data, at + 2, new), f"length of {marker:02X}: {new.hex()}"
    if kind in ("restart", "end"):
        added = b"\xff\xdd\x00\x04\x00\x01" if kind == "restart" else b"\xff\xd9"
        return data[:at] + added + data[at:], f"{kind} before {marker:02X}"
    if kind == "marker":
        return overwritten(data, at + 1, chance.randbytes(1)), f"marker {marker:02X}"
    if kind == "lost scan":
        return data[:at] + data[at + 2 :], kind
    place = at + 4 + chance.randrange(30)
    return overwritten(data, place, chance.randbytes(chance.choice((1, 2, 8)))), f"body of {marker:02X}"


def entropy_damaged(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Flip bits far behind the headers, where the coded samples are."""
    data = seed.content
    places = [chance.randrange(len(data) * 2 // 3, len(data)) for _ in range(chance.choice((1, 3, 30, 300)))]
    return flipped(data, places, chance), f"{len(places)} bits of the samples"


def jpeg_2000_lied(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Lie in SIZ (sides, tiles, components, sampling) or COD (levels, blocks, layers)."""
    data = seed.content
    start = chance.choice(_places(data, b"\xff\x4f\xff\x51"))
    coding = data.find(b"\xff\x52", start)
    kind = chance.choice(("sides", "tiles", "origin", "components", "sampling", "levels", "blocks", "layers", "order"))
    word = struct.pack(">I", chance.choice(_WORDS))
    new_at, new = {
        "sides": (start + 8 + 4 * chance.randrange(2), word),
        "origin": (start + 16 + 4 * chance.randrange(2), word),
        "tiles": (start + 24 + 4 * chance.randrange(4), word),
        "components": (start + 40, struct.pack(">H", chance.choice((0, 1, 2, 4, 255, 16_384, 65_535)))),
        "sampling": (start + 42 + chance.randrange(6), bytes((chance.choice((0, 1, 2, 7, 38, 128, 255)),))),
        "levels": (coding + 9, bytes((chance.choice((0, 32, 33, 255)),))),
        "blocks": (coding + 10, bytes((chance.choice((0, 8, 9, 255)), chance.choice((0, 8, 255))))),
        "layers": (coding + 6, struct.pack(">H", chance.choice((0, 65_535)))),
        "order": (coding + 5, chance.randbytes(1)),
    }[kind]
    return overwritten(data, new_at, new), f"{kind} of the stream at {start}: {new.hex()}"


def rle_lied(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Lie about number and places of the segments, or make runs that are too long."""
    data = seed.content
    places = [place + 8 for place in _places(data, b"\xfe\xff\x00\xe0")[1:]]
    start = chance.choice(places or [0])
    kind = chance.choice(("count", "place", "runs"))
    if kind == "count":
        new = struct.pack("<I", chance.choice((0, 1, 2, 3, 4, 6, 15, 16, 255, 2**32 - 1)))
        return overwritten(data, start, new), f"segments of the stream at {start}: {new.hex()}"
    if kind == "place":
        new = struct.pack("<I", chance.choice((*_WORDS, 64, 66, len(data))))
        return overwritten(data, start + 4 + 4 * chance.randrange(3), new), f"place of a segment: {new.hex()}"
    at = start + 64 + chance.randrange(100)
    return overwritten(data, at, bytes((chance.choice((0x81, 0x7F, 0x80, 0xFF)),)) * chance.choice((1, 40))), kind


_BOTH = (Family.DICOM, Family.PICTURE)

DAMAGES = (
    Damage("JPEG frame header", jpeg_header_lied, _BOTH, has_jpeg),
    Damage("JPEG segments", jpeg_segments_lied, _BOTH, has_jpeg),
    Damage("JPEG 2000 header", jpeg_2000_lied, _BOTH, has_jpeg_2000),
    Damage("RLE header", rle_lied, (Family.DICOM,), has_rle),
    Damage("coded samples", entropy_damaged, (Family.DICOM, Family.PICTURE, Family.VIDEO)),
)
