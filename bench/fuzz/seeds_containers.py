"""Undamaged archives and media: ZIP files and a folder with its DICOMDIR, each with several clips."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path

from pydicom import dcmread
from pydicom.fileset import FileSet
from pydicom.uid import UID

from bench.fuzz.seeds import Family, Seed
from bench.fuzz.seeds_dicom import HEIGHT, SECRETS, WIDTH, seeds_named

_EPOCH = (2024, 1, 2, 3, 4, 6)
_INSIDE = ("native grey", "JPEG", "PixelSpacing alone", "deflated")


def seeds() -> list[Seed]:
    """Return the containers that the program opens."""
    scans = {f"study/IM{place:04d}": seed.content for place, seed in enumerate(seeds_named(_INSIDE))}
    disc = _disc(list(scans.values()))
    return [
        _seed("ZIP stored", Family.ZIP, (("study.zip", zipped(scans, zipfile.ZIP_STORED)),)),
        _seed("ZIP deflated", Family.ZIP, (("study.zip", zipped(scans, zipfile.ZIP_DEFLATED)),)),
        _seed("ZIP of a disc", Family.ZIP, (("study.zip", zipped(disc, zipfile.ZIP_DEFLATED)),)),
        _seed("disc", Family.DISC, tuple(sorted(disc.items(), key=lambda each: each[0] != "DICOMDIR"))),
    ]


def _seed(name: str, family: Family, files: tuple[tuple[str, bytes], ...]) -> Seed:
    return Seed(name, family, files, HEIGHT, WIDTH, SECRETS)


def zipped(files: dict[str, bytes], method: int) -> bytes:
    """Return a ZIP of files whose bytes depend on nothing else."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, method)
    return held.getvalue()


def _disc(scans: list[bytes]) -> dict[str, bytes]:
    """Return the files of a medium, as pydicom lays them out, by their names."""
    medium = FileSet()
    medium.UID = UID("1.2.3.99")
    for place, content in enumerate(scans):
        data = dcmread(io.BytesIO(content))
        data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = UID(f"1.2.3.4.{place}")
        data.StudyTime, data.StudyID, data.SeriesNumber, data.InstanceNumber = "120000", "1", 1, place + 1
        data.AccessionNumber = ""
        medium.add(data)
    with tempfile.TemporaryDirectory() as folder:
        medium.write(folder)
        medium._stage["t"].cleanup()  # pydicom leaves its staging folder to the garbage collector, which complains
        files = [path for path in sorted(Path(folder).rglob("*")) if path.is_file()]
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
