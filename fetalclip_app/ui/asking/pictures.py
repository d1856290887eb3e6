"""The small pictures of found frames, decoded one after the other, off the window's thread."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QImage

from fetalclip_app.progress import CancelToken, Report
from fetalclip_app.ui.asking.hit_rows import PICTURE, FoundFrame, HitRows
from fetalclip_app.ui.jobs import Job, Jobs, Lane
from fetalclip_app.ui.qimage import thumbnail_of


class HitPictures(QObject):
    """Fetches what the list lacks, from its top."""

    def __init__(self, jobs: Jobs, rows: HitRows, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs, self._rows = jobs, rows
        self._job: Job | None = None
        rows.modelReset.connect(self._fetch)

    def _fetch(self) -> None:
        hit = self._rows.lacks_picture()
        if self._job is not None or hit is None:
            return
        clip, index = hit.clip.clip, hit.frame_index

        def work(cancel: CancelToken, report: Report) -> QImage:
            return thumbnail_of(clip.frame(index).pixels, 2 * PICTURE.width(), 2 * PICTURE.height())

        job = self._job = self._jobs.start(Lane.OPENING, work)
        job.succeeded.connect(lambda image: self._rows.keep_picture(hit, image))
        job.failed.connect(lambda error: self._lose(hit))
        job.settled.connect(self._go_on)

    def _lose(self, hit: FoundFrame) -> None:
        self._rows.keep_picture(hit, QImage())

    def _go_on(self) -> None:
        self._job = None
        self._fetch()
