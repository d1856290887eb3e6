"""The report's pages: the research line on each, nothing outside the margins, whatever a file says of itself."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from report_pages import LONG, entry, options, pages_of, placed_texts, text_of
from reportlab.lib.units import mm

from fetalclip_app import RESEARCH_USE_ONLY
from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.clip import Origin
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.report.build import ClipEntry, PageSize, ReportContent, UnreadEntry, build
from fetalclip_app.report.fonts import BOLD, drawable, missing, shortened, text_width
from fetalclip_app.report.template import Section, Template


def abstaining(number: int) -> ClipEntry:
    """Return a clip with a long name whose every answer is a doubt."""
    origin = Origin(
        patient_id=f"P-{number % 2}" + "x" * 60,
        patient_name="王^小東=Al-Rashid^محمد بن عبد الرحمن",
        study_description="A very long description of a study " * 4,
    )
    one = entry(best="brain" if number % 2 else "spine", pixel_mm=None, name=f"{LONG}{number}.dcm", origin=origin)
    why = Abstention(Reason.AMBIGUOUS, "views", {"first": "lips_nose", "second": "profile"})
    findings = tuple(
        replace(f, answer=replace(f.answer, abstained=why)) if f.task_key == "views" else f
        for f in one.reading.findings
    )
    return replace(one, reading=replace(one.reading, findings=findings))


@pytest.fixture
def worst() -> ReportContent:
    name = f"{LONG}cut.dcm"
    unread = UnreadEntry(name, UnreadableFile(ErrorCode.NO_CODEC, name=name, syntax="HTJ2K"))
    return build([*(abstaining(number) for number in range(6)), unread], options())


def test_the_research_line_and_the_number_of_pages_stand_on_every_page(worst: ReportContent, tmp_path: Path) -> None:
    pages = pages_of(worst, tmp_path)
    assert len(pages) >= 7
    for number, page in enumerate(pages, start=1):
        text = text_of([page])
        assert RESEARCH_USE_ONLY in text
        assert f"Page {number} of {len(pages)}" in text
        assert "DRAFT" in text


@pytest.mark.parametrize("page_size", PageSize)
def test_no_text_leaves_the_margins(worst: ReportContent, tmp_path: Path, page_size: PageSize) -> None:
    content = replace(worst, options=options(page=page_size))
    checked = 0
    for page in pages_of(content, tmp_path):
        width, height = float(page.mediabox.width), float(page.mediabox.height)
        for text, left, right, baseline in placed_texts(page):
            assert left > 18 * mm - 1 and right < width - 18 * mm + 1, text
            assert 9 * mm < baseline < height - 8 * mm, text
            checked += 1
    assert checked > 100
    assert width == pytest.approx({PageSize.A4: 595.3, PageSize.LETTER: 612.0}[page_size], abs=0.1)


def test_several_clips_begin_with_a_summary_and_a_warning_of_two_patients(worst: ReportContent, tmp_path: Path) -> None:
    pages = pages_of(worst, tmp_path)
    first = text_of(pages[:1])
    assert "different patients" in first and "Summary" in first and first.count("No scale") >= 3
    assert "Files that could not be read" in text_of(pages) and "HTJ2K" in text_of(pages)


def test_letters_that_the_font_lacks_are_named_and_not_drawn_as_boxes(worst: ReportContent, tmp_path: Path) -> None:
    first = text_of(pages_of(worst, tmp_path)[:1])
    assert "[3 Chinese letters] (Al-Rashid, [15 Arabic letters])" in first
    assert "named in square brackets" in first and "Arabic" in first
    assert drawable("Łukasz Ђорђевић Ελένη Nguyễn") == "Łukasz Ђорђевић Ελένη Nguyễn"
    assert drawable("a\tb\u200ec\udcff") == "a bc[1 unreadable letter]"
    assert missing(["plain", "Zoë"]) == ()


def test_markup_in_a_name_is_text(tmp_path: Path) -> None:
    one = entry(origin=Origin(patient_name="<b>Eve</b> & <para>", patient_id="</font>"))
    text = text_of(pages_of(build([one], options()), tmp_path))
    assert "<b>Eve</b> & <para>" in text and "</font>" in text


def test_a_long_name_is_cut_in_its_middle() -> None:
    cut = shortened(f"{LONG}7.dcm", 120, 9.5, bold=True)
    assert text_width(cut, 9.5, bold=True) <= 120 and cut.endswith("7.dcm") and "…" in cut and BOLD


def test_nothing_in_a_file_can_be_too_long_for_a_page(tmp_path: Path) -> None:
    endless = "Endless " * 2000
    origin = Origin(endless, endless, endless, endless, endless, transfer_syntax=endless, device_model=endless)
    one = entry(name=f"{'n' * 5000}.dcm", origin=origin)
    made = replace(one.reading.provenance, notices=(endless,), view_sets={"views": (endless, endless)})
    unread = UnreadEntry("x" * 9000, UnreadableFile(ErrorCode.NO_CODEC, name=endless, syntax=endless))
    content = build([replace(one, reading=replace(one.reading, provenance=made)), unread], options(operator=endless))
    assert "20w3d" in text_of(pages_of(content, tmp_path))


def test_many_clips_of_many_patients_break_over_pages_with_the_head_of_the_table(tmp_path: Path) -> None:
    many = [entry(name=f"{n}.dcm", patient=f"P-{n}", frames=1, height=40, width=60) for n in range(32)]
    pages = pages_of(build(many, options()), tmp_path)
    assert "and 26 more" in text_of(pages[:1])
    assert all("BPD OFD" in text_of([page]) for page in pages[:2])


def test_air_that_the_last_page_has_no_room_for_begins_no_other(tmp_path: Path) -> None:
    """Found by looking: where the files' list ended at the foot, an empty page followed."""
    files = Template(plain_copies=False, sections=(Section.SIGN_OFF, Section.UNREAD, Section.METHOD))
    small = {"frames": 1, "height": 60, "width": 90, "origin": Origin(patient_id="P-1", study_uid="1.2")}
    for count in range(1, 9):  # two of them end at the foot of a page
        clips = [entry(name=f"{number}.dcm", best="femur", **small) for number in range(count)]
        last = pages_of(build(clips, options(template=files)), tmp_path)[-1]
        assert "dcm" in last.extract_text().split("Page")[0], f"{count} clips"


def test_every_page_begins_at_one_height(tmp_path: Path) -> None:
    origin = Origin(patient_id="P-1", study_uid="1.2")
    large = {"best": "femur", "origin": origin, "height": 480, "width": 640}
    clips = [entry(name=f"{number}.dcm", pixel_mm=0.2 if number % 4 else None, **large) for number in range(9)]
    pages = pages_of(build(clips, options()), tmp_path)
    band = (RESEARCH_USE_ONLY, "FetalCLIP Studio")
    highest = [
        max((y, text) for text, _left, _right, y in placed_texts(page) if not text.startswith(band))
        for page in pages[1:]
    ]
    tops = [round(y, 1) for y, text in highest if re.match(r"\d\s+\d\.dcm", text)]

    assert len(tops) > 2 and len(set(tops)) == 1
