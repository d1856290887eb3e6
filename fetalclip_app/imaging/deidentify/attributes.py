"""A data set as it was -> the same without what identifies, sequence by sequence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydicom.datadict import dictionary_VR, keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from fetalclip_app.imaging.deidentify import closed_terms, profile, terms
from fetalclip_app.imaging.deidentify.dates import checked_time, shifted_date, shifted_moment
from fetalclip_app.imaging.deidentify.identifiers import Identifiers, patient_key
from fetalclip_app.imaging.deidentify.identity import (
    Identity,
    Taken,
    patient_of,
    readable,
    states_id,
    strings_of,
    values_of,
)
from fetalclip_app.imaging.deidentify.profile import Action

_RECURSING = (Action.RECURSE, Action.REFERENCES)
"""What is taken out of these sequences is noted item by item."""

_DEEPEST = 16
"""Sequences within sequences; no ultrasound object comes near, a hostile file may."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The data set without pixels, what was taken out of it, and what its study calls the patient.

    Attributes:
        is_of_another: The file states another patient than those of its study before it.
    """

    dataset: Dataset
    identity: Identity
    patient: str
    is_of_another: bool


def clean(original: Dataset, identifiers: Identifiers) -> Cleaned:
    """Return ``original`` de-identified: PS3.15 Basic Profile, dates shifted; without pixels.

    Pixel data, curves, overlays, private attributes and whatever is not known to be harmless are left out; the caller
    adds the pixels and the record of the method.
    """
    own, study = patient_of(original), str(original.get("StudyInstanceUID") or "")
    patient = identifiers.patient_of_study(study, own)
    worker = _Worker(identifiers, patient, [], set())
    dataset = worker.cleaned(original, depth=0)
    device = " ".join(str(original.get(keyword) or "") for keyword in profile.DEVICE_TEXTS)
    identity = Identity.of(worker.taken, produced=worker.produced, device=device)
    _drop_repetitions(dataset, identity)
    dataset.PatientName = dataset.PatientID = identifiers.pseudonym(worker.patient)  # also where there was none
    is_of_another = states_id(original) and patient_key(own) != patient_key(patient)
    return Cleaned(dataset, identity, patient, is_of_another)


@dataclass(frozen=True, slots=True)
class _Worker:
    identifiers: Identifiers
    patient: str
    taken: list[Taken]
    """Everything that was removed or changed."""

    produced: set[str]
    """What stands in the output rightly: a shifted date may by chance be another one of the original."""

    def cleaned(self, original: Dataset, depth: int) -> Dataset:
        dataset = Dataset()
        for element in readable(original):
            if not profile.is_data(int(element.tag)):
                continue
            action = profile.action_for(int(element.tag), _standard_vr(element), keyword_for_tag(element.tag))
            kept = self._element(element, action, depth)
            if kept is None or (kept.value != element.value and action not in _RECURSING):
                self.taken.extend(strings_of(element, profile.is_listed))
            if kept is not None:
                dataset.add(kept)
        return dataset

    def _element(self, element: DataElement, action: Action, depth: int) -> DataElement | None:
        if action is Action.REMOVE or element.VR == "UN":
            return None
        if element.VR == "SQ":
            return self._sequence(element, action, depth)
        value = self._value(element, action)
        return None if value is None else DataElement(element.tag, element.VR, value)

    def _sequence(self, element: DataElement, action: Action, depth: int) -> DataElement | None:
        items: list[Dataset] = []
        if action is Action.CODES:
            items = [code for item in element.value if (code := terms.standard_code(item)) is not None]
        elif action in _RECURSING and depth < _DEEPEST:
            items = [self.cleaned(item, depth + 1) for item in element.value]
        elif action is not Action.EMPTY:
            return None
        if not items and action is not Action.EMPTY and "ViewCode" not in element.keyword:
            return None
        return DataElement(element.tag, "SQ", DicomSequence(items))

    def _value(self, element: DataElement, action: Action) -> Any:
        """Return what stands in the place of a value; None where nothing does."""
        changes: dict[Action, Callable[[], Any]] = {
            Action.EMPTY: lambda: "",
            Action.DUMMY: lambda: profile.DUMMIES.get(element.VR),
            Action.PSEUDONYM: lambda: self.identifiers.pseudonym(self.patient),
            Action.UID: lambda: _each(element, self._uid),
            Action.SHIFT: lambda: _each(element, lambda text: self._shifted(text, element.VR)),
            Action.IMAGE_TYPE: lambda: terms.image_type(_texts(element)),
            Action.KEEP_TEXT: lambda: element.value,
            Action.KEEP_VERSION: lambda: element.value if all(map(closed_terms.is_version, _texts(element))) else None,
        }
        if action in changes:
            return changes[action]()
        return element.value if self._is_harmless(element) else None

    def _uid(self, text: str) -> str:
        return text if not text or terms.is_standard_uid(text) else self.identifiers.uid(text)

    def _shifted(self, text: str, vr: str) -> str:
        days = self.identifiers.days_back(self.patient)
        shift = {"DA": shifted_date, "DT": shifted_moment}.get(vr)
        moved = shift(text, days) if shift is not None else checked_time(text)
        self.produced.add(moved.casefold())
        return moved

    def _is_harmless(self, element: DataElement) -> bool:
        """Whether a value that may stay is a word of a list, a number or a standard UID: files lie about it."""
        filled = [value for value in values_of(element) if value not in ("", None)]
        if element.keyword in closed_terms.KEYWORDS:
            return all(closed_terms.is_listed(element.keyword, str(value)) for value in filled)
        if element.VR == "UI":
            return all(terms.is_standard_uid(str(value)) for value in filled)
        if profile.is_table(element.keyword):
            return element.VR in ("OB", "OW") or self._are_numbers(element.VR, filled)
        return element.VM <= profile.MOST_NUMBERS and self._are_numbers(element.VR, filled)

    def _are_numbers(self, vr: str, values: list[Any]) -> bool:
        return vr in profile.NUMBERS and all(terms.is_number(value, vr) for value in values)


def _standard_vr(element: DataElement) -> str:
    """Return the representation that the standard gives an attribute: a file may state another."""
    try:
        stated = dictionary_VR(element.tag)
    except KeyError:
        return str(element.VR)
    return str(element.VR) if " or " in stated else stated


def _texts(element: DataElement) -> list[str]:
    return ["" if value is None else str(value) for value in values_of(element)]


def _each(element: DataElement, change: Callable[[str], str]) -> list[str] | str:
    changed = [change(text) for text in _texts(element)]
    return changed if len(changed) > 1 else changed[0]


def _drop_repetitions(dataset: Dataset, identity: Identity) -> None:
    """Remove kept words that repeat what was removed: a hospital's name as a model's, say."""
    for element in list(dataset):
        if element.VR == "SQ":
            for item in element.value if not profile.is_code(element.keyword) else ():
                _drop_repetitions(item, identity)
        elif element.VR in ("LO", "SH", "CS") and identity.is_in("\\".join(_texts(element))):
            if element.keyword == "Manufacturer":  # type 2 (PS3.3 C.7.5.1)
                element.value = ""
            elif not profile.is_essential(element.keyword):
                del dataset[element.tag]
