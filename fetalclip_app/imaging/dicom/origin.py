"""Whom and what a DICOM file belongs to.

*Simulated* is a file whose ImageType names SIMULATED from its third value on, or whose manufacturer is this program.
"""

from __future__ import annotations

from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from fetalclip_app.domain.clip import Origin
from fetalclip_app.imaging.dicom.element_numbers import number_of
from fetalclip_app.imaging.dicom.header import ORIGIN_TAGS

OWN_MANUFACTURER = "FetalCLIP Studio"
"""Manufacturer of the cines that this project makes."""

LOSSY = frozenset({uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit, uid.JPEGLSNearLossless, *uid.MPEGTransferSyntaxes})
_CHANGED = frozenset({"MODIFIED", "REMOVED"})
"""Dates that were shifted or taken away (PS3.3, C.12.1.1.9)."""

_MAYBE_LOSSY = frozenset({uid.JPEG2000, uid.HTJ2K})


def origin_of(dataset: Dataset, syntax: str) -> Origin:
    """Return what the header says of patient, study, place in it, and scanner."""
    texts = {field: _text(dataset, keyword) for field, keyword in ORIGIN_TAGS.items()}
    kinds = [kind.strip().upper() for kind in _text(dataset, "ImageType").split("\\")]
    texts["study_date"] = texts["study_date"].replace(".", "")  # ACR-NEMA wrote 1994.01.30
    texts["patient_name"] = texts["patient_name"].rstrip("^ ")
    compressed = _text(dataset, "LossyImageCompression")
    return Origin(
        **texts,
        series_number=_whole(dataset, "SeriesNumber"),
        instance_number=_whole(dataset, "InstanceNumber"),
        transfer_syntax=uid.UID(syntax).name,
        is_simulated="SIMULATED" in kinds[2:] or texts["manufacturer"].startswith(OWN_MANUFACTURER),
        is_redated=_text(dataset, "LongitudinalTemporalInformationModified") in _CHANGED,
        is_lossy=compressed == "01" or syntax in LOSSY or (syntax in _MAYBE_LOSSY and compressed != "00"),
    )


def _text(dataset: Dataset, keyword: str) -> str:
    """Return an element as text, several values joined by a backslash; empty where it is absent or unreadable."""
    try:
        value = dataset.get(keyword)
        values = value if isinstance(value, MultiValue) else [value]
        return "\\".join("" if each is None else str(each).strip() for each in values)
    except (LookupError, ValueError, TypeError, NotImplementedError):
        return ""


def _whole(dataset: Dataset, keyword: str) -> int | None:
    """Return a number that orders files, or None."""
    value = number_of(dataset, keyword)
    return None if value is None else int(value)
