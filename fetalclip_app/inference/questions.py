"""Questions that need no picture, on a line of their own: answered at once, or between two batches of a reading."""

from __future__ import annotations

import itertools
import threading
import traceback
from multiprocessing.connection import Connection
from typing import Any

from fetalclip_app.errors import ComputeFailed, ErrorCode, FetalClipError
from fetalclip_app.progress import CancelToken

ASKED = frozenset({"encode_texts", "seen_with"})
"""Methods of the engine that may be asked here."""

POLL_S = 0.05
"""How often a waiting question looks at its cancel token."""


class Asker:
    """The window's end. One question at a time; any thread may ask, beside the thread that reads."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._one_at_a_time = threading.Lock()
        self._numbers = itertools.count()
        self._is_over = threading.Event()

    def ask(self, name: str, arguments: tuple[Any, ...], cancel: CancelToken) -> Any:
        """Return what the engine's method of this name says.

        Raises:
            Cancelled: ``cancel`` was raised before the answer came.
            InvalidInput: A text is empty or longer than the network reads.
            ComputeFailed: The process died, or was ended by another thread.
        """
        with self._one_at_a_time:
            number = next(self._numbers)
            try:
                self._connection.send((number, name, arguments))
                while not self._is_over.is_set():
                    cancel.check()
                    if self._connection.poll(POLL_S):
                        answered, answer = self._connection.recv()
                        if answered == number:  # else to a question that was cancelled
                            return _outcome(answer)
            except (EOFError, OSError) as error:
                raise ComputeFailed(ErrorCode.WORKER_LOST) from error
        raise ComputeFailed(ErrorCode.WORKER_LOST)

    def close(self) -> None:
        """Hang up. Who waits gets `ComputeFailed` before its line is gone."""
        self._is_over.set()
        with self._one_at_a_time:
            self._connection.close()


def _outcome(answer: Any) -> Any:
    match answer:
        case ("result", result):
            return result
        case ("error", FetalClipError() as error):
            raise error
        case _:
            raise TypeError(f"the model's process said {answer!r}")


class Answerer:
    """The end of the model's process, where one thread does everything: it answers whenever it is between two things.

    Args:
        engine: Whose methods of `ASKED` are called.
    """

    def __init__(self, connection: Connection, engine: Any) -> None:
        self._connection, self._engine = connection, engine

    def answer_all(self) -> None:
        """Answer what was asked by now; return at once where nothing was.

        Raises:
            EOFError, OSError: The window's side hung up.
        """
        while self._connection.poll():
            number, name, arguments = self._connection.recv()
            self._connection.send((number, self._answer(name, arguments)))

    def _answer(self, name: str, arguments: tuple[Any, ...]) -> tuple[str, Any]:
        if name not in ASKED:
            return "bug", name
        try:
            return "result", getattr(self._engine, name)(*arguments)
        except FetalClipError as error:
            return "error", error
        except MemoryError:
            return "error", ComputeFailed(ErrorCode.OUT_OF_MEMORY)
        except Exception:
            return "bug", traceback.format_exc()
