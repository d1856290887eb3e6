"""People and their studies: names as files write them, as people read them; which clips are of one patient."""

from __future__ import annotations

from collections.abc import Sequence

from fetalclip_app.domain.clip import Origin
from fetalclip_app.domain.people import Person, belonging_of, whose
from fetalclip_app.wording.numbers import dicom_date
from fetalclip_app.wording.sources import simulated
from fetalclip_app.wording.translate import translate


def person_name(text: str) -> str:
    """Return DICOM's ``Doe^Jane^Ann`` as ``Doe, Jane Ann``; further scripts follow in brackets.

    Source: DICOM PS3.5, 6.2.1.2: up to three groups divided by ``=``; family, given, middle, prefix and suffix
    divided by ``^``.
    """
    groups = [shown for group in text.split("=") if (shown := _group(group))]
    if not groups:
        return ""
    first, *others = dict.fromkeys(groups)
    return f"{first} ({'; '.join(others)})" if others else first


def patient_title(origin: Origin) -> str:
    """Return ``Doe, Jane, P-001``; empty where the file names nobody."""
    if origin.is_simulated:
        return simulated()
    return ", ".join(text for text in (person_name(origin.patient_name), origin.patient_id) if text)


def fetus_title(fetus: str | None) -> str:
    """Return ``Fetus A``; where nobody said whose scan it is, that."""
    return translate("Fetus {name}").format(name=fetus) if fetus else translate("Fetus not stated")


def study_title(origin: Origin) -> str:
    """Return ``Second trimester, 2026-03-14``; empty where the file says nothing of it."""
    return ", ".join(text for text in (origin.study_description, dicom_date(origin.study_date)) if text)


def study_heading(origin: Origin, folder: str = "", *, patients: int = 1) -> tuple[str, str]:
    """Return what stands above the clips of a study: whose it is, where that may be in doubt, and which.

    Args:
        folder: Where the clips name nobody: the name of their folder or archive.
        patients: How many people's clips are listed.
    """
    if folder:
        return translate("No patient named"), translate("Files in {folder}").format(folder=folder)
    who = patient_title(origin) if patients > 1 or origin.is_simulated else ""
    return who, study_title(origin) or translate("Study without a date")


def patients_of(origins: Sequence[Origin]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Return each distinct patient's title with the positions of their clips, in the order of the first of them.

    Who is one patient is decided by `domain.people`. A clip that no patient is known for, and a simulated one, belongs
    to none.
    """
    stated = [belonging_of(origin) for origin in origins]
    people = whose(stated)
    clips: dict[Person, list[int]] = {}
    written: dict[Person, Origin] = {}
    for position, (belonging, origin) in enumerate(zip(stated, origins, strict=True)):
        written.setdefault(belonging[0], origin)
        if people[belonging].is_patient:
            clips.setdefault(people[belonging], []).append(position)
    return tuple((patient_title(written[person]), tuple(positions)) for person, positions in clips.items())


def _group(group: str) -> str:
    family, *rest = [part.strip() for part in group.split("^")]
    given = " ".join(part for part in rest if part)
    return f"{family}, {given}" if family and given else family or given
