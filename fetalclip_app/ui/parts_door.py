"""Parts of a cine: drawn over the timeline, played, and kept under a name."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from fetalclip_app.domain.notes import Part
from fetalclip_app.ui.parts import close_button, label
from fetalclip_app.ui.popover import Popover
from fetalclip_app.wording.parts import no_part_kept, no_part_marked, part_kept, part_name, part_range
from fetalclip_app.wording.translate import translate

if TYPE_CHECKING:
    from fetalclip_app.ui.features import Parts

_RANGE_PX = 104


class PartRow(QWidget):
    """One part that was kept.

    Signals:
        renamed: Its new name.
        played: Play it.
        removed: Keep it no longer.
    """

    renamed = Signal(str)
    played = Signal()
    removed = Signal()

    def __init__(self, part: Part) -> None:
        super().__init__()
        self.name = QLineEdit(part.name)
        self.name.setAccessibleName(translate("Name of the part"))
        self.name.editingFinished.connect(lambda: self.renamed.emit(self.name.text().strip()))
        frames = label(part_range(part), tone="muted", caption=True)
        frames.setFixedWidth(_RANGE_PX)
        self.play = QPushButton(translate("Play"))
        self.play.setProperty("quiet", True)
        self.play.setAutoDefault(True)
        self.play.setAccessibleName(translate("Play {name}").format(name=part.name))
        self.play.clicked.connect(lambda checked=False: self.played.emit())
        self.remove = close_button(translate("Remove {name}").format(name=part.name))
        self.remove.clicked.connect(lambda checked=False: self.removed.emit())
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        line.addWidget(self.name, 1)
        line.addWidget(frames)
        line.addWidget(self.play)
        line.addWidget(self.remove)


class PartsDoor(QObject):
    """Ties the timeline's brush to the player, and what was kept to the notebook."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.window)
        self._parts = parts
        self.card: Popover | None = None
        self.rows: list[PartRow] = []
        parts.transport.timeline.part_wanted.connect(self.take)
        parts.actions["keep_part"].triggered.connect(lambda checked=False: self.keep())
        parts.actions["parts"].triggered.connect(lambda checked=False: self.open())
        for changed in (parts.session.clip_shown, parts.notebook.changed):
            changed.connect(lambda *_shown: parts.transport.timeline.show_parts(self.kept))

    @property
    def kept(self) -> tuple[Part, ...]:
        """What was kept of the clip that is shown."""
        notes, shown = self._parts.notebook.clip, self._parts.session.shown
        if notes is None or shown is None:
            return ()
        return tuple(part for part in notes.parts if part.last < len(shown.clip))

    def take(self, first: int, last: int) -> None:
        """Let this part play, from its first frame."""
        player = self._parts.viewer.player
        player.unmark()
        player.mark(a=first, b=last)
        player.seek(first)

    def keep(self) -> None:
        """Keep the part that plays, under a name that can be changed."""
        player, notes = self._parts.viewer.player, self._parts.notebook.clip
        if notes is None or not player.marks.is_set:
            self._parts.telling.refused(*no_part_marked())
            return
        names = {part.name for part in notes.parts}
        number = next(number for number in range(1, len(names) + 2) if part_name(number) not in names)
        part = Part(part_name(number), *player.part)
        self._change(part_kept(part), (*notes.parts, part))
        self._parts.telling.good(part_kept(part))

    def open(self) -> None:
        """List the parts that were kept."""
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.rows = []
        for part in self.kept:
            row = PartRow(part)
            row.played.connect(partial(self._play, part))
            row.removed.connect(partial(self._remove, part))
            row.renamed.connect(partial(self._rename, part))
            column.addWidget(row)
            self.rows.append(row)
        if not self.rows:
            column.addWidget(label(no_part_kept(), tone="muted", wrap=True))
        timeline = self._parts.transport.timeline
        self.card = Popover(self._parts.window, translate("Parts that were kept"), [], body=body)
        self.card.open_above(timeline, timeline.rect())

    def _play(self, part: Part) -> None:
        self._close()
        self.take(part.first, part.last)
        self._parts.viewer.player.play()

    def _remove(self, part: Part) -> None:
        self._close()
        text = translate("Remove {name}").format(name=part.name)
        self._change(text, tuple(one for one in self.kept if one != part))

    def _rename(self, part: Part, name: str) -> None:
        if name and name != part.name and part in self.kept:
            text = translate("Rename {name}").format(name=part.name)
            self._change(text, tuple(replace(one, name=name) if one == part else one for one in self.kept))

    def _change(self, text: str, kept: tuple[Part, ...]) -> None:
        notes = self._parts.notebook.clip
        if notes is not None:
            self._parts.notebook.change_clip(text, replace(notes, parts=kept))

    def _close(self) -> None:
        if self.card is not None:
            self.card.close()
            self.card, self.rows = None, []
