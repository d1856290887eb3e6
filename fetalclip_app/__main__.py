"""``python -m fetalclip_app``: a window, or with arguments the command line."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from fetalclip_app import cli

NO_DISPLAY = (
    "There is no display here, so the window cannot open. Without one:\n"
    "  python -m fetalclip_app analyze SCAN --json OUT.json --report OUT.pdf\n"
    "  python -m fetalclip_app demo        reads the bundled sample and says where its report lies\n"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Open the window, or do what the arguments say; return the exit status."""
    multiprocessing.freeze_support()
    given = sys.argv[1:] if arguments is None else list(arguments)
    if not given:
        return open_window([])
    return cli.main(given, open_window, has_display=window_works)


def open_window(paths: Sequence[Path]) -> int:
    """Run the window on ``paths`` until it is closed; without a display say what to do instead."""
    if not has_display():
        sys.stderr.write(NO_DISPLAY)
        return 2
    from fetalclip_app.ui.app import run  # noqa: PLC0415 - the command line needs no Qt

    return run(list(paths))


def has_display() -> bool:
    """Whether the environment names a screen, or a Qt platform that needs none."""
    if sys.platform != "linux":
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def window_works() -> bool:
    """Whether a window really opens where a person can see it.

    Qt ends the whole process when the named screen does not answer or one of its libraries is missing, so a process
    of its own tries it.
    """
    if not has_display() or os.environ.get("QT_QPA_PLATFORM", "").split(":")[0] in {"offscreen", "minimal", "vnc"}:
        return False
    if getattr(sys, "frozen", False):
        return True
    trial = "from PySide6.QtWidgets import QApplication; QApplication([])"
    try:
        return (
            subprocess.run([sys.executable, "-c", trial], capture_output=True, timeout=60, check=False).returncode == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False


if __name__ == "__main__":
    raise SystemExit(main())
