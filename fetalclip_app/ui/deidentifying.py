"""De-identifies the open clips off the window's thread, one step after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from fetalclip_app.errors import FetalClipError
from fetalclip_app.imaging.deidentify.mask import Mask
from fetalclip_app.imaging.deidentify.texts import FoundText
from fetalclip_app.progress import CancelToken, Report
from fetalclip_app.ui.deidentify_cases import Case, Desk, whole_picture
from fetalclip_app.ui.jobs import Job, Jobs, Lane
from fetalclip_app.ui.model import Activity
from fetalclip_app.wording.translate import translate


class Deidentifying(QObject):
    """The cases, and which of them is looked at.

    Signals:
        changed: Something about the cases, or whether work is under way.
        activity_changed: `Activity`, or None.
        failed: The exception.
        written: How many files, and the folder.
    """

    changed = Signal()
    activity_changed = Signal(object)
    failed = Signal(Exception)
    written = Signal(int, object)

    def __init__(self, jobs: Jobs, parent: QObject, desk_of: Callable[[], Desk] = Desk) -> None:
        super().__init__(parent)
        self._jobs, self._desk_of = jobs, desk_of
        self._desk: Desk | None = None
        self._job: Job | None = None
        self.cases: list[Case] = []
        self.current = 0
        self.remembers = True

    @property
    def case(self) -> Case | None:
        """The case that is looked at."""
        return self.cases[self.current] if self.current < len(self.cases) else None

    @property
    def is_busy(self) -> bool:
        """Whether work is under way."""
        return self._job is not None

    @property
    def can_write(self) -> bool:
        """Whether any file has a mask."""
        return not self.is_busy and any(case.mask is not None for case in self.cases)

    def begin(self, paths: Sequence[Path]) -> None:
        """Open these files and find their masks."""
        try:
            desk = self._desk = self._desk_of()
        except FetalClipError as error:
            self.failed.emit(error)
            return
        self.cases, self.current = [], 0

        def work(cancel: CancelToken, report: Report) -> list[Case]:
            cases = []
            for done, path in enumerate(paths):
                report(done, len(paths))
                cases.append(desk.prepare(path, cancel))
            return cases

        self._start(translate("Opening for de-identification"), work, self._take)

    def show(self, number: int) -> None:
        """Look at another case."""
        self.current = number
        self.changed.emit()

    def set_mask(self, mask: Mask) -> None:
        """Take the mask that a person drew."""
        if self.case is not None and not self.is_busy:
            self.case.set_mask(mask)
            self.changed.emit()

    def draw_mask(self) -> None:
        """Begin a mask by hand, where none was found: the whole picture, to be made smaller."""
        case = self.case
        if case is not None and case.opened is not None and not self.is_busy:
            case.set_mask(whole_picture(case.opened))
            self.changed.emit()

    def answer(self, text: FoundText, *, is_harmless: bool) -> None:
        """Take a person's word on a text: it may stay, or it is blanked. It holds for all files of this scanner."""
        case = self.case
        if case is None or case.opened is None or self.is_busy:
            return
        same = [each for each in self.cases if each.opened is not None and each.opened.scanner == case.opened.scanner]
        for each in same if is_harmless else [case]:
            if is_harmless:
                each.call_harmless(text)
            else:
                each.blank(text)
        self.changed.emit()

    def look(self) -> None:
        """Look for text in the case that is shown."""
        case, desk = self.case, self._desk
        if case is not None and desk is not None:
            name = case.path.name
            self._start(
                translate("Looking for text in {name}", name=name),
                lambda cancel, report: desk.look(case, cancel, report),
            )

    def write(self, folder: Path) -> None:
        """Write every case that has no open question; show the first that has one."""
        desk, cases = self._desk, [case for case in self.cases if case.error is None]
        if desk is None or not self.can_write:
            return
        remembers = self.remembers

        def work(cancel: CancelToken, report: Report) -> list[Case]:
            waiting = desk.write(cases, folder, cancel, report)
            for case in cases if remembers else ():
                desk.remember(case)
            return waiting

        self._start("De-identifying", work, lambda waiting: self._ended(waiting, cases, folder))

    def cancel(self) -> None:
        """Stop what is under way."""
        if self._job is not None:
            self._job.cancel()

    def _take(self, cases: list[Case]) -> None:
        self.cases = cases

    def _ended(self, waiting: list[Case], cases: list[Case], folder: Path) -> None:
        if waiting:
            self.current = self.cases.index(waiting[0])
        self.written.emit(len(cases) - len(waiting), folder)

    def _start(
        self, text: str, work: Callable[[CancelToken, Report], object], then: Callable[..., None] = lambda result: None
    ) -> None:
        if self.is_busy:
            return
        job = self._job = self._jobs.start(Lane.FILE, work)
        self.activity_changed.emit(Activity(text))
        job.progressed.connect(lambda done, total: self.activity_changed.emit(Activity(text, done, total)))
        job.succeeded.connect(then)
        job.failed.connect(self.failed)
        job.settled.connect(self._settled)
        self.changed.emit()

    def _settled(self) -> None:
        self._job = None
        self.activity_changed.emit(None)
        self.changed.emit()
