"""The toolkit itself, where it once broke, and what the window must not load."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Signal

ROOT = Path(__file__).resolve().parents[2]


class _Emitter(QObject):
    fired = Signal()


def test_emitting_does_not_eat_references_to_true(qapp: object) -> None:
    """PySide6 6.12.0 drops one a call: CPython 3.11 then aborts after some hundred signals."""
    emitter = _Emitter()
    before = sys.getrefcount(True)
    for _ in range(20):
        emitter.fired.emit()

    assert sys.getrefcount(True) >= before


@pytest.mark.parametrize(
    "heavy", ["torch", "open_clip", "torchvision", "timm", "cv2", "reportlab", "scipy", "av", "qtpy"]
)
def test_the_window_is_there_before_anything_heavy_is_loaded(heavy: str) -> None:
    assert heavy not in _loaded_by_the_window()


def _loaded_by_the_window(_known: list[str] = []) -> list[str]:  # noqa: B006 - asked once for all cases
    if not _known:
        script = "import sys, fetalclip_app.ui.app; print(*sys.modules)"
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True
        )
        _known += done.stdout.split()
    return _known
