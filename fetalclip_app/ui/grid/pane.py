"""A clip of the hanging grid that is not the shown one: its best frame, and a way to it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen

from fetalclip_app.domain.clip import Clip, Pixels
from fetalclip_app.ui.badges import badges_of
from fetalclip_app.ui.grid.best import Standing
from fetalclip_app.ui.grid.fetched import Fetched
from fetalclip_app.ui.grid.still import Words
from fetalclip_app.ui.jobs import Jobs
from fetalclip_app.ui.open_clip import OpenClip
from fetalclip_app.ui.theme import ON_PICTURE
from fetalclip_app.wording import fetus_title, frame_number, frame_title, view_title
from fetalclip_app.wording.translate import translate

_GO = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


def doubts_of(clip: Clip) -> str:
    """Return what must be known of a clip, in one line."""
    return "  ".join(f"⚠ {badge.text}" for badge in badges_of(clip) if badge.is_doubt)


def frame_told(standing: Standing, count: int) -> str:
    """Return which frame stands for a clip, and why."""
    if count == 1:
        return translate("Single picture")
    if standing.is_chosen:
        return translate("{frame}, your choice", frame=frame_title(standing.frame_index, count))
    if standing.is_best:
        return translate("{frame}, the best", frame=frame_title(standing.frame_index, count))
    return frame_number(standing.frame_index, count)


class Pane(Fetched):
    """Stands for a clip, and offers to show it.

    Signals:
        chosen: The `OpenClip` that is to be shown.
    """

    chosen = Signal(object)

    def __init__(self, jobs: Jobs) -> None:
        super().__init__(jobs)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(translate("Clip"))
        self.entry: OpenClip | None = None
        self.standing = Standing(-1)

    def show_entry(self, entry: OpenClip, standing: Standing, fetus: str | None, known: Pixels | None = None) -> None:
        """Stand for a clip by one of its frames.

        Args:
            fetus: Whose scan it is: empty in a single pregnancy, None where nobody said.
            known: The frame, where it is decoded already.
        """
        clip = entry.clip
        is_other = self.entry is not entry or self.standing.frame_index != standing.frame_index
        self.entry, self.standing = entry, standing
        title = view_title(standing.view_key) if standing.view_key else self._state(entry)
        title = title if fetus == "" else f"{title} · {fetus_title(fetus)}"
        words = Words(title, doubts_of(clip), frame_told(standing, len(clip)), clip.name, standing.view_key)
        self.show_words(words, clip.calibration)
        self.setAccessibleName(translate("Clip {name}", name=clip.name))
        if is_other:
            self.fetch(clip, standing.frame_index, known)

    def leave(self) -> None:
        """Stand for no clip, and hold none of its frames."""
        self.entry, self.standing = None, Standing(-1)
        self.drop()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the frame, and a ring where the keys are."""
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            painter.setPen(QPen(QColor(ON_PICTURE.text), 2, Qt.PenStyle.DotLine))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
            painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Ask to be shown."""
        if event.button() == Qt.MouseButton.LeftButton and self.entry is not None:
            self.chosen.emit(self.entry)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ask to be shown, by Enter."""
        if event.key() in _GO and self.entry is not None:
            self.chosen.emit(self.entry)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Draw the ring."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Take the ring away."""
        super().focusOutEvent(event)
        self.update()

    @staticmethod
    def _state(entry: OpenClip) -> str:
        return translate("Cannot tell") if entry.reading is not None else ""
