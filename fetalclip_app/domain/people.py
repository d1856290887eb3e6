"""Who is who: the one rule by which files are given to patients, for the list, the headings and the report."""

from __future__ import annotations

import functools
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fetalclip_app.domain.clip import Origin


@dataclass(frozen=True, slots=True)
class Person:
    """A patient as a file names them; spelling that means nothing is taken away.

    Attributes:
        patient_id: Letter by letter: ``007`` and ``7`` are two people.
        name: Small letters, without empty components and groups: ``Doe^Jane`` and ``DOE^Jane^^=`` are one.
        is_simulated: Made by a program: never one with a patient.
    """

    patient_id: str = ""
    name: str = ""
    is_simulated: bool = False

    @property
    def is_patient(self) -> bool:
        """Whether this names somebody, and somebody real."""
        return not self.is_simulated and bool(self.patient_id or self.name)

    @property
    def is_partial(self) -> bool:
        """Whether a real person's identifier or name, or both, are left out."""
        return not self.is_simulated and not (self.patient_id and self.name)

    def could_be(self, whole: Person) -> bool:
        """Whether nothing that is stated here differs from ``whole``."""
        stated = (self.patient_id, whole.patient_id), (self.name, whole.name)
        return all(mine in ("", theirs) for mine, theirs in stated)


Belonging = tuple[Person, str]
"""A person as a file names them, and the identifier of the study that the file is of."""


def belonging_of(origin: Origin) -> Belonging:
    """Return what of a file decides whose it is."""
    return person_of(origin.patient_id, origin.patient_name, is_simulated=origin.is_simulated), origin.study_uid


def whose(stated: Iterable[Belonging]) -> Mapping[Belonging, Person]:
    """Return the person of each file, given what all of them state.

    One identifier with two names is two patients: identifiers are given anew in every hospital. What a file leaves out
    is known from the one person that the other files of its study name (a study is of one patient, PS3.3 A.1.2), and
    a missing name from the one person with its identifier. Where two could be meant, neither is.
    """
    found = {belonging: belonging[0] for belonging in stated}
    whole = [it for it in found if it[0].is_patient and not it[0].is_partial]
    partial = [it for it in found if it[0].is_partial]
    in_study: dict[str, set[Person]] = defaultdict(set)
    with_id: dict[str, set[Person]] = defaultdict(set)
    for person, study in whole:
        in_study[study].add(person)
        with_id[person.patient_id].add(person)
    in_study.pop("", None)  # no identifier is none that files have in common
    # What states most is settled first: it tells of its study to what states less.
    for has_id, has_name in ((True, False), (False, True), (False, False)):
        these = [it for it in partial if (bool(it[0].patient_id), bool(it[0].name)) == (has_id, has_name)]
        for person, study in these:
            by_study = _only(person, in_study.get(study, ()))
            by_id = _only(person, with_id.get(person.patient_id, ()))
            found[person, study] = by_study or by_id or person
        for person, study in these:
            if study and person.is_patient:
                in_study[study].add(found[person, study])
    return found


def _only(person: Person, candidates: Iterable[Person]) -> Person | None:
    """Return the one of the candidates that ``person`` could be; None where there are several, or none."""
    fitting = [whole for whole in candidates if person.could_be(whole)]
    return fitting[0] if len(fitting) == 1 else None


@functools.lru_cache(maxsize=1 << 15)
def person_of(patient_id: str, name: str, *, is_simulated: bool = False) -> Person:
    """Return the person whom a file's texts name."""
    return Person(patient_id.strip(), _plain(name), is_simulated)


def _plain(name: str) -> str:
    """Return a name without what readers of it do not see (PS3.5, 6.2.1.2)."""
    groups = [[part.strip() for part in group.split("^")] for group in unicodedata.normalize("NFC", name).split("=")]
    kept = ["^".join(part for part in group if part).casefold() for group in groups]
    return "=".join(dict.fromkeys(group for group in kept if group))
