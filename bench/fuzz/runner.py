"""Children that look at files, and the parent that watches them: crashes, hangs, and where a file is kept for later."""

from __future__ import annotations

import os
import pickle
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from bench.fuzz.child import Outcome, serve
from bench.fuzz.reader import Reader
from bench.fuzz.recipe import Cookbook

SLOWEST_SECONDS = 5.0
"""A look that takes more of the processor's time is a hang: on an idle machine that is the clock's time, and on a busy
one it is still the file's."""

SLOW_CODEC, SLOW_CODEC_SECONDS = "JPEG-LS", 30.0
"""The one exception. CharLS 2.4 counts up to 2 ** 31 in a damaged run of samples before it refuses the frame: five
seconds, once a frame at most, in C code that nothing can interrupt. A look takes up to five frames."""

PATIENCE = 6
"""Times as many seconds of the clock end a look too: a look that waits for something uses no processor."""

_TICK = 0.2
_CLOCK_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100

_START_SECONDS = 60.0
_MAKE_SECONDS = 60.0
_LAST_WORDS = 0.5
_SPAWN = get_context("spawn")


@dataclass(slots=True)
class _Child:
    process: BaseProcess
    line: Connection
    place: Path
    number: int | None = None
    begun: tuple[str, str, str] | None = None
    deadline: float = 0.0
    spent: float = float("inf")

    def is_late(self, limit: float) -> bool:
        """Whether it has used up its share of the processor, or its time by the clock."""
        if self.begun is not None and SLOW_CODEC in self.begun[0]:
            limit = max(limit, SLOW_CODEC_SECONDS)
        if time.monotonic() > self.deadline:
            return True
        return self.begun is not None and _processor_seconds(self.process.pid) - self.spent > limit


@dataclass(slots=True)
class Runner:
    """Runs numbers through children.

    Attributes:
        folder: An empty folder of its own, on a fast disk.
        again: Numbers that ran out of time once: a hang hangs twice, a machine that stood still does not.
    """

    cookbook: Cookbook
    reader: Reader
    folder: Path
    workers: int = 2
    limit: float = SLOWEST_SECONDS
    again: list[int] = field(default_factory=list)
    _children: list[_Child] = field(default_factory=list)
    _started: int = 0

    def run(self, numbers: Iterable[int], told: Callable[[Outcome], None]) -> None:
        """Look at the files of these numbers and tell each outcome, in the order in which they come."""
        waiting = deque(numbers)
        (self.folder / "cookbook").write_bytes(pickle.dumps(self.cookbook))
        try:
            while waiting or self._busy():
                while len(self._children) < min(self.workers, len(waiting) + self._busy()):
                    self._children.append(self._child())
                self._listen(waiting, told)
        finally:
            for child in self._children:
                child.process.kill()
                child.process.join()
            self._children.clear()

    def _busy(self) -> int:
        return sum(child.number is not None for child in self._children)

    def _child(self) -> _Child:
        self._started += 1
        ours, theirs = _SPAWN.Pipe()
        place = self.folder / f"child {self._started}"
        process = _SPAWN.Process(target=serve, args=(theirs, self.folder / "cookbook", self.reader, place), daemon=True)
        process.start()
        theirs.close()
        return _Child(process, ours, place, deadline=time.monotonic() + _START_SECONDS)

    def _listen(self, waiting: deque[int], told: Callable[[Outcome], None]) -> None:
        ready = wait([child.line for child in self._children], _TICK)
        for child in list(self._children):
            if child.line in ready:
                self._heard(child, waiting, told)
            elif child.is_late(self.limit):
                self._lost(child, waiting, told, self._hang(child))

    def _heard(self, child: _Child, waiting: deque[int], told: Callable[[Outcome], None]) -> None:
        try:
            kind, *rest = child.line.recv()
        except (EOFError, ConnectionResetError):
            child.process.join()
            self._lost(child, waiting, told, f"crash: the process ended with {_exit(child.process.exitcode)}")
            return
        if kind == "begun":
            child.begun, child.deadline = tuple(rest), time.monotonic() + PATIENCE * self.limit
            child.deadline += PATIENCE * SLOW_CODEC_SECONDS * (SLOW_CODEC in child.begun[0])
            child.spent = _processor_seconds(child.process.pid)
            return
        if kind == "seen":
            told(rest[0])
        child.number, child.begun = (waiting.popleft(), None) if waiting else (None, None)
        child.deadline = time.monotonic() + _MAKE_SECONDS
        if child.number is not None:
            child.line.send(child.number)
        else:
            child.deadline = float("inf")

    def _hang(self, child: _Child) -> str:
        """Ask a hanging child where it is, then end it."""
        if hasattr(signal, "SIGUSR1") and child.process.pid is not None:
            os.kill(child.process.pid, signal.SIGUSR1)
            child.process.join(_LAST_WORDS)
        child.process.kill()
        child.process.join()
        return f"hang: more than {self.limit:g} s of the processor, or {PATIENCE * self.limit:g} s of the clock"

    def _lost(self, child: _Child, waiting: deque[int], told: Callable[[Outcome], None], what: str) -> None:
        self._children.remove(child)
        if child.number is None:
            raise RuntimeError(f"a child was lost before its first file: {what}{_trace(child.place)}")
        if child.begun is None:
            raise RuntimeError(f"file {child.number} could not be made: {what}{_trace(child.place)}")
        if what.startswith("hang") and child.number not in self.again:
            self.again.append(child.number)
            waiting.append(child.number)
            return
        seed, damage, touched = child.begun
        family = next(each.family for each in self.cookbook.seeds if each.name == seed)
        complaint = f"{what}{_trace(child.place)}"
        told(Outcome(child.number, seed, family, damage, touched, complaints=(complaint,), seconds=self.limit))


def _processor_seconds(pid: int | None) -> float:
    """Return what a process has used of the processor up to now, in its own code and in the system's."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="latin-1").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _CLOCK_TICKS


def _exit(code: int | None) -> str:
    return signal.Signals(-code).name if code is not None and code < 0 else f"status {code}"


def _trace(place: Path) -> str:
    """Return the innermost lines that the child's fault handler wrote."""
    noise = place / "noise"
    if not noise.exists():
        return ""
    lines = noise.read_text(encoding="latin-1").splitlines()
    calls = [line.strip() for line in lines[-60:] if line.strip().startswith("File ")]
    return "".join(f"\n        {line}" for line in calls[:6]) or "".join(f"\n        {line}" for line in lines[-6:])
