"""What the packaged program is given to read, and what must come out of it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import av
import made_up_scans
import numpy as np
import pydicom
from pydicom.uid import UID, ExplicitVRLittleEndian, JPEG2000Lossless, JPEGLSLossless, RLELossless, generate_uid

from fetalclip_app.imaging.readers import read_clip

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "resources" / "samples" / "simulated_head.dcm"

TRUE_HC_MM, TOLERANCE_MM = 176.0, 3.0
"""Of the sample, by its own page; how far the model may be off."""

FRAMES = 3
"""Of a packing: enough for a cine."""

_PACKINGS: dict[str, UID] = {
    "uncompressed": ExplicitVRLittleEndian,
    "RLE": RLELossless,
    "JPEG-LS": JPEGLSLossless,
    "JPEG 2000": JPEG2000Lossless,
}


def write_packings(folder: Path) -> list[Path]:
    """Write some frames of the sample in other packings: DICOM as scanners store it, and an H.264 video."""
    folder.mkdir(parents=True)
    pixels = np.stack([read_clip(SAMPLE).frame(24 + index).pixels for index in range(FRAMES)])
    made = [_dicom(folder / f"{name}.dcm", pixels, syntax) for name, syntax in _PACKINGS.items()]
    return [*made, _video(folder / "H.264.mp4", pixels)]


def _dicom(path: Path, pixels: np.ndarray[Any, Any], syntax: UID) -> Path:
    dataset = pydicom.dcmread(SAMPLE)
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.NumberOfFrames, dataset.PhotometricInterpretation = len(pixels), "RGB"
    dataset.SamplesPerPixel, dataset.PlanarConfiguration = 3, 0
    dataset.PixelData = pixels.tobytes()
    dataset["PixelData"].is_undefined_length = False
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    if syntax != ExplicitVRLittleEndian:
        dataset.compress(syntax, generate_instance_uid=False)
    dataset.save_as(path)
    return path


def _video(path: Path, pixels: np.ndarray[Any, Any]) -> Path:
    with av.open(str(path), "w") as output:
        stream: Any = output.add_stream("libx264", rate=25)
        stream.height, stream.width, stream.pix_fmt = pixels.shape[1], pixels.shape[2], "yuv420p"
        for frame in pixels:
            output.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        output.mux(stream.encode())
    return path


def check_readings(table: list[dict[str, Any]], files: list[Path]) -> None:
    """Pass where every file was read, and the head has its length where the file has a scale.

    Raises:
        ValueError: One is not.
    """
    for file in files:
        told = [entry for entry in table if Path(str(entry.get("file", ""))).name == file.name]
        if len(told) != 1 or told[0].get("views", {}).get("best") != "brain":
            raise ValueError(f"{file.name} was not read: {json.dumps(told)[:800]}")
        length = told[0]["head"].get("hc_mm")
        if file.suffix == ".dcm" and (length is None or abs(length - TRUE_HC_MM) > TOLERANCE_MM):
            raise ValueError(f"the head of {file.name} is {length} mm round, and not {TRUE_HC_MM}")


def check_exports(folder: Path, exported: dict[str, int]) -> None:
    """Pass where what was exported is what it is called.

    Raises:
        ValueError: Something is not.
    """
    if not (folder / "sample.pdf").read_bytes().startswith(b"%PDF-"):
        raise ValueError("the report is no PDF")
    if not json.loads((folder / "sample.json").read_text(encoding="utf-8")):
        raise ValueError("the findings are empty")
    if b"ftyp" not in (folder / "sample.mp4").read_bytes()[:16]:
        raise ValueError("the annotated clip is no MP4")
    check_objects(folder / "objects")
    if empty := [name for name, size in exported.items() if not size]:
        raise ValueError(f"nothing was written by {', '.join(empty)}")


def check_objects(folder: Path) -> str:
    """Return how many DICOM objects of each kind there are, where a structured report and a mask are among them.

    Raises:
        ValueError: One of the two is missing.
    """
    kinds = Counter(str(pydicom.dcmread(path).Modality) for path in folder.rglob("*.dcm"))
    if not {"SR", "SEG"} <= set(kinds):
        raise ValueError(f"there is no structured report, or no mask, but {dict(kinds)}")
    return ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))


def write_scans(folder: Path) -> Path:
    """Write made-up scans whose patients the committed splits know."""
    made_up_scans.write_known(folder, ROOT / "training" / "splits")
    return folder
