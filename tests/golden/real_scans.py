"""The real scans, where FETALCLIP_DATA names their folder; without it their tests are skipped."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REAL = [
    pytest.mark.real,
    pytest.mark.skipif(not os.environ.get("FETALCLIP_DATA"), reason="FETALCLIP_DATA does not name the real scans"),
]
"""The marks of a module that tests them."""


def scan(name: str = "") -> Path:
    """Return the path of a scan, or of the folder of all."""
    return Path(os.environ["FETALCLIP_DATA"], "dicom", name)
