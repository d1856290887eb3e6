"""Finds what holds up the window, by means that do not depend on how busy the machine is.

Measured is the processor time of the window's thread in each call that comes from Qt into the window's own code, and
whether such a call waits for another thread or process. The time on the wall says nothing on a busy machine.
What lay in memory before is kept from the garbage collector: the window looks through its own objects, not through
those of all the tests that ran before in this process, which alone take it longer than a person notices.
"""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

LONGEST_S = 0.05

_UI = str(Path(__file__).resolve().parents[2] / "fetalclip_app" / "ui")
_WAITS: frozenset[CodeType] = frozenset(
    wait.__code__
    for wait in (
        threading.Condition.wait,  # also what Event.wait, Queue.get and Future.result come to
        threading.Thread.join,
        BaseProcess.join,
        Connection._recv,  # type: ignore[attr-defined]
        subprocess.Popen.wait,
    )
)


@dataclass
class Hold:
    """One call from Qt into the window's code."""

    name: str
    worked_s: float = 0.0
    waits: tuple[str, ...] = ()

    @property
    def is_too_long(self) -> bool:
        """Whether it worked for longer than a person notices, or waited at all."""
        return self.worked_s > LONGEST_S or bool(self.waits)


@contextmanager
def held_up() -> Iterator[list[Hold]]:
    """Collect every call into the window's code on this thread."""
    holds: list[Hold] = []
    outermost: list[tuple[FrameType, Hold, float]] = []

    def profile(frame: FrameType, event: str, what: Any) -> None:
        if not outermost:
            if event == "call" and frame.f_code.co_filename.startswith(_UI):
                outermost.append((frame, Hold(frame.f_code.co_qualname), time.thread_time()))
            return
        top, hold, started_s = outermost[0]
        if event == "return" and frame is top:
            hold.worked_s = time.thread_time() - started_s
            holds.append(hold)
            outermost.clear()
        elif (event == "call" and _waits(frame)) or (event == "c_call" and what is time.sleep):
            hold.waits += (frame.f_code.co_qualname,)

    gc.freeze()
    sys.setprofile(profile)
    try:
        yield holds
    finally:
        sys.setprofile(None)
        gc.unfreeze()


def _waits(frame: FrameType) -> bool:
    """Whether this call waits for others; looking once, or starting a thread, is no wait."""
    if frame.f_code not in _WAITS or frame.f_locals.get("timeout") == 0:
        return False
    return not _starts_a_thread(frame)


def _starts_a_thread(frame: FrameType | None) -> bool:
    """Whether this is the short wait of a thread's start."""
    while frame is not None and frame.f_code.co_filename == threading.__file__:
        if frame.f_code is threading.Thread.start.__code__:
            return True
        frame = frame.f_back
    return False
