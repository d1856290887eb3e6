"""Whom and what a report is about: only what holds for all of its clips."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fetalclip_app.domain.clip import Origin
from fetalclip_app.domain.study import studies_of
from fetalclip_app.wording import dicom_date, patients_of, person_name
from fetalclip_app.wording.translate import translate as _


@dataclass(frozen=True, slots=True)
class Subject:
    """What the header and the foot of every page may say.

    Attributes:
        patient: Their name, or that it is not one for all clips; empty where no file names anybody.
        patient_id, study, study_date: As shown; empty where no file says it, or where the patient is not one for all.
        is_one_patient: Nothing in the files speaks against one patient for all clips.
        holds_for_all: Patient and study are those of every clip; else each clip says its own.
    """

    patient: str = ""
    patient_id: str = ""
    study: str = ""
    study_date: str = ""
    is_one_patient: bool = True
    holds_for_all: bool = True


def subject_of(origins: Sequence[Origin]) -> Subject:
    """Return what holds for all clips, given each clip's origin."""
    if not origins:
        return Subject()
    patients = patients_of(origins)
    if len(patients) > 1:
        return Subject(_("Several patients"), is_one_patient=False, holds_for_all=False)
    named = sum(len(positions) for _title, positions in patients)
    if named not in {0, len(origins)} or len({origin.is_simulated for origin in origins}) > 1:
        return Subject(_("Not named in every clip"), is_one_patient=False, holds_for_all=False)
    study = _shared([own.study_description or known.study_description for own, known in _with_study(origins)])
    date = _shared([dicom_date(own.study_date or known.study_date) for own, known in _with_study(origins)])
    differs = _("Not the same in every clip")
    return Subject(
        patient=_first(person_name(origin.patient_name) for origin in origins),
        patient_id=_first(origin.patient_id for origin in origins),
        study=differs if study is None else study,
        study_date=differs if date is None else date,
        holds_for_all=study is not None and date is not None,
    )


def _with_study(origins: Sequence[Origin]) -> list[tuple[Origin, Origin]]:
    """Return what each file states, and what is known of its study from all of them."""
    return [
        (origin, Origin() if study is None else study.origin)
        for origin, study in zip(origins, studies_of(origins), strict=True)
    ]


def _shared(texts: Sequence[str]) -> str | None:
    """Return the text that all have in common, or None."""
    return texts[0] if len(set(texts)) == 1 else None


def _first(texts: Iterable[str]) -> str:
    return next((text for text in texts if text), "")
