"""ZIP files that tests write, and why what is in one cannot be opened."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import dicom_files as files
import numpy as np
import pytest
from PIL import Image

from fetalclip_app import wording
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.readers import list_files, read_clip

RGB = files.colour_picture()
METHODS = {"stored": zipfile.ZIP_STORED, "deflated": zipfile.ZIP_DEFLATED}


def png(picture: np.ndarray = RGB) -> bytes:
    held = io.BytesIO()
    Image.fromarray(picture).save(held, "PNG")
    return held.getvalue()


def packed(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def code_of(path: Path) -> ErrorCode:
    """Return why what is at ``path`` cannot be opened."""
    with pytest.raises(UnreadableFile) as caught:
        for file in list_files([path]):
            read_clip(file).frame(0)
    assert wording.sentence(caught.value)
    assert wording.hint(caught.value)
    return caught.value.code
