"""A DICOMDIR orders what it names; what it misses, forgets or cannot say is said."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import Any

import dicom_files as files
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.fileset import FileSet
from pydicom.uid import generate_uid

from fetalclip_app.domain.listing import Listing, NoticeKind
from fetalclip_app.errors import UnreadableFile
from fetalclip_app.imaging.files.dicomdir import Neighbours, Record
from fetalclip_app.imaging.readers import find, read_clip
from fetalclip_app.wording import notice_sentence

NAMES = ["00000001", "00000002", "00000003", "00000004"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A medium of two patients, two instances each, written by pydicom."""
    folder = tmp_path_factory.mktemp("medium")
    index = FileSet()
    before = index._stage["t"]
    for patient in "AB":
        study, series = generate_uid(), generate_uid()
        for number in (1, 2):
            data = files.dataset_of(
                files.colour_picture(), PatientID=patient, PatientName=f"Case^{patient}", StudyInstanceUID=study,
                SeriesInstanceUID=series, SOPInstanceUID=generate_uid(), InstanceNumber=number, SeriesNumber=1,
                StudyDate="20260102", StudyTime="0900", StudyID="1", AccessionNumber="",
            )  # fmt: skip
            index.add(dcmread(files.write(folder / f"{patient}{number}", data)))
    index.write(folder / "cd")
    for temporary in (before, index._stage["t"]):
        temporary.cleanup()  # else it warns when it is forgotten
    return folder / "cd"


@pytest.fixture
def medium(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "cd")
    return tmp_path / "cd"


def told(listing: Listing) -> dict[NoticeKind, tuple[str, ...]]:
    assert all(notice_sentence(notice) for notice in listing.notices)
    return {notice.kind: notice.names for notice in listing.notices}


def instances(listing: Listing) -> list[tuple[str, int | None]]:
    return [(clip.origin.patient_id, clip.origin.instance_number) for clip in map(read_clip, listing.files)]


def edit(medium: Path, change: Any) -> None:
    index = dcmread(medium / "DICOMDIR")
    change(index)
    index.save_as(medium / "DICOMDIR")


WHOLE = [("A", 1), ("A", 2), ("B", 1), ("B", 2)]


@pytest.mark.parametrize("inside", ["", "DICOMDIR"])
def test_a_medium_lists_what_its_index_names_in_its_order(inside: str, medium: Path) -> None:
    listing = find([medium / inside])

    assert instances(listing) == WHOLE
    assert listing.notices == ()


def test_the_links_order_and_not_the_places_of_the_records(medium: Path) -> None:
    """The first patient's record is made to follow the second's by its links alone."""

    def swap(index: Any) -> None:
        first, second = [r for r in index.DirectoryRecordSequence if r.DirectoryRecordType == "PATIENT"]
        index.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity = second.seq_item_tell
        second.OffsetOfTheNextDirectoryRecord = first.seq_item_tell
        first.OffsetOfTheNextDirectoryRecord = 0

    edit(medium, swap)

    assert instances(find([medium])) == [WHOLE[2], WHOLE[3], WHOLE[0], WHOLE[1]]


def test_links_that_lead_back_or_nowhere_lose_no_file(medium: Path) -> None:
    def tangle(index: Any) -> None:
        for record in index.DirectoryRecordSequence:
            record.OffsetOfTheNextDirectoryRecord = index.DirectoryRecordSequence[0].seq_item_tell
            record.OffsetOfReferencedLowerLevelDirectoryEntity = 7

    edit(medium, tangle)

    assert sorted(instances(find([medium]))) == WHOLE


def _paths(medium: Path) -> list[Path]:
    return list(find([medium]).files)


@pytest.mark.parametrize("rename", [str.lower, lambda name: f"{name};1", lambda name: f"{name}.dcm", lambda n: f"{n}."])
def test_names_are_found_as_copies_of_media_write_them(rename: Any, medium: Path) -> None:
    for path in _paths(medium):
        path.rename(path.with_name(rename(path.name)))
    for folder in sorted((p for p in medium.rglob("*") if p.is_dir()), reverse=True):
        folder.rename(folder.with_name(folder.name.lower()))
    listing = find([medium])

    assert instances(listing) == WHOLE
    assert listing.notices == ()


@pytest.mark.parametrize(("first", "second"), [("img1.", "Img1"), ("img1;1", "img1;2"), ("img1.dcm", "img1.png")])
def test_where_two_files_could_be_meant_neither_is(first: str, second: str, tmp_path: Path) -> None:
    both, record = [tmp_path / first, tmp_path / second], Record(("IMG1",), True)

    assert Neighbours(tmp_path, both).find(record) is None
    assert Neighbours(tmp_path, both[::-1]).find(record) is None
    assert [Neighbours(tmp_path, [path]).find(record) for path in both] == both
    assert Neighbours(tmp_path, [*both, tmp_path / "IMG1"]).find(record) == tmp_path / "IMG1"


def test_backslashes_in_one_text_are_parts(medium: Path) -> None:
    def join(index: Any) -> None:
        for record in index.DirectoryRecordSequence:
            if "ReferencedFileID" in record:
                record.add_new("ReferencedFileID", "LO", "/".join(record.ReferencedFileID))

    edit(medium, join)

    assert instances(find([medium])) == WHOLE


def test_a_file_that_is_missing_is_named(medium: Path) -> None:
    _paths(medium)[1].unlink()
    listing = find([medium])

    assert instances(listing) == [WHOLE[0], *WHOLE[2:]]
    (names,) = told(listing).values()
    assert len(names) == 1
    assert notice_sentence(listing.notices[0]).startswith("1 file that DICOMDIR names is not there: ")


def test_files_that_the_index_forgot_are_offered_and_counted(medium: Path) -> None:
    shutil.copy(_paths(medium)[0], medium / "more.dcm")
    (medium / "VIEWER.BIN").write_bytes(b"MZ no picture at all")
    listing = find([medium])

    assert listing.files[4:] == (medium / "more.dcm",)
    assert told(listing) == {NoticeKind.INDEX_FORGOT: ("more.dcm",)}


def test_the_index_alone_offers_nothing_else(medium: Path) -> None:
    shutil.copy(_paths(medium)[0], medium / "more.dcm")

    assert len(find([medium / "DICOMDIR"]).files) == 4


@pytest.mark.parametrize("keep", [0, 200, 1])
@pytest.mark.parametrize("inside", ["", "DICOMDIR"])
def test_a_damaged_index_falls_back_to_the_folder_and_says_so(keep: int, inside: str, medium: Path) -> None:
    held = (medium / "DICOMDIR").read_bytes()
    (medium / "DICOMDIR").write_bytes(held[:keep] if keep != 1 else b"\xff" * 900)
    if keep == 0 and inside:
        (medium / "DICOMDIR").write_bytes(b"\0")
    listing = find([medium / inside])

    assert sorted(instances(listing)) == WHOLE
    assert told(listing) == {NoticeKind.INDEX_DAMAGED: ()}


@pytest.mark.parametrize("name", [["..", "..", "etc", "passwd"], ["", "etc", "passwd"], ["C:", "secret"], ["A", ".."]])
def test_a_name_that_leads_out_of_the_folder_is_refused_and_said(name: list[str], medium: Path) -> None:
    def lead_out(index: Any) -> None:
        images = [r for r in index.DirectoryRecordSequence if r.DirectoryRecordType == "IMAGE"]
        images[0].add_new("ReferencedFileID", "LO", "/".join(name))

    edit(medium, lead_out)
    listing = find([medium / "DICOMDIR"])

    assert instances(listing) == WHOLE[1:]
    assert told(listing) == {NoticeKind.INDEX_LEAVES: ("/".join(name),)}


def test_a_record_that_is_switched_off_is_not_listed(medium: Path) -> None:
    def switch_off(index: Any) -> None:
        next(r for r in index.DirectoryRecordSequence if r.DirectoryRecordType == "IMAGE").RecordInUseFlag = 0

    edit(medium, switch_off)

    assert instances(find([medium / "DICOMDIR"])) == WHOLE[1:]


def test_a_report_that_the_index_names_is_no_clip_and_not_forgotten(medium: Path) -> None:
    def retype(index: Any) -> None:
        images = [r for r in index.DirectoryRecordSequence if r.DirectoryRecordType == "IMAGE"]
        images[0].DirectoryRecordType = "SR DOCUMENT"

    edit(medium, retype)
    listing = find([medium])

    assert instances(listing) == WHOLE[1:]
    assert listing.notices == ()


def test_a_medium_below_a_folder_is_found(medium: Path, tmp_path: Path) -> None:
    shutil.copy(_paths(medium)[0], tmp_path / "beside.dcm")
    listing = find([tmp_path])

    assert instances(listing) == [*WHOLE, WHOLE[0]]
    assert listing.notices == ()  # the file beside the medium belongs to no index


def test_a_medium_in_an_archive_is_a_medium(medium: Path, tmp_path: Path) -> None:
    _paths(medium)[3].unlink()
    with zipfile.ZipFile(tmp_path / "cd.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in medium.rglob("*"):
            if path.is_file():
                archive.write(path, f"exam/{path.relative_to(medium).as_posix()}")
    listing = find([tmp_path / "cd.zip"])

    assert instances(listing) == WHOLE[:3]
    assert len(told(listing)[NoticeKind.INDEX_MISSES]) == 1


def test_archives_in_a_folder_stay_closed_and_are_named(medium: Path) -> None:
    with zipfile.ZipFile(medium / "more.zip", "w") as archive:
        archive.writestr("x", b"x")
    listing = find([medium])

    assert told(listing) == {NoticeKind.ARCHIVES_CLOSED: ("more.zip",)}


def test_of_two_names_that_differ_in_capitals_the_one_as_written_is_meant() -> None:
    folder = Path("/medium")
    beside = Neighbours(folder, [folder / "im1", folder / "IM1"])

    assert beside.find(Record(("IM1",), is_picture=True)) == folder / "IM1"
    assert beside.find(Record(("im1",), is_picture=True)) == folder / "im1"


def test_a_name_without_its_ending_that_two_files_could_have_is_not_guessed() -> None:
    folder = Path("/medium")
    beside = Neighbours(folder, [folder / "IM1.dcm", folder / "IM1.png"])

    assert beside.find(Record(("IM1",), is_picture=True)) is None


@given(parts=st.lists(st.text(max_size=6), max_size=4), damage=st.binary(max_size=3))
def test_no_name_finds_what_is_not_below_the_folder(parts: list[str], damage: bytes) -> None:
    folder = Path("/medium")
    below = [folder / "A" / "B1", folder / "A" / "B2.dcm"]
    found = Neighbours(folder, below).find(Record((*parts, damage.decode("latin-1")), is_picture=True))

    assert found is None or found in below


def test_random_bytes_in_an_index_never_stop_the_folder(medium: Path) -> None:
    held = (medium / "DICOMDIR").read_bytes()
    for step in range(60):
        place = 132 + (step * 37) % (len(held) - 140)
        (medium / "DICOMDIR").write_bytes(held[:place] + bytes([step * 5 % 256, 255, 0]) + held[place + 3 :])
        try:
            listing = find([medium])
        except UnreadableFile as error:
            pytest.fail(f"{step}: {error.code}")
        assert len(listing.files) == 4
