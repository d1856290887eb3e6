"""Icons from one line set (Phosphor, by qtawesome), in the theme's colours."""

from __future__ import annotations

import qtawesome
from PySide6.QtGui import QIcon

from fetalclip_app.ui.theme import DARK

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
    "light": "ph.sun",
    "ruler": "ph.ruler",
    "fit": "ph.frame-corners",
    "warning": "ph.warning",
    "error": "ph.warning-circle",
    "good": "ph.check-circle",
    "info": "ph.info",
    "close": "ph.x",
    "reset": "ph.arrow-counter-clockwise",
    "patient": "ph.user",
}


def icon(name: str, colour: str = DARK.text, *, on: str = DARK.accent) -> QIcon:
    """Return an icon that takes the colour ``on`` while its button is checked."""
    made: QIcon = qtawesome.icon(
        _NAMES[name], color=colour, color_on=on, color_off=colour, color_disabled=DARK.faint, color_active=colour
    )
    return made
