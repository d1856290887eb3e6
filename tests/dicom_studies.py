"""Reports about DICOM files that tests write, for the objects that are made of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from dicom_files import dataset_of, region, write
from fakes import fan_picture, make_reading
from PIL import Image
from pydicom.dataset import Dataset
from study_tools import dated, drawn

from fetalclip_app.domain.age import AgeInterval, GestationalAge
from fetalclip_app.domain.biometry import BpdDefinition, Measure
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.notes import ClipNotes, HandMeasurement, StudyNotes
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.imaging.readers import read_clip
from fetalclip_app.report.build import ClipEntry, ReportContent, ReportOptions, build

STUDY, SERIES = "1.2.826.0.1.3680043.8.498.7001", "1.2.826.0.1.3680043.8.498.7002"

PERSON = (
    drawn(Measure.HC, 175.0),
    drawn(Measure.HC, 177.0, frame_index=1),
    drawn(Measure.BPD, 47.0, BpdDefinition.OUTER_INNER),
    drawn(Measure.AC, 152.0),
    drawn(Measure.FL, 33.0),
)
"""Of a fetus of 20 weeks: the head twice, on two frames."""


def cine(path: Path, *, frames: int = 4, scale: bool = True, **tags: Any) -> Clip:
    """Write a cine of a made-up scan, 0.5 mm a pixel, and read it."""
    pictures = np.stack([fan_picture(240, 320, seed=seed) for seed in range(frames)])
    regions = [region((0, 0, 319, 239), delta=(0.05, 0.05))]
    stated: dict[str, Any] = {
        "StudyInstanceUID": STUDY,
        "SeriesInstanceUID": SERIES,
        "StudyDate": "20260314",
        "StudyTime": "101112",
        "StudyID": "S1",
        "PatientBirthDate": "19950101",
        "PatientSex": "F",
        "FrameTime": "40",
        **({"SequenceOfUltrasoundRegions": regions} if scale else {}),
        **tags,
    }
    return read_clip(write(path, dataset_of(pictures if frames > 1 else pictures[0], **stated)))


def picture(path: Path, *, pixel_mm: float | None = 0.5, seed: int = 0) -> Clip:
    """Write the same as a picture that is no DICOM file, and read it with a scale by hand."""
    Image.fromarray(fan_picture(240, 320, seed=seed)).save(path)
    clip = read_clip(path)
    return clip if pixel_mm is None else clip.with_pixel_mm(pixel_mm)


def with_interval(reading: ClipReading) -> ClipReading:
    """Return a reading whose age of 20w3d has an interval: 10 days down, 11 up."""
    fitted = AgeInterval(GestationalAge(133), GestationalAge(154), 0.9, "hadlock_1984_hc")
    findings = [
        replace(one, answer=replace(one.answer, interval=fitted)) if one.task_key == "gestational_age" else one
        for one in reading.findings
    ]
    return replace(reading, findings=tuple(findings))


def entry(clip: Clip, measured: Sequence[HandMeasurement] = (), *, days: int | None = 143, **more: Any) -> ClipEntry:
    """Return a clip as it stands in a report, read by the made-up model."""
    notes, study = ClipNotes(measured=tuple(measured)), StudyNotes(dating=dated(days) if days else None)
    reading = more.pop("reading", None)
    reading = make_reading(clip) if reading is None else reading
    return ClipEntry(clip, reading, clip.path.name, notes=notes, study_notes=study, **more)


def whole_report(folder: Path, **options: Any) -> ReportContent:
    """Return a report about one cine: the model read it, and a person measured all that there is."""
    clip = cine(folder / "cine.dcm")
    made = entry(clip, PERSON, reading=with_interval(make_reading(clip)))
    return build([made], ReportOptions(operator="B. Reader", **options))


def twins(folder: Path) -> ReportContent:
    """Return a report about one cine of each twin, and one of which nobody said whose it is."""
    clips = [
        cine(folder / f"{name}.dcm", SOPInstanceUID=f"{SERIES}.{number}") for number, name in enumerate("abc", start=1)
    ]
    return build(
        [
            entry(clips[0], [replace(one, fetus="A") for one in PERSON], fetus="A"),
            entry(clips[1], fetus="B"),
            entry(clips[2], fetus=None),
        ]
    )


def items(here: Dataset) -> Iterator[Dataset]:
    """Yield every content item below one, in order."""
    for child in here.get("ContentSequence", ()):
        yield child
        yield from items(child)


def name_of(item: Dataset) -> tuple[str, str]:
    """Return the code and the scheme of an item's name; two empty texts for one without a name."""
    names = item.get("ConceptNameCodeSequence")
    return (names[0].CodeValue, names[0].CodingSchemeDesignator) if names else ("", "")
