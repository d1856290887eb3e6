"""The obstetric report, row by row: TID 5000, 5005, 5007, 5008 and 5030 as PS3.16 2025e states them.

The rows stand in `obstetric_templates`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pydicom
import pytest
from dicom_studies import PERSON, cine, entry, items, name_of, twins, whole_report
from obstetric_templates import TID_5000, group, problems
from pydicom.dataset import Dataset

from fetalclip_app.domain.checklist import ChecklistFindings, ItemFinding, StudyChecklist
from fetalclip_app.domain.notes import Act, ItemMark, ItemState
from fetalclip_app.domain.study import groups_of
from fetalclip_app.report.build import ReportContent, build
from fetalclip_app.report.dicom.export import write_objects
from fetalclip_app.report.traces import traces
from fetalclip_app.tasks.checklists import bundled


def with_checklist(folder: Path) -> ReportContent:
    clip = cine(folder / "listed.dcm")
    checklist = bundled()
    (of_study,) = groups_of([clip])
    by = ItemMark(ItemState.SEEN, Act("A. Sonographer", PERSON[0].act.when))
    findings = tuple(ItemFinding(item, mark=by if item.key == "spine" else None) for item in checklist.items)
    found = ChecklistFindings(checklist, "", findings, 1, 1)
    return build([entry(clip)], checklists=[StudyChecklist(of_study, found, (clip.key,))])


def without_scale(folder: Path) -> ReportContent:
    return build([entry(cine(folder / "unscaled.dcm", scale=False), days=None)])


def far_beyond(folder: Path) -> ReportContent:
    """A head of 20 weeks dated to 34: below every curve, and outside of formulas."""
    return build([entry(cine(folder / "far.dcm"), PERSON, days=34 * 7)])


@pytest.mark.parametrize("make", [whole_report, twins, with_checklist, without_scale, far_beyond])
def test_every_row_of_the_report_is_as_the_templates_say(make, tmp_path: Path) -> None:
    report = written(make(tmp_path), tmp_path)
    (template,) = report.ContentTemplateSequence
    assert (template.MappingResource, template.TemplateIdentifier) == ("DCMR", "5000")
    assert name_of(report) in {(value, "DCM") for value in group(12024)}, "row 1"
    assert problems(report, TID_5000) == []


def test_each_of_twins_has_sections_that_say_whose_they_are(tmp_path: Path) -> None:
    report = written(twins(tmp_path), tmp_path)
    subjects = [
        [one.TextValue for one in part.ContentSequence if name_of(one)[0] == "121030"]
        for part in report.ContentSequence
        if name_of(part)[0] in {"125002", "125004", "131370"}
    ]
    assert subjects == [["A"], ["B"]] * 3


def test_a_single_fetus_has_no_subject(tmp_path: Path) -> None:
    report = written(whole_report(tmp_path), tmp_path)
    assert not [
        one for part in report.ContentSequence for one in part.get("ContentSequence", ()) if name_of(one)[0] == "121030"
    ]


def test_no_assessment_of_anatomy_says_more_than_that_it_is_undetermined(tmp_path: Path) -> None:
    for make in (whole_report, with_checklist):
        (tmp_path / make.__name__).mkdir()
        report = written(make(tmp_path), tmp_path / make.__name__)
        surveys = [part for part in report.ContentSequence if name_of(part)[0] == "131370"]
        stated = [one for part in surveys for one in part.ContentSequence if one.ValueType == "CODE"]
        values = [one.ConceptCodeSequence[0].CodeValue for one in stated]
        assert values
        assert set(values) == {"371934000"}
        told = [child.TextValue for one in stated for child in one.ContentSequence if name_of(child)[0] == "121106"]
        assert len(told) == len(stated)
        assert all(text.endswith("How it looks was not assessed.") for text in told)
        assert not [text for text in told if text.startswith("Cervix")], "it is no part of a fetus"


def test_a_length_without_a_scale_is_absent_and_says_why(tmp_path: Path) -> None:
    report = written(without_scale(tmp_path), tmp_path)
    biometry = next(part for part in report.ContentSequence if name_of(part)[0] == "125002")
    numbers = [one for part in biometry.ContentSequence for one in part.ContentSequence]
    assert {name_of(one)[0] for one in numbers} == {"11984-2", "11820-8", "11851-3", "18185-9"}
    for one in numbers:
        assert not one.MeasuredValueSequence
        assert one.NumericValueQualifierCodeSequence[0].CodeValue == "114010"
        assert "scale" in one.ContentSequence[0].TextValue


@pytest.mark.parametrize("breakage", ["unit", "row", "value", "twice", "order", "empty"])
def test_a_report_that_is_not_as_the_templates_say_is_found(breakage: str, tmp_path: Path) -> None:
    report = written(whole_report(tmp_path), tmp_path)
    part = next(one for one in report.ContentSequence if name_of(one)[0] == "125002")
    head = part.ContentSequence[0]
    if breakage == "unit":
        head.ContentSequence[0].MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue = "cm"
    elif breakage == "row":
        head.ContentSequence[0].ConceptNameCodeSequence[0].CodeValue = "11948-7"
    elif breakage == "value":
        survey = next(one for one in report.ContentSequence if name_of(one)[0] == "131370")
        survey.ContentSequence[0].ConceptCodeSequence[0].CodeValue = "1"
    elif breakage == "order":
        sizes = [one for one in head.ContentSequence if name_of(one)[0] == "11984-2"]
        head.ContentSequence = [*(one for one in head.ContentSequence if one not in sizes[-1:]), *sizes[-1:]]
    elif breakage == "empty":
        part.ContentSequence = []
    else:
        age = next(one for one in head.ContentSequence if name_of(one)[0] == "18185-9")
        head.ContentSequence.insert(list(head.ContentSequence).index(age), age)
    assert len(problems(report, TID_5000)) == 1


def written(content: ReportContent, folder: Path) -> Dataset:
    paths = write_objects(folder / "out", content)
    return pydicom.dcmread(next(path for path in paths if path.stem == "report"))


def test_what_a_number_is_inferred_from_is_what_its_trace_says(tmp_path: Path) -> None:
    content = whole_report(tmp_path)
    report, known = written(content, tmp_path), {one.id: one for one in traces(content.clips, content.studies)}
    found: dict[str, set[str]] = {}
    for item in items(report):
        for child in item.get("ContentSequence", ()):
            if "ReferencedContentItemIdentifier" in child:
                found.setdefault(tracked(item), set()).add(tracked(at(report, child.ReferencedContentItemIdentifier)))
    assert {"efw", "efw.who", "hc.who", "age.hadlock_1984_hc"} <= set(found)
    for name, inputs in found.items():
        assert inputs <= set(known[name].inputs), name
    assert found["efw"] == set(known["efw"].inputs)


def at(report: Dataset, place: Sequence[int]) -> Dataset:
    for number in place[1:]:
        report = report.ContentSequence[number - 1]
    return report


def tracked(item: Dataset) -> str:
    return next(one.TextValue for one in item.ContentSequence if name_of(one)[0] == "112039")
