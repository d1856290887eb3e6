"""What a damaged file may still say in millimetres, worked out without the reader on trial.

The rule: between the same two pixels a damaged file gives the undamaged file's length, or none. Only where the bytes
of the calibration itself were changed may it give another one, and then only what those bytes now mean by PS3.3
C.8.5.5 (US Region Calibration) and 10.7 (pixel spacing). The kind of value that a file states for an element of the
calibration is no part of it: the standard fixes the kinds, and a reader that believes a wrong one makes up numbers.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from bench.fuzz.edits import walked
from bench.fuzz.seeds import Family, Probe, Seed, probes
from bench.fuzz.walker import ITEM, PIXEL_DATA, REGIONS, Element, Walk, walk

Lengths = tuple[float | None, ...]
"""Millimetres of each probe; None where no length is given."""

_SPACING = 0x00280030
_TOP_LEVEL = (_SPACING, 0x00181164, 0x00182010)
_FORMAT, _TYPE, _UNITS, _DELTAS = 0x00186012, 0x00186014, (0x00186024, 0x00186026), (0x0018602C, 0x0018602E)
_CORNERS = (0x00186018, 0x0018601A, 0x0018601C, 0x0018601E)
_OF_A_REGION = frozenset((*range(0x00186010, 0x00186030, 2),))
_CENTIMETRES = 3
_CLOSE = 1e-9

Item = tuple[tuple[int, bytes], ...]


@dataclass(frozen=True, slots=True)
class Stated:
    """The calibration's own bytes, as a file states them.

    Attributes:
        order: Byte order, without which the bytes mean nothing.
        regions: For each item of the sequence, tags and values.
        spacings: The same of PixelSpacing and its relatives.
    """

    order: str
    regions: tuple[Item, ...]
    spacings: Item


def stated(data: bytes) -> Stated | None:
    """Return the calibration's bytes; None where the file cannot be walked over up to its pixels."""
    return _stated(walk(data))


def _stated(found: Walk) -> Stated | None:
    if not found.complete:
        return None
    sequences = [place for place, each in enumerate(found.elements) if each.tag == REGIONS and not each.parents]
    items = [inner for place in sequences for inner in found.inside(place) if found.elements[inner].tag == ITEM]
    regions = tuple(
        _values(found, [found.elements[index] for index in found.inside(item)], _OF_A_REGION) for item in items
    )
    before = [each for each in found.elements if not each.parents and each.tag != PIXEL_DATA]
    return Stated(found.order, regions, _values(found, before, frozenset(_TOP_LEVEL)))


def _values(found: Walk, elements: Sequence[Element], tags: frozenset[int]) -> Item:
    return tuple((each.tag, found.value(each)) for each in elements if each.tag in tags)


@lru_cache(maxsize=256)
def truth(seed: Seed) -> Stated | None:
    """Return the calibration's bytes of an undamaged DICOM file; None for all other kinds."""
    return _stated(walked(seed)) if seed.family is Family.DICOM else None


def verdict(seed: Seed, content: bytes, undamaged: Lengths, given: Lengths) -> str:
    """Return what is wrong with the lengths that a damaged file gives; empty where nothing is."""
    differing = [place for place, (old, new) in enumerate(zip(undamaged, given, strict=True)) if not _same(old, new)]
    if not differing:
        return ""
    now = stated(content) if seed.family is Family.DICOM else None
    first = differing[0]
    told = f"{given[first]!r} mm instead of {undamaged[first]!r} at probe {first}, {len(differing)} probes"
    if seed.family is Family.DICOM and now is None:
        return f"{told}; the walker cannot read the file"
    if now is None or now == truth(seed):
        return f"{told}; the calibration was not touched"
    wrong = [place for place in differing if not _is_meant(now, seed, place, given[place])]
    if not wrong:
        return ""
    return f"{told}; the calibration was changed, but means something else ({len(wrong)} probes)"


def against_the_standard(seed: Seed, given: Lengths) -> str:
    """Return what is wrong with the lengths of an undamaged file: each must be one that its own bytes mean."""
    now = truth(seed)
    wrong = [
        length
        for place, length in enumerate(given)
        if length is not None and (now is None or not _is_meant(now, seed, place, length))
    ]
    return f"{wrong[0]!r} mm, which the undamaged file does not mean, {len(wrong)} probes" if wrong else ""


def _same(old: float | None, new: float | None) -> bool:
    """Whether a length is the undamaged file's, or withheld."""
    return new is None or (old is not None and math.isclose(old, new, rel_tol=_CLOSE))


def _is_meant(now: Stated, seed: Seed, place: int, given: float | None) -> bool:
    """Whether the calibration's bytes allow a length: between two points, or as the side of a pixel."""
    points = probes(seed)
    allowed = meant(now, points[place]) if place < len(points) else _sides(now, (place - len(points)) % 2)
    return any(given is not None and math.isclose(given, each, rel_tol=_CLOSE) for each in allowed)


def _sides(now: Stated, axis: int) -> list[float]:
    """Return the row (axis 0) or column of a pixel in mm, of every region of tissue and of PixelSpacing."""
    regions = [values for item in now.regions for values in (dict(item), dict(reversed(item)))]
    steps = [_pixel(values, now.order) for values in regions]
    spacings = [_spacing(value) for tag, value in now.spacings if tag == _SPACING]
    return [pair[axis] for pair in (*steps, *spacings) if pair is not None]


def meant(now: Stated, probe: Probe) -> list[float]:
    """Return every length in mm that the calibration's bytes allow between two pixels."""
    found = []
    for item in now.regions:
        # An element that stands there twice may mean either: the standard forbids it and says no more.
        readings = (_in_region(values, now.order, probe) for values in (dict(item), dict(reversed(item))))
        found += [length for length in readings if length is not None]
    for tag, value in now.spacings:
        pair = _spacing(value) if tag == _SPACING else None
        if pair is not None:
            found.append(math.hypot(pair[1] * (probe[2] - probe[0]), pair[0] * (probe[3] - probe[1])))
    return found


def _in_region(item: dict[int, bytes], order: str, probe: Probe) -> float | None:
    """Return the length in a 2-D region of tissue or flow that holds both points and is scaled in cm, else None."""
    try:
        left, top, right, bottom = (struct.unpack(f"{order}I", item[tag])[0] for tag in _CORNERS)
    except (KeyError, struct.error):
        return None
    holds = all(left <= x <= right and top <= y <= bottom for x, y in (probe[:2], probe[2:]))
    pixel = _pixel(item, order)
    if not holds or pixel is None:
        return None
    return math.hypot(pixel[1] * (probe[2] - probe[0]), pixel[0] * (probe[3] - probe[1]))


def _pixel(item: dict[int, bytes], order: str) -> tuple[float, float] | None:
    """Return row and column of a pixel in mm of a 2-D region of tissue or flow that is scaled in cm, else None."""
    try:
        spatial, kind = (struct.unpack(f"{order}H", item[tag])[0] for tag in (_FORMAT, _TYPE))
        units = [struct.unpack(f"{order}H", item[tag])[0] for tag in _UNITS]
        across, down = (abs(struct.unpack(f"{order}d", item[tag])[0]) for tag in _DELTAS)
    except (KeyError, struct.error):
        return None
    if spatial != 1 or kind not in (1, 2) or units != [_CENTIMETRES] * 2:
        return None
    return (10 * down, 10 * across) if 0 < across < math.inf and 0 < down < math.inf else None


def _spacing(value: bytes) -> tuple[float, float] | None:
    try:
        row, column = (float(each) for each in value.decode("ascii").strip(" \0").split("\\"))
    except ValueError:
        return None
    return (row, column) if 0 < row < math.inf and 0 < column < math.inf else None
