"""How large the head is: mask, ellipse, lengths."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.biometry.ellipse import outline_ellipse
from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.backbone import Outliner
from fetalclip_app.domain.overlay import Ellipse, Segmentation
from fetalclip_app.domain.reading import Finding, HeadMeasurement
from fetalclip_app.domain.views import BRAIN
from fetalclip_app.imaging.preprocess import Letterbox
from fetalclip_app.tasks.base import Instruments, Scan
from fetalclip_app.tasks.keys import HEAD
from fetalclip_app.tasks.outlines import head_size, to_frame
from fetalclip_app.tasks.recalled import Shape, recalled

CANDIDATES = 8
"""How many of the best brain frames are outlined; the clearest outline is measured."""

_FORMAT = 1
"""Raise it when the way from pictures to ellipses changes: what was kept before is then not found."""


@dataclass(frozen=True, slots=True)
class HeadTask:
    """Where is the head, and how large?"""

    key: str = HEAD

    def answer(self, scan: Scan, instruments: Instruments) -> Finding:
        """Return the clearest head among the brain frames, measured where the picture has a scale."""
        if instruments.outliner is None:
            return Finding(self.key, Abstention(Reason.NOT_TRAINED, "no_head"))
        frames = scan.frames_seen_as(BRAIN)[:CANDIDATES]
        if not len(frames):
            return Finding(self.key, scan.why_no_brain())
        seen = _seen(scan, instruments.outliner, [int(index) for index in frames])
        best = int(np.argmax(seen["clearness"]))
        fit, frame_index = float(seen["clearness"][best]), int(frames[best])
        if not len(seen["ellipse"]) or fit < instruments.calibration.outline_fit_limit:
            doubt = Abstention(Reason.AMBIGUOUS, "outline", {"fit": round(fit, 3)})
            return Finding(self.key, doubt, frame_index)
        ellipse = Ellipse(*(float(value) for value in seen["ellipse"]))
        return Finding(self.key, _measured(scan, seen["values"], ellipse, fit), frame_index)


def _seen(scan: Scan, outliner: Outliner, frames: list[int]) -> Mapping[str, NDArray[Any]]:
    """Return how clear each frame's head is, and probabilities and ellipse (none: empty) of the clearest."""

    def look() -> Mapping[str, NDArray[Any]]:
        maps = outliner.outline(scan.prepared(frames))
        fits = [outline_ellipse(values) for values in maps]
        clearness = np.array([0.0 if fit is None else fit[1] for fit in fits])
        best = int(np.argmax(clearness))
        chosen = fits[best]
        ellipse = np.array([] if chosen is None else astuple(chosen[0]), np.float64)
        return {"clearness": clearness, "ellipse": ellipse, "values": maps[best]}

    side = scan.spec.size
    shapes: dict[str, Shape] = {"clearness": (len(frames),), "ellipse": (None,), "values": (side, side)}
    name = json.dumps([HEAD, _FORMAT, outliner.identity, frames])
    return recalled(scan.kept, name, shapes, look)


def _measured(scan: Scan, values: NDArray[np.float32], ellipse: Ellipse, fit: float) -> HeadMeasurement:
    box = Letterbox(scan.crop, scan.spec.size)
    drawn = to_frame(ellipse, box)
    mask = box.map_to_frame(values, scan.clip.height, scan.clip.width) > 0.5
    return HeadMeasurement(Segmentation("head", mask), drawn, fit, head_size(scan, drawn))
