"""The first window, in an interpreter of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[2]

SCRIPT = textwrap.dedent(
    """
    import sys, time
    from fetalclip_app.__main__ import modules_that_stay

    with modules_that_stay():
        from PySide6.QtWidgets import QApplication
        from fetalclip_app.settings import Settings
        from fetalclip_app.ui import theme
        from fetalclip_app.ui.app import Studio

    app = QApplication([])
    theme.apply(app)
    studio = Studio(Settings())
    studio.window.show()
    studio.window.grab()
    print(time.process_time(), *{"torch", "cv2", "PIL", "pydicom"} & set(sys.modules))
    studio.end()
    """
)


def _started(home: Path) -> tuple[float, list[str]]:
    """Return the processor's seconds from the interpreter's start to a painted window, and which codecs are there."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "FETALCLIP_STUDIO_HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, env=environment, check=True, timeout=120
    )
    seconds, *rooms = done.stdout.split()
    return float(seconds), rooms


def test_the_first_window_takes_less_than_a_second_of_the_processor_without_torch_or_a_codec(tmp_path: Path) -> None:
    starts = [_started(tmp_path) for _ in range(4)]

    assert min(seconds for seconds, _ in starts) < 1.0
    assert [rooms for _, rooms in starts if rooms] == []
