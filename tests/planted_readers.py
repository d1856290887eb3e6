"""Readers with faults on purpose, each of which the fuzzing must catch; it starts them in processes of their own."""

from __future__ import annotations

import logging
import math
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydicom import dcmread

from bench.fuzz.reader import opened
from fetalclip_app.domain.calibration import Box, Calibration, CalibrationSource, PixelSpacing, Region, RegionKind
from fetalclip_app.domain.clip import Clip


def _items(path: Path) -> list[Any]:
    return list(dcmread(path, stop_before_pixels=True, force=True).get("SequenceOfUltrasoundRegions") or [])


def _region(item: Any, box: Box) -> Region:
    row, column = (10 * abs(float(item[f"PhysicalDelta{axis}"].value)) for axis in "YX")
    return Region(box, RegionKind.TISSUE, PixelSpacing(row, column))


def _box(item: Any) -> Box:
    left, top = item.RegionLocationMinX0, item.RegionLocationMinY0
    return Box(left, top, item.RegionLocationMaxX1 + 1, item.RegionLocationMaxY1 + 1)


def ignoring_units(path: Path) -> Iterator[Clip]:
    """Take every delta for centimetres, that of a time axis as well."""
    for clip in opened(path):
        regions = tuple(_region(item, _box(item)) for item in _items(path))
        yield replace(clip, calibration=Calibration(CalibrationSource.ULTRASOUND_REGION, regions))


def first_region_everywhere(path: Path) -> Iterator[Clip]:
    """Take the first region's scale for the whole picture."""
    for clip in opened(path):
        whole = Box(0, 0, clip.width, clip.height)
        regions = tuple(_region(item, whole) for item in _items(path)[:1])
        yield replace(clip, calibration=Calibration(CalibrationSource.ULTRASOUND_REGION, regions))


def scaled_by_its_rows(path: Path) -> Iterator[Clip]:
    """Let a lie about the rows change the millimetres."""
    for clip in opened(path):
        factor = clip.height / 64
        regions = tuple(
            replace(each, spacing=PixelSpacing(each.spacing.row_mm * factor, each.spacing.column_mm))
            for each in (clip.calibration.regions if clip.calibration else ())
            if each.is_usable and each.spacing and math.isfinite(each.spacing.row_mm * factor)
        )
        yield replace(clip, calibration=Calibration(CalibrationSource.ULTRASOUND_REGION, regions))


def hanging(path: Path) -> Iterator[Clip]:
    """Never come back."""
    while path.exists():
        pass
    yield from opened(path)


def crashing(path: Path) -> Iterator[Clip]:
    """End as a fault in a C library ends a program."""
    os.kill(os.getpid(), signal.SIGSEGV)
    yield from opened(path)


def raising(path: Path) -> Iterator[Clip]:
    """Let something else than `UnreadableFile` escape."""
    raise KeyError(path.name)
    yield from opened(path)


def chattering(path: Path) -> Iterator[Clip]:
    """Write to the user's terminal."""
    sys.stderr.write("a warning of a library\n")
    yield from opened(path)


def telling_names(path: Path) -> Iterator[Clip]:
    """Log whom a file belongs to."""
    for clip in opened(path):
        logging.getLogger("planted").debug("opened a file of %s", clip.origin.patient_name)
        yield clip


def hoarding(path: Path) -> Iterator[Clip]:
    """Take 1.2 GB for a small file."""
    held = bytearray(1_200_000_000)
    yield from opened(path)
    held.clear()
