"""Pixels of a sample: a still picture, or a frame of a DICOM file or video."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fetalclip_app.domain.clip import Clip, FramesInMemory
from fetalclip_app.imaging.preprocess import crop_of
from fetalclip_app.imaging.readers import read_clip
from training.manifest import Sample

_STILLS = (".jpg", ".jpeg", ".png")


def is_still(sample: Sample) -> bool:
    """Whether the sample is a file of one picture, as the published data sets hold them."""
    return sample.frame is None and Path(sample.picture).suffix.lower() in _STILLS


def read_still(path: Path) -> NDArray[np.uint8]:
    """Return the pixels of a picture: uint8, (H, W, 3)."""
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def frame_of(data: Path, sample: Sample) -> NDArray[np.uint8]:
    """Return the pixels of a sample: uint8, (H, W, 3); of a clip's frame the part that the app shows its network.

    Raises:
        UnreadableFile: The file holds no picture.
        ValueError: A clip, and the sample names no frame of it or one that is not there.
    """
    if is_still(sample):
        return read_still(data / sample.picture)
    clip = read_clip(data / sample.picture)
    if sample.frame is None and len(clip) > 1:
        raise ValueError(f"{sample.picture} has {len(clip)} frames, and the manifest names none")
    index = sample.frame or 0
    if index >= len(clip):
        raise ValueError(f"{sample.picture} has {len(clip)} frames, and the manifest names number {index}")
    crop = crop_of(clip)
    return clip.frame(index).pixels[crop.top : crop.bottom, crop.left : crop.right]


def clip_of(data: Path, sample: Sample) -> Clip:
    """Return what a user opens: the file with its stated scale; the frame alone of a clip where the sample names one.

    Raises:
        UnreadableFile: The file holds no picture.
        ValueError: The sample names a frame that is not there.
    """
    clip = read_clip(data / sample.picture)
    if sample.frame is not None:
        if sample.frame >= len(clip):
            raise ValueError(f"{sample.picture} has {len(clip)} frames, and the manifest names number {sample.frame}")
        clip = replace(clip, source=FramesInMemory([clip.frame(sample.frame).pixels]), rate=None)
    return clip if sample.pixel_mm is None else clip.with_pixel_mm(sample.pixel_mm)
