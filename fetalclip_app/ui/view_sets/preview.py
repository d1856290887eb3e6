"""What the written set sees in the open clip, beside the bundled one: from rows that are there already."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, QRectF, QSize, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from fetalclip_app.domain.likeness import Rows
from fetalclip_app.domain.views import BRAIN, ViewPrediction, ViewSet
from fetalclip_app.progress import CancelToken, Report
from fetalclip_app.tasks.keys import BRAIN_VIEWS, VIEWS
from fetalclip_app.ui.bars import Bar, Bars
from fetalclip_app.ui.jobs import Job, Jobs, Lane
from fetalclip_app.ui.parts import Elided, label, set_tone
from fetalclip_app.ui.session import Session
from fetalclip_app.ui.theme import tokens, view_colour
from fetalclip_app.ui.timeline_bands import runs
from fetalclip_app.wording import reason_title, view_title
from fetalclip_app.wording.translate import translate

PAUSE_MS = 120


class Previewer(QObject):
    """Asks what a set sees in the shown clip's rows; the last set asked counts.

    Signals:
        seen: (by the draft, by the bundled set): `ViewPrediction` of each.
        nothing: Why there is nothing to see, as a sentence.
        failed: The exception.
    """

    seen = Signal(object, object)
    nothing = Signal(str)
    failed = Signal(Exception)

    def __init__(self, session: Session, jobs: Jobs, bundled: ViewSet, task: str, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._jobs, self._bundled, self._task = session, jobs, bundled, task
        self._draft: ViewSet | None = None
        self._job: Job | None = None
        self._soon = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._soon.timeout.connect(self._ask)
        session.clip_shown.connect(self._soon.start)
        session.reading_changed.connect(self._soon.start)

    def show(self, draft: ViewSet | None) -> None:
        """Look with this set from now on; None is one that cannot be asked yet."""
        self._draft = draft
        self._soon.start()

    def stop(self) -> None:
        """Look no more."""
        self._soon.stop()
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def _ask(self) -> None:
        self.stop()
        draft, bundled, model = self._draft, self._bundled, self._session.model
        if draft is None:
            self.nothing.emit(translate("The set cannot be asked yet."))
            return
        found = self._rows()
        if isinstance(found, str):
            self.nothing.emit(found)
            return
        rows, unfamiliar = found

        def work(cancel: CancelToken, report: Report) -> tuple[ViewPrediction, ViewPrediction]:
            first, second = (model.seen_with(one, rows, unfamiliar, cancel) for one in (draft, bundled))
            return first, second

        job = self._job = self._jobs.start(Lane.ASKING, work)
        job.succeeded.connect(self._tell)  # a method: a job that ends after this object tells nobody
        job.failed.connect(self.failed)

    def _tell(self, both: tuple[ViewPrediction, ViewPrediction]) -> None:
        self.seen.emit(*both)

    def _rows(self) -> tuple[Rows, frozenset[int]] | str:
        """Return the rows to look at and which of them are unfamiliar; or why there are none."""
        shown = self._session.shown
        reading = shown.reading if shown is not None else None
        if reading is None or self._session.info is None:
            return translate("No clip is read yet.")
        views = reading.answer(VIEWS, ViewPrediction)
        unfamiliar = views.unfamiliar if views is not None else frozenset()
        if self._task != BRAIN_VIEWS:
            return reading.embeddings, unfamiliar
        frames = views.frames_of(BRAIN) if views is not None and BRAIN in views.keys else np.empty(0, np.intp)
        if not len(frames):
            return translate("No frame of this clip shows a brain.")
        return reading.embeddings[np.sort(frames)], frozenset()


class Seen(QWidget):
    """What one set sees: the best class, each frame's as a strip of colours, and the shares of all."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setAccessibleName(title)
        self.best = Elided()
        self.ribbon = Ribbon()
        self.bars = Bars((), with_letters=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(label(title, tone="muted", caption=True))
        for widget in (self.best, self.ribbon, self.bars):
            column.addWidget(widget)
        column.addStretch(1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)

    def show_views(self, views: ViewPrediction | None) -> None:
        """Show it, or empty places."""
        self.ribbon.show_views(views)
        if views is None:
            self.best.show_text("")
            self.bars.show_bars([])
            return
        why = views.abstained
        set_tone(self.best, "doubt" if why is not None else "")
        told = [why_told(views)] if why is not None else []
        self.best.show_text(" · ".join(told) if told else translate("Sees: {view}", view=view_title(views.best)))
        shares = zip(views.keys, views.probabilities, strict=True)
        self.bars.show_bars(
            [Bar(key, float(share), key == views.best, key not in views.not_trained) for key, share in shares]
        )


def why_told(views: ViewPrediction) -> str:
    """Return in two words why the best class should not be relied on."""
    return reason_title(views.abstained.reason) if views.abstained is not None else ""


class Ribbon(QWidget):
    """Each frame's best class as a colour, in the order of time."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(12)
        self.setAccessibleName(translate("The best class of each frame"))
        self._views: ViewPrediction | None = None

    def show_views(self, views: ViewPrediction | None) -> None:
        """Draw these."""
        self._views = views
        self.update()

    def sizeHint(self) -> QSize:
        """Return a modest width."""
        return QSize(160, 12)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw them."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(tokens().base))
        views = self._views
        if views is not None:
            step = self.width() / max(len(views.per_frame), 1)
            for run in runs(views):
                box = QRectF(run.start * step, 0, (run.end - run.start) * step, self.height())
                colour = view_colour(run.key, views.keys.index(run.key)) if run.key else QColor(tokens().doubt)
                painter.fillRect(box, colour)
        painter.end()
