"""Writes into a data set what was done to it: PS3.15 E.1.1 and PS3.3 C.12.1.1."""

from __future__ import annotations

from enum import StrEnum

from pydicom import uid
from pydicom.dataset import Dataset

from fetalclip_app import __version__
from fetalclip_app.imaging.deidentify.blank import PlainPixels
from fetalclip_app.imaging.deidentify.mask import MaskSource

METHODS = (
    ("113100", "Basic Application Confidentiality Profile"),
    ("113101", "Clean Pixel Data Option"),
    ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
)
"""Of DICOM's context group 7050."""

GENERATED = frozenset(
    {
        *("PatientIdentityRemoved", "DeidentificationMethod", "DeidentificationMethodCodeSequence"),
        *("LongitudinalTemporalInformationModified", "BurnedInAnnotation", "SpecificCharacterSet"),
        *("ImplementationVersionName", "FileMetaInformationVersion"),
    }
)
"""Attributes of a copy that say nothing of its original, whatever their words are."""

_MASKS = {
    MaskSource.REGIONS: "Pixels outside the ultrasound regions blanked",
    MaskSource.FAN: "Pixels outside the scan found in the picture blanked",
    MaskSource.REMEMBERED: "Pixels outside the scanner's remembered mask blanked",
    MaskSource.GIVEN: "Pixels outside a mask drawn by a person blanked",
}
_LOSSY_METHODS = {
    uid.JPEGBaseline8Bit: "ISO_10918_1",
    uid.JPEGExtended12Bit: "ISO_10918_1",
    uid.JPEGLSNearLossless: "ISO_14495_1",
    uid.JPEG2000: "ISO_15444_1",
    uid.HTJ2K: "ISO_15444_15",
    uid.MPEG2MPML: "ISO_13818_2",
    uid.MPEG2MPHL: "ISO_13818_2",
    **dict.fromkeys((uid.MPEG4HP41, uid.MPEG4HP41BD, uid.MPEG4HP422D, uid.MPEG4HP423D), "ISO_14496_10"),
    **dict.fromkeys((uid.HEVCMP51, uid.HEVCM10P51), "ISO_23008_2"),
}
"""PS3.3 C.7.6.1.1.5.1."""


class Looked(StrEnum):
    """Who looked for text in what is left of the pixels."""

    NOBODY = "Text left in the pixels was not looked for"
    OCR = "OCR: no identifying text was found in the pixels left"
    PERSON = "OCR: a person confirmed the text in the pixels left"


def record_method(dataset: Dataset, mask: MaskSource, looked: Looked) -> None:
    """State that and how a data set was de-identified.

    That no text is burned in is said only where somebody looked. Whether a face can be recognised is not said at all:
    nothing here looks for faces in three-dimensional renderings.
    """
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = [
        f"FetalCLIP Studio {__version__}",
        "PS3.15 Basic Profile, unlisted texts and private tags removed",
        "Dates moved back by whole days, times of day kept",
        _MASKS[mask],
        str(looked),
    ]
    dataset.DeidentificationMethodCodeSequence = [_code(value, meaning) for value, meaning in METHODS]
    dataset.LongitudinalTemporalInformationModified = "MODIFIED"
    if looked is not Looked.NOBODY:
        dataset.BurnedInAnnotation = "NO"


def record_lossy(dataset: Dataset, syntax: str) -> None:
    """State that pixels were compressed with loss before, where their transfer syntax says so."""
    method = _LOSSY_METHODS.get(uid.UID(syntax))
    if method is None or (syntax in (uid.JPEG2000, uid.HTJ2K) and dataset.get("LossyImageCompression") == "00"):
        return
    dataset.LossyImageCompression = "01"
    if not dataset.get("LossyImageCompressionMethod"):
        dataset.LossyImageCompressionMethod = method


def describe_plain(dataset: Dataset, layout: PlainPixels) -> None:
    """Describe uncompressed pixels; tables that belong to one sample go where there are three."""
    dataset.PhotometricInterpretation = layout.photometric
    dataset.SamplesPerPixel = layout.samples
    dataset.BitsAllocated, dataset.BitsStored = layout.bits_allocated, layout.bits_stored
    dataset.HighBit = layout.bits_stored - 1
    dataset.PixelRepresentation = int(layout.signed)
    if layout.samples == 1:
        _drop(dataset, "PlanarConfiguration")
        return
    dataset.PlanarConfiguration = 0
    _drop(dataset, "WindowCenter", "WindowWidth", "VOILUTFunction", "VOILUTSequence", "ModalityLUTSequence")
    _drop(dataset, "RescaleSlope", "RescaleIntercept", "RescaleType", "PresentationLUTShape")
    _drop(dataset, *(keyword for keyword in dir(dataset) if "PaletteColorLookupTable" in keyword))


def _drop(dataset: Dataset, *keywords: str) -> None:
    for keyword in keywords:
        if keyword in dataset:
            delattr(dataset, keyword)


def _code(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning
    return item
