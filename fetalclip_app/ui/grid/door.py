"""The hanging grid: the clips of a study side by side, by view; the shown one plays among the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QActionGroup

from fetalclip_app.domain.study import Key
from fetalclip_app.ui.commands import GRIDS
from fetalclip_app.ui.grid.best import BestOfClips, hung
from fetalclip_app.ui.grid.pane import Pane
from fetalclip_app.ui.open_clip import OpenClip, ReadState

if TYPE_CHECKING:
    from fetalclip_app.ui.features import Parts

SETTLE_MS = 1500
"""After the last act of a hand nothing moves for so long."""


class GridDoor(QObject):
    """Decides what hangs where.

    Clips hang by view once all of them are read, and never while a hand is there: until then what is new comes last.
    """

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.window)
        self._parts = parts
        self._best = BestOfClips()
        self._order: list[OpenClip] = []
        self._fresh: OpenClip | None = None
        self._is_hung = True
        self._side = parts.choices.now.grid
        self.panes = [Pane(parts.jobs) for _ in range(max(GRIDS) ** 2)]
        for pane in self.panes:
            pane.setParent(parts.area.stage)
            pane.hide()
            pane.chosen.connect(self.show)
        self._hand = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._hand.timeout.connect(self._settle)
        self._tie()
        self._hang()

    @property
    def order(self) -> tuple[OpenClip, ...]:
        """All open clips in the order in which they hang, study by study."""
        return tuple(self._order)

    def show(self, entry: OpenClip) -> None:
        """Let a clip be the shown one; a cine that plays hands on to it."""
        player = self._parts.viewer.player
        plays = player.is_playing
        self._hand.start()
        self._parts.session.show(entry)
        if plays:
            player.play()

    def step(self, by: int) -> None:
        """Show the clip so many places on: as they hang, or as they are listed where one stands alone."""
        shown = self._parts.session.shown
        if self._side == 1 or shown not in self._order or shown is None:
            self._parts.session.show_neighbour(by)
            return
        place = self._order.index(shown) + by
        if 0 <= place < len(self._order):
            self.show(self._order[place])

    def set_side(self, side: int) -> None:
        """Hang so many panes in a row, and as many rows."""
        self._side = side
        self._parts.choices.keep(grid=side)
        self._order = self._sorted()
        self._is_hung = True
        self._hang()
        self._parts.area.frame.setFocus()

    def _tie(self) -> None:
        parts = self._parts
        group = QActionGroup(self)
        for side, name in GRIDS.items():
            action = group.addAction(parts.actions[name])
            action.setChecked(side == self._side)
            action.triggered.connect(lambda checked=False, side=side: self.set_side(side))
        parts.window.step_clip = self.step
        parts.session.clips_changed.connect(self._take)
        parts.session.clip_shown.connect(self._shown)
        parts.session.reading_changed.connect(self._arrive)
        parts.session.reading_changed.connect(self._take)
        parts.notebook.changed.connect(self._take)
        parts.area.stage.left.connect(self._settle)

    def _shown(self, entry: OpenClip | None) -> None:
        self._fresh = entry
        self._take()

    def _arrive(self) -> None:
        """Go to the frame that stood for a clip which has become the shown one, and was loaded by now."""
        entry, self._fresh = self._fresh, None
        if entry is None or self._side == 1 or entry is not self._parts.session.shown:
            return
        notes, _study = self._parts.notebook.notes_of(entry)
        standing = self._best.standing(entry, notes)
        if standing.is_best:
            self._parts.viewer.player.seek(standing.frame_index)

    def _take(self) -> None:
        """Let closed clips go, and take new ones in behind those of their study."""
        entries = self._parts.session.entries
        self._best.keep_only(entries)
        if self._side == 1:
            self._order = list(entries)
            return
        kept = [entry for entry in self._order if entry in entries]
        known = set(map(id, kept))
        behind = [*kept, *(entry for entry in entries if id(entry) not in known)]
        keys = list(dict.fromkeys(entry.group.key for entry in entries))
        self._order = sorted(behind, key=lambda entry: keys.index(entry.group.key))
        self._is_hung = self._order == self._sorted()
        self._settle()
        self._hang()

    def _settle(self) -> None:
        """Hang all by view, where nothing is being read and no hand is there."""
        if self._is_hung or self._side == 1:
            return
        is_reading = any(entry.state in {ReadState.WAITING, ReadState.READING} for entry in self._order)
        if is_reading or self._parts.area.stage.underMouse() or self._hand.isActive():
            return
        self._order, self._is_hung = self._sorted(), True
        self._hang()

    def _sorted(self) -> list[OpenClip]:
        groups: dict[Key, list[OpenClip]] = {}
        for entry in self._parts.session.entries:
            groups.setdefault(entry.group.key, []).append(entry)
        return [entry for group in groups.values() for entry in hung(group)]

    def _page(self) -> list[OpenClip]:
        """Return the clips that hang now: of the shown one's study, as many as there is room for."""
        shown = self._parts.session.shown
        if shown not in self._order or shown is None:
            return []
        study = [entry for entry in self._order if entry.group.key == shown.group.key]
        room = self._side**2
        first = study.index(shown) // room * room
        return study[first : first + room]

    def _hang(self) -> None:
        shown = self._parts.session.shown
        page = self._page() if self._side > 1 else []
        others = [entry for entry in page if entry is not shown]
        for pane in self.panes:
            if pane.entry is not None and pane.entry not in others:
                pane.leave()
        panes = {id(pane.entry): pane for pane in self.panes if pane.entry is not None}
        free = iter([pane for pane in self.panes if pane.entry is None])
        for entry in others:
            if id(entry) not in panes:
                panes[id(entry)] = next(free)
            self._fill(panes[id(entry)], entry)
        hanging = [None if entry is shown else panes[id(entry)] for entry in page]
        self._parts.area.stage.hang(self._side if page else 1, hanging or [None])

    def _fill(self, pane: Pane, entry: OpenClip) -> None:
        book = self._parts.notebook
        notes, _study = book.notes_of(entry)
        standing = self._best.standing(entry, notes)
        known = self._parts.store.get(entry.clip, standing.frame_index)
        pane.show_entry(entry, standing, book.fetus_of(entry), known)
