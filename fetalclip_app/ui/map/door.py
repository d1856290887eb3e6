"""The map of the study that is looked at: worked out off the window's thread, and a way to each of its frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.ui.jobs import Lane
from fetalclip_app.ui.map.panel import MapPanel
from fetalclip_app.ui.map.points import MapPoints, points_of
from fetalclip_app.ui.open_clip import OpenClip
from fetalclip_app.wording.frame_map import map_counts, map_left_out, map_waits, nothing_to_map, point_told

if TYPE_CHECKING:
    from fetalclip_app.ui.features import Parts

GATHER_MS = 200
"""Readings that come within this time make one map."""


class MapDoor(QObject):
    """Gathers the readings of one study by one model; drops a map that others are wanted than it was made of."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.window)
        self._parts = parts
        self.panel = MapPanel()
        self.panel.setParent(parts.area)
        self.panel.hide()
        self._clips: tuple[OpenClip, ...] = ()
        self._wanted: tuple[ClipReading, ...] = ()
        self._shown: tuple[ClipReading, ...] | None = None
        self._points: MapPoints | None = None
        self._is_busy = False
        self._action = parts.actions["map"]
        self._soon = QTimer(self, singleShot=True, interval=GATHER_MS)
        self._soon.timeout.connect(self._gather)
        self._action.triggered.connect(self._set_open)
        self.panel.closed.connect(lambda: self._set_open(False))
        self.panel.canvas.wanted.connect(self._go)
        self.panel.canvas.pointed.connect(self._tell)
        parts.area.companion_changed.connect(self._follow)
        for changed in (parts.session.clips_changed, parts.session.reading_changed, parts.session.clip_shown):
            changed.connect(lambda *_told: self._soon.start() if self._is_open else None)
        parts.viewer.player.frame_due.connect(lambda index: self._mark_current())

    @property
    def _is_open(self) -> bool:
        return self._parts.area.companion is self.panel

    def _set_open(self, is_open: bool) -> None:
        area = self._parts.area
        if is_open:
            area.show_companion(self.panel)
            self._gather()
            self.panel.canvas.setFocus()
        elif self._is_open:
            area.show_companion(None)
            area.frame.setFocus()

    def _follow(self) -> None:
        self._action.setChecked(self._is_open)

    def _gather(self) -> None:
        """Find what the map is to be made of, and make it where it is another than before."""
        session = self._parts.session
        shown = session.shown
        study = shown.group.key if shown is not None else None
        of_study = [entry for entry in session.entries if entry.group.key == study]
        read = [(entry, entry.reading) for entry in of_study if entry.reading is not None]
        space = _space(read[0][1]) if read else None
        kept = [(entry, reading) for entry, reading in read if _space(reading) == space]
        self._clips = tuple(entry for entry, _reading in kept)
        self._wanted = tuple(reading for _entry, reading in kept)
        self.panel.show_left_out(map_left_out(len(of_study) - len(read), len(read) - len(kept)))
        if not kept:
            self._shown, self._points = None, None
            self.panel.told.show_text("")
            self.panel.show_points(None, map_waits())
        elif not _same(self._wanted, self._shown):
            self._make()
        self._mark_current()

    def _make(self) -> None:
        if self._is_busy:
            return  # what comes of that is looked at again when it is there
        self._is_busy = True
        wanted = self._wanted
        job = self._parts.jobs.start(Lane.FILE, lambda cancel, report: points_of(wanted))
        job.succeeded.connect(lambda points: self._take(wanted, points))
        job.failed.connect(self._parts.telling.trouble)
        job.settled.connect(self._settled)

    def _take(self, made_of: tuple[ClipReading, ...], points: MapPoints | None) -> None:
        if not _same(made_of, self._wanted):
            return
        self._shown, self._points = made_of, points
        self.panel.show_points(points, "" if points is not None else nothing_to_map())
        frames = sum(len(reading.embeddings) for reading in made_of)
        self.panel.told.show_text(map_counts(frames, len(made_of)))
        self._mark_current()

    def _settled(self) -> None:
        self._is_busy = False
        if self._is_open and self._wanted and not _same(self._wanted, self._shown):
            self._soon.start()

    def _mark_current(self) -> None:
        if not self._is_open:
            return
        self.panel.canvas.show_current(self._current())

    def _current(self) -> int | None:
        """Return the point of the frame that is looked at; None where it is on no map."""
        shown = self._parts.session.shown
        if self._points is None or shown not in self._clips or not _same(self._wanted, self._shown):
            return None
        return self._points.index_of(self._clips.index(shown), self._parts.viewer.index)

    def _frame_of(self, index: int) -> tuple[OpenClip, int] | None:
        """Return a point's clip and frame; None where the map is not the one of these clips any more."""
        if self._points is None or not _same(self._wanted, self._shown):
            return None
        return self._clips[int(self._points.map.clip_of[index])], int(self._points.map.frame_of[index])

    def _go(self, index: int) -> None:
        found = self._frame_of(index)
        if found is None or found[0] not in self._parts.session.entries:
            return
        had_focus = self.panel.canvas.hasFocus()
        self._parts.session.show(found[0])
        self._parts.viewer.go_to(found[1])
        if had_focus:  # another clip takes the focus to the picture: who walks the map by keys stays on it
            self.panel.canvas.setFocus()

    def _tell(self, index: int | None) -> None:
        found = self._frame_of(index) if index is not None else None
        if found is None or index is None or self._points is None:
            self.panel.show_pointed("")
            return
        entry, frame = found
        is_familiar = not bool(self._points.is_strange[index])
        text = point_told(
            entry.clip.name, frame, len(entry.clip), self._points.view_key(index), is_familiar=is_familiar
        )
        self.panel.show_pointed(text)


def _space(reading: ClipReading) -> tuple[str, str]:
    """Return what rows must have in common to be compared."""
    return reading.provenance.model.sha256, reading.provenance.preprocessing


def _same(one: tuple[ClipReading, ...], other: tuple[ClipReading, ...] | None) -> bool:
    return other is not None and len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))
