"""Whose report it is: a name stands over all clips only where it is that of all clips."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from report_pages import entry, options, pages_of, text_of

from fetalclip_app import wording
from fetalclip_app.domain.clip import Origin
from fetalclip_app.report.build import ClipEntry, build
from fetalclip_app.report.subject import subject_of

ANNA = Origin(patient_id="A-1", patient_name="Arnold^Anna", study_date="20260301", study_description="Anomaly scan")
BEA = Origin(patient_id="B-2", patient_name="Berg^Bea", study_date="20260402", study_description="Growth scan")
NOBODY = Origin()
SIMULATED = Origin(patient_id="SIM", patient_name="Made^Up", study_description="Simulated", is_simulated=True)


def clips_of(*origins: Origin) -> list[ClipEntry]:
    return [entry(name=f"clip{n}.dcm", frames=1, origin=origin) for n, origin in enumerate(origins, start=1)]


def pages_by_clip(origins: tuple[Origin, ...], folder: Path) -> tuple[str, str, dict[int, str], str]:
    """Return the report's header, the rest of the first page, the first page of each clip, and the file section."""
    pages = [text_of([page]) for page in pages_of(build(clips_of(*origins), options()), folder)]
    header, _, rest = pages[0].partition("Read on")
    sections = {
        number: next(page for page in pages[1:] if page.startswith(f"{number} clip{number}.dcm "))
        for number in range(1, len(origins) + 1)
    }
    return header, rest, sections, " ".join(pages).partition("Method and provenance")[2]


def test_with_several_patients_the_header_names_none_of_them(tmp_path: Path) -> None:
    header, _rest, _sections, _files = pages_by_clip((ANNA, BEA, NOBODY), tmp_path)

    assert "Patient Several patients" in header
    for said in ("A-1", "Arnold", "Anomaly", "2026-03-01", "B-2", "Berg", "Patient ID", "Study"):
        assert said not in header


def test_with_several_patients_each_clips_section_names_its_own(tmp_path: Path) -> None:
    _header, _rest, sections, files = pages_by_clip((ANNA, BEA, NOBODY), tmp_path)

    assert "Arnold, Anna, A-1 · Anomaly scan, 2026-03-01" in sections[1] and "B-2" not in sections[1]
    assert "Berg, Bea, B-2 · Growth scan, 2026-04-02" in sections[2] and "A-1" not in sections[2]
    assert "patient not stated · study not stated" in sections[3]
    assert all("Several patients" in section for section in sections.values()), "the foot of every page"
    assert "clip1.dcm Patient Arnold, Anna, A-1 Study Anomaly scan, 2026-03-01" in files
    assert "clip3.dcm Patient not stated Study not stated" in files


def test_the_warning_and_the_summary_say_which_clips_are_whose(tmp_path: Path) -> None:
    _header, rest, _sections, _files = pages_by_clip((ANNA, BEA, ANNA, ANNA, NOBODY, SIMULATED), tmp_path)
    warning, _, summary = rest.partition("Summary")

    assert "different patients: Arnold, Anna, A-1 (clips 1, 3–4); Berg, Bea, B-2 (clip 2)." in warning
    assert "No patient is named in clip 5." in warning and "SIM" not in warning
    assert "2 clip2.dcm Berg, Bea, B-2 Growth scan, 2026-04-02" in summary


def test_one_patients_clips_have_the_name_in_the_header_alone(tmp_path: Path) -> None:
    header, rest, sections, files = pages_by_clip((ANNA, ANNA), tmp_path)

    assert "Arnold, Anna" in header and "A-1" in header and "Anomaly scan" in header and "2026-03-01" in header
    assert "different patients" not in rest
    assert "Anomaly scan" not in sections[2] and "Anomaly scan" not in files


def test_a_clip_that_names_nobody_is_not_given_to_the_other_clips_patient(tmp_path: Path) -> None:
    header, rest, sections, _files = pages_by_clip((ANNA, NOBODY), tmp_path)

    assert "Not named in every clip" in header and "A-1" not in header and "Arnold" not in header
    assert "No patient is named in clip 2." in rest
    assert "A-1" in sections[1] and "patient not stated" in sections[2] and "Arnold" not in sections[2]


def test_a_simulated_clip_is_nobodys() -> None:
    beside = subject_of([ANNA, SIMULATED])

    assert not beside.is_one_patient and "Arnold" not in beside.patient
    assert subject_of([SIMULATED]).is_one_patient
    assert wording.patients_of([ANNA, SIMULATED]) == (("Arnold, Anna, A-1", (0,)),)


def test_a_patients_two_studies_are_not_headed_by_the_first() -> None:
    later = replace(ANNA, study_date="20260420", study_description="Growth scan")
    subject = subject_of([ANNA, later])

    assert (subject.patient, subject.patient_id, subject.is_one_patient) == ("Arnold, Anna", "A-1", True)
    assert subject.study == subject.study_date == "Not the same in every clip"
    assert not subject.holds_for_all


@pytest.mark.parametrize("left_out", ["study_date", "study_description", "patient_name", "patient_id"])
def test_what_one_file_of_a_study_leaves_out_is_known_from_the_others(left_out: str) -> None:
    whole = replace(ANNA, study_uid="1.2")
    subject = subject_of([replace(whole, **{left_out: ""}), whole])  # type: ignore[arg-type]

    assert subject == subject_of([whole, whole])
    assert subject.holds_for_all
    assert subject_of([whole, replace(whole, study_description="Other")]).study == "Not the same in every clip"


@pytest.mark.parametrize(
    ("origins", "expected"),
    [
        ((Origin("7", "Arnold^Anna"), Origin("7", "Berg^Bea")), [(0,), (1,)]),
        ((Origin("7"), Origin("7", "Arnold^Anna"), Origin("7", "ARNOLD^ANNA")), [(0, 1, 2)]),
        ((Origin("7"), Origin("8")), [(0,), (1,)]),
        ((Origin(patient_name="Arnold^Anna"), NOBODY, Origin(patient_name="Arnold^Anna")), [(0, 2)]),
        ((NOBODY, NOBODY), []),
    ],
)
def test_patients_are_told_apart_by_identifier_and_name(
    origins: tuple[Origin, ...], expected: list[tuple[int, ...]]
) -> None:
    assert [positions for _title, positions in wording.patients_of(origins)] == expected


def test_endless_names_of_several_patients_still_fit_their_pages(tmp_path: Path) -> None:
    endless = "Endless " * 2000
    origins = [Origin(f"{n} {endless}", endless, study_description=endless) for n in range(3)]

    assert "Several patients" in text_of(pages_of(build(clips_of(*origins), options()), tmp_path))
