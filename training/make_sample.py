"""Writes the bundled sample: a sweep through a simulated head, as a scanner would store it."""

from __future__ import annotations

import argparse
import hashlib
import io
import math
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, JPEGBaseline8Bit, UltrasoundMultiFrameImageStorage, generate_uid

from fetalclip_app import __version__, resources
from fetalclip_app.domain.calibration import Box
from fetalclip_app.domain.clip import Pixels
from training.brain import BrainLook
from training.phantom import Bone, Surroundings
from training.section import HeadSpec, SimulatedPicture, section
from training.speckle import Fan, Scanner, View
from training.tissue import Tissue, random_tissue

SAMPLE = "samples/simulated_head.dcm"
"""Below the folder of bundled data files."""

HC_MM = 176.0
"""Along the skull's outer edge, in every frame: the section keeps its size and moves rigidly."""

FRAMES = 48
FRAME_TIME_MS = 40.0
WIDTH, HEIGHT = 800, 600
PIXEL_MM = 0.2
QUALITY = 87

NOTICE = "SIMULATED - not a patient"

_SEED = 20
_UID_ROOT = "1.2.826.0.1.3680043.8.498."  # pydicom's, free for anyone's use
_FACE_X, _FACE_Y = 385, 86
"""Pixel of the middle of the probe's face."""

_FAN = Fan(radius_mm=50.0, half_angle_deg=31.0, depth_mm=95.0)
_WHITE = (215, 215, 215)
_DIM = (150, 150, 150)


def sample_spec(index: int) -> HeadSpec:
    """Return frame ``index``: a hand that glides through the trans-thalamic plane and drifts a little."""
    time = 2 * index / (FRAMES - 1) - 1
    return HeadSpec(
        hc_mm=HC_MM,
        ratio=0.79,
        angle_deg=-5.0 + 2.5 * math.sin(2.2 * time),
        x_mm=1.0 + 2.4 * math.sin(1.7 * time + 0.4),
        y_mm=51.0 + 1.2 * math.cos(2.6 * time),
        plane="trans-thalamic",
        fan=_FAN,
        view=View(WIDTH, HEIGHT, PIXEL_MM, -_FACE_X * PIXEL_MM, -_FACE_Y * PIXEL_MM),
        scanner=Scanner(0.0, 60.0, axial_mm=0.27, lateral_deg=0.2, focus_mm=52.0, looks=2, noise_db=-36.0, smooth=1.4),
        brain=BrainLook(base_db=-12.0, texture_db=4.0, midline_db=24.0),
        bone=Bone(
            thickness_mm=2.6, bright_db=40.0, dropout_db=42.0, wobble_mm=0.05, gaps_db=2.5, sutures=1, haze=0.012
        ),
        world=Surroundings(fluid=0.3, fluid_shift=(0.06, 0.04), near_mm=17.0, clutter_db=8.0),
        # Slow where the plane is right, as one who looks for it does.
        elevation_mm=4.5 * time * abs(time) ** 0.7,
    )


def sample_tissue() -> Tissue:
    """Return the one fetus that all frames show."""
    return random_tissue(np.random.default_rng(_SEED))


def sample_frame(index: int, tissue: Tissue) -> tuple[Pixels, SimulatedPicture]:
    """Return a frame as the screen shows it, and the bare picture with its truth."""
    spec = sample_spec(index)
    picture = section(spec, tissue, tick=index)
    screen = picture.pixels.copy()
    _write(screen, NOTICE, (14, 27), 0.7, _WHITE)
    _write(screen, "FetalCLIP Studio simulator", (566, 26), 0.45, _DIM)
    note = f"Frame {index + 1}/{FRAMES}   trans-thalamic   true HC {HC_MM:.1f} mm (outer edge)"
    _write(screen, note, (14, 590), 0.42, _DIM)
    for depth_mm in range(0, int(_FAN.depth_mm) + 1, 5):
        y, length = _FACE_Y + round(depth_mm / PIXEL_MM), 10 if depth_mm % 10 == 0 else 5
        cv2.line(screen, (774, y), (774 + length, y), _DIM, 1)
        if depth_mm % 50 == 0 and depth_mm:
            _write(screen, str(depth_mm // 10), (787, y + 4), 0.38, _DIM)
    return screen, picture


def _write(screen: Pixels, text: str, where: tuple[int, int], size: float, colour: tuple[int, int, int]) -> None:
    cv2.putText(screen, text, where, cv2.FONT_HERSHEY_SIMPLEX, size, colour, 1, cv2.LINE_AA)


def fan_box() -> Box:
    """Return the part of the screen that the region describes: the fan and nothing else."""
    # Two pixels more on every side: the fan's rim is blended with the black around it.
    half_width = math.ceil(_FAN.half_width_mm / PIXEL_MM) + 2
    top, bottom = _FAN.top_mm / PIXEL_MM - 2, _FAN.depth_mm / PIXEL_MM + 2
    return Box(
        _FACE_X - half_width, _FACE_Y + math.floor(top), _FACE_X + half_width + 1, _FACE_Y + math.ceil(bottom) + 1
    )


def encode(pixels: Pixels) -> bytes:
    """Return one frame as baseline JPEG."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=QUALITY, subsampling="4:2:2", optimize=True)
    return buffer.getvalue()


def header() -> FileDataset:
    """Return the file without its pixels."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UltrasoundMultiFrameImageStorage
    meta.MediaStorageSOPInstanceUID = _uid("instance")
    meta.TransferSyntaxUID = JPEGBaseline8Bit
    meta.ImplementationClassUID = _uid("implementation")
    meta.ImplementationVersionName = "FETALCLIP_SIM"
    data = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    data.SpecificCharacterSet = "ISO_IR 192"
    data.SOPClassUID, data.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    _add_origin(data)
    _add_picture(data)
    data.SequenceOfUltrasoundRegions = [_region()]
    return data


def _uid(name: str) -> UID:
    return generate_uid(prefix=_UID_ROOT, entropy_srcs=["fetalclip-studio simulated head", name])


def _add_origin(data: Dataset) -> None:
    """Say whose picture this is: nobody's."""
    data.PatientName, data.PatientID = "Simulated^Sample", "SIMULATED"
    data.PatientBirthDate = data.PatientSex = ""
    data.StudyInstanceUID, data.SeriesInstanceUID = _uid("study"), _uid("series")
    data.StudyDate = data.SeriesDate = data.ContentDate = "20250101"
    data.StudyTime = data.SeriesTime = data.ContentTime = "120000"
    data.StudyID, data.SeriesNumber, data.InstanceNumber = "1", 1, 1
    data.AccessionNumber = data.ReferringPhysicianName = ""
    data.StudyDescription = "Simulated fetal head (not a patient)"
    data.SeriesDescription = "Sweep through the trans-thalamic plane"
    data.Modality = "US"
    data.Manufacturer = "FetalCLIP Studio simulator"
    data.ManufacturerModelName = "Simulated convex probe"
    data.SoftwareVersions = __version__
    data.BodyPartExamined = "HEAD"
    data.PatientOrientation = ""
    a_mm, b_mm = sample_spec(0).outer_axes_mm
    data.ImageComments = (
        f"Simulated, not a patient. True HC {HC_MM:.1f} mm in every frame, along the outer edge of the skull "
        f"(BPD {2 * b_mm:.1f} mm, OFD {2 * a_mm:.1f} mm, outer to outer)."
    )


def _add_picture(data: Dataset) -> None:
    """Describe the frames."""
    data.ImageType = ["DERIVED", "PRIMARY", "SIMULATED"]
    data.DerivationDescription = "Computed by a program; no scan of a patient"
    data.Rows, data.Columns, data.NumberOfFrames = HEIGHT, WIDTH, FRAMES
    data.SamplesPerPixel, data.PlanarConfiguration = 3, 0
    data.PhotometricInterpretation = "YBR_FULL_422"
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit, data.PixelRepresentation = 7, 0
    data.FrameTime = f"{FRAME_TIME_MS:g}"
    data.FrameIncrementPointer = 0x00181063
    data.RecommendedDisplayFrameRate = data.CineRate = round(1000 / FRAME_TIME_MS)
    data.BurnedInAnnotation = "NO"
    data.LossyImageCompression = "01"
    data.LossyImageCompressionMethod = "ISO_10918_1"


def _region() -> Dataset:
    """Return the fan as a region: tissue, two-dimensional, in cm for each pixel."""
    box, region = fan_box(), Dataset()
    region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = 1, 1, 0
    region.RegionLocationMinX0, region.RegionLocationMinY0 = box.left, box.top
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = box.right - 1, box.bottom - 1
    region.ReferencePixelX0, region.ReferencePixelY0 = _FACE_X - box.left, _FACE_Y - box.top
    region.ReferencePixelPhysicalValueX = region.ReferencePixelPhysicalValueY = 0.0
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    region.PhysicalDeltaX = region.PhysicalDeltaY = PIXEL_MM / 10
    return region


def write_sample(path: Path) -> str:
    """Write the sample and return its SHA-256; the same program writes the same bytes."""
    tissue, data = sample_tissue(), header()
    frames = [encode(sample_frame(index, tissue)[0]) for index in range(FRAMES)]
    data.LossyImageCompressionRatio = f"{WIDTH * HEIGHT * 3 * FRAMES / sum(map(len, frames)):.1f}"
    data.PixelData = encapsulate(frames)
    buffer = io.BytesIO()
    data.save_as(buffer, enforce_file_format=True)
    part = path.with_suffix(".part")
    part.write_bytes(buffer.getvalue())
    part.replace(path)
    return hashlib.sha256(buffer.getvalue()).hexdigest()


def main() -> None:
    """Write the sample where the program looks for it, or elsewhere."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", nargs="?", type=Path, default=resources.path(SAMPLE))
    path: Path = parser.parse_args().path
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = write_sample(path)
    print(f"{path}: {path.stat().st_size / 2**20:.2f} MiB, sha256 {digest}")


if __name__ == "__main__":
    main()
