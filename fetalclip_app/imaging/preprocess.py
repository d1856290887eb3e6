"""The one road from a frame to what the network sees, and back to frame pixels."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fetalclip_app.domain.calibration import Box, Calibration, PixelSpacing, RegionKind
from fetalclip_app.domain.clip import Clip, Frame, Pixels
from fetalclip_app.domain.measuring import region_of_box
from fetalclip_app.domain.spread import evenly
from fetalclip_app.imaging.fan import CROP_RULE, find_fan

FRAMES_FOR_CROP = 5
"""How many frames, spread over a cine, show where its fan lies."""

_FEW_ROWS = 32
"""Of so many rows one is looked at first, for colour."""


@dataclass(frozen=True, slots=True)
class PreprocessSpec:
    """Everything that changes the network's input. Stored beside every weight file.

    ``mean`` and ``std`` are CLIP's, in RGB order (Radford et al. 2021, OpenAI's release).
    ``crop`` names the rule by which whole scanner screens are cut to their fan.
    """

    size: int = 224
    mean: tuple[float, float, float] = (0.48145466, 0.4578275, 0.40821073)
    std: tuple[float, float, float] = (0.26862954, 0.26130258, 0.27577711)
    resize: str = "pillow-bicubic-of-padded-square"
    crop: str = CROP_RULE

    def fingerprint(self) -> str:
        """Return 12 hex digits that differ whenever any field does."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Letterbox:
    """The geometry between a frame and the network's square input.

    The crop is padded to a centred square (the odd pixel goes right or below) and scaled to ``size``.
    Points are (x, y); the centre of the top left pixel is (0, 0).
    """

    crop: Box
    size: int

    @property
    def side(self) -> int:
        """Side of the padded square, in frame pixels."""
        return max(self.crop.width, self.crop.height)

    @property
    def offset(self) -> tuple[int, int]:
        """(left, top) of the crop inside the padded square, in frame pixels."""
        return (self.side - self.crop.width) // 2, (self.side - self.crop.height) // 2

    @property
    def scale(self) -> float:
        """Frame pixels for each network pixel."""
        return self.side / self.size

    def to_model(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return frame points (..., 2) in network pixels."""
        return (np.asarray(points, np.float64) - self._origin() + 0.5) / self.scale - 0.5

    def to_frame(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return network points (..., 2) in frame pixels."""
        return (np.asarray(points, np.float64) + 0.5) * self.scale - 0.5 + self._origin()

    def map_to_frame(self, values: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
        """Return a map (size, size) resampled to the frame, (height, width), 0 outside the crop."""
        square = cv2.resize(values.astype(np.float32), (self.side, self.side), interpolation=cv2.INTER_LINEAR)
        left, top = self.offset
        whole = np.zeros((height, width), np.float32)
        crop = self.crop
        inside = square[top : top + crop.height, left : left + crop.width]
        whole[crop.top : crop.bottom, crop.left : crop.right] = inside
        return whole

    def _origin(self) -> NDArray[np.float64]:
        left, top = self.offset
        return np.array([self.crop.left - left, self.crop.top - top], np.float64)


def crop_of(clip: Clip) -> Box:
    """Return the part of the clip's frames that the network sees: one crop for the whole clip.

    Raises:
        UnreadableFile: A frame that the crop is judged by cannot be decoded.
    """
    brightest: Pixels | None = None
    for index in evenly(len(clip), FRAMES_FOR_CROP):
        pixels = clip.frame(index).pixels
        brightest = pixels if brightest is None else np.maximum(brightest, pixels)
    if brightest is None:
        raise ValueError("a clip without frames")
    return find_fan(brightest, _scan_region(clip.calibration))


def _scan_region(calibration: Calibration | None) -> Box | None:
    """Return the largest region that the file calls tissue and that fits the picture.

    A scale that a person states says nothing about where the scan lies: the file's own regions still do.
    """
    if calibration is None:
        return None
    said = calibration.as_the_file_says
    fitting = [
        region.box
        for region in (said.regions if said is not None else ())
        if region.kind is RegionKind.TISSUE and region.is_placed
    ]
    return max(fitting, key=lambda box: box.area, default=None)


def inside(pixels: Pixels, crop: Box) -> Pixels:
    """Return the crop of a frame: uint8, (H, W, 3), or (H, W) where the three channels are alike, as those of B-mode.

    One channel gives the digits of all three in a third of the time.

    Raises:
        ValueError: The frame is smaller than its clip's: millimetres would be another's.
    """
    part = pixels[crop.top : crop.bottom, crop.left : crop.right]
    if part.shape[:2] != (crop.height, crop.width):
        raise ValueError(f"a frame of {pixels.shape[:2]} does not hold the crop {crop}")
    return np.ascontiguousarray(part[..., 0] if _is_grey(part) else part)


def _is_grey(pixels: Pixels) -> bool:
    # Where there is colour, a few rows show it.
    looks = ((rows[..., 0], rows[..., channel]) for rows in (pixels[::_FEW_ROWS], pixels) for channel in (1, 2))
    return all(np.array_equal(first, other) for first, other in looks)


def letterboxed(pixels: Pixels, crop: Box) -> Pixels:
    """Return the crop padded with black to a centred square: uint8, (side, side, 3), or (side, side) of one channel."""
    box = Letterbox(crop, 1)
    left, top = box.offset
    square = np.zeros((box.side, box.side, *pixels.shape[2:]), np.uint8)
    square[top : top + crop.height, left : left + crop.width] = pixels[crop.top : crop.bottom, crop.left : crop.right]
    return square


def scaled(square: Pixels, size: int) -> Pixels:
    """Return a square picture resampled to ``size``: uint8, (size, size, 3)."""
    small = shrunk(inside(square, Box(0, 0, square.shape[1], square.shape[0])), size)
    return small if small.ndim == 3 else np.repeat(small[..., None], 3, axis=2)


def shrunk(part: Pixels, size: int) -> Pixels:
    """Return what `inside` returned, padded to a centred square and resampled: uint8, (size, size, 3) or (size, size).

    Pillow resamples along the rows first, each by itself, and rounds. So rows of padding, black before and after, are
    put in between the two passes, with the same digits.
    """
    height, width = part.shape[:2]
    whole = Box(0, 0, width, height)
    if height > width:
        return np.asarray(_resized(Image.fromarray(letterboxed(part, whole)), size, size))
    rows = _resized(Image.fromarray(part), size, height)
    square = Image.new(rows.mode, (size, width))
    square.paste(rows, (0, Letterbox(whole, size).offset[1]))
    return np.asarray(_resized(square, size, size))


def _resized(image: Image.Image, width: int, height: int) -> Image.Image:
    return image.resize((width, height), Image.Resampling.BICUBIC)


def normalised(small: Pixels, spec: PreprocessSpec) -> NDArray[np.float32]:
    """Return uint8 (S, S, 3), or (S, S) of three channels that are alike, as the network's float32 (3, S, S)."""
    planes = cv2.split(small) if small.ndim == 3 else (small,) * 3
    return np.stack([cv2.LUT(plane, levels) for plane, levels in zip(planes, _levels(spec), strict=True)])


@functools.cache
def _levels(spec: PreprocessSpec) -> NDArray[np.float32]:
    """Return what the network sees in place of each level of each channel: float32, (3, 256)."""
    unit = np.arange(256, dtype=np.float32)[:, None] / 255.0
    normal = (unit - np.array(spec.mean, np.float32)) / np.array(spec.std, np.float32)
    return np.ascontiguousarray(normal.T)


def prepare(frame: Frame, spec: PreprocessSpec, crop: Box | None = None) -> NDArray[np.float32]:
    """Return what the network sees of ``frame``: float32, (3, size, size).

    Args:
        crop: Of the clip that the frame belongs to (`crop_of`); without one the frame's own is found.
    """
    where = find_fan(frame.pixels) if crop is None else crop
    return normalised(shrunk(inside(frame.pixels, where), spec.size), spec)


def prepare_batch(frames: Iterable[Frame], spec: PreprocessSpec, crop: Box) -> NDArray[np.float32]:
    """Return several frames of one clip as float32, (N, 3, size, size)."""
    return np.stack([prepare(frame, spec, crop) for frame in frames])


def crop_spacing(calibration: Calibration | None, crop: Box) -> PixelSpacing | None:
    """Return the one scale that holds for the crop, or None."""
    region = region_of_box(calibration, crop)
    return region.spacing if region is not None else None


def model_spacing_mm(crop: Box, spacing: PixelSpacing, spec: PreprocessSpec) -> float:
    """Return the size of one pixel of the network's input, in mm.

    FetalCLIP's age prompts name this number, not the scanner's.

    Raises:
        ValueError: The frame's pixels are not square.

    Source: FetalCLIP, zero_shot_hc18/test_ga_dot_prods_map.py.
    """
    return spacing.isotropic_mm() * Letterbox(crop, spec.size).scale
