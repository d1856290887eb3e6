"""Damages that know nothing of the format: disks, transfers and memory do these."""

from __future__ import annotations

from random import Random

from bench.fuzz.edits import EVERY, Damage, flipped
from bench.fuzz.seeds import Family, Seed

_SECTOR = 512


def untouched(seed: Seed, _chance: Random) -> tuple[bytes, str]:
    """Change nothing: the judge's own truth is on trial here."""
    return seed.content, "nothing"


def truncated(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Cut the file somewhere, as an interrupted copy does."""
    kept = chance.randrange(len(seed.content))
    if chance.random() < 0.5:
        kept = min(kept, chance.randrange(2000))
    return seed.content[:kept], f"all after byte {kept}"


def bits_flipped(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Flip some bits, most of them near the front where the headers are."""
    data = seed.content
    reach = min(len(data), chance.choice((200, 1500, 4000, len(data))))
    places = [chance.randrange(reach) for _ in range(chance.choice((1, 1, 2, 5, 20)))]
    return flipped(data, places, chance), f"bits of bytes {places}"


def bytes_changed(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Overwrite some bytes by values that are often special."""
    data = bytearray(seed.content)
    reach = min(len(data), chance.choice((400, 1500, 4000, len(data))))
    places = [chance.randrange(reach) for _ in range(chance.choice((1, 2, 5, 20, 100)))]
    for place in places:
        data[place] = chance.choice((0, 255, 128, 127, 1, chance.randrange(256)))
    return bytes(data), f"bytes {places[:20]}"


def run_changed(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Overwrite a run by zeros, by ones or by noise: a bad sector."""
    data = seed.content
    length = chance.choice((4, 16, 64, _SECTOR, 4096))
    start = chance.randrange(len(data))
    start -= start % _SECTOR if length >= _SECTOR else 0
    kind = chance.choice(("zeros", "ones", "noise"))
    new = {"zeros": bytes(length), "ones": b"\xff" * length, "noise": chance.randbytes(length)}[kind]
    return data[:start] + new[: len(data) - start] + data[start + length :], f"{kind} from {start} over {length}"


def blocks_moved(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Swap, drop or repeat a block."""
    data = seed.content
    length = min(chance.choice((2, 8, 100, _SECTOR, 4096)), len(data) // 3)
    first = chance.randrange(len(data) - 2 * length)
    second = chance.randrange(first + length, len(data) - length + 1)
    one, other = data[first : first + length], data[second : second + length]
    kind = chance.choice(("swapped", "dropped", "repeated"))
    if kind == "swapped":
        return data[:first] + other + data[first + length : second] + one + data[second + length :], kind
    if kind == "dropped":
        return data[:first] + data[first + length :], f"{length} bytes at {first} dropped"
    return data[: first + length] * chance.choice((2, 2, 20)) + data[first + length :], f"front up to {first} repeated"


def noise_inserted(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Insert bytes somewhere, or hang them on."""
    data, start = seed.content, chance.randrange(len(seed.content) + 1)
    new = chance.randbytes(chance.choice((1, 2, 7, 512))) if chance.random() < 0.7 else data[: chance.randrange(2000)]
    start = chance.choice((start, len(data), 0, min(start, 1000)))
    return data[:start] + new + data[start:], f"{len(new)} bytes inserted at {start}"


def sent_as_text(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Translate line ends or drop the eighth bit, as a transfer in text mode does."""
    kind = chance.choice(("LF to CRLF", "CRLF to LF", "CR to LF", "seven bits", "latin-1 to UTF-8"))
    data = seed.content
    changed = {
        "LF to CRLF": lambda: data.replace(b"\n", b"\r\n"),
        "CRLF to LF": lambda: data.replace(b"\r\n", b"\n"),
        "CR to LF": lambda: data.replace(b"\r", b"\n"),
        "seven bits": lambda: bytes(value & 127 for value in data[:200_000]),
        "latin-1 to UTF-8": lambda: data.decode("latin-1").encode(),
    }[kind]()
    return changed, kind


def words_swapped(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Swap the bytes of each word, from the start or from somewhere."""
    start = chance.choice((0, chance.randrange(len(seed.content))))
    data = bytearray(seed.content)
    stop = start + (len(data) - start) // 2 * 2
    data[start:stop:2], data[start + 1 : stop : 2] = data[start + 1 : stop : 2], data[start:stop:2]
    return bytes(data), f"words from {start}"


def one_number_changed(seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Overwrite two, four or eight bytes near the front by a number that breaks arithmetic."""
    size = chance.choice((2, 4, 4, 8))
    at = chance.randrange(max(min(len(seed.content), chance.choice((300, 2000, 10**9))) - size, 1))
    value = chance.choice((0, 1, 0x7F, 0x80, 0x7FFF, 0x8000, 0x7FFFFFFF, 0x80000000, 2**32 - 1, 2**63 - 1, 2**64 - 1))
    order = chance.choice(("little", "big"))
    new = (value % (1 << 8 * size)).to_bytes(size, "little" if order == "little" else "big")
    return seed.content[:at] + new + seed.content[at + size :], f"{value} in {size} bytes at {at}, {order} end first"


def other_content(_seed: Seed, chance: Random) -> tuple[bytes, str]:
    """Put something else in its place."""
    kind = chance.choice(("nothing", "zeros", "noise", "text", "signature alone"))
    starts = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"PK\x03\x04", bytes(128) + b"DICM", b"RIFF\0\0\0\0AVI ")
    return {
        "nothing": b"",
        "zeros": bytes(chance.randrange(1, 100_000)),
        "noise": chance.randbytes(chance.randrange(1, 10_000)),
        "text": b"Patient: Zzyzx^Fuzzina\r\n" * chance.randrange(1, 500),
        "signature alone": chance.choice(starts) + chance.randbytes(chance.choice((0, 1, 30, 4000))),
    }[kind], kind


_SINGLE = (Family.DICOM, Family.PICTURE, Family.VIDEO)

DAMAGES = (
    Damage("none", untouched, EVERY),
    Damage("cut", truncated, EVERY),
    Damage("bits flipped", bits_flipped, EVERY),
    Damage("bytes changed", bytes_changed, EVERY),
    Damage("run overwritten", run_changed, EVERY),
    Damage("blocks moved", blocks_moved, EVERY),
    Damage("noise inserted", noise_inserted, EVERY),
    Damage("sent as text", sent_as_text, EVERY),
    Damage("words swapped", words_swapped, EVERY),
    Damage("number overwritten", one_number_changed, EVERY),
    Damage("other content", other_content, _SINGLE),
)
