"""DICOM objects of a report: valid, marked as unverified, referring to originals that stay as they were."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_studies import PERSON, SERIES, STUDY, cine, entry, items, name_of, picture, twins, whole_report
from fakes import make_reading
from pydicom.uid import (
    ColorSoftcopyPresentationStateStorage,
    ComprehensiveSRStorage,
    EncapsulatedPDFStorage,
    SecondaryCaptureImageStorage,
    SegmentationStorage,
)

from fetalclip_app.domain.reading import HeadMeasurement
from fetalclip_app.domain.sign_off import SignOff
from fetalclip_app.errors import ErrorCode, ExportFailed, UnreadableFile
from fetalclip_app.report.build import ReportContent, build
from fetalclip_app.report.dicom.export import write_objects
from fetalclip_app.report.dicom.sources import references

KINDS = {
    "report": ComprehensiveSRStorage,
    "measurements_1": ComprehensiveSRStorage,
    "segmentation_1": SegmentationStorage,
    "overlays_1": ColorSoftcopyPresentationStateStorage,
    "picture_1": SecondaryCaptureImageStorage,
    "report_pdf": EncapsulatedPDFStorage,
}


def needs(tool: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(tool) is None, reason=f"skipped, tool missing: {tool}")


def of_nothing_drawn(folder: Path) -> ReportContent:
    """Return a report that needs no frame decoded again: its file is looked at for its header alone."""
    return build([entry(cine(folder / "cine.dcm", scale=False), days=None)])


def errors_of(path: Path) -> list[str]:
    told = subprocess.run(["dciodvfy", path], check=False, capture_output=True, text=True, errors="replace")
    return [line for line in (told.stdout + told.stderr).splitlines() if line.startswith("Error")]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("objects")
    return {path.stem: path for path in write_objects(folder / "out", whole_report(folder))}


@pytest.fixture
def stored(written: dict[str, Path]) -> dict[str, pydicom.Dataset]:
    return {name: pydicom.dcmread(path) for name, path in written.items()}


def test_there_is_an_object_of_every_kind_each_kind_in_a_series_of_its_own(
    stored: dict[str, pydicom.Dataset],
) -> None:
    assert {name: stored[name].SOPClassUID for name in KINDS} == KINDS
    series = [stored[name].SeriesInstanceUID for name in KINDS]
    assert len(set(series)) == len(KINDS)
    assert SERIES not in series
    uids = [made.SOPInstanceUID for made in stored.values()]
    assert len(set(uids)) == len(uids), "new identifiers"
    assert {made.StudyInstanceUID for made in stored.values()} == {STUDY}, "of the patient's own study"


@needs("dciodvfy")
def test_every_object_passes_the_checker_that_the_source_passes(written: dict[str, Path]) -> None:
    assert {name: found for name, path in written.items() if (found := errors_of(path))} == {}


@needs("dsrdump")
def test_foreign_readers_open_the_reports(written: dict[str, Path]) -> None:
    for name in ("report", "measurements_1"):
        told = subprocess.run(["dsrdump", "+Pc", written[name]], check=True, capture_output=True, text=True)
        assert "Head Circumference" in told.stdout
        assert not [line for line in told.stderr.splitlines() if line.startswith("E:")]


@needs("dcm2pnm")
@needs("dcmpschk")
def test_foreign_readers_open_pictures_and_overlays(written: dict[str, Path], tmp_path: Path) -> None:
    for name in ("picture_1", "segmentation_1"):
        subprocess.run(["dcm2pnm", "-q", written[name], tmp_path / "shown.pnm"], check=True, capture_output=True)
        assert (tmp_path / "shown.pnm").stat().st_size > 1000
    told = subprocess.run(["dcmpschk", written["overlays_1"]], check=False, capture_output=True, text=True)
    assert "Test passed" in told.stdout + told.stderr


def test_until_somebody_signed_all_are_unverified_and_say_so(stored: dict[str, pydicom.Dataset]) -> None:
    for name in ("report", "measurements_1"):
        made = stored[name]
        assert (made.VerificationFlag, made.PreliminaryFlag, made.CompletionFlag) == (
            "UNVERIFIED",
            "PRELIMINARY",
            "PARTIAL",
        )
        assert "VerifyingObserverSequence" not in made
    assert stored["report_pdf"].VerificationFlag == "UNVERIFIED"
    for made in stored.values():
        assert made.SeriesDescription.startswith("AI - not verified")
        assert made.Manufacturer == "FetalCLIP Studio"
        assert made.ContributingEquipmentSequence[0].Manufacturer == "FetalCLIP Studio"
        assert made.PatientID == "P1"
        assert str(made.PatientName) == "Test^Case"


def test_a_signature_verifies_and_a_change_after_it_makes_a_draft_again(tmp_path: Path) -> None:
    draft = whole_report(tmp_path)
    by = SignOff("C. Signer", datetime(2026, 3, 15, 9, 30, tzinfo=UTC), draft.signed[0].seal)
    signed = [replace(one, study_notes=replace(one.study_notes, signed=by)) for one in draft.clips]
    write_objects(tmp_path / "signed", build(signed, draft.options))
    changed = [replace(one, notes=replace(one.notes, measured=one.notes.measured[1:])) for one in signed]
    write_objects(tmp_path / "changed", build(changed, draft.options))

    report = pydicom.dcmread(tmp_path / "signed" / "report.dcm")
    assert (report.VerificationFlag, report.PreliminaryFlag, report.CompletionFlag) == ("VERIFIED", "FINAL", "COMPLETE")
    assert str(report.VerifyingObserverSequence[0].VerifyingObserverName).startswith("C. Signer")
    assert report.VerifyingObserverSequence[0].VerificationDateTime.startswith("20260315093000")
    assert report.SeriesDescription.startswith("AI - signed by a person")
    assert pydicom.dcmread(tmp_path / "changed" / "report.dcm").VerificationFlag == "UNVERIFIED"


@needs("dciodvfy")
def test_a_signed_report_passes_the_checker_too(tmp_path: Path) -> None:
    draft = whole_report(tmp_path)
    by = SignOff("C. Signer", datetime(2026, 3, 15, 9, 30, tzinfo=UTC), draft.signed[0].seal)
    signed = [replace(one, study_notes=replace(one.study_notes, signed=by)) for one in draft.clips]
    paths = write_objects(tmp_path / "signed", build(signed, draft.options))
    assert [error for path in paths for error in errors_of(path)] == []


def test_the_original_is_referred_to_frame_by_frame_and_never_touched(tmp_path: Path) -> None:
    content = whole_report(tmp_path)
    source = tmp_path / "cine.dcm"
    before = hashlib.sha256(source.read_bytes()).hexdigest(), source.stat().st_mtime_ns
    paths = {path.stem: path for path in write_objects(tmp_path / "out", content)}
    own = pydicom.dcmread(source, stop_before_pixels=True)

    assert (hashlib.sha256(source.read_bytes()).hexdigest(), source.stat().st_mtime_ns) == before
    report = pydicom.dcmread(paths["report"])
    (study,) = report.CurrentRequestedProcedureEvidenceSequence
    assert study.ReferencedSeriesSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID == own.SOPInstanceUID
    first = [
        reference
        for item in items(report)
        if item.get("ValueType") == "NUM" and name_of(item)[0] == "11984-2"
        for child in item.ContentSequence
        for reference in child.get("ReferencedSOPSequence", ())
    ]
    assert {one.ReferencedSOPClassUID for one in first} == {own.SOPClassUID}
    assert {int(one.ReferencedFrameNumber) for one in first} == {1, 2, 3}, "two by hand, the model's on the third"
    told = [one.TextValue for one in items(report) if one.get("RelationshipType") == "HAS ACQ CONTEXT"]
    assert told == [f"SHA-256 {before[0]}"]
    drawn = {one.ObservationDateTime for one in items(report) if "ObservationDateTime" in one}
    assert drawn == {"20260314120000+0000"}
    segmentation = pydicom.dcmread(paths["segmentation_1"])
    derived = segmentation.PerFrameFunctionalGroupsSequence[0].DerivationImageSequence[0].SourceImageSequence[0]
    assert derived.ReferencedSOPClassUID == own.SOPClassUID
    assert int(derived.ReferencedFrameNumber) == 3


def test_the_mask_in_the_segmentation_is_the_models(stored: dict[str, pydicom.Dataset], tmp_path: Path) -> None:
    reading = make_reading(cine(tmp_path / "same.dcm"))
    head = reading.answer("head", HeadMeasurement)
    assert np.array_equal(stored["segmentation_1"].pixel_array.astype(bool).squeeze(), head.outline.mask)
    (segment,) = stored["segmentation_1"].SegmentSequence
    assert segment.SegmentAlgorithmType == "AUTOMATIC"
    assert segment.SegmentationAlgorithmIdentificationSequence[0].AlgorithmName == "Compact 1.0"


def test_overlays_lie_where_they_were_drawn_on_their_frames(stored: dict[str, pydicom.Dataset]) -> None:
    annotations = stored["overlays_1"].GraphicAnnotationSequence
    frames = {int(one.ReferencedImageSequence[0].ReferencedFrameNumber): one.GraphicLayer for one in annotations}
    assert frames == {1: "PERSON", 2: "PERSON", 3: "MODEL"}
    first = next(one for one in annotations if int(one.ReferencedImageSequence[0].ReferencedFrameNumber) == 1)
    lines = [one for one in first.GraphicObjectSequence if one.NumberOfGraphicPoints == 2]
    assert list(lines[0].GraphicData) == pytest.approx([20.5, 30.5, 20.5 + 47.0 / 0.5, 30.5])
    assert "BPD 47.0 mm (by hand)" in [one.UnformattedTextValue for one in first.TextObjectSequence]


def test_the_pdf_is_the_report(stored: dict[str, pydicom.Dataset]) -> None:
    made = stored["report_pdf"]
    held = bytes(made.EncapsulatedDocument)[: made.EncapsulatedDocumentLength]
    assert held.startswith(b"%PDF-")
    assert held.rstrip().endswith(b"%%EOF")
    assert made.MIMETypeOfEncapsulatedDocument == "application/pdf"


@needs("dciodvfy")
def test_a_picture_that_is_no_dicom_gets_a_capture_first(tmp_path: Path) -> None:
    content = build([entry(picture(tmp_path / "scan.png"), PERSON[2:])])
    paths = {path.stem: path for path in write_objects(tmp_path / "out", content)}
    source = pydicom.dcmread(paths["source_1"])
    report = pydicom.dcmread(paths["report"])

    assert np.array_equal(source.pixel_array, content.clips[0].clip.frame(0).pixels)
    assert source.StudyInstanceUID == report.StudyInstanceUID
    (study,) = report.CurrentRequestedProcedureEvidenceSequence
    assert study.ReferencedSeriesSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID == source.SOPInstanceUID
    assert [error for path in paths.values() for error in errors_of(path)] == []


def test_a_picture_without_a_scale_has_its_mask_and_no_length(tmp_path: Path) -> None:
    content = build([entry(picture(tmp_path / "scan.png", pixel_mm=None), days=None)])
    stored = {path.stem: pydicom.dcmread(path) for path in write_objects(tmp_path / "out", content)}
    assert "segmentation_1" in stored
    assert not {"measurements_1", "overlays_1", "picture_1"} & set(stored)
    values = [one.MeasuredValueSequence for one in items(stored["report"]) if one.get("ValueType") == "NUM"]
    assert values
    assert not [one for one in values if one]


def test_a_class_of_one_frame_with_several_is_captured(tmp_path: Path) -> None:
    content = build([entry(cine(tmp_path / "odd.dcm", SOPClassUID="1.2.840.10008.5.1.4.1.1.6.1"), PERSON)])
    stored = {path.stem: pydicom.dcmread(path) for path in write_objects(tmp_path / "out", content)}
    captured = {made.SOPInstanceUID for name, made in stored.items() if name.startswith("source")}
    referred = {one.ReferencedSOPInstanceUID for one in references(stored["report"])}
    assert len(captured) > 1
    assert referred == captured
    assert {made.PatientID for made in stored.values()} == {"P1"}
    assert {made.StudyInstanceUID for made in stored.values()} == {STUDY}


def test_a_cine_of_the_retired_class_is_referred_to_as_what_it_is(tmp_path: Path) -> None:
    """Not asked of dciodvfy: it does not know that this class has frames."""
    retired = "1.2.840.10008.5.1.4.1.1.3"
    paths = write_objects(tmp_path / "out", build([entry(cine(tmp_path / "old.dcm", SOPClassUID=retired), PERSON)]))
    for path in paths:
        told = {one.ReferencedSOPClassUID for one in references(pydicom.dcmread(path))}
        assert told <= {retired}, path.name


def test_the_same_picture_comes_to_the_same_study_again(tmp_path: Path) -> None:
    content = build([entry(picture(tmp_path / "scan.png"))])
    uids = [pydicom.dcmread(write_objects(tmp_path / name, content)[0]).StudyInstanceUID for name in "ab"]
    assert uids[0] == uids[1]


@needs("dciodvfy")
def test_twins_nobody_and_a_still_pass_the_checker(tmp_path: Path) -> None:
    still = build([entry(cine(tmp_path / "still.dcm", frames=1))])
    for name, content in {"twins": twins(tmp_path), "still": still}.items():
        paths = write_objects(tmp_path / name, content)
        assert [error for path in paths for error in errors_of(path)] == []


def test_several_studies_are_kept_apart(tmp_path: Path) -> None:
    one = entry(cine(tmp_path / "one.dcm"))
    two = entry(cine(tmp_path / "two.dcm", PatientID="P2", StudyInstanceUID=f"{STUDY}.2", SOPInstanceUID=f"{SERIES}.9"))
    paths = write_objects(tmp_path / "out", build([one, two]))
    patients = {path.parent.name: {pydicom.dcmread(path).PatientID} for path in paths}
    assert patients == {"study_1": {"P1"}, "study_2": {"P2"}}


def test_pictures_that_name_nobody_are_studies_of_their_own(tmp_path: Path) -> None:
    content = build([entry(picture(tmp_path / f"{seed}.png", seed=seed), days=None) for seed in (1, 2)])
    paths = write_objects(tmp_path / "out", content)
    assert len({pydicom.dcmread(path).StudyInstanceUID for path in paths}) == 2


def test_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = whole_report(tmp_path)
    target = tmp_path / "out"
    target.mkdir()
    (target / "mine.txt").write_text("mine")
    with pytest.raises(ExportFailed):
        write_objects(target, content)
    assert [path.name for path in target.iterdir()] == ["mine.txt"]

    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fetalclip_app.report.dicom.export.encapsulated_pdf", full)
    with pytest.raises(ExportFailed) as refused:
        write_objects(tmp_path / "new", content)
    assert refused.value.code is ErrorCode.EXPORT_FAILED
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cine.dcm", "out"]


@pytest.mark.parametrize("make", [whole_report, of_nothing_drawn])
def test_a_file_that_changed_since_it_was_read_is_refused(
    make: Callable[[Path], ReportContent], tmp_path: Path
) -> None:
    content = make(tmp_path)
    (tmp_path / "cine.dcm").write_bytes((tmp_path / "cine.dcm").read_bytes() + b"\0\0")
    with pytest.raises(UnreadableFile):
        write_objects(tmp_path / "out", content)
    assert not (tmp_path / "out").exists()


def test_a_removed_identity_stays_removed(tmp_path: Path) -> None:
    clip = cine(tmp_path / "c.dcm", PatientIdentityRemoved="YES", PatientName="ANON", PatientSex="", StudyID="")
    paths = write_objects(tmp_path / "out", build([entry(clip)]))
    for path in paths:
        made = pydicom.dcmread(path)
        assert made.PatientIdentityRemoved == "YES"
        assert made.DeidentificationMethod
        assert str(made.PatientName) == "ANON"
