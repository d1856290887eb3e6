"""The theme that is worn now, type and measures of the window."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QColor, QFont, QFontDatabase
from PySide6.QtWidgets import QApplication

from fetalclip_app.ui.style_sheet import palette, sheet
from fetalclip_app.ui.tokens import DARK, Tokens

ON_PICTURE = DARK
"""What lies on the black around a frame looks the same in every theme."""

TEXT_PX = 13
CAPTION_PX = 11
FIGURE_PX = 20
STEP = 4
"""Spacing comes in multiples of this."""

CARD_INSIDE = 12
CARD_BETWEEN = 8

TOP_BAR_PX = 44
STATUS_PX = 24
CLIPS_PX = 220
FINDINGS_PX = 340


@dataclass(slots=True)
class _Worn:
    """What the program wears: one for all its windows, as Qt's own palette is."""

    tokens: Tokens


_worn = _Worn(DARK)


def tokens() -> Tokens:
    """Return the colours of the theme that is worn now. Ask at each painting: it may be another one then."""
    return _worn.tokens


def view_colour(key: str, position: int = 0) -> QColor:
    """Return a view's colour; a user's own class gets one by its position in its set."""
    colours = tokens().views
    others = [colour for known, colour in colours.items() if known != "profile"]  # the darkest: easily overlooked
    return QColor(colours.get(key) or others[position % len(others)])


def ink_on(colour: QColor) -> QColor:
    """Return black or white, whichever reads better on ``colour``."""
    luminance = 0.2126 * colour.redF() ** 2.2 + 0.7152 * colour.greenF() ** 2.2 + 0.0722 * colour.blueF() ** 2.2
    return QColor("#000000") if luminance > 0.18 else QColor("#FFFFFF")


def view_letter(key: str) -> str:
    """Return the letter that stands for a view: the first of its key."""
    return key[:1].upper()


def text_font(pixel_size: int = TEXT_PX, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """Return the system's interface font, with digits of equal width."""
    font = QFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont))
    font.setPixelSize(pixel_size)
    font.setWeight(weight)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def caption_font(weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """Return the font of captions and badges."""
    return text_font(CAPTION_PX, weight)


def apply(app: QApplication, worn: Tokens = DARK) -> None:
    """Dress the whole program; what is on the screen is painted anew."""
    _worn.tokens = worn
    if app.style().objectName() != "fusion":
        app.setStyle("Fusion")
    app.setFont(text_font())
    app.setPalette(palette(worn))
    app.setStyleSheet(sheet(worn))
