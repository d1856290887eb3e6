"""The report's form is a file: what is asked for stands where it is asked for, and what cannot be is said."""

from __future__ import annotations

import json
from pathlib import Path

import pypdf
import pytest
from report_pages import entry, options, pages_of, text_of
from study_tools import dated, drawn

from fetalclip_app import RESEARCH_USE_ONLY, resources, wording
from fetalclip_app.domain.biometry import Chart, Measure
from fetalclip_app.domain.clip import Origin
from fetalclip_app.domain.notes import ClipNotes, StudyNotes
from fetalclip_app.errors import InvalidInput
from fetalclip_app.report.build import ClipEntry, PageSize, build
from fetalclip_app.report.pdf import write_report
from fetalclip_app.report.template import ALWAYS, BUNDLED, Section, Template, own_template, read_template
from fetalclip_app.wording.translate import speaking


def written(folder: Path, **fields: object) -> Path:
    path = folder / "mine.json"
    path.write_text(json.dumps(fields), encoding="utf-8")
    return path


def two() -> list[ClipEntry]:
    origin = Origin(patient_id="P-001", study_date="20260314", study_description="Second trimester")
    return [
        ClipEntry(one.clip, one.reading, notes=ClipNotes(measured=(drawn(Measure.FL, 33.0),)), study_notes=notes)
        for notes in [StudyNotes(dating=dated())]
        for one in (entry(name="a.dcm", origin=origin), entry(name="b.dcm", origin=origin))
    ]


def test_the_bundled_template_is_what_the_program_does_without_one() -> None:
    assert read_template(resources.path(BUNDLED)) == Template()


def test_sections_stand_in_the_order_that_the_file_names(tmp_path: Path) -> None:
    template = read_template(written(tmp_path, sections=["method", "sign_off", "ages", "clips", "unread", "charts"]))
    text = text_of(pages_of(build(two(), options(template=template)), tmp_path))
    order = ["Method and provenance", "Sign-off", "Ages Dated", "1 a.dcm", "Growth charts"]
    places = [text.index(heading.replace("Ages Dated", "Ages 20w3d")) for heading in order]

    assert places == sorted(places)
    assert "Summary" not in text and "Which value" not in text.split("Growth charts")[1]


def test_one_clip_takes_the_summarys_place_and_stands_once(tmp_path: Path) -> None:
    text = text_of(pages_of(build([entry()], options()), tmp_path))

    assert text.count("View by prompts") == 1 and "Summary" not in text


def test_title_institution_paper_and_language_are_the_templates(tmp_path: Path) -> None:
    template = read_template(
        written(tmp_path, title="Anomaly scan", institution="St. Anna, fetal medicine", page="letter", language="de")
    )
    write_report(tmp_path / "report.pdf", two(), options(template=template))

    pages = list(pypdf.PdfReader(tmp_path / "report.pdf").pages)
    first = text_of(pages[:1])

    assert "St. Anna, fetal medicine Anomaly scan" in first and "Untersuchung" in first
    assert RESEARCH_USE_ONLY not in first and "Nicht zur Diagnose" in first
    assert float(pages[0].mediabox.width) == 612.0
    assert options(template=template, page=PageSize.A4).paper is PageSize.A4, "what is asked for now counts more"


def test_a_report_without_plain_copies_shows_each_frame_once(tmp_path: Path) -> None:
    with_copies = text_of(pages_of(build([entry(heat=True)], options()), tmp_path))
    without = text_of(pages_of(build([entry(heat=True)], options(template=Template(plain_copies=False))), tmp_path))

    assert [text.count("Frame 3 of 5: Brain 91%, Trans-thalamic 78%. ") for text in (with_copies, without)] == [1, 2]
    assert with_copies.count("Frame 3 of 5.") == 2
    assert "Outline of the head" in without and "Where it looked" in without


def test_the_charts_are_those_that_were_chosen(tmp_path: Path) -> None:
    def charts(chart: Chart) -> str:
        return text_of(pages_of(build(two(), options(chart=chart)), tmp_path))

    assert "FL, WHO" in charts(Chart.WHO) and "FL, INTERGROWTH" in charts(Chart.INTERGROWTH)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"sections": ["summary", "poem"]}, "mine.json asks for a section 'poem', which no report has."),
        ({"sections": ["ages", *ALWAYS, "ages"]}, "mine.json asks for the section 'ages' twice."),
        ({"sections": ["summary", "sign_off"]}, "mine.json leaves out the section 'unread', which every report has."),
        ({"page": "a3"}, "page: input should be 'a4' or 'letter'"),
        ({"language": "fr"}, "language: input should be"),
        ({"colour": "red"}, "colour: extra inputs are not permitted"),
        ({"title": "t" * 81}, "title: string should have at most 80 characters"),
        ({"format": 2}, "format: input should be 1"),
    ],
)
def test_what_cannot_be_is_said_with_what_to_do(tmp_path: Path, fields: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        read_template(written(tmp_path, **fields))

    assert said in wording.sentence(raised.value) and wording.hint(raised.value)


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"[]", b""])
def test_what_is_no_template_at_all_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mine.json").write_bytes(content)
    with pytest.raises(InvalidInput) as raised:
        read_template(tmp_path / "mine.json")

    assert wording.sentence(raised.value).startswith("mine.json is no template of a report")


def test_ones_own_template_counts_and_one_that_cannot_be_used_is_not_passed_over(tmp_path: Path) -> None:
    own = tmp_path / "mine.json"
    assert own_template(own) == Template()
    assert own_template(written(tmp_path, title="Mine")).title == "Mine"
    own.write_text("{}}")
    with pytest.raises(InvalidInput):
        own_template(own)
    with pytest.raises(InvalidInput):
        read_template(tmp_path / "gone.json")


def test_every_section_can_be_named_alone(tmp_path: Path) -> None:
    for section in Section:
        named = tuple(dict.fromkeys((section, *ALWAYS)))
        assert pages_of(build(two(), options(template=Template(sections=named))), tmp_path)


def test_german_nouns_keep_their_capitals(tmp_path: Path) -> None:
    with speaking("de"):
        text = text_of(pages_of(build([entry(), entry(best="femur", name="b.dcm")], options()), tmp_path))

    assert "Prompts: Ebene des Gehirns" in text and "Gestationsalter, Kopf" in text
