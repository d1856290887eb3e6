"""What is open, what is known of it, and what comes next; drops what is stale."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.listing import Notice
from fetalclip_app.domain.overlay import Where
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.domain.sight import Sight
from fetalclip_app.inference.request import EngineInfo, EngineRequest
from fetalclip_app.ui.clip_order import ClipOrder
from fetalclip_app.ui.gaze import Gaze
from fetalclip_app.ui.heats import Heats
from fetalclip_app.ui.jobs import Jobs
from fetalclip_app.ui.model import Activity, Model
from fetalclip_app.ui.model_lane import ModelLane
from fetalclip_app.ui.open_clip import Heat, OpenClip, ReadState
from fetalclip_app.ui.opening import Doors, Opening
from fetalclip_app.ui.readings import Readings, Veil
from fetalclip_app.ui.seldom import Seldom
from fetalclip_app.wording import patients_of
from fetalclip_app.wording.translate import translate


class Session(QObject):
    """The one that decides. Widgets show what it says, and ask it for what the user wants.

    Attributes:
        gaze: Told where the person looks: a clip is read from there on.
        model: For questions beside the readings: they read no clip and change nothing that is known of one.

    Signals:
        clips_changed: A clip was opened or closed, or one's state changed.
        clip_leaving: The shown clip is about to be no more: what waits to be noted of it is noted now.
        clip_shown: The `OpenClip` to show, or None; `reading_changed` follows.
        reading_changed: The shown clip's state or reading changed.
        sight_changed: More is known of the frames of the shown clip, which is being read.
        heat_ready: (Where, Heat) for the shown clip.
        heat_lost: The heatmap that was asked for will not come: making it failed, or was stopped.
        activity_changed: An `Activity`, or None.
        model_changed: The engine starts, runs, has failed, or runs on another device than before.
        trouble: (exception, path or None).
        unopened: (path, exception): a file that could not be opened; the others go on.
        noticed: A tuple of `Notice`: what must be said of what was opened.
    """

    clips_changed = Signal()
    clip_leaving = Signal()
    clip_shown = Signal(object)
    reading_changed = Signal()
    sight_changed = Signal()
    heat_ready = Signal(object, object)
    heat_lost = Signal()
    activity_changed = Signal(object)
    model_changed = Signal()
    trouble = Signal(Exception, object)
    unopened = Signal(object, Exception)
    noticed = Signal(object)

    def __init__(self, jobs: Jobs, model: Model, doors: Doors | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self.gaze = Gaze()
        self._lane = ModelLane(jobs, model, self.gaze, self)
        self._clips = ClipOrder()
        self._opening = Opening(jobs, doors or Doors(), self._clips.alike, self)
        self._tie_lane()
        self._tie_opening()
        self._arrivals = Seldom(lambda: len(self._clips.entries), self)
        self._arrivals.due.connect(self.clips_changed)
        self._shown: OpenClip | None = None
        self._readings, self._heats = Readings(), Heats(self)
        self._heats.ready.connect(self.heat_ready)
        self._heats.lost.connect(self.heat_lost)
        self._heats.turned.connect(self._lane.look_only_for)
        self._request: EngineRequest | None = None
        self.info: EngineInfo | None = None
        self.model_error: Exception | None = None

    def _tie_lane(self) -> None:
        lane = self._lane
        lane.started.connect(self._engine_runs)
        lane.start_failed.connect(self._engine_failed)
        lane.seen.connect(self._see)
        lane.read.connect(self._keep)
        lane.read_failed.connect(self._fail)
        lane.explained.connect(self._keep_heat)
        lane.explain_failed.connect(self._fail_heat)
        lane.activity_changed.connect(self.activity_changed)
        lane.idle.connect(self._idle)

    def _tie_opening(self) -> None:
        opening = self._opening
        opening.opened.connect(self._add)
        opening.failed.connect(self.unopened)
        opening.progressed.connect(
            lambda done, total: self.activity_changed.emit(Activity(translate("Opening files"), done, total))
        )
        opening.settled.connect(self._opened_all)

    @property
    def entries(self) -> tuple[OpenClip, ...]:
        """All open clips, in the order shown."""
        return tuple(self._clips.entries)

    @property
    def shown(self) -> OpenClip | None:
        """The clip that is looked at."""
        return self._shown

    @property
    def request(self) -> EngineRequest | None:
        """What the engine was asked to be; None before one was asked for."""
        return self._request

    @property
    def patients(self) -> tuple[str, ...]:
        """The patients whose clips are open, by name and identifier; each once."""
        return tuple(title for title, _clips in patients_of(self._clips.people()))

    def start_model(self, request: EngineRequest) -> None:
        """Start an engine in place of the one that runs; all clips are read again by it."""
        self._request, self.info, self.model_error = request, None, None
        self._heats.forget()
        for entry in self._clips.entries:
            entry.forget()
        self._lane.stop()
        self._changed()
        self.model_changed.emit()
        self._pump()

    def open(self, paths: Sequence[Path]) -> None:
        """Open files and folders."""
        if paths:
            self.activity_changed.emit(Activity(translate("Looking for pictures")))
            self._opening.open(paths)

    def show(self, entry: OpenClip) -> None:
        """Look at this clip; if it is not read yet, it is read before the others."""
        if entry is self._shown or entry not in self._clips.entries:
            return
        self._turn_to(entry)
        self.reading_changed.emit()
        self._pump()

    def _turn_to(self, entry: OpenClip) -> None:
        self.clip_leaving.emit()
        self._shown = entry
        self._heats.forget()
        if self._lane.reading not in {None, entry} and entry.state is ReadState.WAITING:
            self._give_way()
        self.clip_shown.emit(entry)

    def show_neighbour(self, step: int) -> None:
        """Look at the clip ``step`` places on in the list."""
        beside = self._clips.beside(self._shown, step) if self._shown is not None else None
        if beside is not None:
            self.show(beside)

    def close(self, entry: OpenClip) -> None:
        """Close a clip. Its file stays as it is."""
        if self._shown is entry:
            self.clip_leaving.emit()
        follows = self._clips.beside(entry, 1) or self._clips.beside(entry, -1)
        self._clips.remove(entry)
        if self._lane.reading is entry:
            self._lane.stop()
        if self._shown is entry:
            self._shown = None
            if follows is not None:
                self.show(follows)
            else:
                self.clip_shown.emit(None)
                self.reading_changed.emit()
        self.clips_changed.emit()

    def set_clip(self, entry: OpenClip, clip: Clip) -> None:
        """Give an open clip another scale; what was read with the old one is dropped and read anew."""
        entry.clip = clip
        entry.forget()
        if self._lane.reading is entry:
            self._lane.stop()
        if entry is self._shown:
            self._heats.forget()
            self.clip_shown.emit(entry)
        self._changed()
        self._pump()

    def set_veil(self, veil: Veil) -> None:
        """Show every reading as ``veil`` returns it, now and from now on."""
        if self._readings.set_veil(self._clips.entries, veil):
            self._changed()

    def read_again(self) -> None:
        """Read the shown clip again, and whatever was stopped; starts a model that failed to start."""
        for entry in self._clips.entries:
            if entry is self._shown or entry.state is ReadState.STOPPED:
                entry.forget()
        if self.model_error is not None and self._request is not None:
            self.start_model(self._request)
        if self._shown is not None and self._lane.reading is self._shown:
            self._lane.stop()
        self._changed()
        self._pump()

    def cancel(self) -> None:
        """Stop reading and opening. What is read stays; the rest waits until it is asked for again."""
        self._opening.cancel()
        for entry in self._clips.entries:
            if entry.state in {ReadState.WAITING, ReadState.READING}:
                entry.state = ReadState.STOPPED
        self._heats.lose()
        if self.info is not None:
            self._lane.stop()
        self._changed()
        self._tell_state()

    def want_heat(self, where: Where) -> None:
        """Ask where a view was seen in the shown clip; `heat_ready` follows, or `heat_lost`."""
        if self._shown is not None and self._heats.ask(self._shown, where):
            self._give_way()
            self._pump()

    def want_no_heat(self) -> None:
        """Look for none any longer."""
        self._heats.forget()

    def _add(self, entry: OpenClip, same: OpenClip | None) -> None:
        if not self._clips.add(entry, same):
            return
        self._arrivals.ask()
        if self._shown is None:
            # Its picture first: nothing of another clip stands beside it, and all at once holds the window up.
            self._turn_to(entry)
            QTimer.singleShot(0, self, self.reading_changed.emit)
        self._pump()

    def _opened_all(self, notices: tuple[Notice, ...]) -> None:
        """Say what there is to say of the files together; where all were open already, look at the first of them."""
        self._arrivals.flush()
        told, known = self._clips.told_apart()
        if known is not None:
            self.show(known)
        if notices or told:
            self.noticed.emit((*notices, *told))
        self._tell_state()

    def _give_way(self) -> None:
        """Stop the reading under way, if there is one; its clip waits again."""
        if self._lane.reading is not None:
            self._lane.reading.state = ReadState.WAITING
            self._lane.stop()

    def _pump(self) -> None:
        """Start the next piece of the model's work, if it is idle."""
        if self._lane.is_busy:
            return
        if self.info is None:
            if self._request is not None and self.model_error is None:
                self._lane.start_engine(self._request)
            return
        if self._heats.wanted is not None and self._shown is not None:
            self._lane.explain(self._shown, self._heats.wanted)
            return
        waiting = self._clips.next_waiting(self._shown)
        if waiting is not None:
            self._read(waiting)
        else:
            self._tell_state()

    def _read(self, entry: OpenClip) -> None:
        entry.state = ReadState.READING
        self._lane.read_clip(entry, self._clips.entries.index(entry) + 1, len(self._clips.entries))
        self._changed()

    def _idle(self) -> None:
        """Go on; and say so where the engine runs on another device than before, or is a new one after a crash."""
        now = self._lane.info
        if self.info is not None and now is not None and now != self.info:
            self.info = now
            self.model_changed.emit()
        self._tell_state()
        self._pump()

    def _engine_runs(self, request: EngineRequest, info: EngineInfo) -> None:
        if request is self._request:
            self.info = info
            self.model_changed.emit()

    def _engine_failed(self, request: EngineRequest, error: Exception) -> None:
        if request is self._request:
            self.model_error = error
            self.model_changed.emit()
            self._changed()
            self.trouble.emit(error, None)

    def _see(self, entry: OpenClip, clip: Clip, sight: Sight) -> None:
        if self._readings.see(entry, clip, sight) and entry is self._shown:
            self.sight_changed.emit()
            if sight.so_far is not None:
                self.reading_changed.emit()

    def _keep(self, entry: OpenClip, clip: Clip, reading: ClipReading) -> None:
        if entry in self._clips.entries and self._readings.keep(entry, clip, reading):
            self._changed()

    def _fail(self, entry: OpenClip, clip: Clip, error: Exception) -> None:
        if entry in self._clips.entries and self._readings.fail(entry, clip, error):
            self._changed()
            self.trouble.emit(error, clip.path)

    def _keep_heat(self, entry: OpenClip, clip: Clip, where: Where, heat: Heat) -> None:
        self._heats.keep(entry, clip, where, heat, is_shown=entry is self._shown)

    def _fail_heat(self, where: Where, error: Exception) -> None:
        self._heats.fail(where)
        self.trouble.emit(error, None)

    def _changed(self) -> None:
        self.clips_changed.emit()
        self.reading_changed.emit()

    def _tell_state(self) -> None:
        if not self._lane.is_busy and not self._opening.is_busy:
            self.activity_changed.emit(None)
