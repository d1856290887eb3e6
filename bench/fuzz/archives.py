"""Lies in archives and on media: ZIP directories, names, bombs; records of a DICOMDIR."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from functools import lru_cache
from random import Random

from bench.fuzz.bombs import zeros_packed
from bench.fuzz.edits import Damage, flipped, number, overwritten, walked, with_value
from bench.fuzz.seeds import Family, Seed
from bench.fuzz.seeds_containers import zipped

_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_LONGS = (0, 1, 22, 100, 10_000, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1)
_SHORTS = (0, 1, 2, 4, 255, 32_767, 65_535)
_NAMES = (
    "../../escaped.dcm", "/etc/passwd", "C:\\scan.dcm", "..\\..\\scan.dcm", "study/../IM", "a" * 60_000, "", "/", ".",
    "study/", "\0", "IM\0x", "study/IM0001", "CON", "x/" * 20_000 + "y", "\u202egnp.mcd", "study//IM", "IM\nIM", "*",
)  # fmt: skip
_FILE_IDS = (
    *(b"..\\..\\etc\\passwd", b"\\etc\\passwd", b"", b"DICOMDIR", b"X" * 5000, b"A\\" * 900, b"PT000000", b"."),
    *(b"pt000000\\st000000", b"\0", b"\xff\xfe", b"*"),
)
_CENTRAL_FIELDS = ((8, "H"), (10, "H"), (16, "I"), (20, "I"), (24, "I"), (28, "H"), (30, "H"), (32, "H"), (42, "I"))
_LOCAL_FIELDS = ((6, "H"), (8, "H"), (14, "I"), (18, "I"), (22, "I"), (26, "H"), (28, "H"))
_END_FIELDS = ((4, "H"), (6, "H"), (8, "H"), (10, "H"), (12, "I"), (16, "I"), (20, "H"))
_NEXT, _FLAG, _LOWER, _KIND, _FILE, _FIRST = 0x00041400, 0x00041410, 0x00041420, 0x00041430, 0x00041500, 0x00041200


def directory_lied(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Lie in a field of the central directory, of a local header or of the end record."""
    data = seed.content
    mark, fields = chance.choice(((_CENTRAL, _CENTRAL_FIELDS), (_LOCAL, _LOCAL_FIELDS), (_END, _END_FIELDS)))
    places = [place for place in range(len(data)) if data.startswith(mark, place)]
    place, (at, letter) = chance.choice(places), chance.choice(fields)
    value = chance.choice(_SHORTS if letter == "H" else (*_LONGS, len(data)))
    return overwritten(data, place + at, struct.pack(f"<{letter}", value)), f"{mark!r}, byte {at} = {value}"


def names_lied(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Give members names that leave the folder, repeat each other, or are no names."""
    files = _contents(seed)
    victim, name = chance.choice(list(files)), chance.choice(_NAMES)
    renamed = {name if each == victim else each: content for each, content in files.items()}
    return zipped(renamed, zipfile.ZIP_STORED), f"{victim} -> {name[:30]!r}"


def archive_bomb(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Add a member that unpacks to gigabytes, whose sizes are true or lied, in front of the others or behind."""
    size = chance.choice((200 << 20, 2 << 30, 4095 << 20))
    told = chance.choice((size, size, 1000, 100 << 20))
    front = bytes(128) + b"DICM" if chance.random() < 0.5 else b"\x89PNG\r\n\x1a\n"
    worker = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = worker.compress(front) + worker.flush(zlib.Z_FULL_FLUSH) + zeros_packed(size)
    members = [(name.encode(), content, zlib.crc32(content), len(content), 0) for name, content in _some(seed)]
    members.append((b"study/BOMB", packed, chance.choice((_crc(front, size), 0)), told, 8))
    return raw_zip(members), f"{size >> 20} MiB, said to be {told}"


def many_members(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Add members by the ten thousand: empty ones, or all over the same bytes."""
    count = chance.choice((1000, 20_000, 60_000))
    kind = chance.choice(("empty", "of one name", "over the same bytes"))
    name, content = _some(seed)[0]
    if kind != "over the same bytes":
        members = [(b"e%d" % index if kind == "empty" else b"e", b"", 0, 0, 0) for index in range(count)]
        first = name.encode(), content, zlib.crc32(content), len(content), 0
        return raw_zip([first, *members]), f"{count} {kind}"
    local = _local(name.encode(), content, zlib.crc32(content), len(content), 0)
    entries = b"".join(
        _central(b"o%d" % index, (len(content), zlib.crc32(content), len(content), 0), 0) for index in range(count)
    )
    end = struct.pack("<4s4H2IH", _END, 0, 0, count, count, len(entries), len(local), 0)
    return local + entries + end, f"{count} {kind}"


def archive_inside(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Put the archive into an archive, and that again, or give it a prefix or a comment that looks like an end."""
    data = seed.content
    kind = chance.choice(("inside", "deep inside", "prefix", "comment", "multi-part"))
    if kind in ("inside", "deep inside"):
        for _ in range(1 if kind == "inside" else 30):
            data = zipped({"inner.zip": data}, zipfile.ZIP_DEFLATED)
        return data, kind
    if kind == "prefix":
        return chance.randbytes(1000) + data, kind
    if kind == "multi-part":
        return b"PK\x07\x08" + data, kind
    comment = struct.pack("<4s4H2IH", _END, 0, 0, 1, 1, 46, 0, 0) * 3
    return data[:-2] + struct.pack("<H", len(comment)) + comment, kind


def members_damaged(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Damage bytes of the members alone; their check sums stand."""
    data = seed.content
    end = data.rindex(_CENTRAL) if chance.random() < 0.1 else data.index(_CENTRAL)
    places = [chance.randrange(60, end) for _ in range(chance.choice((1, 1, 4, 100)))]
    return flipped(data, places, chance), f"bits of {len(places)} bytes"


def records_lied(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Lie in a DICOMDIR: links that turn in circles or lead nowhere, names that leave the medium, other kinds."""
    found = walked(seed)
    tag = chance.choice((_NEXT, _LOWER, _FIRST, _FLAG, _KIND, _FILE, _FILE))
    elements = [each for each in found.elements if each.tag == tag]
    element = chance.choice(elements)
    starts = [each.start for each in found.elements if each.tag == 0xFFFEE000]
    if tag in (_NEXT, _LOWER, _FIRST):
        value = chance.choice((*starts, *starts, 0, 1, 2**32 - 1, len(found.data), element.start))
        return overwritten(found.data, element.value, number(found, value, 4)), f"{tag:08X} = {value}"
    if tag == _FLAG:
        return overwritten(found.data, element.value, chance.randbytes(2)), "in-use flag"
    if tag == _KIND:
        kind = chance.choice((b"PATIENT", b"STUDY", b"SERIES", b"IMAGE", b"PRIVATE", b"", b"X" * 60))
        return with_value(found, element, kind), f"record type {kind!r}"
    other = found.value(chance.choice(elements))
    name = chance.choice((*_FILE_IDS, other, other))
    return with_value(found, element, name), f"file {name[:40]!r}"


def medium_changed(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Put another file where the DICOMDIR was: one of the scans, noise, or nothing in it."""
    kind = chance.choice(("a scan", "noise", "text"))
    other = {"a scan": chance.choice(seed.files[1:])[1], "noise": chance.randbytes(3000), "text": b"x" * 500}[kind]
    return other, kind


def raw_zip(members: list[tuple[bytes, bytes, int, int, int]]) -> bytes:
    """Return a ZIP of (name, bytes as they lie, CRC, size as stated, method)."""
    parts, entries, place = [], [], 0
    for name, packed, crc, size, method in members:
        parts.append(_local(name, packed, crc, size, method))
        entries.append(_central(name, (len(packed), crc, size, method), place))
        place += len(parts[-1])
    directory = b"".join(entries)
    count = len(members) % 65_536
    end = struct.pack("<4s4H2IH", _END, 0, 0, count, count, len(directory), place, 0)
    return b"".join(parts) + directory + end


def _local(name: bytes, packed: bytes, crc: int, size: int, method: int) -> bytes:
    head = struct.pack("<4s5H3I2H", _LOCAL, 20, 0, method, 0, 33, crc, len(packed), size, len(name), 0)
    return head + name + packed


def _central(name: bytes, facts: tuple[int, int, int, int], place: int) -> bytes:
    packed, crc, size, method = facts
    numbers = (20, 20, 0, method, 0, 33, crc, packed, size, len(name), 0, 0, 0, 0, 0, place)
    return struct.pack("<4s6H3I5H2I", _CENTRAL, *numbers) + name


def _contents(seed: Seed) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(seed.content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _some(seed: Seed) -> list[tuple[str, bytes]]:
    return [(name, content) for name, content in _contents(seed).items() if name != "DICOMDIR"][:2]


@lru_cache
def _crc(front: bytes, size: int) -> int:
    crc, block = zlib.crc32(front), bytes(1 << 20)
    for _ in range(size >> 20):
        crc = zlib.crc32(block, crc)
    return crc


_ZIP, _DISC = (Family.ZIP,), (Family.DISC,)

DAMAGES = (
    Damage("ZIP directory", directory_lied, _ZIP),
    Damage("names of members", names_lied, _ZIP),
    Damage("ZIP bomb", archive_bomb, _ZIP),
    Damage("members by the thousand", many_members, _ZIP),
    Damage("archive in an archive", archive_inside, _ZIP),
    Damage("members damaged", members_damaged, _ZIP),
    Damage("DICOMDIR records", records_lied, _DISC),
    Damage("DICOMDIR replaced", medium_changed, _DISC),
)
