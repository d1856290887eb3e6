"""From an ellipse in network pixels to the head in frame pixels, and to its lengths in mm."""

from __future__ import annotations

import numpy as np

from fetalclip_app.biometry.ellipse_lengths import lengths
from fetalclip_app.domain.abstention import Abstention
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.domain.reading import HeadSize
from fetalclip_app.imaging.preprocess import Letterbox
from fetalclip_app.tasks.base import Scan
from fetalclip_app.tasks.scale import spacing_of_outline

_EDGE_POINTS = 64
"""Points of the outline that must lie in one region of the picture."""


def to_frame(ellipse: Ellipse, box: Letterbox) -> Ellipse:
    """Return a network-pixel ellipse in frame pixels."""
    cx, cy = box.to_frame(np.array([ellipse.cx, ellipse.cy]))
    return Ellipse(float(cx), float(cy), ellipse.a * box.scale, ellipse.b * box.scale, ellipse.angle_deg)


def head_size(scan: Scan, ellipse: Ellipse) -> HeadSize | Abstention:
    """Return the lengths of an ellipse in frame pixels, or why the picture has no one scale for it."""
    spacing = spacing_of_outline(scan, [(float(x), float(y)) for x, y in ellipse.points(_EDGE_POINTS)])
    if isinstance(spacing, Abstention):
        return spacing
    measured = lengths(ellipse, spacing)
    return HeadSize(hc_mm=measured.circumference_mm, bpd_mm=measured.minor_mm, ofd_mm=measured.major_mm)
