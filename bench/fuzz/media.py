"""Lies in the headers of pictures and videos: chunks, directories, boxes."""

from __future__ import annotations

import struct
import zlib
from random import Random

from bench.fuzz.bombs import chunk, png
from bench.fuzz.edits import Damage, overwritten
from bench.fuzz.seeds import Family, Seed

_LONGS = (0, 1, 2, 255, 8000, 16_385, 65_535, 2**24, 2**31 - 1, 2**31, 2**32 - 8, 2**32 - 1)
_SHORTS = (0, 1, 2, 3, 5, 8, 16, 24, 32, 255, 4096, 32_767, 65_535)


def is_png(seed: Seed) -> bool:
    """Whether a picture is a PNG."""
    return seed.content.startswith(b"\x89PNG")


def is_tiff(seed: Seed) -> bool:
    """Whether a picture is a TIFF."""
    return seed.content.startswith((b"II*\0", b"MM\0*"))


def is_bmp(seed: Seed) -> bool:
    """Whether a picture is a BMP."""
    return seed.content.startswith(b"BM")


def png_lied(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Lie in the header or add chunks that unpack to much, with right check sums."""
    data = seed.content
    if chance.random() < 0.6:
        header = bytearray(data[16:29])
        at = chance.choice((0, 4, 8, 9, 10, 11, 12))
        new = struct.pack(">I", chance.choice(_LONGS)) if at < 8 else bytes((chance.choice((0, 1, 3, 6, 16, 255)),))
        header[at : at + len(new)] = new
        return data[:8] + chunk(b"IHDR", bytes(header)) + data[33:], f"IHDR byte {at}: {new.hex()}"
    packed = zlib.compress(bytes(chance.choice((1 << 20, 90 << 20))), 9)
    kind = chance.choice(("text", "profile", "many", "palette", "animation", "lines too few"))
    added = {
        "text": chunk(b"zTXt", b"k\0\0" + packed) * chance.choice((1, 3)),
        "profile": chunk(b"iCCP", b"k\0\0" + packed),
        "many": chunk(b"tEXt", b"k\0v") * 50_000,
        "palette": chunk(b"PLTE", bytes(chance.choice((0, 1, 3, 768, 771, 3000)))),
        "animation": chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0)),
        "lines too few": b"",
    }[kind]
    return (png(4000, 4000)[:200] if kind == "lines too few" else data[:33] + added + data[33:]), kind


def tiff_lied(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Lie in a directory: types, counts, values, the next directory; let directories follow each other for ever."""
    data = seed.content
    order = "<" if data.startswith(b"II") else ">"
    first = struct.unpack_from(f"{order}I", data, 4)[0]
    count = struct.unpack_from(f"{order}H", data, first)[0]
    if chance.random() < 0.35:
        return _directories(data, order, first + 2 + 12 * count, chance)
    entry = first + 2 + 12 * chance.randrange(count)
    tag = struct.unpack_from(f"{order}H", data, entry)[0]
    at, letter, values = chance.choice(((0, "H", _SHORTS), (2, "H", _SHORTS), (4, "I", _LONGS), (8, "I", _LONGS)))
    value = chance.choice(values)
    new = struct.pack(f"{order}{letter}", value)
    return overwritten(data, entry + at, new), f"tag {tag}, byte {at} = {value}"


def _directories(data: bytes, order: str, next_at: int, chance: Random) -> tuple[bytes, str]:
    kind = chance.choice(("a circle", "itself", "beyond", "a long chain", "many entries"))
    if kind == "many entries":
        directory = struct.pack(f"{order}H", 65_535) + struct.pack(f"{order}HHII", 256, 3, 1, 5) * 65_535
        return overwritten(data, 4, struct.pack(f"{order}I", len(data))) + directory, kind
    if kind == "a long chain":
        empty, start = b"", len(data)
        for index in range(20_000):
            empty += struct.pack(f"{order}HHHIII", 1, 256, 4, 1, 96, start + 18 * (index + 1))
        return overwritten(data, next_at, struct.pack(f"{order}I", start)) + empty, kind
    first = struct.unpack_from(f"{order}I", data, 4)[0]
    target = {"a circle": first, "itself": next_at, "beyond": len(data) + 7}[kind]
    return overwritten(data, next_at, struct.pack(f"{order}I", target)), kind


def bmp_lied(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Lie in the header: sides, depth, packing, colours, places."""
    at, letter = chance.choice(((2, "I"), (10, "I"), (14, "I"), (18, "i"), (22, "i"), (26, "H"), (28, "H"), (30, "I")))
    at, letter = chance.choice(((at, letter), (at, letter), (34, "I"), (46, "I"), (50, "I")))
    value = chance.choice(_SHORTS if letter == "H" else (*_SHORTS, *_LONGS[:9]))
    value = -min(value, 2**31 - 1) if letter == "i" and chance.random() < 0.4 else min(value, 2**31 - 1)
    return overwritten(seed.content, at, struct.pack(f"<{letter}", value)), f"byte {at} = {value}"


def box_lied(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Lie about a box or chunk of a video: its size, its name, the numbers at its start."""
    data = seed.content
    names = (
        *(b"ftyp", b"moov", b"mvhd", b"trak", b"tkhd", b"mdhd", b"stsd", b"stts", b"stsz", b"stsc", b"stco", b"ctts"),
        *(b"elst", b"stss", b"avcC", b"hvcC", b"mdat", b"avih", b"strh", b"strf", b"idx1", b"movi", b"LIST", b"00dc"),
        *(b"\x1aE\xdf\xa3", b"\x15I\xa9f", b"\x16T\xaek", b"\x1fC\xb6u", b"\xae", b"\xb0\x81", b"\xba\x81", b"\xa3"),
    )
    places = [place for name in names if (place := data.find(name)) >= 0]
    at = chance.choice(places)
    is_box = data[4:8] == b"ftyp"
    kind = chance.choice(("size", "size", "name", "numbers", "numbers", "twice"))
    order = ">" if is_box else "<"
    if kind == "size":
        place = at - 4 if is_box else at + 4
        value = chance.choice(_LONGS)
        return overwritten(data, max(place, 0), struct.pack(f"{order}I", value)), f"size at {place}: {value}"
    if kind == "name":
        return overwritten(data, at, chance.randbytes(4)), f"name at {at}"
    if kind == "twice":
        return data[:at] + data[max(at - 4, 0) : at + 400] * chance.choice((1, 50)) + data[at:], f"twice at {at}"
    place = at + chance.choice((4, 8, 12, 16, 20, 24, 28, 32, 36, 40))
    value = chance.choice(_LONGS)
    return overwritten(data, place, struct.pack(f"{order}I", value)), f"number at {place}: {value}"


def boxes_nested(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Put boxes in boxes, thousands deep."""
    depth = chance.choice((50, 1000, 20_000))
    data = seed.content
    if data[4:8] == b"ftyp":
        name = chance.choice((b"moov", b"trak", b"udta", b"meta", b"edts"))
        nest = b"".join(struct.pack(">I", 8 * (depth - index)) + name for index in range(depth))
        return data[:32] + nest + data[32:], f"{name!r} {depth} deep"
    nest = b"".join(b"LIST" + struct.pack("<I", 12 * (depth - index)) + b"hdrl" for index in range(depth))
    return data[:12] + nest + data[12:], f"LIST {depth} deep"


_PICTURE, _VIDEO = (Family.PICTURE,), (Family.VIDEO,)

DAMAGES = (
    Damage("PNG chunks", png_lied, _PICTURE, is_png),
    Damage("TIFF directory", tiff_lied, _PICTURE, is_tiff),
    Damage("BMP header", bmp_lied, _PICTURE, is_bmp),
    Damage("box of a video", box_lied, _VIDEO),
    Damage("boxes nested", boxes_nested, _VIDEO),
)
