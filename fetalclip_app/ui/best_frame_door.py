"""The best frame of each view: marked on the timeline, told with its reasons, and chosen by a person where she will."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QRect
from PySide6.QtWidgets import QVBoxLayout, QWidget

from fetalclip_app.domain.best_frames import BestFrames, Candidate
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.tasks.best_frames import best_frames
from fetalclip_app.ui.best_frame_card import PICTURE, CandidateRow, marks_of
from fetalclip_app.ui.jobs import Lane
from fetalclip_app.ui.parts import label
from fetalclip_app.ui.popover import Offer, Popover
from fetalclip_app.ui.qimage import thumbnail_of
from fetalclip_app.wording.quality import (
    best_frame_meaning,
    best_frame_title,
    choice_noted,
    choice_taken_back,
    no_best_frame,
)
from fetalclip_app.wording.translate import translate

if TYPE_CHECKING:
    from fetalclip_app.ui.features import Parts

_NONE = BestFrames({})


class BestFrameDoor(QObject):
    """Holds what the shown clip's reading gives; what the person chose is in the notebook."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.window)
        self._parts = parts
        self._known: tuple[ClipReading | None, BestFrames] = (None, _NONE)
        self.card: Popover | None = None
        self.rows: list[CandidateRow] = []
        for changed in (parts.session.clip_shown, parts.session.reading_changed, parts.notebook.changed):
            changed.connect(lambda *_shown: self._show())
        parts.transport.timeline.best_asked.connect(self.open)
        parts.findings.best_wanted.connect(self.open_view)
        parts.actions["best_frames"].triggered.connect(lambda checked=False: self.open_here())

    @property
    def best(self) -> BestFrames:
        """The best frames by the model's order; none before the views of all frames are known."""
        shown = self._parts.session.shown
        reading = shown.known if shown is not None else None
        if reading is not self._known[0]:
            self._known = (reading, best_frames(reading) if reading is not None else _NONE)
        return self._known[1]

    @property
    def chosen(self) -> dict[str, int]:
        """View -> the frame that the person chose, of those that the clip has."""
        notes, shown = self._parts.notebook.clip, self._parts.session.shown
        if notes is None or shown is None:
            return {}
        return {key: index for key, index in notes.best.items() if index < len(shown.clip)}

    def _show(self) -> None:
        self._parts.transport.timeline.show_best(self.best.frames, self.chosen)

    def open_here(self) -> None:
        """Tell the best frames of the view that is seen in the frame that is looked at."""
        key = self._view_here()
        if key is not None:
            self.open_view(key)

    def open_view(self, view_key: str) -> None:
        """Tell the candidates of a view, above its mark where it has one."""
        timeline = self._parts.transport.timeline
        at = next((tag.box.toRect() for tag in timeline.tags if tag.view_key == view_key), timeline.rect())
        self.open(view_key, at)

    def _view_here(self) -> str | None:
        shown = self._parts.session.shown
        if shown is None or shown.known is None or shown.sight is None:
            return None
        views = shown.sight.views
        row = views.per_frame[self._parts.viewer.index]
        here = views.keys[int(np.argmax(row))]
        return here if self.best.of(here) else views.best

    def open(self, view_key: str, place: QRect) -> None:
        """Tell the candidates of a view, above a place on the timeline."""
        candidates, shown = self.best.of(view_key), self._parts.session.shown
        if shown is None:
            return
        chosen = self.chosen.get(view_key)
        body = self._body(view_key, candidates, chosen)
        offers = []
        if chosen is not None:
            offers = [Offer(translate("Leave it to the model"), partial(self.choose, view_key, None))]
        self.card = Popover(self._parts.window, best_frame_title(view_key), [], offers, body=body)
        self.card.open_above(self._parts.transport.timeline, place)
        for row in self.rows:
            self._fetch(shown.clip, row)

    def choose(self, view_key: str, frame_index: int | None) -> None:
        """Note a person's choice; None leaves it to the model."""
        notes = self._parts.notebook.clip
        if notes is None:
            return
        text = choice_taken_back(view_key) if frame_index is None else choice_noted(view_key, frame_index)
        self._parts.notebook.change_clip(text, notes.with_best(view_key, frame_index))

    def _body(self, view_key: str, candidates: tuple[Candidate, ...], chosen: int | None) -> QWidget:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        self.rows = []
        meaning = best_frame_meaning() if candidates else no_best_frame(view_key)
        column.addWidget(label(meaning, tone="muted", wrap=True))
        for one, mark in zip(candidates, marks_of(candidates, chosen), strict=True):
            row = CandidateRow(view_key, one, mark)
            row.wanted.connect(partial(self._go, one.frame_index))
            row.chosen.connect(partial(self._take, view_key, one.frame_index))
            row.use.setEnabled(one.frame_index != chosen)
            column.addWidget(row)
            self.rows.append(row)
        return body

    def _go(self, index: int) -> None:
        self._close()
        self._parts.viewer.go_to(index)

    def _take(self, view_key: str, index: int) -> None:
        self._close()
        self.choose(view_key, index)
        self._parts.viewer.go_to(index)

    def _close(self) -> None:
        if self.card is not None:
            self.card.close()
            self.card, self.rows = None, []

    def _fetch(self, clip: Clip, row: CandidateRow) -> None:
        width, height = 2 * PICTURE[0], 2 * PICTURE[1]
        index = row.frame_index
        job = self._parts.jobs.start(
            Lane.FILE, lambda cancel, report: thumbnail_of(clip.frame(index).pixels, width, height)
        )
        job.succeeded.connect(row.show_picture)  # of a row that has gone Qt forgets it
