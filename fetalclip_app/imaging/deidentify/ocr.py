"""Reads text in pictures with RapidOCR, whose models lie in its package: nothing is fetched from anywhere."""

from __future__ import annotations

import logging
from importlib import util
from pathlib import Path
from typing import Any

import numpy as np

from fetalclip_app.domain.calibration import Box
from fetalclip_app.domain.clip import Pixels
from fetalclip_app.errors import ErrorCode, NotDeidentified
from fetalclip_app.imaging.deidentify.texts import SeenText

_PACKAGES = ("rapidocr", "onnxruntime")
_LEAST_SCORE = 0.5
_MODELS = {"Det": "*det*.onnx", "Cls": "*cls*.onnx", "Rec": "*rec*.onnx"}


class RapidReader:
    """The OCR, loaded once."""

    def __init__(self) -> None:
        """Load the models; this takes a second.

        Raises:
            NotDeidentified: TEXT_READER_MISSING, with the package's name.
        """
        for package in _PACKAGES:
            if util.find_spec(package) is None:
                raise NotDeidentified(ErrorCode.TEXT_READER_MISSING, package=package)
        import rapidocr  # noqa: PLC0415 - late: only who de-identifies needs it

        logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
        options: dict[str, Any] = {"Global.log_level": "critical", "Global.text_score": _LEAST_SCORE}
        for part, pattern in _MODELS.items():
            # Named, so that a model that is missing is never looked for on the internet.
            options[f"{part}.model_path"] = str(_model(Path(rapidocr.__file__).parent / "models", pattern))
        self._read = rapidocr.RapidOCR(params=options)

    def read(self, pixels: Pixels) -> tuple[SeenText, ...]:
        """Return every text in a picture, uint8 (H, W, 3) RGB."""
        found: Any = self._read(np.ascontiguousarray(pixels[..., ::-1]))
        if found.txts is None:
            return ()
        rows = zip(found.txts, found.boxes, found.scores, strict=True)
        return tuple(SeenText(text, _box(corners), float(score)) for text, corners, score in rows)


def _model(folder: Path, pattern: str) -> Path:
    models = sorted(folder.glob(pattern))
    if not models:
        raise NotDeidentified(ErrorCode.TEXT_READER_MISSING, package="rapidocr")
    return models[0]


def _box(corners: Any) -> Box:
    points = np.asarray(corners, dtype=float)
    left, top = (max(int(value), 0) for value in np.floor(points.min(axis=0)))
    right, bottom = (int(value) for value in np.ceil(points.max(axis=0)))
    return Box(left, top, max(right, left + 1), max(bottom, top + 1))
