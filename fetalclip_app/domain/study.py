"""Which clips are of one study and of one patient, and their order: the same whatever order they arrive in."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple, Protocol

from fetalclip_app.domain.clip import Clip, Origin
from fetalclip_app.domain.people import Belonging, Person, person_of, whose
from fetalclip_app.errors import UnreadableFile

Key = tuple[object, ...]

_LAST = 1 << 31
"""DICOM's whole numbers (IS) stay below: a clip without a number comes behind those that have one."""


def natural_key(path: Path) -> Key:
    """Return a key that sorts ``scan9`` before ``scan10``, part by part of the path."""
    return tuple(_natural(part) for part in path.parts)


@dataclass(frozen=True, slots=True)
class Group:
    """What is listed together: a study of a patient, or a folder of pictures that name nobody.

    Attributes:
        key: Sorts groups, and tells two apart.
        folder: Where the group is a folder or an archive: its path.
        origin: What the files of the study say of it together; a file that leaves something out takes nothing away.
        named: The patient by the files of this study alone, whatever else is listed.
    """

    key: Key
    folder: Path | None = field(default=None, compare=False)
    origin: Origin = field(default_factory=Origin, compare=False)
    named: Person = field(default_factory=Person, compare=False)


class _Stated(NamedTuple):
    """What a file states of its patient and study."""

    patient_id: str
    patient_name: str
    is_simulated: bool
    study_uid: str
    study_date: str
    study_time: str
    study_description: str
    is_redated: bool

    def belonging(self) -> Belonging:
        return person_of(self.patient_id, self.patient_name, is_simulated=self.is_simulated), self.study_uid


_Study = tuple[Person, Key]
"""A person, and what tells their studies apart."""


class Listed(Protocol):
    """What a file is listed by; a `Clip` is one."""

    @property
    def path(self) -> Path:
        """Where it is."""
        ...

    @property
    def origin(self) -> Origin:
        """What it says of itself."""
        ...


def groups_of(clips: Sequence[Listed]) -> tuple[Group, ...]:
    """Return what each clip is listed with, given all that are listed.

    What names neither a patient nor a study is listed by its folder. Groups stand by patient (identifier, then name)
    and study (date, time), folders last.
    """
    studies = studies_of([clip.origin for clip in clips])
    return tuple(study or _folder(clip) for study, clip in zip(studies, clips, strict=True))


def studies_of(origins: Sequence[Origin]) -> tuple[Group | None, ...]:
    """Return the study of each file, given all of them; None for what names neither a patient nor a study.

    A study is what has one Study Instance UID and one patient; without the UID one date and time are one study.
    """
    stated = [_stated(origin) for origin in origins]
    studies = _studies({it for it in stated if _is_named(it)})
    return tuple(studies.get(it) for it in stated)


def place_of(clip: Clip) -> Key:
    """Return a key that sorts the clips of one group.

    By series (number, identifier), instance number, time of acquisition, and file. No two files have one key, and a
    key depends on nothing but its clip.
    """
    origin = clip.origin
    return (
        *_numbered(origin.series_number),
        origin.series_uid,
        *_numbered(origin.instance_number),
        _time(origin.taken_at),
        natural_key(clip.path),
        str(clip.path),
    )


def identifier_of(clip: Clip) -> str:
    """Return what no two contents should share: the DICOM instance, or the content's key where none is named.

    Raises:
        UnreadableFile: The content's key is needed, not taken yet, and the file has gone or changed.
    """
    return clip.origin.instance_uid or clip.key


def copy_among(clip: Clip, others: Iterable[Clip]) -> Clip | None:
    """Return the first of the others that holds the same content; reads whole files: not on the window's thread.

    Raises:
        UnreadableFile: The clip's own file has gone or changed. One of the others that did is no copy.
    """
    for other in others:
        try:
            if clip.has_content_of(other):
                return other
        except UnreadableFile:
            _own = clip.key  # raises where it is this one that cannot be read
    return None


def _stated(origin: Origin) -> _Stated:
    return _Stated(
        origin.patient_id,
        origin.patient_name,
        origin.is_simulated,
        origin.study_uid,
        origin.study_date,
        origin.study_time,
        origin.study_description,
        origin.is_redated,
    )


def _is_named(stated: _Stated) -> bool:
    return any((stated.patient_id, stated.patient_name, stated.study_uid, stated.study_date))


def _folder(clip: Listed) -> Group:
    folder = clip.path.parent
    return Group((1, natural_key(folder), str(folder)), folder)


def _studies(stated: Iterable[_Stated]) -> dict[_Stated, Group]:
    """Return the study of each way in which files state theirs."""
    belonging = {it: it.belonging() for it in stated}
    people = whose(belonging.values())
    members: dict[_Study, list[_Stated]] = defaultdict(list)
    for it in sorted(belonging):
        members[people[belonging[it]], _study_key(it)].append(it)
    written = {belonging[it][0]: it for it in sorted(belonging, reverse=True)}
    found: dict[_Stated, Group] = {}
    for (person, study), together in members.items():
        group = _study(person, study, together, written[person])
        found.update(dict.fromkeys(together, group))
    return found


def _study_key(stated: _Stated) -> Key:
    return (stated.study_uid,) if stated.study_uid else ("", stated.study_date, _time(stated.study_time))


def _study(person: Person, study: Key, together: Sequence[_Stated], written: _Stated) -> Group:
    """Return the study of one person that some files are of; ``written`` has the person as files write them."""
    dates = sorted((it.study_date, _time(it.study_time)) for it in together if it.study_date)
    date, time = dates[0] if dates else ("", min(_time(it.study_time) for it in together))
    origin = Origin(
        patient_id=written.patient_id,
        patient_name=written.patient_name,
        is_simulated=person.is_simulated,
        study_uid=together[0].study_uid,
        study_date=date,
        is_redated=any(it.is_redated for it in together),
        study_description=next((it.study_description for it in together if it.study_description), ""),
    )
    who = _natural(person.patient_id), person.name, person.patient_id, person.is_simulated
    return Group((0, *who, date, time, study), origin=origin, named=_named(together, person))


def _named(together: Sequence[_Stated], person: Person) -> Person:
    """Return what the files of a study state of its person, without what other studies' files add."""
    stated = [it.belonging()[0] for it in together]
    return replace(person, patient_id=max(one.patient_id for one in stated), name=max(one.name for one in stated))


def _natural(text: str) -> Key:
    pieces = [piece for piece in re.split("([0-9]+)", text) if piece]
    return tuple(
        (0, int(piece), "") if piece.isascii() and piece.isdigit() else (1, 0, piece.casefold()) for piece in pieces
    )


def _numbered(number: int | None) -> Key:
    return (_LAST if number is None else number,)


def _time(text: str) -> str:
    """Return DICOM's time to its last digit that is not zero, without the colons of older files; unstated comes last.

    Hours and minutes alone are the same as with 00 seconds (PS3.5, 6.2, TM).
    """
    whole, _, fraction = text.replace(":", "").strip().partition(".")
    if not whole:
        return "~"
    return ".".join(filter(None, [whole.ljust(6, "0"), fraction.rstrip("0")]))
