"""Real scans as undamaged files, cut to a few frames in memory; nothing of them is kept."""

from __future__ import annotations

import io
from itertools import islice
from pathlib import Path
from typing import Any

from pydicom import config, dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.filewriter import dcmwrite

from bench.fuzz.seeds import Family, Seed

_KEPT = 3
"""Frames of a cine that are kept."""

_NAMED = ("PatientName", "PatientID", "PatientBirthDate", "AccessionNumber", "InstitutionName")


def seeds(folder: Path) -> list[Seed]:
    """Return the DICOM files of ``folder``, in the order of their names."""
    return [_shortened(path) for path in sorted((folder / "dicom").glob("*.dcm"))]


def _shortened(path: Path) -> Seed:
    config.settings.reading_validation_mode = config.settings.writing_validation_mode = config.IGNORE
    data = dcmread(path)
    frames = int(data.get("NumberOfFrames") or 1)
    content = path.read_bytes() if frames <= _KEPT else _cut(data)
    secrets = {str(data.get(each) or "").strip("^ ") for each in _NAMED}
    named = tuple(sorted(text for text in secrets if len(text) > 3))
    return Seed(f"real {path.stem}", Family.DICOM, (("scan.dcm", content),), data.Rows, data.Columns, named)


def _cut(data: Dataset) -> bytes:
    value: Any = data.PixelData
    held = islice(generate_frames(value, number_of_frames=int(data.NumberOfFrames)), _KEPT)
    data.PixelData, data.NumberOfFrames = encapsulate(list(held)), _KEPT
    data["PixelData"].is_undefined_length = True
    written = io.BytesIO()
    dcmwrite(written, data)
    return written.getvalue()
