"""Structured reports are read back, ours and others': equal values, and nothing that a damaged file can break."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest
from dicom_studies import items, twins, whole_report
from highdicom.sr import ContainerContentItem, NumContentItem, TextContentItem
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.sr.codedict import codes as standard
from pydicom.sr.coding import Code
from pydicom.uid import ComprehensiveSRStorage

from bench.fuzz import dicom_objects
from fetalclip_app.domain.structured import StructuredReport
from fetalclip_app.domain.trace import Kind
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.dicom.structured import read_structured_report
from fetalclip_app.report.build import ReportContent
from fetalclip_app.report.dicom.export import write_objects
from fetalclip_app.report.traces import traces


def read_back(content: ReportContent, folder: Path) -> dict[str, StructuredReport]:
    paths = write_objects(folder / "out", content)
    reports = [path for path in paths if path.stem == "report" or path.stem.startswith("measurements")]
    return {path.stem: read_structured_report(path) for path in reports}


@pytest.mark.parametrize("make", [whole_report, twins])
def test_every_number_comes_back_as_it_was_with_unit_fetus_and_rule(make, tmp_path: Path) -> None:
    content = make(tmp_path)
    report = read_back(content, tmp_path)["report"]
    found = {row.tracking: row for row in report.rows if row.tracking and row.value is not None}
    known = {one.id: one for one in traces(content.clips, content.studies)}

    wanted = {name for name, one in known.items() if one.kind in {Kind.LENGTH, Kind.WEIGHT} and not one.clip}
    wanted |= {name for name, one in known.items() if one.kind is Kind.AGE and one.of.startswith(("hadlock", "inter"))}
    wanted |= {name for name, one in known.items() if one.of == "age"}
    of_nobody = {name for name, one in known.items() if one.fetus is None}
    assert wanted - of_nobody <= set(found)
    assert not of_nobody & set(found), "of nobody's clip nothing is written"
    for name, row in found.items():
        one = known[name]
        assert row.value == one.value, name
        assert row.unit == {"1": ""}.get(one.unit, one.unit), name
        if one.kind in {Kind.AGE, Kind.WEIGHT} and one.id != "dating" and one.equation is not None:
            assert row.equation, name
        if one.fetus:
            assert row.fetus == one.fetus, name


def test_the_copy_for_other_readers_says_the_same(tmp_path: Path) -> None:
    both = read_back(whole_report(tmp_path), tmp_path)
    assert (both["report"].template, both["measurements_1"].template) == ("5000", "1500")
    lengths = {(row.name, row.value) for row in both["report"].rows if row.unit == "mm"}
    assert {(row.name, row.value) for row in both["measurements_1"].rows if row.unit == "mm"} == lengths
    assert len(lengths) >= 8


def test_whose_value_and_where_from_is_told(tmp_path: Path) -> None:
    report = read_back(whole_report(tmp_path), tmp_path)["report"]
    heads = [row for row in report.rows if row.code == "11984-2 LN" and row.frames]
    assert [(row.whose, row.frames, "Mean" in row.kind) for row in heads] == [
        ("A. Sonographer", (1,), False),
        ("A. Sonographer", (2,), False),
        ("A. Sonographer", (1, 2), True),
        ("Compact 1.0", (3,), False),
    ]
    assert heads[0].remarks == (
        "Region A, 0.500\u2009mm/px",
        "ellipse at 160.0, 120.0, semi-axes 55.7 and 55.7 px, turned 0.0°",
        "2026-03-14 12:00, A. Sonographer, drawn: 175.0\u2009mm",
    )
    age = next(row for row in report.rows if row.tracking.endswith(".age"))
    assert (age.value, age.uncertainty, age.whose) == (143.0, (10.0, 11.0), "Compact 1.0")
    assert not report.is_verified
    assert not report.is_final
    assert report.patient_name == "Case Test"


def test_an_absent_number_comes_back_absent_with_its_reason(tmp_path: Path) -> None:
    report = read_back(whole_report(tmp_path), tmp_path)["report"]
    (width,) = [row for row in report.rows if row.code == "12171-5 LN"]
    assert width.value is None
    assert width.text == "Measurement not attempted"


def foreign(path: Path, depth: int = 1) -> Path:
    """Write a report as another program might: other headings, a number with its remark, no context."""
    number = NumContentItem(
        Code("11963-6", "LN", "Femur Length"), 3.31, standard.UCUM.Centimeter, relationship_type="CONTAINS"
    )
    number.ContentSequence = Sequence()
    note = TextContentItem(Code("121106", "DCM", "Comment"), "by caliper", relationship_type="HAS PROPERTIES")
    made = Dataset()
    made.update(number)
    made.ContentSequence = Sequence([note])
    for level in range(depth):
        heading = ContainerContentItem(Code(f"9{level}", "99OTHER", f"Section {level}"), relationship_type="CONTAINS")
        around = Dataset()
        around.update(heading)
        around.ContentSequence = Sequence([made])
        made = around
    root = Dataset()
    root.SOPClassUID, root.SOPInstanceUID = ComprehensiveSRStorage, "1.2.3"
    root.PatientName, root.PatientID = "Doe^Jane", "7"
    root.ValueType = "CONTAINER"
    root.ConceptNameCodeSequence = ContainerContentItem(Code("1", "99OTHER", "Their report")).ConceptNameCodeSequence
    root.ContentSequence = Sequence([made])
    path.write_bytes(dicom_objects.file_of(root, pydicom.uid.ExplicitVRLittleEndian))
    return path


def test_a_report_of_another_program_is_read(tmp_path: Path) -> None:
    report = read_structured_report(foreign(tmp_path / "theirs.dcm", depth=2))
    (row,) = report.rows
    assert (report.title, report.template, report.patient_name) == ("Their report", "", "Jane Doe")
    assert (row.section, row.name, row.value, row.unit) == (("Section 1", "Section 0"), "Femur Length", 3.31, "cm")
    assert row.remarks == ("by caliper",)


def test_a_tree_without_end_is_cut_and_says_so(tmp_path: Path) -> None:
    report = read_structured_report(foreign(tmp_path / "deep.dcm", depth=60))
    assert report.rows == ()
    assert not report.is_whole


@pytest.mark.parametrize("kind", ["scan", "text", "cut"])
def test_what_is_no_report_is_refused_by_its_name(kind: str, tmp_path: Path) -> None:
    content = whole_report(tmp_path)
    path = tmp_path / "x.dcm"
    if kind == "scan":
        path = content.clips[0].clip.path
    elif kind == "text":
        path.write_text("nothing of the sort")
    else:
        path.write_bytes(foreign(tmp_path / "whole.dcm").read_bytes()[:600])
    with pytest.raises(UnreadableFile) as refused:
        read_structured_report(path)
    wanted = {"scan": ErrorCode.NOT_A_REPORT, "text": ErrorCode.NOT_A_PICTURE, "cut": ErrorCode.FILE_TRUNCATED}
    assert refused.value.code is wanted[kind]


def test_each_item_of_ours_that_states_something_is_a_row(tmp_path: Path) -> None:
    paths = write_objects(tmp_path / "out", whole_report(tmp_path))
    path = next(one for one in paths if one.stem == "report")
    stated = [
        item
        for item in items(pydicom.dcmread(path))
        if item.get("RelationshipType") == "CONTAINS" and item.get("ValueType") in {"NUM", "CODE", "TEXT", "DATE"}
    ]
    assert len(read_structured_report(path).rows) == len(stated)
