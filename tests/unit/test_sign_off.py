"""A signature holds for what was signed: it breaks with any other number, and with nothing that says the same."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from report_pages import entry

from fetalclip_app.archive import notes_json
from fetalclip_app.domain.biometry import Measure
from fetalclip_app.domain.clip import Origin
from fetalclip_app.domain.notes import Act, HandMeasurement, ItemMark, ItemState, Line, StudyNotes, study_key
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.domain.reading import HeadMeasurement
from fetalclip_app.domain.sign_off import SealState, SignOff, seal_state
from fetalclip_app.domain.study import groups_of
from fetalclip_app.report.build import ClipEntry
from fetalclip_app.report.seal import canonical, record_of, signed_studies
from fetalclip_app.tasks.checklist_evidence import ClipSeen
from fetalclip_app.tasks.checklist_findings import assess_studies
from fetalclip_app.tasks.checklists import bundled
from fetalclip_app.wording.translate import speaking

WHEN = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
ORIGIN = Origin(patient_id="P-1", patient_name="Fischer^Mia", study_uid="1.2.3", study_date="20260314")


def two() -> list[ClipEntry]:
    return [entry(name=f"{name}.dcm", origin=ORIGIN) for name in "ab"]


def sealed(clips: list[ClipEntry]) -> str:
    return hashlib.sha256(canonical(record_of(clips))).hexdigest()


def with_hc(one: ClipEntry, more_mm: float) -> ClipEntry:
    findings = []
    for finding in one.reading.findings:
        answer = finding.answer
        if isinstance(answer, HeadMeasurement):
            answer = replace(answer, size=replace(answer.size, hc_mm=answer.size.hc_mm + more_mm))
        findings.append(replace(finding, answer=answer))
    return replace(one, reading=replace(one.reading, findings=tuple(findings)))


def test_a_seal_is_the_sha256_of_the_record_itself() -> None:
    text = canonical(record_of(two()))
    (study,) = signed_studies(two())

    assert study.seal == hashlib.sha256(text).hexdigest()
    assert b"Fischer" in text and b"2026-03-14" in text


def test_order_folder_device_and_language_break_no_seal() -> None:
    clips = two()
    before = sealed(clips)
    elsewhere = [replace(one, file=f"/elsewhere/{one.file}") for one in clips]
    other = [
        replace(one, reading=replace(one.reading, provenance=replace(one.reading.provenance, device="cuda bf16")))
        for one in clips
    ]

    assert sealed(clips[::-1]) == sealed(elsewhere) == sealed(other) == before
    with speaking("de"):
        assert sealed(clips) == before


def test_every_number_that_is_printed_is_under_the_seal() -> None:
    first, second = two()
    before = sealed([first, second])
    drawn = HandMeasurement("0" * 32, Measure.FL, 2, Line((10, 10), (70, 10)), Act("A", WHEN))
    model = replace(first.reading.provenance.model, sha256="0" * 64)
    others = {
        "a length": [with_hc(first, 0.1), second],
        "a best frame": [replace(first, notes=replace(first.notes, best={"brain": 3})), second],
        "a named view": [replace(first, notes=replace(first.notes, named={1: "femur"})), second],
        "a caliper": [replace(first, notes=replace(first.notes, measured=(drawn,))), second],
        "a clip less": [first],
        "another model": [
            replace(first, reading=replace(first.reading, provenance=replace(first.reading.provenance, model=model))),
            second,
        ],
        "another patient": [
            replace(one, clip=replace(one.clip, origin=replace(ORIGIN, patient_name="X^Y"))) for one in (first, second)
        ],
        "whose scan": [replace(first, fetus="A"), replace(second, fetus="B")],
    }

    assert {what for what, clips in others.items() if sealed(clips) == before} == set()
    assert sealed([with_hc(first, 1e-3), second]) == before, "what nobody can read is no other number"
    finer = entry(name="a.dcm", origin=ORIGIN, pixel_mm=0.5001)
    other_scale = replace(first, clip=finer.clip, reading=replace(first.reading, calibration=finer.clip.calibration))
    assert sealed([other_scale, second]) != before


def test_a_shape_that_was_moved_at_its_size_and_another_remark_are_under_the_seal() -> None:
    one = entry(name="a.dcm", origin=ORIGIN)
    key = study_key(groups_of([one.clip])[0])

    def seal_of(shape: Line | Ellipse, remark: str) -> str:
        hc = HandMeasurement("0" * 32, Measure.HC if isinstance(shape, Ellipse) else Measure.FL, 2, shape, act)
        drawn = replace(one, notes=replace(one.notes, measured=(hc,)))
        marks = StudyNotes(checklist={"spine": ItemMark(ItemState.SEEN, act, remark)})
        seen = ClipSeen(one.clip.key, one.reading, drawn.notes, one.clip.calibration, "")
        lists = assess_studies(bundled(), [(groups_of([one.clip])[0], seen)], {key: marks})
        return hashlib.sha256(canonical(record_of([drawn], lists))).hexdigest()

    act = Act("A", WHEN)
    ellipse, line = Ellipse(100, 90, 60, 40, 10), Line((10, 10), (70, 10))
    before = seal_of(ellipse, "whole")

    assert seal_of(replace(ellipse, cx=120), "whole") != before, "the same circumference, elsewhere"
    assert seal_of(Line((10, 12), (70, 12)), "whole") != seal_of(line, "whole")
    assert seal_of(ellipse, "only its lower part") != before
    assert seal_of(ellipse, "whole") == before


def test_a_study_is_signed_while_it_says_what_was_signed() -> None:
    clips = two()
    signed = SignOff("M. Fischer", WHEN, sealed(clips))
    under = [replace(one, study_notes=StudyNotes(signed=signed)) for one in clips]
    (study,) = signed_studies(under)
    (changed,) = signed_studies([with_hc(under[0], 0.1), under[1]])
    (unsigned,) = signed_studies(clips)

    assert [study.state, changed.state, unsigned.state] == [SealState.SIGNED, SealState.BROKEN, SealState.UNSIGNED]
    assert study.seal == signed.sealed


def test_every_study_has_a_seal_of_its_own() -> None:
    other = entry(name="c.dcm", origin=replace(ORIGIN, study_uid="9.9", study_date="20260401"))
    studies = signed_studies([*two(), other])

    assert len(studies) == 2 and studies[0].seal != studies[1].seal
    assert studies[0].seal == signed_studies(two())[0].seal


@pytest.mark.parametrize(
    ("name", "when", "seal"),
    [(" ", WHEN, "0" * 64), ("A", WHEN.replace(tzinfo=None), "0" * 64), ("A", WHEN, "0" * 63), ("A", WHEN, "x" * 64)],
)
def test_a_signature_without_name_time_or_seal_cannot_be(name: str, when: datetime, seal: str) -> None:
    with pytest.raises(ValueError, match=r"signature|seal"):
        SignOff(name, when, seal)


def test_a_mark_on_the_checklist_and_a_signature_are_kept_side_by_side(tmp_path: Path) -> None:
    signed = SignOff("M. Fischer", WHEN, "ab" * 32)
    notes = StudyNotes(checklist={"spine": ItemMark(ItemState.SEEN, Act("A", WHEN))}, signed=signed)
    text = notes_json.written(notes)
    joined = notes_json.joined(notes_json.written(replace(notes, signed=None)), text, notes_json.written(StudyNotes()))

    assert notes_json.read(StudyNotes, text) == notes
    assert notes_json.read(StudyNotes, joined).signed == signed
    assert seal_state(signed, "ab" * 32) is SealState.SIGNED
