"""What stands on every page: the research-use band, DRAFT, the foot with page n of m."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any

from reportlab.lib.pagesizes import A4, LETTER
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

from fetalclip_app import RESEARCH_USE_ONLY
from fetalclip_app.report.fonts import BOLD, REGULAR, drawable, shortened
from fetalclip_app.report.style import INK, LINE, MARGIN, MM, MUTED, WASH
from fetalclip_app.report.template import PageSize
from fetalclip_app.wording.translate import spoken
from fetalclip_app.wording.translate import translate as _

TOP = 23 * MM
BOTTOM = 21 * MM

_BAND_TOP, _BAND_HEIGHT = 8 * MM, 8.6 * MM
_FOOT_LINE, _FOOT_TEXT = 15.5 * MM, 10 * MM


@dataclass(frozen=True, slots=True)
class Furniture:
    """The words around every page's content.

    Attributes:
        banner: Right side of the band: program and date.
        foot: Left side of the foot: whom and what the report is about.
        title, author: For the file's properties.
    """

    banner: str
    foot: str
    title: str
    author: str
    is_draft: bool


def size_of(page: PageSize) -> tuple[float, float]:
    """Return width and height of the paper in points."""
    width, height = {PageSize.A4: A4, PageSize.LETTER: LETTER}[page]
    return float(width), float(height)


def text_width(page: PageSize) -> float:
    """Return the width between the margins in points."""
    return size_of(page)[0] - 2 * MARGIN


def typeset(story: list[Any], page: PageSize, furniture: Furniture) -> bytes:
    """Return the PDF of ``story``."""
    width, height = size_of(page)
    target = BytesIO()
    document = BaseDocTemplate(
        target,
        pagesize=(width, height),
        title=drawable(furniture.title),
        author=drawable(furniture.author),
        subject=RESEARCH_USE_ONLY,
        creator="FetalCLIP Studio",
        lang=spoken(),
        initialFontName=REGULAR,  # else every page names a font that is not embedded
    )
    body = Frame(MARGIN, BOTTOM, width - 2 * MARGIN, height - TOP - BOTTOM, 0, 0, 0, 0, id="body")
    document.addPageTemplates(PageTemplate("page", [body]))
    document.build(story, canvasmaker=lambda *args, **more: _NumberedCanvas(*args, furniture=furniture, **more))
    return target.getvalue()


class _NumberedCanvas(Canvas):  # type: ignore[misc]  # reportlab carries no types
    """Keeps the pages until their number is known, then adds what stands on each."""

    def __init__(self, *args: Any, furniture: Furniture, **more: Any) -> None:
        super().__init__(*args, **more)
        self._furniture = furniture
        self._kept: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802 - reportlab's name
        self._kept.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for number, state in enumerate(self._kept, start=1):
            self.__dict__.update(state)
            _furnish(self, self._furniture, number, len(self._kept))
            super().showPage()
        super().save()


def _furnish(canvas: Any, furniture: Furniture, number: int, count: int) -> None:
    width, height = canvas._pagesize
    _band(canvas, furniture, width, height)
    if furniture.is_draft:
        _draft(canvas, height)
    canvas.setStrokeColor(LINE)
    canvas.setLineWidth(0.5)
    canvas.line(MARGIN, _FOOT_LINE, width - MARGIN, _FOOT_LINE)
    canvas.setFillColor(MUTED)
    canvas.setFont(REGULAR, 8)
    pages = _("Page {number} of {count}").format(number=number, count=count)
    canvas.drawRightString(width - MARGIN, _FOOT_TEXT, pages)
    canvas.drawString(MARGIN, _FOOT_TEXT, shortened(drawable(furniture.foot), width - 2 * MARGIN - 40 * MM, 8))


def _band(canvas: Any, furniture: Furniture, width: float, height: float) -> None:
    bottom = height - _BAND_TOP - _BAND_HEIGHT
    canvas.setFillColor(WASH)
    canvas.rect(MARGIN, bottom, width - 2 * MARGIN, _BAND_HEIGHT, stroke=0, fill=1)
    baseline = bottom + _BAND_HEIGHT / 2 - 1.15 * MM
    canvas.setFillColor(INK)
    canvas.setFont(BOLD, 9.5)
    canvas.drawString(MARGIN + 4 * MM, baseline, _(RESEARCH_USE_ONLY))
    canvas.setFillColor(MUTED)
    canvas.setFont(REGULAR, 8)
    canvas.drawRightString(width - MARGIN - 4 * MM, baseline, drawable(furniture.banner))


def _draft(canvas: Any, height: float) -> None:
    """Write DRAFT up the left margin, pale enough to read past and dark enough for grey print."""
    canvas.saveState()
    canvas.translate(11 * MM, height / 2)
    canvas.rotate(90)
    canvas.setFillColor(LINE)
    canvas.setFont(BOLD, 13)
    text = _("DRAFT")
    spaced = 4.0
    wide = canvas.stringWidth(text, BOLD, 13) + spaced * len(text)
    canvas.drawString(-wide, 0, text, charSpace=spaced)
    canvas.setFillColor(MUTED)
    canvas.setFont(REGULAR, 8)
    canvas.drawString(4 * MM, 0, _("not signed"))
    canvas.restoreState()
