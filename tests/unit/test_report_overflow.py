"""Whatever a report holds stays inside the margins, on either paper and in either language, and wastes no page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pypdf
import pytest
from PIL import Image
from report_pages import LONG, entry, options, pages_of, placed_pictures, placed_texts, text_of
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from study_tools import dated, drawn

from fetalclip_app import RESEARCH_USE_ONLY
from fetalclip_app.cli.checklist import answered, chosen
from fetalclip_app.domain.biometry import BpdDefinition, Measure
from fetalclip_app.domain.clip import Origin
from fetalclip_app.domain.notes import ClipNotes, StudyNotes
from fetalclip_app.report.build import ClipEntry, PageSize, ReportContent, build
from fetalclip_app.report.template import Template
from fetalclip_app.wording.translate import speaking, translate

SMALL = {"frames": 2, "height": 54, "width": 80, "pixel_mm": 4.0}
VIEWS = ("brain", "abdomen", "femur", "heart", "kidney", "lips_nose", "profile", "spine", "cervix")


def by_hand(best: str) -> ClipNotes:
    """Return what a person measured in a clip of this view."""
    measured = {
        "brain": (drawn(Measure.HC, 175.0), drawn(Measure.BPD, 47.0, BpdDefinition.OUTER_INNER)),
        "abdomen": (drawn(Measure.AC, 152.0), drawn(Measure.AC, 150.0)),
        "femur": (drawn(Measure.FL, 33.0),),
    }
    return ClipNotes(measured=measured.get(best, ()))


def clip(name: str, best: str, fetus: str | None = "", fetuses: tuple[str, ...] = (), **more: object) -> ClipEntry:
    notes = by_hand(best).of_fetus(fetus or "")
    study = StudyNotes(dating=dated(), fetuses=fetuses)
    return replace(entry(name=name, best=best, **more), fetus=fetus, notes=notes, study_notes=study)


def whole() -> ReportContent:
    clips = [clip(f"{best}.dcm", best, heat=best == "brain") for best in ("brain", "abdomen", "femur")]
    return build(clips, options(), answered(chosen(Path("mid_trimester")), clips))


def two_fetuses() -> ReportContent:
    of = [("A", "brain"), ("B", "brain"), ("A", "abdomen"), ("B", "femur"), (None, "heart")]
    clips = [clip(f"{best}_{fetus}.dcm", best, fetus, ("A", "B")) for fetus, best in of]
    return build(clips, options(), answered(chosen(Path("mid_trimester")), clips))


def nothing_found() -> ReportContent:
    return build([entry(best="heart", pixel_mm=None, frames=1, origin=Origin())], options())


def fifty() -> ReportContent:
    clips = [clip(f"clip{n:02d}.dcm", VIEWS[n % 9], **SMALL) for n in range(50)]
    return build(clips, options(), answered(chosen(Path("mid_trimester")), clips))


def long_names() -> ReportContent:
    origin = Origin(
        patient_name="Wolkenstein-Hohenlohe-Öhringen^Maximiliane Friederike Anna-Theodora^^Dr.",
        patient_id="P-" + "1" * 60,
        study_description="A very long description of a study " * 4,
    )
    clips = [
        clip(f"{LONG}{number}.dcm", best, origin=origin) for number, best in enumerate(("brain", "spine", "femur"))
    ]
    template = Template(title="Anomaly scan " * 6, institution="Department of fetal medicine " * 4)
    return build(clips, options(operator="Prof. Dr. med. " + "Sonographer " * 10, template=template))


A4, LETTER = (PageSize.A4, "en"), (PageSize.LETTER, "de")
"""Each paper with one language: all four would find no more."""


@pytest.mark.parametrize(
    ("case", "laid_out", "most"),
    [
        *((whole, A4, 8), (two_fetuses, A4, 12), (nothing_found, A4, 2), (long_names, A4, 7)),
        *((whole, LETTER, 9), (two_fetuses, LETTER, 14), (nothing_found, LETTER, 2), (long_names, LETTER, 8)),
        (fifty, A4, 48),
    ],
)
def test_nothing_leaves_the_margins_and_no_page_is_wasted(
    tmp_path: Path, case: Callable[[], ReportContent], laid_out: tuple[PageSize, str], most: int
) -> None:
    page_size, language = laid_out
    with speaking(language):
        content = case()
        pages = pages_of(replace(content, options=replace(content.options, page=page_size)), tmp_path)
        said = [translate(RESEARCH_USE_ONLY), translate("DRAFT")]
        numbers = [translate("Page {number} of {count}", number=n, count=len(pages)) for n in range(1, len(pages) + 1)]
    assert len(pages) <= most
    for number, page in zip(numbers, pages, strict=True):
        width, height = float(page.mediabox.width), float(page.mediabox.height)
        for text, left, right, baseline in placed_texts(page):
            assert left > 18 * mm - 1 and right < width - 18 * mm + 1, text
            assert 9 * mm < baseline < height - 8 * mm, text
        for left, bottom, right, top in placed_pictures(page):
            assert left > 18 * mm - 1 and right < width - 18 * mm + 1
            assert bottom > 21 * mm - 1 and top < height - 23 * mm + 1
        assert all(text in text_of([page]) for text in (*said, number))


def test_two_clips_without_a_head_share_a_page(tmp_path: Path) -> None:
    clips = [clip(f"{best}.dcm", best) for best in ("heart", "kidney", "spine", "profile")]
    sections = Template(sections=("clips", "unread", "sign_off"))  # type: ignore[arg-type]
    pages = pages_of(build(clips, options(template=sections)), tmp_path)

    assert max(sum(f"{one.name} " in text_of([page]) for one in clips) for page in pages) == 2


def test_clips_of_two_patients_share_no_page(tmp_path: Path) -> None:
    clips = [entry(best="heart", patient=f"P-{n}", name=f"{n}.dcm", **SMALL) for n in (1, 2)]
    pages = pages_of(build(clips, options()), tmp_path)
    parts = [text_of([page]).partition("Sign-off")[0] for page in pages]

    assert not any("1 1.dcm" in part and "2 2.dcm" in part for part in parts[1:])


def test_a_picture_outside_the_margin_would_be_found(tmp_path: Path) -> None:
    (page,) = pypdf.PdfReader(_picture_at(tmp_path, left=10 * mm)).pages

    assert [left < 18 * mm for left, *_others in placed_pictures(page)] == [True]


def _picture_at(folder: Path, *, left: float) -> Path:
    canvas = Canvas(str(folder / "out.pdf"))
    canvas.drawImage(ImageReader(Image.new("L", (4, 4))), left, 100, 50, 50)
    canvas.save()
    return folder / "out.pdf"


def test_every_picture_of_several_clips_says_which_it_is_of(tmp_path: Path) -> None:
    text = text_of(pages_of(two_fetuses(), tmp_path))

    assert "Fetus A, clip 1, frame 2 of 5: Brain" in text or "Fetus A, clip 1, frame 3 of 5: Brain" in text
    assert "Fetus B, clip 3 View by prompts" in text and "Frame 3 of 5" not in text
    assert "Clip 5, frame" in text, "of which nobody said whose it is"
