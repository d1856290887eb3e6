"""What may not happen while somebody walks at random: watched from the first step to the last."""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import sys
import threading
import warnings
from pathlib import Path
from types import TracebackType
from typing import Any

from PySide6.QtCore import QMessageLogContext, QObject, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication, QWidget

from fetalclip_app.errors import ErrorCode, FetalClipError

GROWTH_MB = 64.0
"""More than this in the second half is a leak: pictures go at each rest, and what is imported late came before."""

GROWTH_OBJECTS = 0.05
"""A larger share of Qt's objects more in the second half is a leak."""

_MAY_BE_LOGGED = ("the model's process did not end when asked",)
"""While it imports, a process hears nothing, and is ended as the program means it to be."""

_QT_MAY_SAY = ("This plugin does not support",)


class Watch(logging.Handler):
    """Gathers exceptions, warnings and Qt's complaints; knows the threads and processes there were before."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []
        self.rss_mb: list[float] = []
        self.objects: list[int] = []
        self._threads = {thread.ident for thread in threading.enumerate()}
        self._processes = _children()
        self._before: tuple[Any, Any, Any, Any] | None = None

    def begin(self) -> None:
        """Listen."""
        handler = qInstallMessageHandler(self._qt_says)
        self._before = (sys.excepthook, sys.unraisablehook, warnings.showwarning, handler)
        sys.excepthook = self._raised
        sys.unraisablehook = lambda told: self.said.append(f"unraisable: {told.exc_value!r} in {told.object!r}")
        warnings.showwarning = lambda message, *rest, **named: self.said.append(f"warning: {message}")
        logging.getLogger().addHandler(self)

    def end(self) -> None:
        """Listen no more."""
        assert self._before is not None
        sys.excepthook, sys.unraisablehook, warnings.showwarning, handler = self._before
        qInstallMessageHandler(handler)
        logging.getLogger().removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Take what the program logs; a file that is damaged is no fault of the program."""
        error = record.exc_info[1] if record.exc_info else None
        said = record.getMessage()
        is_known = isinstance(error, FetalClipError) or said in set(ErrorCode)
        if not is_known and not said.startswith(_MAY_BE_LOGGED):
            self.said.append(f"{record.name}: {said} {error!r}")

    def rest(self) -> None:
        """Note how much memory and how many objects of Qt are held, and what PySide6 takes for a widget and is none."""
        gc.collect()
        _give_back()
        strange = {type(one).__name__ for one in QApplication.allWidgets() if not isinstance(one, QWidget)}
        self.said += [f"no widgets: {sorted(strange)}"] if strange else []
        self.objects.append(sum(len(window.findChildren(QObject)) for window in QApplication.topLevelWidgets()))
        self.rss_mb.append(_rss_mb())

    def faults(self) -> list[str]:
        """Return all that went wrong, once the program has ended; nothing where all was well."""
        left = [thread.name for thread in threading.enumerate() if thread.ident not in self._threads]
        started = _children() - self._processes
        found = list(self.said)
        found += [f"threads left: {left}"] if left else []
        found += [f"processes left: {sorted(started)}"] if started else []
        if self.rss_mb and self.rss_mb[-1] - self.rss_mb[len(self.rss_mb) // 2] > GROWTH_MB:
            found.append("memory grew: " + ", ".join(f"{one:.0f}" for one in self.rss_mb) + " MB")
        if self.objects and self.objects[-1] > (1 + GROWTH_OBJECTS) * self.objects[len(self.objects) // 2]:
            found.append("objects of Qt grew: " + ", ".join(str(one) for one in self.objects))
        return found

    def _raised(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        self.said.append(f"exception: {error!r} at {_where(trace)}")

    def _qt_says(self, kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
        if not message.startswith(_QT_MAY_SAY):
            self.said.append(f"Qt: {message}")


def _where(trace: TracebackType | None) -> str:
    places: list[str] = []
    while trace is not None:
        places.append(f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}")
        trace = trace.tb_next
    return " > ".join(places)


def _give_back() -> None:
    """Let the C library give back what the program has freed, where it can be asked to: what is left is held."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def _rss_mb() -> float:
    """Return the memory that this process holds; 0 where the system does not say so."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _children() -> set[int]:
    """Return the processes that this one has started and that live; none where the system does not say so."""
    path = Path(f"/proc/self/task/{os.getpid()}/children")
    found = {int(number) for number in path.read_text().split()} if path.exists() else set()
    return {number for number in found if b"resource_tracker" not in _command(number)}  # Python's own, to the end


def _command(number: int) -> bytes:
    try:
        return Path(f"/proc/{number}/cmdline").read_bytes()
    except OSError:
        return b""
