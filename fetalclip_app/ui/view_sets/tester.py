"""Names labelled pictures with two sets: each picture is encoded once, between the readings of open clips."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, Signal

from fetalclip_app.domain.likeness import Rows
from fetalclip_app.domain.view_scores import SetScore, score
from fetalclip_app.domain.views import ViewSet
from fetalclip_app.errors import ErrorCode, InvalidInput
from fetalclip_app.progress import CancelToken, Report
from fetalclip_app.tasks.labelled_pictures import LabelledPicture
from fetalclip_app.tasks.view_set_files import digest_of
from fetalclip_app.ui.jobs import Job, Jobs, Lane
from fetalclip_app.ui.model import Model
from fetalclip_app.wording.translate import translate


@dataclass(frozen=True, slots=True)
class Tested:
    """How two sets did on the same pictures.

    Attributes:
        view_set: The set that was tested.
        weights: SHA-256 of the weights that encoded the pictures.
        digest: Tells the pictures and their labels from others.
        unread: How many pictures could not be read, and were left out.
    """

    view_set: ViewSet
    own: SetScore
    bundled: SetScore
    weights: str
    digest: str
    unread: int


@dataclass(frozen=True, eq=False, slots=True)
class _Encoded:
    picture: LabelledPicture
    key: str
    row: Rows


class Tester(QObject):
    """One test at a time.

    Signals:
        progressed: (done, total) pictures.
        tested: `Tested`.
        failed: The exception.
        ended: Last, also after a cancel.
    """

    progressed = Signal(int, int)
    tested = Signal(object)
    failed = Signal(Exception)
    ended = Signal()

    def __init__(self, model: Model, jobs: Jobs, parent: QObject) -> None:
        super().__init__(parent)
        self._model, self._jobs = model, jobs
        self._job: Job | None = None
        self._todo: list[LabelledPicture] = []
        self._encoded: list[_Encoded] = []
        self._sets: tuple[ViewSet, ViewSet] | None = None
        self._total = self._unread = 0
        self._weights = ""

    @property
    def is_busy(self) -> bool:
        """Whether a test is under way."""
        return self._sets is not None

    def test(self, view_set: ViewSet, bundled: ViewSet, pictures: tuple[LabelledPicture, ...], weights: str) -> None:
        """Name these pictures with both sets."""
        self.cancel()
        self._sets, self._weights = (view_set, bundled), weights
        self._todo, self._encoded, self._total, self._unread = list(pictures), [], len(pictures), 0
        self._next()

    def cancel(self) -> None:
        """Stop; nothing comes of it."""
        if self._job is not None:
            self._job.cancel()
        self._job = None
        if self._sets is not None:
            self._sets = None
            self.ended.emit()

    def _next(self) -> None:
        if not self._todo:
            self._judge()
            return
        picture, model = self._todo.pop(0), self._model

        def work(cancel: CancelToken, report: Report) -> _Encoded:
            from fetalclip_app.imaging.readers import read_clip  # noqa: PLC0415 - the codecs wait for the first file

            clip = read_clip(picture.path)
            return _Encoded(picture, clip.key, model.embed(clip, cancel)[len(clip) // 2])

        job = self._job = self._jobs.start(Lane.MODEL, work)
        job.succeeded.connect(self._encoded.append)
        job.failed.connect(lambda error: self._lose())
        job.settled.connect(lambda: self._go_on(job))

    def _lose(self) -> None:
        self._unread += 1

    def _go_on(self, job: Job) -> None:
        if job is self._job:
            self._job = None
            self.progressed.emit(self._total - len(self._todo), self._total)
            self._next()

    def _judge(self) -> None:
        assert self._sets is not None
        (view_set, bundled), encoded, model = self._sets, tuple(self._encoded), self._model
        weights, unread = self._weights, self._unread

        def work(cancel: CancelToken, report: Report) -> Tested:
            if not encoded:
                raise InvalidInput(
                    ErrorCode.MANIFEST_INVALID, name=translate("The pictures"), problem=translate("none can be read")
                )
            labels = [one.picture.label for one in encoded]
            patients = [one.picture.patient for one in encoded]
            groups = patients if all(patients) else []
            rows = np.stack([one.row for one in encoded])
            scores = []
            for one in (view_set, bundled):
                said = model.seen_with(one, rows, frozenset(), cancel).per_frame.argmax(axis=1)
                scores.append(score(labels, [one.keys[int(number)] for number in said], one.keys, groups))
            digest = digest_of([(one.key, one.picture.label) for one in encoded])
            return Tested(view_set, scores[0], scores[1], weights, digest, unread)

        job = self._job = self._jobs.start(Lane.ASKING, work)
        job.succeeded.connect(self.tested)
        job.failed.connect(self.failed)
        job.settled.connect(lambda: self._end(job))

    def _end(self, job: Job) -> None:
        if job is self._job:
            self._job = self._sets = None
            self.ended.emit()
