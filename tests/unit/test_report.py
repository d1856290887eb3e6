"""The report: research-use line on every page, true numbers, nothing outside the margins, whole files or none."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pypdf
import pytest
from fakes import make_clip, make_heatmap, make_reading
from PIL import Image
from reportlab.lib.units import mm

from fetalclip_app import RESEARCH_USE_ONLY
from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.clip import Clip, Origin
from fetalclip_app.domain.reading import HeadMeasurement
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.errors import ErrorCode, ExportFailed, UnreadableFile
from fetalclip_app.report import atomic
from fetalclip_app.report.build import ClipEntry, PageSize, ReportContent, ReportOptions, UnreadEntry, build
from fetalclip_app.report.fonts import BOLD, drawable, missing, shortened, text_width
from fetalclip_app.report.pdf import write_pdf
from fetalclip_app.report.picture import write_annotated_png

MADE = datetime(2026, 3, 14, 9, 30)  # noqa: DTZ001 - printed as given
LONG = "a_very_long_file_name_without_any_space_" * 3


def entry(*, best: str = "brain", heat: bool = False, **changes: object) -> ClipEntry:
    clip = make_clip(**{"frames": 5, "height": 216, "width": 320, "pixel_mm": 0.5, **changes})  # type: ignore[arg-type]
    heatmaps = ((2, make_heatmap(clip)),) if heat else ()
    return ClipEntry(clip, make_reading(clip, best=best), heatmaps=heatmaps)


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


def pages_of(content: ReportContent, folder: Path) -> list[pypdf.PageObject]:
    write_pdf(folder / "report.pdf", content)
    return list(pypdf.PdfReader(folder / "report.pdf").pages)


def text_of(pages: list[pypdf.PageObject]) -> str:
    return re.sub(r"[\s\xa0\u2009]+", " ", " ".join(page.extract_text() for page in pages))


def options(**changes: object) -> ReportOptions:
    return ReportOptions(**{"operator": "M. Fischer", "made_at": MADE, **changes})  # type: ignore[arg-type]


@pytest.fixture
def worst() -> ReportContent:
    name = f"{LONG}cut.dcm"
    unread = UnreadEntry(name, UnreadableFile(ErrorCode.NO_CODEC, name=name, syntax="HTJ2K"))
    return build([*(abstaining(number) for number in range(6)), unread], options())


def test_one_clip_with_all_its_answers_fits_on_the_first_page(tmp_path: Path) -> None:
    one = entry()
    pages = pages_of(build([one], options()), tmp_path)
    size = one.reading.answer("head", HeadMeasurement).size
    first = text_of(pages[:1])
    for text in ("20w3d", "19w3d–21w3d", f"HC {size.hc_mm:.1f} mm", f"{size.bpd_mm:.1f} mm", f"{size.ofd_mm:.1f} mm"):
        assert text in first
    for text in ("Brain 91%", "Trans-thalamic 78%", "not trained", "Frame 3 of 5", "M. Fischer", "2026-03-14 09:30"):
        assert text in first
    assert "no second opinion" in first and "not a confidence interval" in first and "minor axis" in first
    assert len(pages[0].images) == 1  # plain and annotated copy share their pixels; the overlay is drawn


def test_the_research_line_and_the_number_of_pages_stand_on_every_page(worst: ReportContent, tmp_path: Path) -> None:
    pages = pages_of(worst, tmp_path)
    assert len(pages) >= 7
    for number, page in enumerate(pages, start=1):
        text = text_of([page])
        assert RESEARCH_USE_ONLY in text
        assert f"Page {number} of {len(pages)}" in text
        assert "DRAFT" in text


def test_a_signed_report_is_no_draft(tmp_path: Path) -> None:
    assert "DRAFT" not in text_of(pages_of(build([entry()], options(is_draft=False)), tmp_path))


def placed_texts(page: pypdf.PageObject) -> Iterator[tuple[str, float, float, float]]:
    """Yield each piece of level text with its left, right and baseline in points."""
    found: list[tuple[str, float, float, float]] = []

    def visit(text: str, cm: list[float], tm: list[float], font: dict[str, str] | None, size: float) -> None:
        line = text.strip("\n")
        is_level = abs(cm[1]) < 1e-6 and abs(tm[1]) < 1e-6
        if line.strip() and is_level and font:
            x, y = cm[0] * tm[4] + cm[4], cm[3] * tm[5] + cm[5]
            bold = "Bold" in str(font.get("/BaseFont", ""))
            found.extend((part, x, x + text_width(part.rstrip(), size, bold=bold), y) for part in line.split("\n")[:1])

    page.extract_text(visitor_text=visit)
    yield from found


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


def test_an_abstention_stands_where_the_number_would_stand(tmp_path: Path) -> None:
    text = text_of(pages_of(build([entry(pixel_mm=None)], options()), tmp_path))
    assert "No scale" in text and "This file carries no scale, so lengths are in pixels." in text
    assert "Set the scale with the ruler" in text
    assert " mm/px" not in text and "No scale bar" in text


def test_one_reason_for_age_and_head_is_said_once(tmp_path: Path) -> None:
    text = text_of(pages_of(build([entry(best="femur")], options()), tmp_path))
    assert text.count("The model sees no frame of the brain in this clip.") == 1
    assert "Gestational age, head" in text


def test_everything_that_the_numbers_depend_on_is_named(tmp_path: Path) -> None:
    one = entry(heat=True)
    text = text_of(pages_of(build([one], options()), tmp_path))
    made = one.reading.provenance
    for fact in (one.clip.key, made.model.sha256, made.model.title, made.model.licence, made.preprocessing):
        assert fact in text
    for _name, sha256 in made.view_sets.values():
        assert sha256 in text
    for fact in ("cpu fp32", "0.500 mm/px", "ultrasound regions", "Ramanujan", "arXiv:2502.14807", "ICML 2021"):
        assert fact in text
    assert "Grad-CAM" in text and "not why" in text and "catalogue" in text


def test_weights_that_nobody_vouches_for_are_called_unverified(tmp_path: Path) -> None:
    one = entry()
    made = one.reading.provenance
    mine = replace(made, model=replace(made.model, verified=False), notices=("gpu_failed",))
    text = text_of(pages_of(build([replace(one, reading=replace(one.reading, provenance=mine))], options()), tmp_path))
    assert "Unverified weights" in text and "the processor (CPU) went on" in text


def test_several_clips_begin_with_a_summary_and_a_warning_of_two_patients(worst: ReportContent, tmp_path: Path) -> None:
    pages = pages_of(worst, tmp_path)
    first = text_of(pages[:1])
    assert "different patients" in first and "Summary" in first and first.count("No scale") >= 3
    assert "Files that could not be read" in text_of(pages) and "HTJ2K" in text_of(pages)


def test_the_summary_keeps_every_number_beside_its_unit(tmp_path: Path) -> None:
    large = [entry(name=f"{n}.dcm", pixel_mm=1.0 + n / 10, frames=1) for n in range(3)]
    first = text_of(pages_of(build(large, options()), tmp_path)[:1])
    for one in large:
        size = one.reading.answer("head", HeadMeasurement).size
        assert "Ages on one axis" in first
        for value in (size.hc_mm, size.bpd_mm, size.ofd_mm):
            assert f"{value:.1f} mm" in first


def test_a_simulated_picture_is_called_simulated(tmp_path: Path) -> None:
    one = entry(origin=Origin(is_simulated=True, is_lossy=True))
    text = text_of(pages_of(build([one], options()), tmp_path))
    assert "Simulated picture, not a patient" in text and "Compressed with loss" in text


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


def test_a_frame_that_has_gone_since_is_a_sentence_and_no_crash(tmp_path: Path) -> None:
    class Gone:
        def __len__(self) -> int:
            return 5

        def pixels(self, index: int) -> np.ndarray:
            raise UnreadableFile(ErrorCode.FILE_MISSING, name="clip.dcm")

    one = entry()
    gone: Clip = replace(one.clip, source=Gone())
    text = text_of(pages_of(build([replace(one, clip=gone)], options()), tmp_path))
    assert "could not be decoded again" in text and "20w3d" in text


def test_a_report_of_unread_files_only_says_why(tmp_path: Path) -> None:
    unread = UnreadEntry("x.dcm", UnreadableFile(ErrorCode.FILE_EMPTY, name="x.dcm"))
    text = text_of(pages_of(build([unread], options()), tmp_path))
    assert "x.dcm is empty." in text and RESEARCH_USE_ONLY in text


def test_nothing_in_a_file_can_be_too_long_for_a_page(tmp_path: Path) -> None:
    endless = "Endless " * 2000
    origin = Origin(endless, endless, endless, endless, endless, transfer_syntax=endless, device_model=endless)
    one = entry(name=f"{'n' * 5000}.dcm", origin=origin)
    made = replace(one.reading.provenance, notices=(endless,), view_sets={"views": (endless, endless)})
    unread = UnreadEntry("x" * 9000, UnreadableFile(ErrorCode.NO_CODEC, name=endless, syntax=endless))
    content = build([replace(one, reading=replace(one.reading, provenance=made)), unread], options(operator=endless))
    assert "20w3d" in text_of(pages_of(content, tmp_path))


def test_a_set_of_many_views_shows_the_most_probable_and_counts_the_rest(tmp_path: Path) -> None:
    one = entry(best="femur")
    keys = tuple(f"class_{number}" for number in range(300))
    shares = np.linspace(0, 2 / 300, 300, dtype=np.float32)
    many = ViewPrediction("mine", keys, shares, np.repeat(shares[None], 5, axis=0), calibrated=False)
    findings = tuple(replace(f, answer=many) if f.task_key == "views" else f for f in one.reading.findings)
    content = build([replace(one, reading=replace(one.reading, findings=findings))], options())
    text = text_of(pages_of(content, tmp_path))
    assert "Class 299" in text and "Class 287" not in text and "288 less probable classes" in text


def test_many_clips_of_many_patients_break_over_pages_with_the_head_of_the_table(tmp_path: Path) -> None:
    many = [entry(name=f"{n}.dcm", patient=f"P-{n}", frames=1, height=40, width=60) for n in range(60)]
    pages = pages_of(build(many, options()), tmp_path)
    assert "and 54 more" in text_of(pages[:1])
    assert all("BPD OFD" in text_of([page]) for page in pages[:2])


def test_a_report_about_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing"):
        build([])


def test_the_same_content_makes_the_same_pages(tmp_path: Path) -> None:
    content = build([entry()], options())
    assert text_of(pages_of(content, tmp_path)) == text_of(pages_of(content, tmp_path))


def test_an_annotated_picture_keeps_its_pixels_and_carries_the_line(tmp_path: Path) -> None:
    clip = make_clip()
    pixels = clip.frame(0).pixels
    write_annotated_png(tmp_path / "frame.png", pixels, caption="clip.dcm, frame 1 of 6")
    with Image.open(tmp_path / "frame.png") as picture:
        made = np.asarray(picture.convert("RGB"))
        assert picture.info["Comment"] == RESEARCH_USE_ONLY
    assert (made[: clip.height] == pixels).all() and made.shape[0] > clip.height
    assert made[clip.height :].max() > 150


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "report.pdf"
    target.write_bytes(b"before")

    def full(path: Path, content: bytes) -> int:
        with path.open("wb") as stream:
            stream.write(content[:3])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ExportFailed) as raised:
        atomic.write_bytes(target, b"whole")
    monkeypatch.undo()
    assert raised.value.code is ErrorCode.EXPORT_FAILED and raised.value.parameters["name"] == "report.pdf"
    assert raised.value.parameters["problem"] == "no space left on device"
    assert target.read_bytes() == b"before" and [path.name for path in tmp_path.iterdir()] == ["report.pdf"]


def test_a_missing_folder_and_a_folder_in_the_way_are_sentences(tmp_path: Path) -> None:
    with pytest.raises(ExportFailed):
        atomic.write_bytes(tmp_path / "nowhere" / "report.pdf", b"x")
    (tmp_path / "taken.pdf").mkdir()
    with pytest.raises(ExportFailed):
        atomic.write_bytes(tmp_path / "taken.pdf", b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["taken.pdf"]


def test_a_bug_while_writing_leaves_nothing_behind(tmp_path: Path) -> None:
    def broken(path: Path) -> None:
        path.write_bytes(b"half")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        atomic.write_whole(tmp_path / "report.pdf", broken)
    assert list(tmp_path.iterdir()) == []
