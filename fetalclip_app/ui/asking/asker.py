"""Asks the model a sentence and ranks the frames by it, off the window's thread; what is stale is dropped."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QTimer, Signal

from fetalclip_app.domain.likeness import Language, Rows, ranked
from fetalclip_app.domain.notes import study_key
from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.progress import CancelToken, Report
from fetalclip_app.ui.asking.question import Question, Reply
from fetalclip_app.ui.jobs import Job, Jobs, Lane
from fetalclip_app.ui.open_clip import OpenClip
from fetalclip_app.ui.session import Session

MOST_HITS = 60

PAUSE_MS = 200
"""Readings that arrive within this time are ranked together."""


def language_of(request: EngineRequest) -> Language:
    """Return which sentences a model understands: reads files, so it is called off the window's thread."""
    from fetalclip_app.inference.load import language_for  # noqa: PLC0415 - the window does without it at its start

    return language_for(request)


class Asker(QObject):
    """Holds the question; asks it anew when other clips, readings or weights are there.

    Attributes:
        language_of: Which sentences a model understands; a test's own.

    Signals:
        replied: A `Reply` to the question that is held now.
        waiting: The model is not there yet; the question is asked once it is.
        failed: The exception.
    """

    replied = Signal(object)
    waiting = Signal()
    failed = Signal(Exception)

    def __init__(self, session: Session, jobs: Jobs, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._jobs = session, jobs
        self.language_of: Callable[[EngineRequest], Language] = language_of
        self._language: tuple[EngineRequest, Language] | None = None
        self._question: Question | None = None
        self._job: Job | None = None
        self._seen: frozenset[tuple[int, int]] = frozenset()
        self._soon = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._soon.timeout.connect(self._ask)
        session.clip_shown.connect(self._look_again)
        session.clips_changed.connect(self._look_again)
        session.model_changed.connect(self._look_again)

    @property
    def question(self) -> Question | None:
        """What is asked."""
        return self._question

    def ask(self, question: Question) -> None:
        """Ask this in place of what was asked before."""
        self._question = question
        self._ask()

    def clear(self) -> None:
        """Ask nothing; what is under way is dropped."""
        self._question = None
        self._drop()

    def _ask(self) -> None:
        self._drop()
        question, request, info = self._question, self._session.request, self._session.info
        if question is None:
            return
        if request is None or info is None:
            self.waiting.emit()
            return
        asked = _asked(self._session, question)
        sha256 = info.identity.sha256
        read = [(entry, entry.reading.embeddings) for entry in asked if _is_read_by(entry, sha256) and entry.reading]
        self._seen = _signature(asked)
        known = self._language[1] if self._language is not None and self._language[0] is request else None
        model, find_language = self._session.model, self.language_of

        def work(cancel: CancelToken, report: Report) -> Reply:
            language = find_language(request) if known is None else known
            return _reply(
                question, language, read, len(asked) - len(read), lambda text: model.encode_texts([text], cancel)[0]
            )

        job = self._job = self._jobs.start(Lane.ASKING, work)
        job.succeeded.connect(lambda reply: self._keep(request, reply))
        job.failed.connect(self.failed)

    def _keep(self, request: EngineRequest, reply: Reply) -> None:
        self._language = request, reply.language
        if reply.question == self._question:
            self.replied.emit(reply)

    def _drop(self) -> None:
        self._soon.stop()
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def _look_again(self) -> None:
        """Ask anew where the answer may be another now: a clip was shown, read or closed, or the model is another."""
        if self._question is not None and _signature(_asked(self._session, self._question)) != self._seen:
            self._soon.start()


def _asked(session: Session, question: Question) -> list[OpenClip]:
    """Return the clips that a question is about."""
    shown = session.shown
    if shown is None:
        return []
    if not question.whole_study:
        return [shown]
    wanted = study_key(shown.group)
    return [entry for entry in session.entries if study_key(entry.group) == wanted]


def _is_read_by(entry: OpenClip, sha256: str) -> bool:
    return entry.reading is not None and entry.reading.provenance.model.sha256 == sha256


def _signature(entries: Sequence[OpenClip]) -> frozenset[tuple[int, int]]:
    """Return what differs when other clips are asked, or other readings of them."""
    return frozenset((id(entry), id(entry.reading)) for entry in entries)


def _reply(
    question: Question,
    language: Language,
    read: Sequence[tuple[OpenClip, Rows]],
    unread: int,
    encode: Callable[[str], Rows],
) -> Reply:
    if language.vocabulary is not None and (unlearned := language.vocabulary.unlearned(question.sentence)):
        return Reply(question, language, unread=unread, refused=unlearned)
    hits = ranked(read, encode(question.sentence), language.background, MOST_HITS)
    return Reply(question, language, hits, unread)
