"""What every object bears: who made it, in which series, and that nobody has verified it yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from highdicom import ContributingEquipment
from pydicom.dataset import Dataset
from pydicom.uid import UID, generate_uid

from fetalclip_app import RESEARCH_USE_ONLY, __version__
from fetalclip_app.domain.sign_off import SignOff
from fetalclip_app.report.dicom import codes
from fetalclip_app.report.dicom.items import concept

MAKER = "FetalCLIP Studio"
NOT_VERIFIED = "AI - not verified"
SIGNED = "AI - signed by a person"

DEVICE_UID = UID(generate_uid(entropy_srcs=[MAKER, __version__]))
"""The same for every object of one version of the program."""

_IMPLEMENTATION = UID(generate_uid(entropy_srcs=[MAKER]))
_REMOVED = ("PatientIdentityRemoved", "DeidentificationMethod", "LongitudinalTemporalInformationModified")


class Kind(StrEnum):
    """What an object is; each kind has a series of its own."""

    SOURCE = "source"
    REPORT = "report"
    MEASUREMENTS = "measurements"
    SEGMENTATION = "segmentation"
    PRESENTATION = "presentation"
    CAPTURE = "capture"
    DOCUMENT = "document"


_SAID = {
    Kind.SOURCE: "source picture",
    Kind.REPORT: "obstetric report (TID 5000)",
    Kind.MEASUREMENTS: "measurements (TID 1500)",
    Kind.SEGMENTATION: "segmentation",
    Kind.PRESENTATION: "overlays",
    Kind.CAPTURE: "annotated picture",
    Kind.DOCUMENT: "report (PDF)",
}

FIRST_SERIES = 9001
"""Series numbers that no scanner counts up to (our choice)."""


@dataclass(frozen=True, eq=False, slots=True)
class Marks:
    """The marks of one export of one study.

    Attributes:
        signed: The signature under what the report says now; None for a draft.
        made_at: When.
        operator: Who reads; empty where nobody said.
    """

    signed: SignOff | None
    made_at: datetime
    operator: str = ""
    series: Mapping[Kind, str] = field(default_factory=lambda: {kind: str(generate_uid()) for kind in Kind})

    @property
    def status(self) -> str:
        """What every series says of itself."""
        return NOT_VERIFIED if self.signed is None else SIGNED

    def arguments(self, kind: Kind, number: int = 1) -> dict[str, Any]:
        """Return what highdicom's constructors of every kind are given."""
        return {
            "series_instance_uid": self.series[kind],
            "series_number": self.series_number(kind),
            "sop_instance_uid": str(generate_uid()),
            "instance_number": number,
            "manufacturer": MAKER,
            "series_description": self.description(kind),
            "contributing_equipment": [self.equipment()],
            "specific_character_set": "ISO_IR 192",
        }

    def device(self) -> dict[str, Any]:
        """Return the program as a device, for the kinds that ask for one."""
        return {"manufacturer_model_name": MAKER, "software_versions": __version__, "device_serial_number": __version__}

    def series_number(self, kind: Kind) -> int:
        """Return the number of a kind's series."""
        return FIRST_SERIES + list(Kind).index(kind)

    def description(self, kind: Kind) -> str:
        """Return ``AI - not verified: segmentation``."""
        return _SAID[kind].capitalize() if kind is Kind.SOURCE else f"{self.status}: {_SAID[kind]}"

    def equipment(self) -> ContributingEquipment:
        """Return the program as the equipment that contributed (PS3.3 C.12.1, CID 7005)."""
        return ContributingEquipment(
            MAKER,
            concept(codes.PROCESSING_EQUIPMENT),
            manufacturer_model_name=MAKER,
            software_versions=__version__,
            contribution_datetime=self.made_at.replace(tzinfo=None),
            contribution_description=RESEARCH_USE_ONLY,
        )


def finished(made: Dataset, header: Dataset) -> Dataset:
    """Return an object with the marks that the library does not set: the program's own, and a removed identity.

    Args:
        header: Of the source that it was made from.
    """
    made.file_meta.ImplementationClassUID = _IMPLEMENTATION
    made.file_meta.ImplementationVersionName = f"FETALCLIP_{__version__}"[:16]
    for keyword in _REMOVED:
        if keyword in header:
            setattr(made, keyword, header.get(keyword))
    if "StudyDescription" in header:
        made.StudyDescription = header.StudyDescription
    return made
