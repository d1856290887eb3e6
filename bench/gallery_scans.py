"""The scans of the gallery: all of them made by programs, under the name of nobody."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.encaps import encapsulate
from pydicom.uid import generate_uid
from scipy.ndimage import gaussian_filter

from fetalclip_app import resources
from fetalclip_app.domain.clip import Pixels
from training.make_sample import HEIGHT, PIXEL_MM, SAMPLE, WIDTH, encode, header, sample_spec, sample_tissue
from training.section import section

NOW, BEFORE = "20250101", "20241204"

_FRAMES = 16
_APEX = (385.0, 86.0 - 50.0 / PIXEL_MM)
"""Where the fan's rays meet, (x, y) in pixels: as in the bundled sample."""

_NEAR, _FAR, _HALF_ANGLE = 50.0 / PIXEL_MM, 145.0 / PIXEL_MM, np.deg2rad(31.0)
Grid = NDArray[np.float64]


def write_study(folder: Path) -> list[Path]:
    """Write this exam's clips and one of an earlier exam, and return their files, the bundled head first."""
    head = folder / "head.dcm"
    head.write_bytes(resources.path(SAMPLE).read_bytes())
    made = [head, _cine(folder / "abdomen.dcm", _abdomen, 2), _cine(folder / "femur.dcm", _femur, 3)]
    return [*made, _earlier_head(folder / "earlier_head.dcm")]


def _earlier_head(path: Path) -> Path:
    tissue = sample_tissue()
    steps = np.linspace(4, 43, _FRAMES).round().astype(int).tolist()
    frames = [section(replace(sample_spec(step), hc_mm=148.0), tissue, tick=step).pixels for step in steps]
    return _written(path, frames, number=1, day=BEFORE)


def _cine(path: Path, draw: Callable[[Grid, Grid, float], Grid], number: int) -> Path:
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    frames = []
    for index in range(_FRAMES):
        drift = float(np.sin(index / _FRAMES * np.pi))
        frames.append(_seen(draw(rows, columns, drift), rows, columns, np.random.default_rng(100 * number + index)))
    return _written(path, frames, number=number, day=NOW)


def _seen(echo: Grid, rows: Grid, columns: Grid, rng: np.random.Generator) -> Pixels:
    """Return brightness as a scanner shows it: speckle inside the fan, black outside, fading with depth."""
    radius = np.hypot(rows - _APEX[1], columns - _APEX[0])
    angle = np.arctan2(columns - _APEX[0], rows - _APEX[1])
    inside = (np.abs(angle) < _HALF_ANGLE) & (radius > _NEAR) & (radius < _FAR)
    grain = np.hypot(*(gaussian_filter(rng.normal(size=rows.shape), (1.1, 1.9)) for _ in range(2)))
    grain /= grain.mean()
    depth = 1.1 - 0.55 * (radius - _NEAR) / (_FAR - _NEAR)
    grey = 26.0 + 44.0 * np.log1p(3.0 * echo * grain * depth)
    picture = np.where(inside, np.clip(grey, 8, 255), 0).astype(np.uint8)
    return np.repeat(picture[:, :, None], 3, axis=2)


def _abdomen(rows: Grid, columns: Grid, drift: float) -> Grid:
    """Return a round trunk with its skin, a dark stomach, a short vein and a spine with its shadow."""
    x, y = (columns - 392 - 6 * drift) / 158, (rows - 330) / 146
    radius = np.hypot(x, y)
    echo = np.where(radius < 1, 0.5, 0.32) + 1.5 * np.exp(-(((radius - 1) / 0.035) ** 2))
    echo = np.where(np.hypot((x + 0.42) / 0.22, (y + 0.05) / 0.14) < 1, 0.02, echo)
    echo = np.where((np.abs(y - 0.25 * x - 0.02) < 0.035) & (np.abs(x - 0.2) < 0.28), 0.03, echo)
    spine = np.exp(-((np.hypot(x - 0.62, y - 0.42) / 0.09) ** 2))
    shadow = 1 - 0.75 * ((np.abs((x - 0.62) - 0.3 * (y - 0.42)) < 0.09) & (y > 0.46))
    return np.asarray((echo + 2.2 * spine) * shadow)


def _femur(rows: Grid, columns: Grid, drift: float) -> Grid:
    """Return a bright shaft with blunt ends, its shadow, and the soft tissue of a thigh."""
    turn = np.deg2rad(8.0 + 3.0 * drift)
    x, y = columns - 390, rows - 300
    along = x * np.cos(turn) + y * np.sin(turn)
    across = -x * np.sin(turn) + y * np.cos(turn) + 0.0006 * along**2
    is_shaft = np.abs(along) < 92
    thigh = 0.42 + 0.25 * np.exp(-((across / 70) ** 2))
    shaft = 3.4 * np.exp(-((across / 5.0) ** 2)) * np.clip((96 - np.abs(along)) / 6, 0, 1)
    shadow = np.where(is_shaft & (across > 10), 0.18, 1.0)
    skin = 0.9 * np.exp(-(((across + 78) / 5) ** 2)) + 0.7 * np.exp(-(((across - 92) / 6) ** 2))
    return np.asarray((thigh + skin) * shadow + shaft)


def _written(path: Path, frames: list[Pixels], *, number: int, day: str) -> Path:
    data = header()
    streams = [encode(pixels) for pixels in frames]
    data.NumberOfFrames = len(streams)
    data.InstanceNumber = data.SeriesNumber = number
    uid = generate_uid(entropy_srcs=["gallery", path.name])
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = uid
    if day != NOW:
        data.StudyInstanceUID = generate_uid(entropy_srcs=["gallery", day])
    data.StudyDate = data.SeriesDate = data.ContentDate = day
    data.LossyImageCompressionRatio = "10"
    data.PixelData = encapsulate(streams)
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, data, enforce_file_format=True)
    path.write_bytes(buffer.getvalue())
    return path
