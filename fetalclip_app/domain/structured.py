"""A structured report as it is shown: whose it is, who vouches for it, and its statements row by row."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SrRow:
    """One statement of a report.

    Attributes:
        section: Headings that it stands under, from the outermost; without the report's own.
        name: What is stated, as the report's code says it.
        code: That code and its scheme, such as ``11984-2 LN``.
        value: The number; None for a statement in words, and where there is none.
        text: The statement in words; of a number the reason why it is absent, else empty.
        unit: As UCUM writes it; empty for a statement in words.
        fetus: As the report names it; empty where it names none.
        equation: The rule behind a number, or where it was published.
        whose: The person or the algorithm that observed it; the report's own observer where it says no other.
        kind: How it was derived or chosen, such as ``Mean``; the method of a measurement.
        tracking: The statement's own identifier.
        frames: Frames that it was read from, from 1.
        images: The same with the object that each is of: its SOP Instance UID, and the frame, None where it has one.
        drawn: What was drawn for it: kind of shape (PS3.3 C.18.6.1), and its points as column and row, from the top
            left corner of the picture.
        algorithm: Name, version and parameters of the algorithm that observed it.
        observed: When, as DICOM writes a time; empty where it does not say.
        uncertainty: How far the value may lie below and above, in its unit.
        remarks: What stands below it in words.
    """

    section: tuple[str, ...]
    name: str
    code: str
    value: float | None = None
    text: str = ""
    unit: str = ""
    fetus: str = ""
    equation: str = ""
    whose: str = ""
    kind: tuple[str, ...] = ()
    tracking: str = ""
    frames: tuple[int, ...] = ()
    images: tuple[tuple[str, int | None], ...] = ()
    drawn: tuple[str, tuple[tuple[float, float], ...]] | None = None
    algorithm: tuple[str, ...] = ()
    observed: str = ""
    uncertainty: tuple[float, float] | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StructuredReport:
    """A report as a file holds it.

    Attributes:
        template: Number of the template that its root names, such as ``5000``; empty where it names none.
        is_verified: A person vouches for it; ``verified_by`` and ``verified_at`` say who and when.
        is_final: It does not call itself preliminary.
        observer: Who observed what names nobody else.
        sources: SOP Instance UID of each picture in its image library, with what is said of it.
        is_whole: Nothing of it was left out here for its size or depth.
    """

    title: str
    template: str
    patient_name: str
    patient_id: str
    study_date: str
    study_uid: str
    manufacturer: str
    series: str
    is_verified: bool
    is_final: bool
    verified_by: str
    verified_at: str
    rows: tuple[SrRow, ...]
    observer: str = ""
    sources: tuple[tuple[str, tuple[str, ...]], ...] = ()
    is_whole: bool = True
