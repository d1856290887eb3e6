"""True masks of several structures in the stored square, and which of them each picture knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fetalclip_app.biometry.ellipse import filled_ellipse
from fetalclip_app.imaging.preprocess import Letterbox, crop_of
from fetalclip_app.imaging.readers import read_clip
from training.dataset import STORED_SIDE, Stored, load
from training.manifest import Sample
from training.outlines import SKULL, marks_skull, outline_on
from training.readable import Unreadable, each_readable

STRUCTURES = ("skull", "csp", "lateral_ventricle")
"""The head to its skull's outer edge; cavum septi pellucidi and lateral ventricle are rotated boxes, not contours."""

LABELLED = "fetal_planes"
"""The set whose annotations are labels of several structures; those of other sets are outlines of the head."""

BOXES = frozenset({"csp", "lateral_ventricle"})


@dataclass(frozen=True, eq=False, slots=True)
class Masked:
    """A stored picture with its masks.

    Attributes:
        masks: bool, (structures, STORED_SIDE, STORED_SIDE).
        known: bool, (structures,): HC18 tells the head alone; a label that a picture lacks is not known to be absent.
    """

    stored: Stored
    masks: NDArray[np.bool_]
    known: NDArray[np.bool_]


def file_masks(data: Path, sample: Sample) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the masks, bool (structures, H, W) in pixels of the picture's file, and which are known.

    Raises:
        ValueError: The sample has no annotation, or one that holds no ellipse.
    """
    if sample.outline is None:
        raise ValueError(f"{sample.picture} has no annotation")
    path = data / sample.outline
    clip = read_clip(data / sample.picture)
    masks = np.zeros((len(STRUCTURES), clip.height, clip.width), bool)
    known = np.zeros(len(STRUCTURES), bool)
    if sample.source != LABELLED:
        masks[0], known[0] = filled_ellipse(outline_on(path, clip.width), clip.height, clip.width), True
        return masks, known
    with Image.open(path) as picture:
        drawn = np.asarray(picture.convert("L"))
    labels = cv2.resize(drawn, (clip.width, clip.height), interpolation=cv2.INTER_NEAREST)
    for place in range(len(STRUCTURES)):
        label = place + SKULL
        masks[place] = labels >= label if label == SKULL else labels == label
        known[place] = marks_skull(path) if label == SKULL else bool((drawn == label).any())
    return masks, known


def stored_masks(data: Path, samples: Sequence[Sample]) -> tuple[list[Masked], list[Unreadable]]:
    """Read annotated pictures by the app's own road, and their masks into the stored square.

    Returns:
        Those that can be read, and those of which picture or annotation cannot.
    """

    def read(sample: Sample) -> Masked:
        return _masked(data, load(data, [sample])[0])

    annotated = [sample for sample in samples if sample.outline is not None]
    return each_readable(data, annotated, lambda sample: sample.picture, read)


def with_truth(data: Path, samples: Sequence[Sample]) -> tuple[list[Sample], list[Unreadable]]:
    """Return the samples whose picture and annotation can be read, and the others."""

    def read(sample: Sample) -> Sample:
        file_masks(data, sample)
        return sample

    return each_readable(data, samples, lambda sample: sample.picture, read)


def _masked(data: Path, stored: Stored) -> Masked:
    masks, known = file_masks(data, stored.sample)
    box = Letterbox(crop_of(read_clip(data / stored.sample.picture)), STORED_SIDE)
    left, top = box.to_frame(np.zeros(2))
    matrix = np.array([[box.scale, 0.0, left], [0.0, box.scale, top]])
    flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    square = [cv2.warpAffine(mask.astype(np.uint8), matrix, (STORED_SIDE, STORED_SIDE), flags=flags) for mask in masks]
    return Masked(stored, np.stack(square).astype(bool), known)
