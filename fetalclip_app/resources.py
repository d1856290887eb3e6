"""The one place that knows where data files lie: checkout, installed wheel or frozen program."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

FOLDER, IN_WHEEL = "resources", "bundled"
"""Beside this package in a checkout, at the top of a frozen program; inside this package in a wheel (pyproject)."""


def root() -> Path:
    """Return the folder of the bundled data files.

    Raises:
        FileNotFoundError: The installation is incomplete.
    """
    frozen = getattr(sys, "_MEIPASS", None)
    package = Path(__file__).resolve().parent
    places = [Path(frozen) / FOLDER] if frozen else [package / IN_WHEEL, package.parent / FOLDER]
    for folder in places:
        if (folder / "prompts").is_dir():
            return folder
    raise FileNotFoundError(f"no resources folder at {' or '.join(map(str, places))}")


def path(name: str) -> Path:
    """Return the path of a bundled file, such as ``prompts/planes.json``."""
    return root() / name


def read_json(name: str) -> Any:
    """Return the content of a bundled JSON file."""
    return json.loads(path(name).read_text(encoding="utf-8"))


def list_files(folder: str, suffix: str) -> tuple[Path, ...]:
    """Return the bundled files of a folder with this suffix, sorted by name."""
    where = path(folder)
    return tuple(sorted(where.glob(f"*{suffix}"))) if where.is_dir() else ()
