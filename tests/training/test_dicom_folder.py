from __future__ import annotations

from pathlib import Path

import dicom_files
import pytest
from pydicom.dataset import Dataset

from training.importers.dicom import DicomFolder, hashed_group, read_dicom_folder
from training.manifest_file import ManifestError

SALT = "a secret of sixteen letters"
NAMES = {"four chamber view": "heart", "head tt": "trans-thalamic"}


@pytest.fixture
def folder(tmp_path: Path) -> DicomFolder:
    scans = tmp_path / "scans"
    scans.mkdir()
    still = dicom_files.dataset_of(dicom_files.colour_picture(), Manufacturer="Maker", ManufacturerModelName="M1")
    still.SequenceOfUltrasoundRegions = [dicom_files.region()]
    dicom_files.write(scans / "still.dcm", still)
    clip = dicom_files.dataset_of(dicom_files.cine(4), SeriesDescription=" Head TT ", FrameTime=40)
    clip.PatientID = "P2"
    dicom_files.write(scans / "clip.dcm", clip)
    (scans / "broken.dcm").write_bytes(b"no DICOM")
    return DicomFolder(tmp_path, scans, SALT, "CC0", site="South", frames=2, names=NAMES)


LABELS = {"still.dcm": {"plane": "heart", "label:chd": "no", "age_days": "150", "age_source": "stated"}}


def test_a_still_has_the_scale_of_its_regions_and_the_labels_of_the_table(folder: DicomFolder) -> None:
    (still,) = [s for s in read_dicom_folder(folder, LABELS).samples if s.picture == "scans/still.dcm"]

    assert still.pixel_mm == pytest.approx(0.2), "the region says 0.02 cm"
    assert (still.plane, still.label("chd"), still.age_days, still.age_source) == ("heart", "no", 150, "stated")
    assert (still.machine, still.site, still.licence, still.split) == ("Maker M1", "South", "CC0", "unused")


def test_a_clip_gives_frames_labelled_by_its_tags(folder: DicomFolder) -> None:
    clips = [s for s in read_dicom_folder(folder, LABELS).samples if s.picture == "scans/clip.dcm"]

    assert [(s.frame, s.plane, s.brain_plane) for s in clips] == [
        (1, "brain", "trans-thalamic"),
        (3, "brain", "trans-thalamic"),
    ]
    assert {s.pixel_mm for s in clips} == {None}, "no region, no scale"


def test_patients_are_named_by_a_salted_hash(folder: DicomFolder) -> None:
    samples = read_dicom_folder(folder, LABELS).samples

    assert {s.group for s in samples} == {hashed_group(SALT, "P1"), hashed_group(SALT, "P2")}
    assert hashed_group(SALT, "P1") != hashed_group("another secret of letters", "P1")
    assert hashed_group(SALT, " P1 ") == hashed_group(SALT, "P1"), "DICOM pads texts with spaces"
    assert "Test" not in str(samples), "the patient's name"


def test_a_group_comes_to_the_side_that_the_split_says(folder: DicomFolder) -> None:
    samples = read_dicom_folder(folder, LABELS, {hashed_group(SALT, "P2"): "test"}).samples

    assert {(s.picture, s.split) for s in samples} == {("scans/still.dcm", "unused"), ("scans/clip.dcm", "test")}


def test_files_that_give_no_sample_are_listed_with_the_reason(folder: DicomFolder) -> None:
    nameless = dicom_files.dataset_of(dicom_files.colour_picture(), SeriesDescription="Head TT")
    nameless.PatientID = nameless.StudyInstanceUID = ""
    dicom_files.write(folder.folder / "nameless.dcm", nameless)

    refused = dict(read_dicom_folder(folder, {}).refused)

    assert set(refused) == {"broken.dcm", "nameless.dcm", "still.dcm"}
    assert "neither patient nor study" in refused["nameless.dcm"]
    assert "neither the table of labels nor a tag" in refused["still.dcm"]


def test_a_view_code_says_more_than_a_description(folder: DicomFolder) -> None:
    coded = dicom_files.dataset_of(dicom_files.colour_picture(), SeriesDescription="Head TT")
    view = Dataset()
    view.CodeValue, view.CodingSchemeDesignator, view.CodeMeaning = "1", "99X", "Four chamber view"
    coded.ViewCodeSequence = [view]
    dicom_files.write(folder.folder / "coded.dcm", coded)

    assert [s.plane for s in read_dicom_folder(folder, {}).samples if s.picture.endswith("coded.dcm")] == ["heart"]


def test_a_short_salt_is_refused(folder: DicomFolder) -> None:
    with pytest.raises(ValueError, match="the salt has 5 letters"):
        read_dicom_folder(DicomFolder(folder.data, folder.folder, "short", "CC0"), {})


def test_labels_of_no_file_are_refused_by_name(folder: DicomFolder) -> None:
    with pytest.raises(ValueError, match=r"1 files of the labels are not in scans: stil\.dcm"):
        read_dicom_folder(folder, {"stil.dcm": {"plane": "heart"}})


def test_a_label_that_cannot_be_is_refused_by_file_and_column(folder: DicomFolder) -> None:
    with pytest.raises(ManifestError, match=r"labels of still\.dcm: .* column plane: 'hart' is none of"):
        read_dicom_folder(folder, {"still.dcm": {"plane": "hart"}})
