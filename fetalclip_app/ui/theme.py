"""Colours, type and measures of the window: the one place that names them."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

TEXT_PX = 13
CAPTION_PX = 11
FIGURE_PX = 20
STEP = 4
"""Spacing comes in multiples of this."""

CARD_INSIDE = 12
CARD_BETWEEN = 8
RADIUS = 6

TOP_BAR_PX = 44
STATUS_PX = 24
CLIPS_PX = 220
FINDINGS_PX = 340


@dataclass(frozen=True, slots=True)
class Tokens:
    """The dark theme. Text, muted, doubt and error keep 4.5:1 on every surface here."""

    canvas: str = "#000000"
    base: str = "#0F1115"
    panel: str = "#171A21"
    raised: str = "#222733"
    hover: str = "#2B3140"
    text: str = "#E6E9EF"
    muted: str = "#9AA3B2"
    faint: str = "#5B6474"
    accent: str = "#4FB3BF"
    on_accent: str = "#0B1416"
    doubt: str = "#E6A23C"
    error: str = "#EC6A60"
    good: str = "#6BBF7B"


DARK = Tokens()

VIEW_COLOURS: dict[str, str] = {
    "brain": "#56B4E9",
    "abdomen": "#E69F00",
    "femur": "#009E73",
    "heart": "#D55E00",
    "kidney": "#CC79A7",
    "lips_nose": "#F0E442",
    "profile": "#0072B2",
    "spine": "#B3B3B3",
    "cervix": "#8C6BB1",
}
"""Colour-blind safe, after Okabe and Ito 2008; never without the view's letter."""

_OTHER_COLOURS = ("#56B4E9", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#F0E442", "#B3B3B3", "#8C6BB1")


def view_colour(key: str, position: int = 0) -> QColor:
    """Return a view's colour; a user's own class gets one by its position in its set."""
    return QColor(VIEW_COLOURS.get(key, _OTHER_COLOURS[position % len(_OTHER_COLOURS)]))


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


def apply(app: QApplication) -> None:
    """Dress the whole program."""
    app.setStyle("Fusion")
    app.setFont(text_font())
    app.setPalette(_palette(DARK))
    app.setStyleSheet(_sheet(DARK))


def _palette(tokens: Tokens) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    colours = {
        role.Window: tokens.panel,
        role.Base: tokens.base,
        role.AlternateBase: tokens.raised,
        role.Button: tokens.raised,
        role.Text: tokens.text,
        role.WindowText: tokens.text,
        role.ButtonText: tokens.text,
        role.PlaceholderText: tokens.muted,
        role.Highlight: tokens.accent,
        role.HighlightedText: tokens.on_accent,
        role.ToolTipBase: tokens.raised,
        role.ToolTipText: tokens.text,
        role.Link: tokens.accent,
        role.Light: tokens.hover,
        role.Midlight: tokens.hover,
        role.Mid: tokens.raised,
        role.Dark: tokens.base,
        role.Shadow: tokens.canvas,
    }
    for key, colour in colours.items():
        palette.setColor(key, QColor(colour))
    for key in (role.Text, role.WindowText, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, key, QColor(tokens.faint))
    return palette


def _sheet(t: Tokens) -> str:
    return f"""
QToolTip {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.faint}; padding: 6px 8px; }}
#topBar, #statusStrip {{ background: {t.panel}; }}
#topBar {{ border-bottom: 1px solid {t.raised}; }}
#statusStrip {{ border-top: 1px solid {t.raised}; }}
#clips, #findings {{ background: {t.panel}; }}
#clips {{ border-right: 1px solid {t.raised}; }}
#findings {{ border-left: 1px solid {t.raised}; }}
#transport {{ background: {t.base}; border-top: 1px solid {t.raised}; }}
QFrame[card="true"] {{ background: {t.raised}; border-radius: {RADIUS}px; }}
QFrame[floating="true"] {{ background: {t.raised}; border: 1px solid {t.faint}; border-radius: {RADIUS}px; }}
QFrame[floating="true"] QLabel, QFrame[card="true"] QLabel {{ background: transparent; }}
QLabel[tone="muted"] {{ color: {t.muted}; }}
QLabel[tone="doubt"] {{ color: {t.doubt}; }}
QLabel[tone="error"] {{ color: {t.error}; }}
QLabel[tone="good"] {{ color: {t.good}; }}
QLabel[badge="true"] {{ background: {t.raised}; color: {t.text}; border-radius: 4px; padding: 2px 6px; }}
QLabel[badge="alarm"] {{ background: {t.doubt}; color: {t.canvas}; border-radius: 4px; padding: 4px 8px; }}
QLabel[badge="doubt"] {{ background: {t.raised}; color: {t.doubt}; border-radius: 4px; padding: 2px 6px; }}
QPushButton, QToolButton {{
  background: transparent; color: {t.text}; border: 2px solid transparent; border-radius: {RADIUS}px; padding: 3px 8px;
}}
QToolButton[compact="true"] {{ padding: 3px; }}
QPushButton:hover, QToolButton:hover {{ background: {t.hover}; }}
QPushButton:pressed, QToolButton:pressed {{ background: {t.base}; }}
QPushButton:focus, QToolButton:focus {{ border-color: {t.accent}; }}
QPushButton:disabled, QToolButton:disabled {{ color: {t.faint}; }}
QToolButton:checked {{ background: {t.raised}; color: {t.accent}; }}
QToolButton::menu-indicator {{ image: none; }}
QPushButton[quiet="true"] {{ background: {t.raised}; }}
QFrame[floating="true"] QPushButton[quiet="true"] {{ background: {t.hover}; }}
QFrame[floating="true"] QPushButton[quiet="true"]:hover {{ background: {t.faint}; }}
QPushButton[quiet="true"]:hover {{ background: {t.hover}; }}
QPushButton[primary="true"] {{ background: {t.accent}; color: {t.on_accent}; font-weight: 600; padding: 4px 14px; }}
QPushButton[primary="true"]:hover {{ background: #63C3CE; }}
QPushButton[primary="true"]:focus {{ border-color: {t.text}; }}
QPushButton[primary="true"]:disabled {{ background: {t.hover}; color: {t.muted}; }}
QLineEdit, QComboBox {{
  background: {t.base}; color: {t.text}; border: 2px solid {t.hover}; border-radius: 4px; padding: 3px 6px;
  selection-background-color: {t.accent}; selection-color: {t.on_accent};
}}
QLineEdit:focus, QComboBox:focus {{ border-color: {t.accent}; }}
QComboBox QAbstractItemView {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.faint}; outline: none; }}
QMenu {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.faint}; padding: 4px; }}
QMenu::item {{ padding: 5px 24px 5px 24px; border-radius: 4px; }}
QMenu::item:selected {{ background: {t.hover}; }}
QMenu::item:disabled {{ color: {t.muted}; }}
QMenu::separator {{ height: 1px; background: {t.hover}; margin: 4px 8px; }}
QMenu::indicator {{ left: 6px; width: 12px; height: 12px; }}
QSlider {{ min-height: 20px; border: 2px solid transparent; border-radius: 4px; }}
QSlider:focus {{ border-color: {t.accent}; }}
QSlider::groove:horizontal {{ height: 4px; background: {t.base}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {t.accent}; border-radius: 2px; }}
QSlider::handle:horizontal {{ width: 14px; height: 14px; margin: -5px 0; border-radius: 7px; background: {t.text}; }}
QSlider::sub-page:horizontal:disabled {{ background: {t.faint}; }}
QSlider::handle:horizontal:disabled {{ background: {t.faint}; }}
QScrollArea {{ background: transparent; border: none; }}
QScrollBar:vertical {{ background: transparent; width: 8px; margin: 0; }}
QScrollBar::handle:vertical {{ background: {t.faint}; border-radius: 4px; min-height: 32px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ height: 0; width: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QTextBrowser {{ background: {t.base}; border: 1px solid {t.raised}; border-radius: 4px; padding: 8px; }}
QCheckBox {{ spacing: 8px; border: 2px solid transparent; border-radius: 4px; padding: 2px; }}
QCheckBox:focus {{ border-color: {t.accent}; }}
QCheckBox::indicator {{
  width: 14px; height: 14px; border: 1px solid {t.muted}; border-radius: 3px; background: {t.base};
}}
QCheckBox::indicator:checked {{ background: {t.accent}; border-color: {t.accent}; }}
QDialog {{ background: {t.panel}; }}
"""
