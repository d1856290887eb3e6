"""The first window and nothing else: ``python -m bench.window_first STARTED`` prints seconds on the wall and of work.

It imports what the program imports, as the program does, and no other part of the bench, which would count with it.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time

from fetalclip_app.__main__ import modules_that_stay

with modules_that_stay():
    from PySide6.QtWidgets import QApplication

    from fetalclip_app.settings import HOME_VARIABLE, Settings
    from fetalclip_app.ui import theme
    from fetalclip_app.ui.app import Studio


def main() -> int:
    """Open the window, paint it, and print when it was there."""
    started_s = float(sys.argv[1])
    with tempfile.TemporaryDirectory() as home:
        os.environ[HOME_VARIABLE] = home
        app = QApplication(sys.argv[:1])
        theme.apply(app)
        studio = Studio(Settings())
        studio.window.show()
        studio.window.grab()
        print(json.dumps({"wall_s": time.monotonic() - started_s, "work_s": time.process_time()}))
        studio.end()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
