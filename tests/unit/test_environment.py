"""What must never be installed beside us, and what must never be written into the project."""

from __future__ import annotations

import re
from importlib.metadata import distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("refused", ["opencv-python", "opencv-contrib-python", "python-gdcm", "pylibjpeg-libjpeg"])
def test_a_package_that_breaks_us_or_our_licence_is_absent(refused: str) -> None:
    """Two OpenCV write the same folder; gdcm aborts on damaged files; pylibjpeg-libjpeg is GPL."""
    installed = {str(found.metadata["Name"]).lower() for found in distributions()}

    assert refused not in installed


def test_the_constraints_are_plain_versions_without_addresses() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    wrong = [
        line for line in lines if line and not line.startswith("#") and not re.fullmatch(r"[\w.\-]+==[\w.+!]+", line)
    ]

    assert wrong == []
