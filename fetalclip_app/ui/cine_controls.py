"""Pace, what follows the last frame, which part plays: keys, buttons and timeline say what the player does."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction

from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.timing import PlayMode
from fetalclip_app.ui.choices import Choices
from fetalclip_app.ui.icons import wear
from fetalclip_app.ui.keys import Keys, with_key
from fetalclip_app.ui.player import SPEEDS, Player
from fetalclip_app.ui.transport import Transport
from fetalclip_app.ui.viewer import Viewer
from fetalclip_app.wording import part_played, play_mode, play_mode_of_file
from fetalclip_app.wording.translate import translate

_ONLY_CINES = ("play", "back", "forward", "back_ten", "forward_ten", "loop", "mark_a", "mark_b", "mark_next")

_ORDER = (PlayMode.LOOP, PlayMode.SWEEP, PlayMode.ONCE)


class CineControls(QObject):
    """Holds nothing itself: the player knows, and this shows what it knows."""

    def __init__(
        self, viewer: Viewer, transport: Transport, actions: Mapping[str, QAction], choices: Choices, keys: Keys
    ) -> None:
        super().__init__(keys.parent())
        self._viewer, self._transport, self._choices = viewer, transport, choices
        self._loop, self._part = actions["loop"], actions["mark_next"]
        self._cine = [actions[name] for name in _ONLY_CINES]
        self._unmark = actions["unmark"]
        viewer.clip_loaded.connect(self._begin)
        viewer.player.part_changed.connect(self._show)
        keys.changed.connect(self._show)  # these two tell more than their titles
        transport.speed_changed.connect(self.set_speed)
        if choices.now.play_speed in SPEEDS:
            viewer.player.set_speed(choices.now.play_speed)
        transport.show_speed(viewer.player.speed)
        viewer.player.set_mode(choices.now.play_mode)

    @property
    def _player(self) -> Player:
        return self._viewer.player

    def set_speed(self, speed: float) -> None:
        """Play at a multiple of the clip's own pace, and remember it."""
        self._player.set_speed(speed)
        self._choices.keep(play_speed=speed)
        self._transport.show_speed(speed)

    def change_speed(self, step: int) -> None:
        """Take the next or the last of the paces."""
        place = SPEEDS.index(self._player.speed) + step
        self.set_speed(SPEEDS[min(max(place, 0), len(SPEEDS) - 1)])

    def next_mode(self) -> None:
        """Take the next of loop, sweep and once, and remember it."""
        mode = _ORDER[(_ORDER.index(self._player.mode) + 1) % len(_ORDER)]
        self._choices.keep(play_mode=mode)
        self._player.set_mode(mode)

    def mark_next(self) -> None:
        """Set A here; then B; then play the whole cine again."""
        marks = self._player.marks
        if not marks.is_set:
            self.mark_a()
        elif marks.b is None and marks.a is not None and self._viewer.told_index > marks.a:
            self.mark_b()
        else:
            self._player.unmark()
        self._show()  # the button switched itself, whatever came of it

    def mark_a(self) -> None:
        """Let the part that plays begin with the frame that is looked at."""
        self._player.mark(a=self._viewer.told_index)

    def mark_b(self) -> None:
        """Let the part that plays end with the frame that is looked at."""
        self._player.mark(b=self._viewer.told_index)

    def _begin(self, clip: Clip) -> None:
        """Play a clip as its file asks, where it does; what the user chose holds for the others."""
        self._player.set_mode(clip.playback.mode or self._choices.now.play_mode)
        if clip.playback.trim is not None:
            first, last = clip.playback.trim
            self._player.mark(a=first, b=last)

    def _show(self) -> None:
        player = self._player
        self._transport.timeline.show_marks(player.marks)
        for action in self._cine:
            action.setEnabled(player.can_play)
        self._unmark.setEnabled(player.marks.is_set)
        wear(self._loop, player.mode.value)
        self._loop.setToolTip(self._told_mode())
        self._part.setChecked(player.marks.is_set)
        self._part.setToolTip(self._told_part())

    def _told_mode(self) -> str:
        player, clip = self._player, self._viewer.clip
        is_asked = clip is not None and clip.playback.mode is player.mode
        return with_key(play_mode_of_file(player.mode) if is_asked else play_mode(player.mode), self._loop)

    def _told_part(self) -> str:
        player = self._player
        if not player.marks.is_set:
            return with_key(translate("A–B: play a part"), self._part)
        return with_key(translate("A–B: {frames}", frames=part_played(*player.part, player.count)), self._part)
