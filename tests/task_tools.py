"""Instruments and scans whose answers a test can foresee."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from fakes import IDENTITY, make_clip

from fetalclip_app.biometry.ellipse import filled_ellipse
from fetalclip_app.domain.backbone import ModelCalibration
from fetalclip_app.domain.calibration import Box
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.domain.views import BRAIN_PLANES, PLANES, ViewSet
from fetalclip_app.imaging.preprocess import PreprocessSpec
from fetalclip_app.tasks.base import Instruments, Scan
from fetalclip_app.tasks.views import ViewTask

WIDTH = 220


PLANE_SET = ViewSet("planes", {key: (f"a {key}", f"the {key}") for key in PLANES}, "ab" * 32)


BRAIN_SET = ViewSet("brain", {key: (key,) for key in BRAIN_PLANES}, "cd" * 32)


@dataclass
class Texts:
    """Puts class words on axes of their own, and ages on a slope around a chosen day."""

    best_day: int = 140
    width_days: float = 6.0
    asked: list[str] = field(default_factory=list)

    def __call__(self, texts: object) -> np.ndarray:
        rows = np.zeros((len(texts), WIDTH), np.float32)  # type: ignore[arg-type]
        for row, text in zip(rows, texts, strict=True):  # type: ignore[call-overload]
            self.asked.append(text)
            self._place(row, text)
        return rows

    def _place(self, row: np.ndarray, text: str) -> None:
        for axis, key in enumerate((*PLANES, *BRAIN_PLANES)):
            if text.endswith(key):
                row[axis] = 1.0
                return
        digits = "".join(letter if letter.isdigit() or letter == "." else " " for letter in text).split()
        numbers = [float(digit.strip(".")) for digit in digits]
        weeks, days = [number for number in numbers if number == int(number)][:2]
        closeness = np.exp(-(((weeks * 7 + days - self.best_day) / self.width_days) ** 2))
        row[1], row[-1] = closeness, np.sqrt(1 - closeness**2)


class RoundHead:
    """Outlines the same ellipse in every picture."""

    identity = ("round_head", "cd" * 32)

    def __init__(self, ellipse: Ellipse | None) -> None:
        self.ellipse = ellipse

    def outline(self, batch: np.ndarray) -> np.ndarray:
        mask = np.zeros((224, 224), np.float32)
        if self.ellipse is not None:
            mask = filled_ellipse(self.ellipse, 224, 224).astype(np.float32)
        else:
            mask[10:20, 10:200] = 1.0
        return np.repeat(mask[None], len(batch), axis=0)


def instruments(texts: Texts | None = None, *, outliner: RoundHead | None = None, **calibration: object) -> Instruments:
    return Instruments(IDENTITY, 20.0, ModelCalibration(**calibration), texts or Texts(), outliner)  # type: ignore[arg-type]


def scan_of(views: list[str], clip: Clip | None = None) -> Scan:
    """A scan whose frames lie on the axes of these views."""
    clip = clip or make_clip(frames=len(views), pixel_mm=0.5)
    rows = np.zeros((len(views), WIDTH), np.float32)
    for row, view in zip(rows, views, strict=True):
        row[PLANES.index(view)] = 1.0
    return Scan(clip, Box(0, 0, clip.width, clip.height), PreprocessSpec(), rows)


def after_views(scan: Scan, tools: Instruments) -> Scan:
    return replace(scan, found=(ViewTask(PLANE_SET).answer(scan, tools),))
