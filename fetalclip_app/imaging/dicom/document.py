"""Documents that DICOM objects carry (PS3.3 A.45)."""

from __future__ import annotations

from pathlib import Path

from pydicom.filereader import dcmread
from pydicom.uid import EncapsulatedPDFStorage

from fetalclip_app.imaging.files.budget import within_budget
from fetalclip_app.imaging.files.finding import content_at
from fetalclip_app.imaging.files.sniff import Kind, kind_of
from fetalclip_app.imaging.guard import reading


def pdf_in(path: Path) -> bytes | None:
    """Return the PDF that a DICOM object carries; None where the file is another object, or no DICOM file.

    Raises:
        UnreadableFile: It cannot be read.
    """
    with reading(path):
        content = content_at(path)
        if kind_of(content) is not Kind.DICOM:
            return None
        with content.open() as stream:
            found = dcmread(within_budget(stream), stop_before_pixels=True, force=True)
            carried = found.get("EncapsulatedDocument") if found.get("SOPClassUID") == EncapsulatedPDFStorage else None
            return None if carried is None else bytes(carried)
