"""The model's work, one piece at a time: start it, read a clip, find where it looked."""

from __future__ import annotations

from collections import deque

from PySide6.QtCore import QObject, Signal

from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.overlay import Where
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.domain.sight import Sight
from fetalclip_app.inference.request import EngineInfo, EngineRequest
from fetalclip_app.progress import CancelToken, Report
from fetalclip_app.ui.gaze import Gaze
from fetalclip_app.ui.jobs import Job, Jobs, Lane, Work
from fetalclip_app.ui.model import Activity, Model
from fetalclip_app.ui.open_clip import Heat, OpenClip
from fetalclip_app.ui.qimage import heat_image
from fetalclip_app.wording.translate import translate


class ModelLane(QObject):
    """Does what it is told, and never two things at once; what is told next is the session's matter.

    Signals:
        started: (EngineRequest, EngineInfo).
        start_failed: (EngineRequest, exception).
        seen: (OpenClip, Clip, Sight): what is known by now of a clip that is being read.
        read: (OpenClip, Clip, ClipReading): the clip as it was when the reading began.
        read_failed: (OpenClip, Clip, exception).
        explained: (OpenClip, Clip, Where, Heat).
        explain_failed: (Where, exception).
        idle: Last, after each piece of work.
        activity_changed: An `Activity`.
    """

    started = Signal(object, object)
    start_failed = Signal(object, Exception)
    seen = Signal(object, object, object)
    read = Signal(object, object, object)
    read_failed = Signal(object, object, Exception)
    explained = Signal(object, object, object, object)
    explain_failed = Signal(object, Exception)
    idle = Signal()
    activity_changed = Signal(object)

    def __init__(self, jobs: Jobs, model: Model, gaze: Gaze, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs, self._model, self._gaze = jobs, model, gaze
        self._job: Job | None = None
        self._reading: OpenClip | None = None
        self._explaining: Where | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a piece of work is under way."""
        return self._job is not None

    @property
    def reading(self) -> OpenClip | None:
        """The clip that is being read now."""
        return self._reading

    @property
    def info(self) -> EngineInfo | None:
        """What the engine said of itself last."""
        return self._model.info

    def stop(self) -> None:
        """Ask what is under way to stop: `idle` alone will come of it."""
        if self._job is not None:
            self._job.cancel()

    def look_only_for(self, wanted: Where | None) -> None:
        """Stop looking for another heatmap than the one that is wanted: some take minutes."""
        if self._explaining is not None and self._explaining != wanted:
            self.stop()

    def start_engine(self, request: EngineRequest) -> None:
        """Start an engine in place of the one that runs."""
        self.activity_changed.emit(Activity(translate("Starting the model"), can_cancel=False))
        job = self._run(lambda cancel, report: self._model.start(request, cancel))
        job.succeeded.connect(lambda info: self.started.emit(request, info))
        job.failed.connect(lambda error: self.start_failed.emit(request, error))

    def read_clip(self, entry: OpenClip, number: int, count: int) -> None:
        """Answer every task for a clip, the ``number``-th of ``count`` that are open."""
        clip: Clip = entry.clip
        text = translate("Reading clip {number} of {count}", number=number, count=count)
        self._reading = entry
        self.activity_changed.emit(Activity(text))

        latest: deque[Sight] = deque(maxlen=1)  # written by the worker, emptied here: what is older is not wanted

        def work(cancel: CancelToken, report: Report) -> ClipReading:
            return self._model.read(clip, cancel, report, latest.append, looked_at=lambda: self._gaze.in_clip(clip))

        def step(done: int, total: int) -> None:
            self.activity_changed.emit(Activity(text, done, total))
            if latest:
                self.seen.emit(entry, clip, latest.pop())

        job = self._run(work)
        job.progressed.connect(step)
        job.succeeded.connect(lambda reading: self.read.emit(entry, clip, reading))
        job.failed.connect(lambda error: self.read_failed.emit(entry, clip, error))

    def explain(self, entry: OpenClip, where: Where) -> None:
        """Find where in a frame a view was seen."""
        clip = entry.clip
        text = translate("Finding where it looked")
        self.activity_changed.emit(Activity(text))

        def work(cancel: CancelToken, report: Report) -> Heat:
            heatmap = self._model.explain(clip, where, cancel, report)
            return Heat(heatmap, heat_image(heatmap.values), is_blank=not heatmap.values.any())

        self._explaining = where
        job = self._run(work)
        job.progressed.connect(lambda done, total: self.activity_changed.emit(Activity(text, done, total)))
        job.succeeded.connect(lambda heat: self.explained.emit(entry, clip, where, heat))
        job.failed.connect(lambda error: self.explain_failed.emit(where, error))

    def _run(self, work: Work) -> Job:
        assert self._job is None
        job = self._job = self._jobs.start(Lane.MODEL, work)
        job.settled.connect(self._settled)
        return job

    def _settled(self) -> None:
        self._job = self._reading = self._explaining = None
        self.idle.emit()
