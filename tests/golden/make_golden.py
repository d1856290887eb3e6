"""Writes `real_scans.json`: what the real scans look like when they are decoded rightly.

    python tests/golden/make_golden.py

It needs FETALCLIP_DATA, dcmtk (dcmj2pnm) and gdcm's tools (gdcmconv). Each frame that goes into the table is decoded
twice: by this program and by the reference, and the largest difference between both is written down beside it.

References:

- everything but JPEG 2000: dcmtk's `dcmj2pnm +op +F n`, with `+Wi 1` where the header has a window. It carries
  a JPEG library of its own (IJG 6b for each depth), where the program has libjpeg-turbo, and its own RLE decoder;
- JPEG 2000: dcmtk has no decoder in the free build; gdcm's `gdcmconv --raw` unpacks the file and dcmj2pnm shows it.
  The file is a lossless copy of the uncompressed one, whose hash it must therefore share (a test says so).

Only hashes, means and deviations are stored, never a pixel. Lossless frames are pinned by the SHA-256 of their RGB
bytes; JPEG frames by the mean and deviation of each channel, since libjpeg builds may round differently.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pydicom import dcmread

from fetalclip_app.domain.clip import Clip, Pixels
from fetalclip_app.imaging.readers import read_clip

TABLE = Path(__file__).with_name("real_scans.json")


def main() -> int:
    """Write the table; return 1 where a reference disagrees."""
    folder = Path(os.environ["FETALCLIP_DATA"]) / "dicom"
    table = {path.name: describe(path) for path in sorted(folder.glob("*.dcm"))}
    TABLE.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    for name, row in table.items():
        sys.stdout.write(f"{name}: {row['largest_difference']} levels from {row['reference']}\n")
    return int(any(row["largest_difference"] > 0 for row in table.values()))


def describe(path: Path) -> dict[str, Any]:
    """Return the row of one file."""
    clip = read_clip(path)
    numbers = sorted({0, len(clip) // 2, len(clip) - 1})
    difference = 0
    frames: dict[str, Any] = {}
    for number in numbers:
        pixels = clip.frame(number).pixels
        difference = max(difference, int(np.abs(pixels.astype(int) - reference(path, number)).max()))
        frames[str(number)] = measure(pixels, is_lossy=clip.origin.is_lossy)
    return {
        "frames": len(clip),
        "height": clip.height,
        "width": clip.width,
        "syntax": clip.origin.transfer_syntax,
        "rate_hz": round(clip.rate.hz, 3) if clip.rate else None,
        "regions": regions(clip),
        "pixels": frames,
        "reference": "gdcmconv --raw, dcmj2pnm" if "jpeg2000" in path.name else "dcmj2pnm",
        "largest_difference": difference,
    }


def measure(pixels: Pixels, *, is_lossy: bool) -> dict[str, Any]:
    """Return what pins a frame: its hash, or where rounding may differ, its statistics."""
    if not is_lossy:
        return {"sha256": hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()}
    flat = pixels.reshape(-1, 3)
    return {"mean": flat.mean(axis=0).round(3).tolist(), "std": flat.std(axis=0).round(3).tolist()}


def regions(clip: Clip) -> list[dict[str, Any]]:
    """Return the calibration in plain numbers."""
    return [
        {
            "box": [region.box.left, region.box.top, region.box.right, region.box.bottom],
            "kind": region.kind.value,
            "row_mm": round(region.spacing.row_mm, 6) if region.spacing else None,
            "column_mm": round(region.spacing.column_mm, 6) if region.spacing else None,
            "distrust": region.distrust.value if region.distrust else None,
        }
        for region in (clip.calibration.regions if clip.calibration else ())
    ]


def reference(path: Path, number: int) -> np.ndarray:
    """Decode one frame with the other program."""
    with tempfile.TemporaryDirectory() as folder:
        source = path
        if "jpeg2000" in path.name:
            source = Path(folder, "raw.dcm")
            subprocess.run(["gdcmconv", "--raw", path, source], check=True)
        return by_dcmtk(source, number, Path(folder))


def by_dcmtk(path: Path, number: int, folder: Path) -> np.ndarray:
    """Decode one frame with dcmtk; ``folder`` gets the picture in between."""
    picture = folder / "frame.ppm"
    window = ["+Wi", "1"] if "WindowWidth" in dcmread(path, stop_before_pixels=True) else []
    command = ["dcmj2pnm", "+op", "+F", str(number + 1), *window, path, picture]
    subprocess.run(command, check=True, capture_output=True)
    with Image.open(picture) as shown:
        return np.asarray(shown.convert("RGB")).astype(int)


if __name__ == "__main__":
    raise SystemExit(main())
