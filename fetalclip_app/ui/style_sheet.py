"""What a theme's colours mean to Qt: its palette and its style sheet."""

from __future__ import annotations

from PySide6.QtGui import QColor, QPalette

from fetalclip_app.ui.tokens import DARK, Tokens

RADIUS = 6


def palette(tokens: Tokens) -> QPalette:
    """Return the colours of what the style sheet does not name."""
    made = QPalette()
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
        made.setColor(key, QColor(colour))
    for key in (role.Text, role.WindowText, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, key, QColor(tokens.faint))
    return made


def sheet(t: Tokens) -> str:
    """Return the style sheet of the whole program."""
    p = DARK
    return f"""
QToolTip {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.faint}; padding: 6px 8px; }}
#topBar, #statusStrip {{ background: {t.panel}; }}
#topBar {{ border-bottom: 1px solid {t.edge}; }}
#statusStrip {{ border-top: 1px solid {t.edge}; }}
#clips, #findings {{ background: {t.panel}; }}
#clips {{ border-right: 1px solid {t.edge}; }}
#findings {{ border-left: 1px solid {t.edge}; }}
#companion {{ background: {t.panel}; border-left: 1px solid {t.edge}; }}
#transport {{ background: {t.base}; border-top: 1px solid {t.edge}; }}
QFrame[card="true"] {{ background: {t.raised}; border: 1px solid {t.rim}; border-radius: {RADIUS}px; }}
QFrame[floating="true"] {{ background: {t.raised}; border: 1px solid {t.faint}; border-radius: {RADIUS}px; }}
QFrame[floating="true"] QLabel, QFrame[card="true"] QLabel {{ background: transparent; }}
QLabel[tone="muted"] {{ color: {t.muted}; }}
QLabel[tone="doubt"] {{ color: {t.doubt}; }}
QLabel[tone="error"] {{ color: {t.error}; }}
QLabel[tone="good"] {{ color: {t.good}; }}
QLabel[badge="true"] {{ background: {t.raised}; color: {t.text}; border-radius: 4px; padding: 2px 6px; }}
QLabel[badge="alarm"] {{ background: {t.doubt}; color: {t.on_doubt}; border-radius: 4px; padding: 4px 8px; }}
QLabel[badge="doubt"] {{ background: {t.raised}; color: {t.doubt}; border-radius: 4px; padding: 2px 6px; }}
QFrame[floating="true"] QLabel[badge="key"] {{
  background: {t.base}; color: {t.text}; border-radius: 4px; padding: 2px 6px;
}}
#badges QLabel[badge="true"] {{ background: {p.raised}; color: {p.text}; }}
#badges QLabel[badge="doubt"] {{ background: {p.raised}; color: {p.doubt}; }}
QPushButton, QToolButton {{
  background: transparent; color: {t.text}; border: 2px solid transparent; border-radius: {RADIUS}px; padding: 3px 8px;
}}
QToolButton[compact="true"] {{ padding: 3px; }}
QPushButton:hover, QToolButton:hover {{ background: {t.hover}; }}
QPushButton:pressed, QToolButton:pressed {{ background: {t.base}; }}
QPushButton:focus, QToolButton:focus {{ border-color: {t.accent}; }}
QPushButton:disabled, QToolButton:disabled {{ color: {t.faint}; }}
QToolButton:checked {{ background: {t.raised}; color: {t.accent}; }}
QPushButton[choice="true"]:checked {{ background: {t.base}; color: {t.accent}; }}
QToolButton::menu-indicator {{ image: none; }}
QPushButton[quiet="true"] {{ background: {t.raised}; }}
QFrame[floating="true"] QPushButton[quiet="true"] {{ background: {t.hover}; }}
QFrame[floating="true"] QPushButton[quiet="true"]:hover {{ background: {t.faint}; }}
QPushButton[quiet="true"]:hover {{ background: {t.hover}; }}
QPushButton[primary="true"] {{ background: {t.accent}; color: {t.on_accent}; font-weight: 600; padding: 4px 14px; }}
QPushButton[primary="true"]:hover {{ background: {t.accent_hover}; }}
QPushButton[primary="true"]:focus {{ border-color: {t.text}; }}
QPushButton[primary="true"]:disabled {{ background: {t.hover}; color: {t.muted}; }}
QLineEdit, QComboBox, QKeySequenceEdit QLineEdit {{
  background: {t.base}; color: {t.text}; border: 2px solid {t.hover}; border-radius: 4px; padding: 3px 6px;
  selection-background-color: {t.accent}; selection-color: {t.on_accent};
}}
QLineEdit:focus, QComboBox:focus {{ border-color: {t.accent}; }}
QComboBox QAbstractItemView {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.faint}; outline: none; }}
QFrame[floating="true"] QListView, QListWidget {{ background: {t.raised}; color: {t.text}; outline: none; }}
QTreeWidget {{
  background: {t.raised}; color: {t.text}; border: 2px solid transparent; border-radius: 4px; outline: none;
}}
QTreeWidget::item {{ padding: 3px 2px; }}
QTreeWidget::item:selected {{ background: {t.hover}; color: {t.text}; }}
QTreeWidget:focus {{ border-color: {t.accent}; }}
QHeaderView::section {{ background: {t.panel}; color: {t.muted}; border: none; padding: 4px 6px; }}
QMenu {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.faint}; padding: 4px; }}
QMenu::item {{ padding: 5px 24px 5px 24px; border-radius: 4px; }}
QMenu::item:selected {{ background: {t.hover}; }}
QMenu::item:disabled {{ color: {t.muted}; }}
QMenu::separator {{ height: 1px; background: {t.hover}; margin: 4px 8px; }}
QMenu::indicator {{ left: 6px; width: 12px; height: 12px; }}
QSlider {{ min-height: 20px; border: 2px solid transparent; border-radius: 4px; }}
QSlider:focus {{ border-color: {t.accent}; }}
QSlider::groove:horizontal {{ height: 4px; background: {t.groove}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {t.accent}; border-radius: 2px; }}
QSlider::handle:horizontal {{ width: 14px; height: 14px; margin: -5px 0; border-radius: 7px; background: {t.text}; }}
QSlider::sub-page:horizontal:disabled {{ background: {t.faint}; }}
QSlider::handle:horizontal:disabled {{ background: {t.faint}; }}
QScrollArea, #popover {{ background: transparent; border: none; }}
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
