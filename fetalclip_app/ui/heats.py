"""Which heatmap is wanted, and those that the open clips keep."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.overlay import Where
from fetalclip_app.ui.open_clip import Heat, OpenClip

_KEPT = 8
"""Heatmaps kept for each clip."""


class Heats(QObject):
    """Knows the one that is wanted of the shown clip; what comes for another clip or place is kept and not shown.

    Signals:
        ready: (Where, Heat) for the shown clip.
        lost: The one that is wanted will not come.
        turned: Another `Where` is wanted, or None: what is looked for else is wanted no longer.
    """

    ready = Signal(object, object)
    lost = Signal()
    turned = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._wanted: Where | None = None

    @property
    def wanted(self) -> Where | None:
        """What the model has to look for."""
        return self._wanted

    def forget(self) -> None:
        """Want none any longer: another clip is shown, or its scale or the model is another."""
        self._wanted = None
        self.turned.emit(None)

    def ask(self, shown: OpenClip, where: Where) -> bool:
        """Want one of the shown clip; return whether the model has to look: one that is kept is ready at once."""
        if shown.sight is None or where == self._wanted:
            return False
        if where in shown.heat:
            self.forget()
            self.ready.emit(where, shown.heat[where])
            return False
        self._wanted = where
        self.turned.emit(where)
        return True

    def keep(self, entry: OpenClip, clip: Clip, where: Where, heat: Heat, *, is_shown: bool) -> None:
        """Keep what the model found in a clip as it was when it began to look."""
        is_wanted = is_shown and where == self._wanted
        self._wanted = None if where == self._wanted else self._wanted
        if entry.clip is not clip or entry.sight is None:
            return  # its scale or the model is another now
        if len(entry.heat) >= _KEPT:
            del entry.heat[next(iter(entry.heat))]
        entry.heat[where] = heat
        if is_wanted:
            self.ready.emit(where, heat)

    def fail(self, where: Where) -> None:
        """Give one up that the model could not find."""
        if where == self._wanted:
            self.lose()

    def lose(self) -> None:
        """Give up the one that is wanted, and say so."""
        if self._wanted is not None:
            self._wanted = None
            self.lost.emit()
