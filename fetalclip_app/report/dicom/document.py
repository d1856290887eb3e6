"""What every structured document of this program says of itself: language, observers, and whether somebody signed."""

from __future__ import annotations

from typing import Any

from highdicom.coding_schemes import CodingSchemeIdentificationItem
from highdicom.sr import (
    DeviceObserverIdentifyingAttributes,
    LanguageOfContentItemAndDescendants,
    ObserverContext,
    PersonObserverIdentifyingAttributes,
)
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes as standard

from fetalclip_app.report.dicom import codes
from fetalclip_app.report.dicom.items import as_person_name, concept
from fetalclip_app.report.dicom.marks import DEVICE_UID, MAKER, Kind, Marks

NOT_STATED = "not stated"
"""The organisation of who signed: it may not be left out, and nobody is asked for it."""


_OWN_SCHEME = CodingSchemeIdentificationItem(codes.OWN_SCHEME, f"Codes of {MAKER}", responsible_organization=MAKER)


def english() -> LanguageOfContentItemAndDescendants:
    """Return that what follows is English (TID 1204)."""
    return LanguageOfContentItemAndDescendants(concept(codes.ENGLISH))


def device() -> ObserverContext:
    """Return the program as the observer (TID 1002, TID 1004)."""
    about = DeviceObserverIdentifyingAttributes(uid=DEVICE_UID, name=MAKER, manufacturer_name=MAKER, model_name=MAKER)
    return ObserverContext(standard.DCM.Device, about)


def reader(marks: Marks) -> ObserverContext | None:
    """Return who reads (TID 1002, TID 1003); None where nobody said."""
    if not marks.operator.strip():
        return None
    return ObserverContext(
        standard.DCM.Person, PersonObserverIdentifyingAttributes(name=as_person_name(marks.operator))
    )


def arguments(marks: Marks, kind: Kind, number: int = 1) -> dict[str, Any]:
    """Return what the constructor of a document is given: unverified and preliminary until somebody signed."""
    signed = marks.signed
    return {
        "is_complete": signed is not None,
        "is_final": signed is not None,
        "is_verified": signed is not None,
        "verifying_observer_name": None if signed is None else as_person_name(signed.name),
        "verifying_organization": None if signed is None else NOT_STATED,
        "coding_schemes": [_OWN_SCHEME],
        **marks.arguments(kind, number),
    }


def signed_then(made: Dataset, marks: Marks) -> Dataset:
    """Return a document with the time at which it was signed, where it was."""
    if marks.signed is not None:
        when = marks.signed.when.strftime("%Y%m%d%H%M%S%z")
        made.VerifyingObserverSequence[0].VerificationDateTime = when
    return made
