"""The map beside the picture: the points, which of them is pointed at, and what the map can and cannot say."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout

from fetalclip_app.ui.companion import Companion
from fetalclip_app.ui.map.canvas import MapCanvas
from fetalclip_app.ui.map.points import MapPoints
from fetalclip_app.ui.parts import Elided, label
from fetalclip_app.ui.theme import caption_font
from fetalclip_app.wording.frame_map import map_meaning, map_shares
from fetalclip_app.wording.translate import translate


class MapPanel(Companion):
    """Shows what it is given; its lines are there from the start, so that nothing moves when the map comes."""

    def __init__(self) -> None:
        super().__init__(translate("Map of the frames"))
        self.canvas = MapCanvas()
        self.pointed = Elided()
        self.shares = label(tone="muted", caption=True, wrap=True)
        self.meaning = label(map_meaning(), tone="muted", caption=True, wrap=True)
        self.left_out = label(tone="doubt", caption=True, wrap=True)
        self.left_out.hide()
        self.pointed.setFont(caption_font())
        words = QVBoxLayout()
        words.setContentsMargins(12, 8, 12, 10)
        words.setSpacing(4)
        for line in (self.pointed, self.shares, self.meaning, self.left_out):
            words.addWidget(line)
        self.column.addWidget(self.canvas, 1)
        self.column.addLayout(words)
        self.show_pointed("")

    def show_points(self, points: MapPoints | None, sentence: str) -> None:
        """Show a map, or why there is none."""
        self.canvas.show_points(points, sentence)
        self.shares.setText(map_shares(points.map.shares) if points is not None else "")

    def show_pointed(self, text: str) -> None:
        """Tell the point that is pointed at; without one, what can be done here."""
        self.pointed.show_text(text or translate("Point at a frame; a click or Enter goes there."))
        self.canvas.setAccessibleDescription(text)

    def show_left_out(self, text: str) -> None:
        """Say which clips are not on it."""
        self.left_out.setText(text)
        self.left_out.setVisible(bool(text))
