"""Whether two exams may stand side by side: only those of one patient, by identifier."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from fetalclip_app.domain.clip import Origin
from fetalclip_app.domain.people import belonging_of, whose


class Kinship(StrEnum):
    """What two exams' files say of whose they are."""

    SAME = "same"
    ANOTHER = "another"
    """Another patient."""

    NOT_NAMED = "not_named"
    """They do not say enough: an identifier is missing, or could be either's."""


def kinship(one: Origin, other: Origin, among: Iterable[Origin]) -> Kinship:
    """Return whether two exams are of one patient, given all that is open, by `domain.people`.

    A patient without an identifier is nobody that another exam could be found for; a name alone is borne by many.
    """
    people = whose(belonging_of(origin) for origin in (*among, one, other))
    mine, theirs = people[belonging_of(one)], people[belonging_of(other)]
    if not mine.patient_id or not theirs.patient_id:
        return Kinship.NOT_NAMED
    if mine == theirs:
        return Kinship.SAME
    is_unsure = mine.is_simulated == theirs.is_simulated and (mine.could_be(theirs) or theirs.could_be(mine))
    return Kinship.NOT_NAMED if is_unsure else Kinship.ANOTHER
