"""The table of real scanner files: scale, speed, what is trusted, and what dcmdump and the screen's ruler say.

Two checks that share nothing with the program's reader stand beside each scale: dcmtk's ``dcmdump`` reads the same
elements, and the scanner's own ruler, whose marks lie one centimetre apart on the screen, is found in the pixels.
Where the ruler stands was looked up by eye; a picture is not searched for one.

    python -m bench.scanners --out docs/scanners.md
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain.calibration import Region
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.timing import RateSource
from fetalclip_app.imaging.readers import read_clip
from fetalclip_app.wording import rate_source, scale

_LIT = 90
"""Grey level from which a mark of a ruler counts."""

_MARK_PX = 4
"""A mark is no thicker."""

_STEP_PX = 0.25
"""Along the ruler."""

AGREES = 0.005
"""A ruler agrees with the file within half a per cent: a mark is a pixel thick, and a ruler some hundred long."""


@dataclass(frozen=True, slots=True)
class ScreenRuler:
    """Where a scanner draws its marks, one centimetre apart.

    Attributes:
        first, last: (x, y) of two marks at the ruler's ends, to within two pixels.
        reach: Pixels to each side of the line between them in which a mark is looked for.
    """

    first: tuple[float, float]
    last: tuple[float, float]
    reach: int = 0


RULERS = {
    "clearvue650_palette.dcm": ScreenRuler((796, 189), (796, 492)),
    "cx50_palette.dcm": ScreenRuler((796, 97), (796, 516)),
    "cx50_palette_2frame.dcm": ScreenRuler((796, 97), (796, 516)),
    "cx50_palette_rle.dcm": ScreenRuler((796, 97), (796, 516)),
    "epiq7c_jpeg_lossless.dcm": ScreenRuler((514, 84), (625, 195), reach=2),
    "sonosite_cine120.dcm": ScreenRuler((597, 61), (597, 394)),
    "voluson_s8_ob_cine87.dcm": ScreenRuler((29, 96), (29, 712)),
}

_DUMPED = {
    "0018,6018": "left",
    "0018,601a": "top",
    "0018,601c": "right",
    "0018,601e": "bottom",
    "0018,6024": "unit_x",
    "0018,6026": "unit_y",
    "0018,602c": "delta_x",
    "0018,602e": "delta_y",
}
_RATES = {"0018,1063": "FrameTime", "0018,0040": "CineRate", "0008,2144": "RecommendedDisplayFrameRate"}
_NUMBER = r"\[?(-?[0-9.]+(?:e[-+]?\d+)?)"


def marks_along(pixels: NDArray[np.uint8], ruler: ScreenRuler) -> NDArray[np.float64]:
    """Return how far along the ruler the middle of each mark lies, in pixels from its first end, in order.

    Args:
        pixels: uint8, (H, W, 3).
    """
    start, end = np.array(ruler.first), np.array(ruler.last)
    length = float(np.hypot(*(end - start)))
    along = (end - start) / length
    across = np.array([-along[1], along[0]])
    places = np.arange(-2.0, length + 2.0, _STEP_PX)
    lines = [start + places[:, None] * along + shift * across for shift in range(-ruler.reach, ruler.reach + 1)]
    grey = pixels.max(axis=2)
    lit = np.max([grey[tuple(np.round(line[:, ::-1]).astype(int).T)] for line in lines], axis=0) > _LIT
    edges = np.flatnonzero(np.diff(np.concatenate([[False], lit, [False]]).astype(int)))
    runs = [(first, last) for first, last in edges.reshape(-1, 2) if (last - first) * _STEP_PX <= _MARK_PX]
    return np.array([places[first] + (last - 1 - first) * _STEP_PX / 2 for first, last in runs])


def ruler_mm(pixels: NDArray[np.uint8], ruler: ScreenRuler) -> tuple[float, int]:
    """Return the size of a pixel along a ruler in mm, and over how many centimetres it was found.

    Raises:
        ValueError: The marks are not evenly spaced, so that this is not the ruler.
    """
    marks = marks_along(pixels, ruler)
    if len(marks) < 4:
        raise ValueError(f"{len(marks)} marks make no ruler")
    step = float(np.median(np.diff(marks)))
    numbers = np.round((marks - marks[0]) / step)
    slope, start = np.polyfit(numbers, marks, 1)
    if np.abs(marks - (start + slope * numbers)).max() > 1.5 or len(set(numbers)) != numbers[-1] + 1:
        raise ValueError("the marks are not evenly spaced")
    return 10.0 / float(slope), int(numbers[-1])


def dumped(path: Path) -> tuple[list[dict[str, float]], dict[str, float]]:
    """Return the regions and the rates of a file as dcmdump reads them.

    Raises:
        FileNotFoundError: dcmtk is not installed.
    """
    tool = shutil.which("dcmdump")
    if tool is None:
        raise FileNotFoundError("dcmdump")
    told = subprocess.run([tool, "--quiet", str(path)], capture_output=True, check=True).stdout.decode("latin-1")
    regions: list[dict[str, float]] = []
    rates: dict[str, float] = {}
    for tag, value in re.findall(rf"\((\w{{4}},\w{{4}})\) \w\w {_NUMBER}", told):
        if tag == "0018,6012":
            regions.append({})
        if tag in _DUMPED and regions:
            regions[-1][_DUMPED[tag]] = float(value)
        if tag in _RATES:
            rates[_RATES[tag]] = float(value)
    return regions, rates


def agrees(region: Region, said: dict[str, float], *, height: int, width: int) -> bool:
    """Whether the program's region is the one that dcmdump read: corners, units and deltas."""
    facts = region.facts
    if facts is None or facts.x is None or facts.y is None or facts.x.unit is None or facts.y.unit is None:
        return False
    right, bottom = said["right"] + 1, said["bottom"] + 1
    if region.is_placed:
        right, bottom = min(right, width), min(bottom, height)
    box = region.box
    ours = (box.left, box.top, box.right, box.bottom, facts.x.unit, facts.y.unit, facts.x.delta, facts.y.delta)
    units_and_deltas = (said[key] for key in ("unit_x", "unit_y", "delta_x", "delta_y"))
    return bool(np.allclose(ours, (said["left"], said["top"], right, bottom, *units_and_deltas), rtol=1e-6, atol=0))


def table(folder: Path) -> str:
    """Return the page: one row for each region of each file."""
    lines = [_INTRODUCTION, _HEAD]
    for path in sorted(folder.glob("*.dcm")):
        lines += _rows(path)
    return "\n".join(lines) + "\n"


def _rows(path: Path) -> Iterable[str]:
    clip = read_clip(path)
    regions, rates = dumped(path)
    ours = clip.calibration.regions if clip.calibration is not None else ()
    device = " ".join(part for part in (clip.origin.manufacturer, clip.origin.device_model) if part)
    size = f"{clip.width} × {clip.height}, {len(clip)} frame{'s' if len(clip) > 1 else ''}"
    first = [path.name, device, size, _rate(clip, rates)]
    if not ours:
        yield _row(
            [*first, "none", "", "no lengths: the file states no scale", "no regions" if not regions else "DIFFERS", ""]
        )
        return
    for place, region in enumerate(ours):
        same = len(regions) == len(ours) and agrees(region, regions[place], height=clip.height, width=clip.width)
        told = [
            f"{scale.region_kind(region)}, {scale.region_place(region)}",
            scale.region_scale(region),
            f"{scale.region_trust(region)} ({scale.region_remarks(region)})",
            "same" if same else "DIFFERS",
            _ruler(clip, region, path.name),
        ]
        yield _row([*(first if place == 0 else [""] * len(first)), *told])


def _rate(clip: Clip, said: dict[str, float]) -> str:
    """Return the rate and who says so, held against what dcmdump reads of the same attribute."""
    if clip.rate is None:
        return "one picture"
    told = {
        RateSource.FRAME_TIME: 1000.0 / said["FrameTime"] if "FrameTime" in said else None,
        RateSource.CINE_RATE: said.get("CineRate"),
        RateSource.RECOMMENDED_RATE: said.get("RecommendedDisplayFrameRate"),
        RateSource.ASSUMED: None if said else clip.rate.hz,
    }.get(clip.rate.source)
    same = told is not None and bool(np.isclose(told, clip.rate.hz, rtol=1e-6))
    return f"{rate_source(clip.rate)}; dcmdump: {'same' if same else 'DIFFERS'}"


def _ruler(clip: Clip, region: Region, name: str) -> str:
    if name not in RULERS or not region.is_usable or region.spacing is None:
        return "" if region.is_usable else "not measured by"
    found_mm, count = ruler_mm(clip.frame(0).pixels, RULERS[name])
    off = found_mm / region.spacing.row_mm - 1
    return f"{found_mm:.4f} mm/px over {count} cm ({off:+.2%})"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("\u2009", " ") for cell in cells) + " |"


_INTRODUCTION = """# Real scanner files: scale and speed

Written by `python -m bench.scanners --out docs/scanners.md` from the real files named by `FETALCLIP_DATA`, and held to
them by `tests/golden/test_scanner_table.py`. *dcmdump* compares corners, units and deltas of every region with what
dcmtk reads. *Ruler on the screen* is the size of a pixel by the marks, one centimetre apart, that the scanner drew
beside its picture, and how far that is from the file's; where each ruler stands was looked up by eye. On the ClearVue
and CX50 pictures, whose files say where depth is zero, the depth scale that the window draws was seen to lie on the
scanner's marks; elsewhere it counts from the upper edge of the region, and has their step.

Two calipers that scanners drew say the same: 1.06 cm on the CX50 picture measures 10.6 mm between the middles of its
crosses, and 3.3 cm on the EPIQ picture 33.3 mm.
"""

_HEAD = """| file | scanner | picture | rate | region | a pixel | trusted | dcmdump | ruler on the screen |
|---|---|---|---|---|---|---|---|---|"""


def main() -> int:
    """Write the page; fail where dcmdump or a ruler says otherwise."""
    parser = argparse.ArgumentParser(prog="python -m bench.scanners", description=__doc__)
    parser.add_argument("--out", type=Path, help="where the page goes; else it is printed")
    given = parser.parse_args()
    data = os.environ.get("FETALCLIP_DATA")
    if not data:
        sys.stderr.write("FETALCLIP_DATA names no folder of real scans, so there is nothing to tabulate.\n")
        return 1
    page = table(Path(data) / "dicom")
    if given.out is not None:
        given.out.write_text(page, encoding="utf-8")
    else:
        print(page)
    return 1 if "DIFFERS" in page else 0


if __name__ == "__main__":
    sys.exit(main())
