"""Icons from one line set (Phosphor, as qtawesome brings it), in the colours of the theme that is worn when painted."""

from __future__ import annotations

import functools
import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QIconEngine, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QWidget

from fetalclip_app.ui.theme import tokens

_NAMES: dict[str, str] = {
    "open": "ph.folder-open",
    "file": "ph.file-plus",
    "recent": "ph.clock-counter-clockwise",
    "sample": "ph.film-strip",
    "export": "ph.export",
    "pdf": "ph.file-pdf",
    "json": "ph.brackets-curly",
    "picture": "ph.image",
    "model": "ph.cpu",
    "window": "ph.gear-six",
    "search": "ph.magnifying-glass",
    "clips": "ph.rows",
    "findings": "ph.cards",
    "copy": "ph.copy",
    "print": "ph.printer",
    "keys": "ph.keyboard",
    "play": "ph.play",
    "pause": "ph.pause",
    "back": "ph.caret-left",
    "forward": "ph.caret-right",
    "loop": "ph.repeat",
    "sweep": "ph.arrows-left-right",
    "once": "ph.arrow-line-right",
    "part": "ph.brackets-square",
    "outline": "ph.circle-dashed",
    "heatmap": "ph.eye",
    "noted": "ph.pencil-simple",
    "earlier": "ph.columns",
    "grid_1": "ph.square",
    "grid_2": "ph.grid-four",
    "grid_3": "ph.grid-nine",
    "map": "ph.graph",
    "light": "ph.sun",
    "ruler": "ph.ruler",
    "caliper": "ph.line-segment",
    "ellipse": "ph.circle",
    "fit": "ph.frame-corners",
    "warning": "ph.warning",
    "error": "ph.warning-circle",
    "good": "ph.check-circle",
    "info": "ph.info",
    "close": "ph.x",
    "down": "ph.caret-down",
    "more": "ph.dots-three",
    "question": "ph.question",
    "none": "ph.minus-circle",
    "reset": "ph.arrow-counter-clockwise",
    "patient": "ph.user",
}


_SIGN_SHARE = 0.875
"""Of an icon's height: a font leaves room around its signs."""


class _Engine(QIconEngine):
    """Draws an icon in the colours of the moment, so that a button keeps its icon when the theme changes."""

    def __init__(self, name: str, colour: str, on: str) -> None:
        super().__init__()
        self._name, self._colour, self._on = name, colour, on

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        """Draw it."""
        is_on = state == QIcon.State.On
        shade = tokens().faint if mode == QIcon.Mode.Disabled else _shade(self._on if is_on else self._colour)
        signs = _line_set()
        font = QFont(signs.family)
        font.setPixelSize(max(round(_SIGN_SHARE * rect.height()), 1))
        font.setStyleStrategy(QFont.StyleStrategy.NoFontMerging)
        painter.save()
        painter.setFont(font)
        painter.setPen(QColor(shade))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, signs.sign(self._name))
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """Return it on nothing."""
        made = QPixmap(size)
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return made

    def clone(self) -> QIconEngine:
        """Return another that draws the same."""
        return _Engine(self._name, self._colour, self._on)


def icon(name: str, colour: str = "text", *, on: str = "accent") -> QIcon:
    """Return an icon that takes the colour ``on`` while its button is checked.

    Args:
        colour, on: Names of tokens; or, for what lies on a picture, a colour of its own (``#rrggbb``).
    """
    return QIcon(_Engine(name, colour, on))


class Sign(QWidget):
    """An icon that stands by itself."""

    def __init__(self, name: str, colour: str = "text", *, size_px: int = 20) -> None:
        super().__init__()
        self._icon = icon(name, colour)
        self.setFixedSize(size_px, size_px)

    def show_icon(self, name: str, colour: str) -> None:
        """Show another in its place."""
        self._icon = icon(name, colour)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it."""
        painter = QPainter(self)
        self._icon.paint(painter, self.rect())
        painter.end()


def _shade(colour: str) -> str:
    shade = colour if colour.startswith("#") else getattr(tokens(), colour)
    assert isinstance(shade, str)
    return shade


@dataclass(frozen=True, slots=True)
class _LineSet:
    """The font whose signs the icons are.

    Attributes:
        signs: Name -> the sign's code point, as a hexadecimal number.
    """

    family: str
    signs: Mapping[str, str]

    def sign(self, name: str) -> str:
        """Return the sign of a name of `_NAMES`."""
        return chr(int(self.signs[_NAMES[name].removeprefix("ph.")], 16))


@functools.cache
def _line_set() -> _LineSet:
    """Return the set, loaded when the first icon is painted.

    Its files are read where qtawesome keeps them, and qtawesome itself is left alone: it goes by way of qtpy, which
    takes a tenth of a second before the first window, and loads every other set.
    """
    found = importlib.util.find_spec("qtawesome")
    assert found is not None and found.submodule_search_locations is not None  # a package that is required
    fonts = Path(next(iter(found.submodule_search_locations))) / "fonts"
    number = QFontDatabase.addApplicationFont(str(next(fonts.glob("phosphor-*.ttf"))))
    signs = json.loads(next(fonts.glob("phosphor-charmap-*.json")).read_text(encoding="utf-8"))
    return _LineSet(QFontDatabase.applicationFontFamilies(number)[0], signs)
