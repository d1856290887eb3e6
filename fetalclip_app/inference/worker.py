"""The engine in a process of its own: requests and frames in, progress and readings out."""

from __future__ import annotations

import logging
import multiprocessing
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

import numpy as np

from fetalclip_app.domain.backbone import Embeddings
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.overlay import Heatmap, Where
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.domain.sight import Sight
from fetalclip_app.domain.views import ViewPrediction, ViewSet
from fetalclip_app.errors import ComputeFailed, ErrorCode
from fetalclip_app.inference import worker_side
from fetalclip_app.inference.frame_slots import FrameSlots
from fetalclip_app.inference.listening import LookedAt, Seen, Told, nowhere, unseen
from fetalclip_app.inference.outcome import outcome
from fetalclip_app.inference.questions import Asker
from fetalclip_app.inference.request import EngineInfo, EngineRequest
from fetalclip_app.inference.served import Engine, Factory
from fetalclip_app.progress import Cancelled, CancelToken, Report, silent

_log = logging.getLogger(__name__)

_Kind = TypeVar("_Kind")

POLL_S = 0.05
"""How often a waiting call looks at its cancel token."""

GRACE_S = 3.0
"""How long a worker may take to stop, once it was asked, before it is killed."""

CLOSING_GRACE_S = 0.5
"""The same when the program ends: nothing that the worker holds is missed."""


def load(request: EngineRequest) -> Engine:
    """Build the real engine: the default factory. Imports torch, so only the worker's process calls it.

    Raises:
        ModelUnavailable, ComputeFailed, InvalidInput: As `load_engine` says.
    """
    from fetalclip_app.inference.load import load_engine  # noqa: PLC0415 - not in the window's process

    engine: Engine = load_engine(request)
    return engine


class ModelProcess:
    """The model's process, as blocking calls. They are made one at a time, off the window's thread.

    A process that dies (killed, out of memory, a crash in native code) ends the call under way with
    `ComputeFailed`; the next call starts a new one with the same request.
    """

    def __init__(self, factory: Factory = load) -> None:
        self._factory = factory
        self._context = multiprocessing.get_context("spawn")
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None
        self._asker: Asker | None = None
        self._slots: FrameSlots | None = None
        self._request = EngineRequest()
        self._info: EngineInfo | None = None
        self._closing = threading.Event()

    @property
    def pid(self) -> int | None:
        """Process id, or None while no process runs."""
        return self._process.pid if self._process is not None else None

    @property
    def info(self) -> EngineInfo | None:
        """What the engine said of itself last, or None while none runs: a graphics card may fail on the way."""
        return self._info

    def start(self, request: EngineRequest, cancel: CancelToken | None = None) -> EngineInfo:
        """Start a process with this engine; the one that ran before is ended first.

        Raises:
            FetalClipError: What the factory raised; or the process died.
            Cancelled: ``cancel`` was raised, or `hurry` was called, before the engine was there.
        """
        self._end()
        self._request = request
        return self._running(cancel or CancelToken())

    def read(
        self,
        clip: Clip,
        cancel: CancelToken,
        report: Report,
        seen: Seen = unseen,
        *,
        looked_at: LookedAt = nowhere,
    ) -> ClipReading:
        """Answer every task for ``clip``. The frames are decoded here, in the caller's thread.

        Args:
            seen: Called with what is known of the frames by now, before the progress that belongs to it.
            looked_at: Returns the frame that a person looks at now; what is left is read from there on.

        Raises:
            Cancelled: ``cancel`` was raised between two batches.
            FetalClipError: What the engine or the clip's file raised; or the process died.
        """
        return self._call(ClipReading, "read", clip, (), cancel, Told(report, seen, looked_at))

    def explain(self, clip: Clip, where: Where, cancel: CancelToken, report: Report = silent) -> Heatmap:
        """Show where a view was seen in one frame.

        Raises:
            Cancelled: ``cancel`` was raised before the work began or between two of its passes.
            FetalClipError: As `read`.
        """
        return self._call(Heatmap, "explain", clip, (where,), cancel, Told(report))

    def embed(self, clip: Clip, cancel: CancelToken) -> Embeddings:
        """Return the unit row of each frame, and nothing else: float32, (frames, D).

        Raises:
            Cancelled, FetalClipError: As `read`.
        """
        rows: Embeddings = self._call(np.ndarray, "embed", clip, (), cancel, Told())
        return rows

    def encode_texts(self, texts: Sequence[str], cancel: CancelToken) -> Embeddings:
        """Return one unit row for each text: also beside a reading, between two of its batches. Any thread may call.

        Raises:
            Cancelled, InvalidInput, ComputeFailed: As `Asker.ask`; no process runs.
        """
        rows: Embeddings = self._asked(np.ndarray, "encode_texts", (tuple(texts),), cancel)
        return rows

    def seen_with(
        self, view_set: ViewSet, rows: Embeddings, unfamiliar: frozenset[int], cancel: CancelToken
    ) -> ViewPrediction:
        """Return what a set that is being written sees in rows (frames, D). As `encode_texts`."""
        return self._asked(ViewPrediction, "seen_with", (view_set, rows, unfamiliar), cancel)

    def _asked(self, kind: type[_Kind], name: str, arguments: tuple[Any, ...], cancel: CancelToken) -> _Kind:
        asker = self._asker
        if asker is None:
            raise ComputeFailed(ErrorCode.WORKER_LOST)
        answer = asker.ask(name, arguments, cancel)
        if not isinstance(answer, kind):
            raise TypeError(f"the model's process answered {type(answer).__name__}, not {kind.__name__}")
        return answer

    def hurry(self) -> None:
        """The program ends: a cancelled call kills the process after `CLOSING_GRACE_S`. Any thread may call."""
        self._closing.set()

    def close(self) -> None:
        """End the process: ask, wait, and kill only what does not listen."""
        self._closing.set()
        self._end(CLOSING_GRACE_S)

    def _call(  # noqa: PLR0917 - one road for both calls
        self,
        kind: type[_Kind],
        name: str,
        clip: Clip,
        arguments: tuple[Any, ...],
        cancel: CancelToken,
        told: Told,
    ) -> _Kind:
        cancel.check()
        self._running(cancel)
        clip.content_key.digits()  # taken on this side: the other process has no file
        slots = self._slots_for(clip)
        bare = replace(clip, source=worker_side.NoPixels(len(clip)), overlays=())
        self._send((name, bare, arguments, slots.address))
        result = self._await(cancel, told, slots)
        if not isinstance(result, kind):
            raise TypeError(f"the model's process answered {type(result).__name__}, not {kind.__name__}")
        return result

    def _running(self, cancel: CancelToken) -> EngineInfo:
        if self._process is not None and self._process.is_alive() and self._info is not None:
            return self._info
        self._end()
        (ours, theirs), (asking, answering) = self._context.Pipe(), self._context.Pipe()
        process = self._context.Process(
            target=worker_side.serve,
            args=(theirs, answering, self._factory, self._request),
            name="fetalclip-model",
            daemon=True,
        )
        process.start()
        theirs.close()
        answering.close()
        self._process, self._connection, self._asker = process, ours, Asker(asking)
        try:
            info = self._await(cancel, Told(), None)
        except BaseException:
            self._end()
            raise
        self._info = EngineInfo(*info)
        return self._info

    def _slots_for(self, clip: Clip) -> FrameSlots:
        if self._slots is None or not self._slots.fits(clip):
            if self._slots is not None:
                self._slots.close()
            self._slots = FrameSlots(clip)
        self._slots.begin(clip)
        return self._slots

    def _await(self, cancel: CancelToken, told: Told, slots: FrameSlots | None) -> Any:
        """Serve frames and pass progress on until the answer comes."""
        asked_at: float | None = None
        while True:
            if cancel.is_cancelled and asked_at is None:
                asked_at = time.monotonic()
                if slots is not None:
                    slots.ask_to_stop()
            if asked_at is not None and (slots is None or self._is_overdue(asked_at)):
                self._end(0.0)  # while it loads, and after its time is over, a process holds nothing that is missed
                raise Cancelled
            if slots is not None:
                slots.look_at(told.looked_at())
            message = self._receive(idle=slots.look_ahead if slots is not None else None)
            if message is not None and message[0] == "frame" and slots is not None:
                self._send(slots.serve(message[1]))
            elif message is not None and not self._is_passed_on(message, told, slots):
                return outcome(message)

    def _is_passed_on(self, message: tuple[Any, ...], told: Told, slots: FrameSlots | None) -> bool:
        """Pass on what is said along the way; return whether it was that, and not the answer."""
        match message:
            case ("progress", int(done), int(total)):
                told.report(done, total)
            case ("seen", Sight() as sight):
                told.seen(sight)
            case ("planned", tuple(frames)):
                if slots is not None:
                    slots.plan(frames)
            case ("info", info):
                self._info = EngineInfo(*info)
            case _:
                return False
        return True

    def _is_overdue(self, asked_at: float) -> bool:
        return self._closing.is_set() and time.monotonic() - asked_at > CLOSING_GRACE_S

    def _receive(self, idle: Callable[[], bool] | None) -> Any:
        """Return the next message, or None after a while without one.

        Raises:
            ComputeFailed: The process died.
        """
        assert self._connection is not None
        assert self._process is not None
        try:
            if not self._connection.poll() and not (idle is not None and idle()):
                wait([self._connection, self._process.sentinel], POLL_S)
            if self._connection.poll():
                return self._connection.recv()
        except (EOFError, OSError) as error:
            raise self._lost() from error
        if not self._process.is_alive() and not self._connection.poll():
            raise self._lost()
        return None

    def _send(self, message: Any) -> None:
        assert self._connection is not None
        try:
            self._connection.send(message)
        except OSError as error:
            raise self._lost() from error

    def _lost(self) -> ComputeFailed:
        process = self._process
        if process is not None:
            process.join(GRACE_S)
            _log.error("the model's process ended with exit code %s", process.exitcode)
        self._end()
        return ComputeFailed(ErrorCode.WORKER_LOST)

    def _end(self, grace_s: float = GRACE_S) -> None:
        process, connection, slots, asker = self._process, self._connection, self._slots, self._asker
        self._process = self._connection = self._slots = self._asker = self._info = None
        if asker is not None:
            asker.close()
        if connection is not None:
            connection.close()  # the worker ends when it next listens or speaks
        if process is not None:
            process.join(grace_s)
            if process.is_alive():
                _log.warning("the model's process did not end when asked; it is killed")
                process.kill()
                process.join()
            process.close()
        if slots is not None:
            slots.close()
