"""What the first file needs is there before it is opened, and the model leaves the first picture the processor."""

from __future__ import annotations

import subprocess
import sys

_LOADED = """
import sys
from fetalclip_app.progress import CancelToken
import fetalclip_app.ui.app
from fetalclip_app.ui.warming import load_what_files_need
NEEDED = ("pydicom", "cv2", "PIL.JpegImagePlugin", "fetalclip_app.imaging.readers", "fetalclip_app.report.as_json")
before = [name for name in NEEDED if name in sys.modules]
load_what_files_need(CancelToken(), lambda done, total: None)
print(before, [name for name in NEEDED if name not in sys.modules], "torch" in sys.modules)
"""


def test_the_window_starts_without_what_decodes_files_and_then_all_of_it_is_loaded_at_once() -> None:
    told = subprocess.run([sys.executable, "-c", _LOADED], check=True, capture_output=True, text=True).stdout

    assert told.strip() == "[] [] False"
