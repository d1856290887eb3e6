"""A report is a draft until every study in it is signed as it stands; the file carries what was signed."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pypdf
import pytest
from report_pages import entry, options, pages_of, text_of

from fetalclip_app.domain.clip import Origin
from fetalclip_app.domain.notes import StudyNotes
from fetalclip_app.domain.reading import HeadMeasurement
from fetalclip_app.domain.sign_off import SignOff
from fetalclip_app.report.build import ClipEntry, build
from fetalclip_app.report.seal import signed_studies

WHEN = datetime(2026, 3, 14, 10, 5, tzinfo=UTC)


def signed(one: ClipEntry, *others: ClipEntry) -> list[ClipEntry]:
    """Return these clips, each study under a signature of what it says now."""
    clips = [one, *others]
    seals = {study.title: study.seal for study in signed_studies(clips)}
    titles = {study.title for study in signed_studies([one])}
    return [
        replace(clip, study_notes=StudyNotes(signed=SignOff("M. Fischer", WHEN, seals[title])))
        for clip in clips
        for title in ({study.title for study in signed_studies([clip])} or titles)
    ]


def larger(one: ClipEntry) -> ClipEntry:
    """Return a clip whose head is a millimetre larger."""
    findings = tuple(
        replace(f, answer=replace(f.answer, size=replace(f.answer.size, hc_mm=f.answer.size.hc_mm + 1)))
        if isinstance(f.answer, HeadMeasurement)
        else f
        for f in one.reading.findings
    )
    return replace(one, reading=replace(one.reading, findings=findings))


def test_a_draft_says_so_on_every_page_and_a_signed_report_on_none(tmp_path: Path) -> None:
    draft = pages_of(build([entry()], options()), tmp_path)
    done = pages_of(build(signed(entry()), options()), tmp_path)

    assert all("DRAFT" in text_of([page]) for page in draft) and "Nobody has signed" in text_of(draft)
    assert "DRAFT" not in text_of(done) and "Draft" not in text_of(done)
    assert "Signed by M. Fischer, 2026-03-14 10:05 UTC." in text_of(done)


def test_a_number_that_changed_after_signing_makes_a_draft_again(tmp_path: Path) -> None:
    (one,) = signed(entry())
    pages = pages_of(build([larger(one)], options()), tmp_path)
    text = text_of(pages)

    assert all("DRAFT" in text_of([page]) for page in pages)
    assert "Draft again" in text and "changed after it was signed" in text and "Signed by M. Fischer" in text


def test_a_study_that_nobody_signed_beside_a_signed_one_leaves_the_report_a_draft(tmp_path: Path) -> None:
    other = Origin(patient_id="P-001", study_date="20260401", study_description="Third trimester")
    later = entry(name="later.dcm", origin=other)
    both = signed(entry(), later)
    half = text_of(pages_of(build([both[0], later], options()), tmp_path))

    assert "DRAFT" not in text_of(pages_of(build(both, options()), tmp_path))
    assert "DRAFT" in half and "Signed by M. Fischer" in half and "Third trimester" in half


@pytest.mark.parametrize("is_signed", [True, False])
def test_the_seal_on_the_page_is_the_hash_of_the_attached_record(tmp_path: Path, is_signed: bool) -> None:
    clips = signed(entry()) if is_signed else [entry()]
    text = text_of(pages_of(build(clips, options()), tmp_path))
    (record,) = pypdf.PdfReader(tmp_path / "report.pdf").attachments["signed-record.json"]

    assert f"Seal: {hashlib.sha256(record).hexdigest()}" in text


def test_the_file_is_marked_as_pdf_a_3_and_names_no_font_that_it_does_not_hold(tmp_path: Path) -> None:
    pages_of(build([entry(heat=True)], options()), tmp_path)
    reader = pypdf.PdfReader(tmp_path / "report.pdf")
    root = reader.root_object
    intent = root["/OutputIntents"][0]
    files = {one.get_object()["/UF"]: one.get_object() for one in root["/AF"]}
    file = files["signed-record.json"]
    fonts = [font.get_object() for page in reader.pages for font in page["/Resources"]["/Font"].values()]

    assert reader.pdf_header == "%PDF-1.7" and reader.xmp_metadata is not None
    assert b"<pdfaid:part>3</pdfaid:part>" in root["/Metadata"].get_object().get_data()
    assert intent["/S"] == "/GTS_PDFA1" and intent["/DestOutputProfile"].get_object().get_data()[36:40] == b"acsp"
    assert set(files) == {"provenance.json", "signed-record.json"}
    assert file["/AFRelationship"] == "/Data" and file["/UF"] == file["/F"] == "signed-record.json"
    assert file["/EF"]["/F"].get_object()["/Subtype"] == "/application/json"
    assert reader.metadata.title == "Fetal ultrasound reading" == reader.xmp_metadata.dc_title["x-default"]
    assert fonts and all("/FontFile2" in font["/FontDescriptor"].get_object() for font in fonts)
    assert reader.trailer["/ID"]
