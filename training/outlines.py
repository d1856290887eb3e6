"""True outlines of heads, as ellipses in the picture's own pixels."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from fetalclip_app.biometry.ellipse import fit_ellipse
from fetalclip_app.biometry.ellipse_lengths import ellipse_of
from fetalclip_app.domain.overlay import Ellipse

SKULL = 1
"""Label of the head in the head structures; 2 (cavum) and 3 (ventricle) are rotated boxes inside it."""

LARGEST_LABEL = 3
"""Brighter pixels are a drawn line."""


def marks_skull(path: Path) -> bool:
    """Whether an annotation marks the head: 20 of the 424 head structures mark boxes inside it alone."""
    with Image.open(path) as picture:
        labels = np.asarray(picture.convert("L"))
    return bool(labels.max() > LARGEST_LABEL or (labels == SKULL).any())


def read_outline(path: Path) -> Ellipse:
    """Return the ellipse of an annotation: a thin drawn line (HC18) or a filled mask (head structures).

    Of a line the ellipse runs through its centre; of a mask along its edge.

    Raises:
        ValueError: The annotation holds no ellipse.
    """
    with Image.open(path) as picture:
        marked = np.asarray(picture.convert("L")) > 0
    ellipse = _through_line(marked) if _is_line(marked) else fit_ellipse(marked)
    if ellipse is None:
        raise ValueError(f"{path.name} holds no ellipse")
    return ellipse


def outline_on(path: Path, width: int) -> Ellipse:
    """Return the ellipse of an annotation in the pixels of its picture; masks may lie on a larger copy of that.

    Args:
        width: Of the picture, in pixels.

    Raises:
        ValueError: The annotation holds no ellipse.
    """
    with Image.open(path) as drawn:
        scale = width / drawn.width
    outline = read_outline(path)
    cx, cy = (np.array([outline.cx, outline.cy]) + 0.5) * scale - 0.5
    return Ellipse(float(cx), float(cy), outline.a * scale, outline.b * scale, outline.angle_deg)


def _is_line(marked: np.ndarray) -> bool:
    contours, _ = cv2.findContours(marked.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = sum(cv2.contourArea(contour) for contour in contours)
    return bool(np.count_nonzero(marked) < 0.5 * filled) if filled else True


def _through_line(marked: np.ndarray) -> Ellipse | None:
    points = np.argwhere(marked)[:, ::-1].astype(np.float32)
    if len(points) < 5:
        return None
    (cx, cy), (first, second), angle = cv2.fitEllipse(points)
    return ellipse_of(cx, cy, first / 2, second / 2, angle)
