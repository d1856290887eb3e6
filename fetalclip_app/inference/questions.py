"""Sentences to unit rows on a line of their own: answered at once, or between two batches of a reading."""

from __future__ import annotations

import itertools
import threading
import traceback
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from fetalclip_app.domain.backbone import Embeddings
from fetalclip_app.errors import ComputeFailed, ErrorCode, FetalClipError
from fetalclip_app.progress import CancelToken

POLL_S = 0.05
"""How often a waiting question looks at its cancel token."""


class Asker:
    """The window's end. One question at a time; any thread may ask, beside the thread that reads."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._one_at_a_time = threading.Lock()
        self._numbers = itertools.count()
        self._is_over = threading.Event()

    def ask(self, texts: Sequence[str], cancel: CancelToken) -> Embeddings:
        """Return one unit row for each text: float32, (N, D).

        Raises:
            Cancelled: ``cancel`` was raised before the answer came.
            InvalidInput: A text is empty or longer than the network reads.
            ComputeFailed: The process died, or was ended by another thread.
        """
        with self._one_at_a_time:
            number = next(self._numbers)
            try:
                self._connection.send((number, tuple(texts)))
                while not self._is_over.is_set():
                    cancel.check()
                    if self._connection.poll(POLL_S):
                        answered, answer = self._connection.recv()
                        if answered == number:  # else to a question that was cancelled
                            return _rows(answer)
            except (EOFError, OSError) as error:
                raise ComputeFailed(ErrorCode.WORKER_LOST) from error
        raise ComputeFailed(ErrorCode.WORKER_LOST)

    def close(self) -> None:
        """Hang up. Who waits gets `ComputeFailed` before its line is gone."""
        self._is_over.set()
        with self._one_at_a_time:
            self._connection.close()


def _rows(answer: Any) -> Embeddings:
    match answer:
        case np.ndarray():
            return answer
        case FetalClipError():
            raise answer
        case _:
            raise TypeError(f"the model's process said {answer!r}")


class Answerer:
    """The end of the model's process, where one thread does everything: it answers whenever it is between two things.

    Args:
        encode: Returns one unit row for each text.
    """

    def __init__(self, connection: Connection, encode: Callable[[Sequence[str]], Embeddings]) -> None:
        self._connection, self._encode = connection, encode

    def answer_all(self) -> None:
        """Answer what was asked by now; return at once where nothing was.

        Raises:
            EOFError, OSError: The window's side hung up.
        """
        while self._connection.poll():
            number, texts = self._connection.recv()
            self._connection.send((number, self._answer(texts)))

    def _answer(self, texts: Sequence[str]) -> Any:
        try:
            return self._encode(texts)
        except FetalClipError as error:
            return error
        except MemoryError:
            return ComputeFailed(ErrorCode.OUT_OF_MEMORY)
        except Exception:
            return traceback.format_exc()
