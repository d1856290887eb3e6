"""What is open, what is known of it, and what is under way; drops what is stale."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.inference.worker import EngineInfo
from fetalclip_app.progress import CancelToken, Report
from fetalclip_app.ui.jobs import Job, Jobs, Lane
from fetalclip_app.ui.model import Activity, Model
from fetalclip_app.ui.open_clip import Heat, OpenClip, ReadState, Where
from fetalclip_app.ui.opening import Doors, Opening
from fetalclip_app.ui.qimage import heat_image

_HEAT_KEPT = 8
"""Heatmaps kept for each clip."""


class Session(QObject):
    """The one that decides. Widgets show what it says, and ask it for what the user wants.

    Signals:
        clips_changed: A clip was opened or closed, or one's state changed.
        clip_shown: The `OpenClip` to show, or None.
        reading_changed: The shown clip's state or reading changed.
        heat_ready: (Where, Heat) for the shown clip.
        activity_changed: An `Activity`, or None.
        model_changed: The engine starts, runs or has failed.
        trouble: (exception, path or None).
    """

    clips_changed = Signal()
    clip_shown = Signal(object)
    reading_changed = Signal()
    heat_ready = Signal(object, object)
    activity_changed = Signal(object)
    model_changed = Signal()
    trouble = Signal(Exception, object)

    def __init__(self, jobs: Jobs, model: Model, doors: Doors | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs, self._model = jobs, model
        self._opening = Opening(jobs, doors or Doors(), self)
        self._opening.opened.connect(self._add)
        self._opening.failed.connect(lambda path, error: self.trouble.emit(error, path))
        self._opening.progressed.connect(
            lambda done, total: self.activity_changed.emit(Activity("Opening files", done, total))
        )
        self._opening.settled.connect(self._tell_state)
        self._entries: list[OpenClip] = []
        self._shown: OpenClip | None = None
        self._job: Job | None = None
        self._read_now: OpenClip | None = None
        self._where: Where | None = None
        self._request: EngineRequest | None = None
        self.info: EngineInfo | None = None
        self.model_error: Exception | None = None

    @property
    def entries(self) -> tuple[OpenClip, ...]:
        """All open clips, in the order shown."""
        return tuple(self._entries)

    @property
    def shown(self) -> OpenClip | None:
        """The clip that is looked at."""
        return self._shown

    @property
    def patients(self) -> tuple[str, ...]:
        """The patients whose clips are open, by identifier or else by name; each once."""
        known = (entry.clip.origin for entry in self._entries if not entry.clip.origin.is_simulated)
        return tuple(dict.fromkeys(o.patient_id or o.patient_name for o in known if o.patient_id or o.patient_name))

    def start_model(self, request: EngineRequest) -> None:
        """Start an engine in place of the one that runs; all clips are read again by it."""
        self._request, self.info, self.model_error, self._where = request, None, None, None
        for entry in self._entries:
            entry.forget()
        if self._job is not None:
            self._job.cancel()
        self._changed()
        self.model_changed.emit()
        self._pump()

    def open(self, paths: Sequence[Path]) -> None:
        """Open files and folders."""
        if paths:
            self.activity_changed.emit(Activity("Looking for pictures"))
            self._opening.open(paths)

    def show(self, entry: OpenClip) -> None:
        """Look at this clip; if it is not read yet, it is read before the others."""
        if entry is self._shown or entry not in self._entries:
            return
        self._shown, self._where = entry, None
        if self._read_now is not None and self._read_now is not entry and entry.state is ReadState.WAITING:
            self._give_way()
        self.clip_shown.emit(entry)
        self.reading_changed.emit()
        self._pump()

    def show_neighbour(self, step: int) -> None:
        """Look at the clip ``step`` places on in the list."""
        if self._shown is not None:
            place = self._entries.index(self._shown) + step
            if 0 <= place < len(self._entries):
                self.show(self._entries[place])

    def close(self, entry: OpenClip) -> None:
        """Close a clip. Its file stays as it is."""
        place = self._entries.index(entry)
        self._entries.remove(entry)
        if self._read_now is entry and self._job is not None:
            self._job.cancel()
        if self._shown is entry:
            self._shown = None
            if self._entries:
                self.show(self._entries[min(place, len(self._entries) - 1)])
            else:
                self.clip_shown.emit(None)
        self.clips_changed.emit()

    def set_clip(self, entry: OpenClip, clip: Clip) -> None:
        """Give an open clip another scale; what was read with the old one is dropped and read anew."""
        entry.clip = clip
        entry.forget()
        if self._read_now is entry and self._job is not None:
            self._job.cancel()
        if entry is self._shown:
            self._where = None
            self.clip_shown.emit(entry)
        self._changed()
        self._pump()

    def read_again(self) -> None:
        """Read the shown clip again, and whatever was stopped; starts a model that failed to start."""
        for entry in self._entries:
            if entry is self._shown or entry.state is ReadState.STOPPED:
                entry.forget()
        if self.model_error is not None and self._request is not None:
            self.start_model(self._request)
        if self._read_now is self._shown and self._job is not None:
            self._job.cancel()
        self._changed()
        self._pump()

    def cancel(self) -> None:
        """Stop reading and opening. What is read stays; the rest waits until it is asked for again."""
        self._opening.cancel()
        for entry in self._entries:
            if entry.state in {ReadState.WAITING, ReadState.READING}:
                entry.state = ReadState.STOPPED
        self._where = None
        if self._job is not None and self.info is not None:
            self._job.cancel()
        self._changed()
        self._tell_state()

    def want_heat(self, where: Where) -> None:
        """Ask where a view was seen in the shown clip; `heat_ready` follows."""
        shown = self._shown
        if shown is None or shown.reading is None or where == self._where:
            return
        if where in shown.heat:
            self._where = None
            self.heat_ready.emit(where, shown.heat[where])
            return
        self._where = where
        if self._read_now is not None:
            self._give_way()
        self._pump()

    def _add(self, entry: OpenClip) -> None:
        known = next((open_ for open_ in self._entries if open_.clip.key == entry.clip.key), None)
        if known is not None:
            self.show(known)
            return
        self._entries.append(entry)
        self.clips_changed.emit()
        if self._shown is None:
            self.show(entry)
        self._pump()

    def _give_way(self) -> None:
        """Stop the reading under way; its clip waits again."""
        if self._job is not None and self._read_now is not None:
            self._read_now.state = ReadState.WAITING
            self._job.cancel()

    def _pump(self) -> None:
        """Start the next piece of the model's work, if it is idle."""
        if self._job is not None:
            return
        if self.info is None:
            if self._request is not None and self.model_error is None:
                self._start_engine(self._request)
            return
        if self._where is not None and self._shown is not None:
            self._explain(self._shown, self._where)
            return
        waiting = [entry for entry in self._entries if entry.state is ReadState.WAITING]
        if waiting:
            self._read(self._shown if self._shown in waiting and self._shown is not None else waiting[0])
        else:
            self._tell_state()

    def _start_engine(self, request: EngineRequest) -> None:
        self.activity_changed.emit(Activity("Starting the model", can_cancel=False))
        job = self._run(lambda cancel, report: self._model.start(request, cancel))
        job.succeeded.connect(lambda info: self._engine_runs(request, info))
        job.failed.connect(lambda error: self._engine_failed(request, error))

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

    def _read(self, entry: OpenClip) -> None:
        clip = entry.clip
        entry.state, self._read_now = ReadState.READING, entry
        text = f"Reading clip {self._entries.index(entry) + 1} of {len(self._entries)}"
        self.activity_changed.emit(Activity(text))
        job = self._run(lambda cancel, report: self._model.read(clip, cancel, report))
        job.progressed.connect(lambda done, total: self.activity_changed.emit(Activity(text, done, total)))
        job.succeeded.connect(lambda reading: self._keep(entry, clip, reading))
        job.failed.connect(lambda error: self._fail(entry, clip, error))
        self._changed()

    def _keep(self, entry: OpenClip, clip: Clip, reading: ClipReading) -> None:
        if entry.clip is not clip or entry not in self._entries:
            return  # its scale is another now, or it was closed
        entry.state, entry.reading, entry.error = ReadState.READ, reading, None
        self._changed()

    def _fail(self, entry: OpenClip, clip: Clip, error: Exception) -> None:
        if entry.clip is clip and entry in self._entries:
            entry.state, entry.error = ReadState.FAILED, error
            self._changed()
            self.trouble.emit(error, clip.path)

    def _explain(self, entry: OpenClip, where: Where) -> None:
        clip = entry.clip
        self.activity_changed.emit(Activity("Finding where it looked"))

        def work(cancel: CancelToken, report: Report) -> Heat:
            heatmap = self._model.explain(
                clip, where.frame_index, where.task_key, where.view_key, where.method, cancel=cancel
            )
            return Heat(heatmap, heat_image(heatmap.values))

        job = self._run(work)
        job.succeeded.connect(lambda heat: self._keep_heat(entry, clip, where, heat))
        job.failed.connect(lambda error: self._fail_heat(where, error))

    def _keep_heat(self, entry: OpenClip, clip: Clip, where: Where, heat: Heat) -> None:
        is_wanted = entry is self._shown and where == self._where
        self._where = None if where == self._where else self._where
        if entry.clip is not clip or entry.reading is None:
            return
        if len(entry.heat) >= _HEAT_KEPT:
            del entry.heat[next(iter(entry.heat))]
        entry.heat[where] = heat
        if is_wanted:
            self.heat_ready.emit(where, heat)

    def _fail_heat(self, where: Where, error: Exception) -> None:
        self._where = None if where == self._where else self._where
        self.trouble.emit(error, None)

    def _run(self, work: object) -> Job:
        job = self._jobs.start(Lane.MODEL, work)  # type: ignore[arg-type]
        self._job = job
        job.settled.connect(lambda: self._settled(job))
        return job

    def _settled(self, job: Job) -> None:
        if self._job is job:
            self._job, self._read_now = None, None
            self._tell_state()
            self._pump()

    def _changed(self) -> None:
        self.clips_changed.emit()
        self.reading_changed.emit()

    def _tell_opening(self, done: int, total: int) -> None:
        self.activity_changed.emit(Activity("Opening files", done, total))

    def _tell_state(self) -> None:
        if self._job is None and not self._opening.is_busy:
            self.activity_changed.emit(None)
