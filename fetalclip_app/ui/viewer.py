"""Ties the shown clip to its picture: player, decoded frames, overlays."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.reading import HeadMeasurement
from fetalclip_app.ui.badges import badges_of
from fetalclip_app.ui.found_overlays import show_found
from fetalclip_app.ui.frames import FrameStore
from fetalclip_app.ui.heat_look import HeatLook
from fetalclip_app.ui.open_clip import OpenClip
from fetalclip_app.ui.picture_area import PictureArea
from fetalclip_app.ui.player import Player
from fetalclip_app.ui.shown_rate import ShownRate
from fetalclip_app.ui.transport import Transport
from fetalclip_app.wording import frame_title
from fetalclip_app.wording.translate import translate

CAPTION_MS = 400

AHEAD = 48
"""Frames that are decoded before they are due while the cine plays: more than a second and a half."""

AROUND = 13
"""Frames that are decoded about the cursor while it stands."""


class Viewer(QObject):
    """Shows one clip at a time.

    Attributes:
        heat: The heatmap over the frame that is drawn.

    Signals:
        frame_failed: The exception that decoding raised.
        clip_loaded: Another `Clip` is ready to be played, from its start.
        overlays_due: What lies over the frame that is drawn now may be other than before.
    """

    frame_failed = Signal(Exception)
    clip_loaded = Signal(object)
    overlays_due = Signal()

    def __init__(self, area: PictureArea, transport: Transport, store: FrameStore, parent: QObject) -> None:
        super().__init__(parent)
        self._area, self._transport, self._store = area, transport, store
        self._entry: OpenClip | None = None
        self._clip: Clip | None = None
        self.shows_outline = True
        self._on_screen: int | None = None
        self._complained = False
        self.shown_rate = ShownRate()
        self.player = Player(self._is_ready, self)
        self.player.frame_due.connect(self._due)
        self.player.frame_wanted.connect(self._fetch)
        self.player.playing_changed.connect(self._playing_changed)
        self.player.part_changed.connect(self._fetch)
        area.frame.painted.connect(self._painted)
        store.arrived.connect(self._arrived)
        store.failed.connect(self._failed)
        transport.timeline.frame_wanted.connect(self.player.seek)
        self.heat = HeatLook(area, self.player, lambda: self._on_screen, self)
        self._caption = QTimer(self, interval=CAPTION_MS)
        self._caption.timeout.connect(self._write_caption)

    @property
    def index(self) -> int:
        """The frame that is looked at."""
        return self.player.index

    @property
    def clip(self) -> Clip | None:
        """What is shown."""
        return self._clip

    @property
    def on_screen(self) -> int | None:
        """The frame that is drawn now; behind `index` while that one is decoded."""
        return self._on_screen

    @property
    def told_index(self) -> int:
        """The frame whose number is written at the picture: the one that is drawn, if any is."""
        return self.index if self._on_screen is None else self._on_screen

    def show_clip(self, entry: OpenClip | None) -> None:
        """Show another clip from its start, or the same one with another scale where it is."""
        same = self._clip is not None and entry is not None and entry.clip.source is self._clip.source
        self._entry, self._clip = entry, entry.clip if entry is not None else None
        self._complained = False
        self._area.show_picture(entry is not None)
        self.heat.show_clip(entry)
        clip = self._clip
        self._transport.show_rate(clip.rate if clip is not None else None)
        if clip is None:
            self.player.load(1, None)
            self._store.clear()
            self._transport.timeline.show_clip(1)
            self._area.frame.show_pixels(None)
            return
        self._area.badges.show_badges(badges_of(clip))
        self._area.frame.show_scale(clip.calibration)
        if not same:
            self._on_screen = None
            self._transport.timeline.show_clip(len(clip))
            self._area.frame.show_pixels(None)
            self.player.load(len(clip), clip.rate.hz if clip.rate is not None else None, clip.times_s)
            self.clip_loaded.emit(clip)
            self.player.seek(0)
        self.show_reading()

    def show_reading(self) -> None:
        """Draw what the shown clip's reading says now."""
        sight = self._entry.sight if self._entry is not None else None
        self._transport.timeline.show_sight(sight)
        self._draw_overlays()
        self._write_caption()
        self.heat.show_reading()

    def show_sight(self) -> None:
        """Draw what is known by now of the frames of a clip that is being read."""
        if self._entry is not None:
            self._transport.timeline.show_sight(self._entry.sight)
            self.heat.show_sight()

    def go_to(self, index: int) -> None:
        """Pause at a frame."""
        self.player.pause()
        self.player.seek(index)

    def go_to_best(self, position: int) -> bool:
        """Go to the best frame of the ``position``-th view; return whether there is one."""
        sight = self._entry.sight if self._entry is not None else None
        if sight is None or position >= len(sight.views.keys):
            return False
        frame = self._transport.timeline.best_frame(sight.views.keys[position])
        if frame is None:
            return False
        self.go_to(frame)
        return True

    def go_to_measured(self) -> None:
        """Go to the frame that the head was measured on, if there is one."""
        frame = self._measured_frame()
        if frame is not None:
            self.go_to(frame)

    def _measured_frame(self) -> int | None:
        reading = self._entry.known if self._entry is not None else None
        finding = reading.finding("head") if reading is not None else None
        if finding is None or not isinstance(finding.answer, HeadMeasurement):
            return None
        return finding.frame_index

    def set_outline(self, is_on: bool) -> None:
        """Draw the head's outline on the frame that it belongs to, or not."""
        self.shows_outline = is_on
        self._draw_overlays()

    def _is_ready(self, index: int) -> bool:
        return self._clip is not None and self._store.has(self._clip, index)

    def _fetch(self) -> None:
        if self._clip is not None:
            reach = AHEAD if self.player.is_playing else AROUND
            self._store.want(self._clip, self.player.upcoming(min(reach, 1 + self._store.room(self._clip))))

    def _painted(self) -> None:
        """Count it; and decode what comes next only now, so that no decoder takes the processor from a due paint."""
        self.shown_rate.count()
        if self.player.is_playing:
            self._fetch()

    def _due(self, index: int) -> None:
        clip = self._clip
        if clip is None:
            return
        self._transport.timeline.show_index(index)
        pixels = self._store.get(clip, index)
        if pixels is not None or self._store.is_broken(clip, index):
            self._on_screen = index if pixels is not None else None
            self._area.frame.show_pixels(pixels)
        if pixels is None or not self.player.is_playing:
            self._fetch()
        self._draw_overlays()
        self.heat.show_index(index)
        self._write_caption()

    def _arrived(self, clip: Clip, index: int) -> None:
        is_shown = self._clip is not None and clip.source is self._clip.source
        if is_shown and index == self.index and index != self._on_screen:
            self._due(index)

    def _failed(self, clip: Clip, index: int, error: Exception) -> None:
        if self._clip is None or clip.source is not self._clip.source:
            return
        if index == self.index:
            self._due(index)  # nothing is shown, rather than the frame before under this one's number
        if not self._complained:
            self._complained = True
            self.frame_failed.emit(error)

    def _playing_changed(self, is_playing: bool) -> None:
        self.shown_rate.clear()
        if is_playing:
            self._fetch()
            self._caption.start()
        else:
            self._caption.stop()
            self.heat.rest()
        self._write_caption()

    def _draw_overlays(self) -> None:
        reading = self._entry.known if self._entry is not None and self.shows_outline else None
        at = -1 if self._on_screen is None else self._on_screen
        self._area.frame.planes.show(self._clip, at)
        show_found(self._area.frame, reading, at)
        self.overlays_due.emit()

    def _write_caption(self) -> None:
        if self._clip is None:
            return
        index = self.told_index
        text = frame_title(index, len(self._clip)) if len(self._clip) > 1 else translate("Single picture")
        measured = self._measured_frame()
        if measured is not None and measured != index and not self.player.is_playing:
            text += "   " + translate("head measured on frame {number}", number=measured + 1)
        shown = self.shown_rate.hz() if self.player.is_playing else None
        if shown is not None and self._clip.rate is not None:
            text += "   " + translate("shown at {rate:.1f}/s", rate=shown)
        self._area.frame.show_caption(text)
