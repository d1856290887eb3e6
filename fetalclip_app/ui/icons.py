"""Icons from one line set (Phosphor, as qtawesome brings it), in the colours of the theme that is worn when painted."""

from __future__ import annotations

import functools
import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QAction, QColor, QFont, QFontDatabase, QIcon, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget
from shiboken6 import isValid

from fetalclip_app.ui.theme import tokens

_NAMES: dict[str, str] = {
    "open": "ph.folder-open",
    "file": "ph.file-plus",
    "recent": "ph.clock-counter-clockwise",
    "sample": "ph.film-strip",
    "export": "ph.export",
    "pdf": "ph.file-pdf",
    "json": "ph.brackets-curly",
    "layers": "ph.stack",
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
    "grid_3": "ph.dots-nine",
    "map": "ph.share-network",
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
    "patient": "ph.user",
}


_SIGN_SHARE = 0.875
"""Of an icon's height: a font leaves room around its signs."""


_SIZES_PX = (16, 20)
"""Sizes in which menus and buttons show an icon; each is drawn for the screen's own pixels."""

_Wearer = QAction | QAbstractButton


def paint_sign(painter: QPainter, box: QRect, name: str, colour: str = "text") -> None:
    """Draw a sign in the middle of a box.

    Args:
        colour: Name of a token; or, for what lies on a picture, a colour of its own (``#rrggbb``).
    """
    signs = _line_set()
    font = QFont(signs.family)
    font.setPixelSize(max(round(_SIGN_SHARE * box.height()), 1))
    font.setStyleStrategy(QFont.StyleStrategy.NoFontMerging)
    painter.save()
    painter.setFont(font)
    painter.setPen(QColor(_shade(colour)))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, signs.sign(name))
    painter.restore()


def wear(target: _Wearer, name: str, colour: str = "text") -> None:
    """Give a button or an action an icon that is in the accent while it is checked, and follows the theme."""
    if _worn.get(target) == (name, colour):
        return
    _worn[target] = name, colour
    target.setIcon(_icon(name, colour))


def renew() -> None:
    """Draw every icon that is worn in the colours of the theme of now."""
    for target, (name, colour) in list(_worn.items()):
        if isValid(target):
            target.setIcon(_icon(name, colour))


_worn: WeakKeyDictionary[_Wearer, tuple[str, str]] = WeakKeyDictionary()


def _icon(name: str, colour: str) -> QIcon:
    """Return an icon of pictures: with an engine written in Python, PySide6 6.11 frees what is already freed."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    made, ratio = QIcon(), app.devicePixelRatio()
    ways = (
        (QIcon.Mode.Normal, QIcon.State.Off, colour),
        (QIcon.Mode.Normal, QIcon.State.On, "accent"),
        (QIcon.Mode.Disabled, QIcon.State.Off, "faint"),
        (QIcon.Mode.Disabled, QIcon.State.On, "faint"),
    )
    for size in _SIZES_PX:
        for mode, state, shade in ways:
            picture = QPixmap(QSize(size, size) * ratio)
            picture.setDevicePixelRatio(ratio)
            picture.fill(Qt.GlobalColor.transparent)
            painter = QPainter(picture)
            paint_sign(painter, QRect(0, 0, size, size), name, shade)
            painter.end()
            made.addPixmap(picture, mode, state)
    return made


class Sign(QWidget):
    """An icon that stands by itself."""

    def __init__(self, name: str, colour: str = "text", *, size_px: int = 20) -> None:
        super().__init__()
        self._sign = name, colour
        self.setFixedSize(size_px, size_px)

    def show_icon(self, name: str, colour: str) -> None:
        """Show another in its place."""
        self._sign = name, colour
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it."""
        painter = QPainter(self)
        paint_sign(painter, self.rect(), *self._sign)
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
