"""What runs inside the model's process."""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.shared_memory import SharedMemory
from typing import Any

import numpy as np

from fetalclip_app.domain.clip import Clip, Pixels
from fetalclip_app.domain.sight import Sight
from fetalclip_app.errors import ComputeFailed, ErrorCode, FetalClipError
from fetalclip_app.inference.frame_slots import Address, looked_at, open_memory, view
from fetalclip_app.inference.questions import Answerer
from fetalclip_app.progress import Cancelled, CancelToken, Report

NICENESS = 5
"""Steps of priority below the thread that starts this process, itself as many below the window on Linux.

A step is a share of a quarter where both want the processor.
"""

QUIET_S = 20.0
"""How long nobody has spoken before the process works for what may come: a person may be about to open a file."""

_BELOW_NORMAL = 0x4000
"""Windows' name for the same: BELOW_NORMAL_PRIORITY_CLASS."""


_DONE = object()


@dataclass(frozen=True, slots=True)
class NoPixels:
    """Stands in a clip on its way between the processes: how many frames, and none of them."""

    count: int

    def __len__(self) -> int:
        return self.count

    def pixels(self, index: int) -> Pixels:
        """Raise LookupError: the pixels stayed in the other process."""
        raise LookupError(index)


class _Line:
    """The connection to the window's process, for several threads: what one says is never mixed with another's."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._saying, self._asking = threading.Lock(), threading.Lock()

    def send(self, message: Any) -> None:
        """Say something."""
        with self._saying:
            self._connection.send(message)

    @contextmanager
    def asked(self, message: Any) -> Iterator[Any]:
        """Ask, and have the answer; nobody else asks before it was used."""
        with self._asking:
            self.send(message)
            yield self._connection.recv()


class _RemoteFrames:
    """Frames that the window's process decodes on demand; several threads may want one."""

    def __init__(self, line: _Line, memory: SharedMemory, address: Address, count: int) -> None:
        self._line, self._memory, self._address, self._count = line, memory, address, count

    def __len__(self) -> int:
        return self._count

    def pixels(self, index: int) -> Pixels:
        """Ask for one frame, and copy it out of its slot."""
        with self._line.asked(("frame", int(index))) as answer:
            match answer:
                case ("frame", int(slot), tuple(shape)):
                    return np.array(view(self._memory, self._address, slot, shape))
                case ("no frame", BaseException() as error):
                    raise error
                case other:
                    raise TypeError(f"the window's process said {other!r}")


class _FlagToken(CancelToken):
    """A cancel token whose flag lies in shared memory, where the other process raises it.

    Args:
        meanwhile: Done at each look at the flag: the work is between two steps then.
    """

    def __init__(self, memory: SharedMemory, meanwhile: Callable[[], None]) -> None:
        super().__init__()
        self.memory = memory
        self._meanwhile = meanwhile

    @property
    def is_cancelled(self) -> bool:
        """Whether the window asked to stop."""
        head = self.memory.buf
        return head is None or bool(head[0])

    def check(self) -> None:
        """Return, or raise `Cancelled` if the window asked to stop."""
        if self.is_cancelled:
            raise Cancelled
        self._meanwhile()


class _Sender:
    """Tells the window's process what a reading does, and reads there where a person looks: a `Listener`."""

    def __init__(self, line: _Line, memory: SharedMemory) -> None:
        self._line, self._memory = line, memory

    def planned(self, frames: Sequence[int]) -> None:
        """Tell which frames will be asked for, so that they can be decoded while the network works."""
        self._line.send(("planned", tuple(int(index) for index in frames)))

    def seen(self, sight: Sight) -> None:
        """Tell what is known of the frames by now."""
        self._line.send(("seen", sight))

    def looked_at(self) -> int:
        """Return the frame that a person looks at now."""
        return looked_at(self._memory)

    def report(self, done: int, total: int) -> None:
        """Tell how far the reading is."""
        self._line.send(("progress", int(done), int(total)))


class _Memory:
    """The shared memory in use: opened once, and again when the window made another."""

    def __init__(self) -> None:
        self._open: SharedMemory | None = None

    def at(self, address: Address) -> SharedMemory:
        """Return the memory of this address."""
        if self._open is None or self._open.name != address.name:
            if self._open is not None:
                self._open.close()
            self._open = open_memory(address.name)
        return self._open


def serve(connection: Connection, questions: Connection, factory: Callable[[Any], Any], request: Any) -> None:
    """Build the engine, answer calls and questions until the window's side hangs up, and end this process."""
    give_way()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal is for the window, which then ends us
    _serve(connection, questions, factory, request)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # the interpreter's own end takes seconds with a network loaded, and the window waits for it


def give_way() -> None:
    """Let this process run after all others: it takes every core, and a cine that plays beside it must not wait."""
    if sys.platform == "win32":
        import ctypes  # noqa: PLC0415 - only there

        kernel = ctypes.windll.kernel32
        kernel.SetPriorityClass(kernel.GetCurrentProcess(), _BELOW_NORMAL)
    else:
        os.nice(NICENESS)


def _serve(connection: Connection, questions: Connection, factory: Callable[[Any], Any], request: Any) -> None:
    memory = _Memory()
    try:
        engine = _answer(connection, lambda: factory(request), _info)
        if engine is None:
            return
        answerer = Answerer(questions, engine)
        lines, meanwhile, later = [connection, questions], engine.settle(), engine.later()
        while True:
            _pass_the_time(lines, meanwhile)
            if not wait(lines, QUIET_S):
                _pass_the_time(lines, later)
                wait(lines)
            answerer.answer_all()
            if connection.poll():
                call = connection.recv()
                _serve_call(connection, engine, _FlagToken(memory.at(call[-1]), answerer.answer_all), call)
    except (EOFError, OSError):
        return  # the window's side hung up


def _pass_the_time(lines: Sequence[Connection], meanwhile: Iterator[None]) -> None:
    """Do what is to be done meanwhile, until somebody speaks or it is done."""
    while not any(line.poll() for line in lines):
        if next(meanwhile, _DONE) is _DONE:
            return


def _info(engine: Any) -> tuple[Any, ...]:
    told = tuple(engine.notices), tuple(engine.methods), tuple(engine.probes), dict(engine.headed)
    return engine.identity, engine.device, *told


def _serve_call(connection: Connection, engine: Any, cancel: _FlagToken, call: tuple[Any, ...]) -> None:
    name, bare, arguments, address = call
    line = _Line(connection)
    clip: Clip = replace(bare, source=_RemoteFrames(line, cancel.memory, address, len(bare)))

    def work() -> Any:
        cancel.check()
        try:
            if name == "read":
                sender = _Sender(line, cancel.memory)
                return engine.read(clip, cancel, sender.report, sender)
            if name == "embed":
                return engine.embed(clip, cancel)
            return engine.explain(clip, *arguments, _step(cancel, _Sender(line, cancel.memory).report))
        finally:
            connection.send(("info", _info(engine)))  # the device may be another than before

    _answer(connection, work, lambda result: result)


def _step(cancel: CancelToken, report: Report) -> Report:
    """Return what long work calls with (done, total): it looks at the flag, and tells how far it is."""

    def step(done: int, total: int) -> None:
        cancel.check()
        report(done, total)

    return step


def _answer(connection: Connection, work: Callable[[], Any], told: Callable[[Any], Any]) -> Any:
    """Do the work and tell how it ended; return its result, or None where it failed."""
    try:
        result = work()
        connection.send(("result", told(result)))
    except Cancelled:
        connection.send(("cancelled",))
    except FetalClipError as error:
        connection.send(("error", error))
    except MemoryError:
        connection.send(("error", ComputeFailed(ErrorCode.OUT_OF_MEMORY)))
    except (EOFError, BrokenPipeError, ConnectionError):
        raise
    except Exception:
        connection.send(("bug", traceback.format_exc()))
    else:
        return result
    return None
