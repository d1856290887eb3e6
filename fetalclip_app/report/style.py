"""Colours, type sizes and the small parts that every page is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_LEFT, TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, Spacer, Table, TableStyle
from reportlab.platypus.flowables import Flowable

from fetalclip_app.report.fonts import BOLD, REGULAR, drawable, register
from fetalclip_app.wording.numbers import THIN_SPACE

register()

MM: float = float(mm)
"""Points in a millimetre."""

INK, MUTED, LINE = HexColor("#14171C"), HexColor("#4A515C"), HexColor("#8A93A0")
WASH, PALE = HexColor("#F1F3F5"), HexColor("#D5DADF")
ACCENT, ACCENT_PALE = HexColor("#17636E"), HexColor("#BFDDE1")
DOUBT, DOUBT_WASH = HexColor("#8A5200"), HexColor("#FFF5E3")

MARGIN = 18 * MM
GAP = 6 * MM
PAD = 3.5 * MM
"""Between a fill's edge and its text: nothing stands closer than 3 mm to a line."""


MOST_LETTERS = 700
"""Of one paragraph: a third of a page."""


def _style(name: str, size: float, leading: float, **more: Any) -> ParagraphStyle:
    values = {
        "fontName": REGULAR,
        "textColor": INK,
        "alignment": TA_LEFT,
        "splitLongWords": 1,
        "spaceShrinkage": 0,
        **more,
    }
    return ParagraphStyle(name, fontSize=size, leading=leading, **values)


TITLE = _style("title", 18, 22, fontName=BOLD, spaceAfter=2 * MM)
HEADING = _style("heading", 13, 17, fontName=BOLD, spaceBefore=3 * MM, spaceAfter=2 * MM)
SUBHEADING = _style("subheading", 9.5, 13, fontName=BOLD, spaceAfter=1.2 * MM)
BODY = _style("body", 9.5, 13)
STRONG = _style("strong", 9.5, 13, fontName=BOLD)
FIGURES = _style("figures", 9.5, 13, alignment=TA_RIGHT)
LABEL = _style("label", 9.5, 13, textColor=MUTED)
NOTE = _style("note", 8, 10.8, textColor=MUTED, spaceAfter=0.6 * MM)
KEY_FIGURE = _style("key figure", 20, 25, fontName=BOLD)
KEY_DOUBT = _style("key doubt", 14, 20, fontName=BOLD, textColor=DOUBT)
DOUBT_STRONG = _style("doubt strong", 9.5, 13, fontName=BOLD, textColor=DOUBT)


def markup(text: str) -> str:
    """Return ``text`` as the typesetter's markup: drawable letters only, numbers bound to their units.

    A text longer than `MOST_LETTERS` is cut: a damaged file must not make a paragraph that no page can hold.
    """
    return escape(cut(drawable(text[: 2 * MOST_LETTERS]), MOST_LETTERS)).replace(THIN_SPACE, "\u00a0")


def cut(text: str, most: int) -> str:
    """Return at most ``most`` letters of ``text``; an ellipsis stands for the rest."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def para(text: str, style: ParagraphStyle = BODY) -> Any:
    """Return a paragraph of plain text; nothing in it is read as markup."""
    return Paragraph(markup(text), style)


class Painted(Flowable):  # type: ignore[misc]  # reportlab carries no types
    """A box of fixed size that a function paints; its origin is the lower left corner."""

    def __init__(self, width: float, height: float, paint: Callable[[Any], None]) -> None:
        super().__init__()
        self.width, self.height, self._paint = width, height, paint

    def wrap(self, *_available: float) -> tuple[float, float]:
        """Return its size, whatever there is room for."""
        return self.width, self.height

    def draw(self) -> None:
        """Paint on the page's canvas."""
        self._paint(self.canv)


class Air(Spacer):  # type: ignore[misc]  # reportlab carries no types
    """Air between two things; none at the top of a page, where all pages begin at one height."""

    def wrap(self, *available: float) -> tuple[float, float]:
        """Return its size where it stands."""
        frame = getattr(self, "_frame", None)
        width, height = super().wrap(*available)
        return width, 0.0 if frame is not None and frame._atTop else height


def columns(cells: Sequence[Any], widths: Sequence[float], *, after: float = 0.0) -> Any:
    """Return flowables side by side, tops aligned, with ``after`` points of air below unless the page ends there."""
    row: list[Any] = []
    sizes: list[float] = []
    for cell, width in zip(cells, widths, strict=True):
        if row:
            row.append("")
            sizes.append(GAP)
        row.append(cell)
        sizes.append(width)
    return Table([row], colWidths=sizes, style=_plain(), spaceAfter=after)


def rows(
    cells: Sequence[Sequence[Any]], widths: Sequence[float], *, between: float, heads: int = 0, keep_first: int = 0
) -> Any:
    """Return a table without lines, tops aligned, that may break between its rows.

    Args:
        heads: So many rows are repeated after a break.
        keep_first: The first so many rows stand together.
    """
    style = _plain()
    if keep_first:
        style.add("NOSPLIT", (0, 0), (-1, min(keep_first, len(cells)) - 1))
    style.add("BOTTOMPADDING", (0, 0), (-1, -1), between)
    style.add("RIGHTPADDING", (0, 0), (-2, -1), 3 * MM)
    return Table([list(row) for row in cells], colWidths=list(widths), style=style, splitInRow=0, repeatRows=heads)


def cards(left: Sequence[Any], right: Sequence[Any], width: float, doubts: tuple[bool, bool]) -> Any:
    """Return two cards side by side, of one height."""
    half = (width - GAP) / 2
    style = _plain()
    for column, is_doubt in ((0, doubts[0]), (2, doubts[1])):
        _card_style(style, column, is_doubt)
    return Table([[list(left), "", list(right)]], colWidths=[half, GAP, half], style=style)


def card(content: Sequence[Any], width: float, *, doubt: bool = False) -> Any:
    """Return flowables on a pale ground; a doubt has its bar at the left, visible in grey print too."""
    style = _plain()
    _card_style(style, 0, doubt)
    return Table([[list(content)]], colWidths=[width], style=style)


def _card_style(style: Any, column: int, doubt: bool) -> None:
    where = (column, 0), (column, -1)
    style.add("BACKGROUND", *where, DOUBT_WASH if doubt else WASH)
    for side in ("LEFTPADDING", "RIGHTPADDING", "TOPPADDING", "BOTTOMPADDING"):
        style.add(side, *where, PAD)
    if doubt:
        style.add("LINEBEFORE", *where, 1.1 * MM, DOUBT)
        style.add("LEFTPADDING", *where, PAD + 0.6 * MM)


def _plain() -> Any:
    return TableStyle(
        [
            ("FONTNAME", (0, 0), (-1, -1), REGULAR),  # also of empty cells: the default is not embedded
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 0),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 0),
        ]
    )
