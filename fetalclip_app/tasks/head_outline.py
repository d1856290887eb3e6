"""How large the head is: mask, ellipse, lengths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.biometry.ellipse import outline_ellipse
from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.overlay import Ellipse, Segmentation
from fetalclip_app.domain.reading import Finding, HeadMeasurement
from fetalclip_app.domain.views import BRAIN
from fetalclip_app.imaging.preprocess import Letterbox
from fetalclip_app.tasks.base import Instruments, Scan
from fetalclip_app.tasks.keys import HEAD
from fetalclip_app.tasks.outlines import head_size, to_frame

CANDIDATES = 8
"""How many of the best brain frames are outlined; the clearest outline is measured."""


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
        maps = instruments.outliner.outline(scan.prepared([int(index) for index in frames]))
        fits = [outline_ellipse(values) for values in maps]
        clearness = [0.0 if fit is None else fit[1] for fit in fits]
        best = int(np.argmax(clearness))
        chosen = fits[best]
        frame_index = int(frames[best])
        if chosen is None or chosen[1] < instruments.calibration.outline_fit_limit:
            doubt = Abstention(Reason.AMBIGUOUS, "outline", {"fit": round(clearness[best], 3)})
            return Finding(self.key, doubt, frame_index)
        return Finding(self.key, _measured(scan, maps[best], *chosen), frame_index)


def _measured(scan: Scan, values: NDArray[np.float32], ellipse: Ellipse, fit: float) -> HeadMeasurement:
    box = Letterbox(scan.crop, scan.spec.size)
    drawn = to_frame(ellipse, box)
    mask = box.map_to_frame(values, scan.clip.height, scan.clip.width) > 0.5
    return HeadMeasurement(Segmentation("head", mask), drawn, fit, head_size(scan, drawn))
