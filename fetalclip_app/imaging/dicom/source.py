"""What an object made from a DICOM file says of its origin: whose, of which study, and which object it is made from.

Only these attributes are copied. Copying whole modules carries errors along: an empty Procedure Code Sequence, a
species that makes breed and keeper required, a removed identity without its method.
"""

from __future__ import annotations

import re

from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.filereader import dcmread

from fetalclip_app.domain.clip import Clip
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.dicom.element_numbers import number_of
from fetalclip_app.imaging.files.budget import within_budget
from fetalclip_app.imaging.files.finding import content_at
from fetalclip_app.imaging.files.sniff import Kind, kind_of
from fetalclip_app.imaging.guard import reading

_UIDS = ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID")

_OF_ONE_FRAME = frozenset({uid.UltrasoundImageStorage, uid.SecondaryCaptureImageStorage, "1.2.840.10008.5.1.4.1.1.6"})
"""The last is the retired ultrasound image."""

_TEXTS = ("PatientID", "IssuerOfPatientID", "StudyID", "AccessionNumber", "StudyDescription")
_NAMES = ("PatientName", "ReferringPhysicianName")
_DAYS = ("StudyDate", "PatientBirthDate")
_SHAPE = ("Rows", "Columns", "SamplesPerPixel", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation")
_REMOVED = ("PatientIdentityRemoved", "DeidentificationMethod", "LongitudinalTemporalInformationModified")
_EMPTY = ("PatientID", "StudyID", "AccessionNumber", *_NAMES, *_DAYS, "StudyTime", "PatientSex")
"""Type 2 of the patient's and the study's modules: present, and maybe empty."""


def source_header(clip: Clip) -> Dataset | None:
    """Return the origin of a clip's file, without pixels; None where it is no DICOM file.

    Raises:
        UnreadableFile: The file has gone, or is not the one that was read.
    """
    with reading(clip.path):
        content = content_at(clip.path)
        if kind_of(content) is not Kind.DICOM:
            return None
        if not content.key().is_same_as(clip.content_key):
            raise UnreadableFile(ErrorCode.FILE_DAMAGED, name=clip.path.name)
        with content.open() as stream:
            return _origin(dcmread(within_budget(stream), stop_before_pixels=True, force=True))


def can_be_referred_to(header: Dataset) -> bool:
    """Whether the object has every identifier that a reference states, and a class whose frames can be told apart.

    A frame number may not stand in a reference to a class of one frame (PS3.3 10.3), whatever the object holds.
    """
    if not all(keyword in header for keyword in _UIDS):
        return False
    return int(header.get("NumberOfFrames", 1)) == 1 or header.SOPClassUID not in _OF_ONE_FRAME


def empty_header() -> Dataset:
    """Return the origin of a file that names nobody."""
    header = Dataset()
    for keyword in _EMPTY:
        setattr(header, keyword, "")
    return header


def _origin(found: Dataset) -> Dataset:
    header = empty_header()
    header.SpecificCharacterSet = "ISO_IR 192"
    for keyword in (*_UIDS, *_TEXTS, *_NAMES, *_REMOVED):
        value = str(found.get(keyword) or "").strip().strip("\0")
        if value:
            setattr(header, keyword, value.replace("\\", " ") if keyword in _TEXTS else value)
    for keyword in _DAYS:
        setattr(header, keyword, _matching(r"\d{8}", found.get(keyword)))
    header.StudyTime = _matching(r"\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?", found.get("StudyTime"))
    header.PatientSex = _matching("[MFO]", found.get("PatientSex"))
    if header.get("PatientIdentityRemoved") == "YES" and "DeidentificationMethod" not in header:
        header.DeidentificationMethod = "not stated in the source"
    frames = number_of(found, "NumberOfFrames")
    if frames is not None:
        header.NumberOfFrames = int(frames)
    for keyword in _SHAPE:
        setattr(header, keyword, int(number_of(found, keyword) or 0))
    header.PhotometricInterpretation = str(found.get("PhotometricInterpretation") or "").strip().upper()
    if not header.PhotometricInterpretation.startswith("MONOCHROME"):
        header.SamplesPerPixel = 3  # what it shows, by a palette also
    return header


def _matching(pattern: str, value: object) -> str:
    text = str(value or "").strip()
    return text if re.fullmatch(pattern, text, re.ASCII) else ""
