"""Where a view was seen, over the frame that is drawn: asked for while the cine stands."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from fetalclip_app.domain.overlay import Where
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.ui.open_clip import Heat, OpenClip
from fetalclip_app.ui.picture_area import PictureArea
from fetalclip_app.ui.player import Player
from fetalclip_app.wording import heat_title, view_title
from fetalclip_app.wording.translate import translate

PAUSE_MS = 120
"""The cursor rests this long on a frame before its heatmap is asked for."""


class HeatLook(QObject):
    """Draws the heatmap of one frame of the shown clip, or says why there is none.

    Args:
        on_screen: Returns the frame that is drawn now.

    Attributes:
        is_on: Heatmaps are shown.
        drawn: The one that lies over the frame.

    Signals:
        wanted: A `Where`.
        put_away: None is shown any longer.
    """

    wanted = Signal(object)
    put_away = Signal()

    def __init__(self, area: PictureArea, player: Player, on_screen: Callable[[], int | None], parent: QObject) -> None:
        super().__init__(parent)
        self._area, self._player, self._on_screen = area, player, on_screen
        self._entry: OpenClip | None = None
        self._target: tuple[str, str] | None = None
        self._waits_for_views = False
        self.is_on = False
        self.drawn: tuple[Where, Heat] | None = None
        self._rest = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._rest.timeout.connect(self._ask)

    def show_clip(self, entry: OpenClip | None) -> None:
        """Take another clip, or the same one with another scale."""
        self._entry, self._target = entry, None
        self._take_away()

    def show_reading(self) -> None:
        """Take it that more, or nothing any longer, is known of the clip."""
        if self._entry is None or self._entry.sight is None:
            self._take_away()
        self.rest()

    def show_sight(self) -> None:
        """Take it that more of the frames were looked at."""
        if self._waits_for_views:
            self.rest()

    def show_index(self, index: int) -> None:
        """Take it that this frame is due."""
        if self.drawn is not None and self.drawn[0].frame_index != index:
            self._take_away()
        self.rest()

    def rest(self) -> None:
        """Ask for the heatmap of this frame once the cursor has rested on it."""
        self._rest.start()

    def set_on(self, is_on: bool) -> None:
        """Show where the view was seen, or not."""
        self.is_on = is_on
        if is_on:
            self._player.pause()
            self._ask()
        else:
            self._take_away()
            self._area.heat.hide()
            self.put_away.emit()

    def explain(self, task_key: str, view_key: str) -> None:
        """Let the heatmap explain this view."""
        self._target = (task_key, view_key)
        self.set_on(True)

    def show(self, where: Where, heat: Heat) -> None:
        """Draw a heatmap if it belongs to the frame that is drawn now; that frame, when it comes, asks again."""
        if self.is_on and where == self.where() and where.frame_index == self._on_screen():
            self.drawn = (where, heat)
            self._area.frame.show_heat(heat.image)
            self._area.heat.show_title(heat_title(where.view_key, where.method, is_blank=heat.is_blank))

    def lose(self) -> None:
        """Say that the heatmap which was asked for does not come."""
        if self.is_on:
            self._area.heat.show_title(translate("No heatmap of this frame"))

    def where(self) -> Where | None:
        """Return what a heatmap would explain now; None before anything was seen, and without a method."""
        views, method = self._views(), self._area.heat.method
        if views is None or not method:
            return None
        task_key, view_key = self._target if self._target and self._is_named(*self._target) else ("views", views.best)
        return Where(self._player.index, task_key, view_key, method)

    def _views(self) -> ViewPrediction | None:
        """Return what is seen in the frames, as far as they were looked at."""
        sight = self._entry.sight if self._entry is not None else None
        return sight.views if sight is not None else None

    def _is_named(self, task_key: str, view_key: str) -> bool:
        """Whether the reading knows this view: another view set, or a probe, may have other classes."""
        reading, views = self._entry.known if self._entry is not None else None, self._views()
        if reading is None:
            return task_key == "views" and views is not None and view_key in views.keys
        answer = reading.answer(task_key, ViewPrediction)
        return isinstance(answer, ViewPrediction) and view_key in answer.keys

    def _take_away(self) -> None:
        self.drawn = None
        self._area.frame.show_heat(None)

    def _ask(self) -> None:
        if not self.is_on or self._entry is None:
            return
        where = self.where()
        has_methods = bool(self._area.heat.method)
        self._waits_for_views = where is None and has_methods
        if not self._area.heat.isVisibleTo(self._area):
            self._area.heat.open()
        if self.drawn is not None and self.drawn[0] == where:
            return
        self._take_away()
        if where is None:
            self._area.heat.show_title(
                translate("After the reading") if has_methods else translate("This model offers no heatmap")
            )
        elif self._player.is_playing:
            self._area.heat.show_title(translate("Pause to see where it looked"))
        else:
            self._area.heat.show_title(translate("Looking for {view} …", view=view_title(where.view_key)))
            self.wanted.emit(where)
