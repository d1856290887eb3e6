"""The pictures that derived objects refer to: a clip's own DICOM object, or secondary captures of its key frames."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field

from highdicom.sc import SCImage
from pydicom.dataset import Dataset
from pydicom.uid import (
    UID,
    SecondaryCaptureImageStorage,
    UltrasoundImageStorage,
    UltrasoundMultiFrameImageStorage,
    generate_uid,
)

from fetalclip_app.domain.clip import Clip, Pixels
from fetalclip_app.imaging.dicom.source import can_be_referred_to, empty_header
from fetalclip_app.report.dicom.marks import Kind, Marks, finished

BODY_PART = "UTERUS"
"""Where in the patient the pictures are of. Without a part a checker asks which side of a paired organ is shown."""


Captured = Callable[[Pixels], Dataset]
"""A picture -> its secondary capture."""


@dataclass(frozen=True, eq=False, slots=True)
class Shown:
    """One frame of an object, as items refer to it.

    Attributes:
        header: Of the object: whose, which study, its UIDs.
        frame: Counts from 1; None for an object of one frame.
    """

    header: Dataset
    frame: int | None


@dataclass(frozen=True, eq=False, slots=True)
class Source:
    """Where the frames of one clip can be found.

    Attributes:
        own: The header of the clip's own object; None where secondary captures stand for it.
        captures: Frame index -> capture of it.
    """

    clip: Clip
    own: Dataset | None
    captures: Mapping[int, Dataset] = field(default_factory=dict)

    def shown(self, index: int) -> Shown:
        """Return the frame as it can be referred to.

        Raises:
            KeyError: Nothing shows this frame.
        """
        if self.own is None:
            return Shown(self.captures[index], None)
        is_cine = int(self.own.get("NumberOfFrames", 1)) > 1
        return Shown(self.own, index + 1 if is_cine else None)

    @property
    def headers(self) -> tuple[Dataset, ...]:
        """Every object that stands for the clip."""
        return tuple(self.captures.values()) if self.own is None else (self.own,)


def source_of(clip: Clip, own: Dataset | None, frames: Iterable[int], captured: Captured) -> Source:
    """Return a clip's source; what cannot be referred to gets a capture of each frame that something refers to.

    Args:
        own: The header of its file, where that is DICOM.
        captured: Makes a capture of a picture.

    Raises:
        UnreadableFile: A frame cannot be decoded.
    """
    if own is not None and can_be_referred_to(own):
        return Source(clip, own)
    return Source(clip, None, {index: captured(clip.frame(index).pixels) for index in sorted(set(frames)) or [0]})


def capture(pixels: Pixels, study: Dataset, marks: Marks, kind: Kind, number: int) -> Dataset:
    """Return a secondary capture of a picture (PS3.3 A.8.1): uint8 (H, W, 3), RGB.

    Whether the picture names somebody in its pixels is not known, so nothing is said of it.
    """
    made: Dataset = SCImage(
        pixel_array=pixels,
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        study_instance_uid=study.StudyInstanceUID,
        patient_id=study.PatientID,
        patient_name=study.PatientName,
        patient_birth_date=study.PatientBirthDate or None,
        patient_sex=study.PatientSex,
        accession_number=study.AccessionNumber,
        study_id=study.StudyID,
        study_date=study.StudyDate or None,
        study_time=study.StudyTime or None,
        referring_physician_name=study.ReferringPhysicianName,
        patient_orientation=("L", "P"),  # asked for, and taken away below: nobody knows how the probe was held
        **marks.arguments(kind, number),
    )
    made.PatientOrientation = ""
    made.BodyPartExamined = BODY_PART
    return finished(made, study)


def for_library(header: Dataset) -> Dataset:
    """Return an object's header as the library takes it: of a class that it knows, old ones being unknown to it."""
    if header.SOPClassUID == SecondaryCaptureImageStorage:
        return header
    is_cine = int(header.get("NumberOfFrames", 1)) > 1
    known = deepcopy(header)
    known.SOPClassUID = UltrasoundMultiFrameImageStorage if is_cine else UltrasoundImageStorage
    return known


def with_own_classes(made: Dataset, headers: Iterable[Dataset]) -> Dataset:
    """Return a derived object whose references state the classes that its sources really have."""
    classes = {header.SOPInstanceUID: header.SOPClassUID for header in headers}
    for item in references(made):
        if item.ReferencedSOPInstanceUID in classes:
            item.ReferencedSOPClassUID = classes[item.ReferencedSOPInstanceUID]
    return made


def references(here: Dataset) -> Iterator[Dataset]:
    """Yield every item, at any depth, that refers to an object."""
    for element in here:
        if element.VR == "SQ":
            for item in element.value:
                if "ReferencedSOPInstanceUID" in item:
                    yield item
                yield from references(item)


def study_header(own: Dataset | None, keys: Iterable[str]) -> Dataset:
    """Return whose a study is: as its first file says, else nobody's; without an identifier it gets one.

    Args:
        keys: Content keys of its clips: the same pictures come to the same study again.
    """
    header = own if own is not None else empty_header()
    if "StudyInstanceUID" not in header:
        header.StudyInstanceUID = UID(generate_uid(entropy_srcs=["study", *sorted(keys)]))
    return header
