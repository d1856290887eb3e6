"""How work says how far it is, and how it is told to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable

Report = Callable[[int, int], None]
"""Called with (done, total) steps."""


class Cancelled(Exception):
    """The work was asked to stop and did."""


class CancelToken:
    """A flag that work looks at between its steps."""

    def __init__(self) -> None:
        self._raised = threading.Event()

    def cancel(self) -> None:
        """Ask the work to stop at its next step."""
        self._raised.set()

    @property
    def is_cancelled(self) -> bool:
        """Whether the work was asked to stop."""
        return self._raised.is_set()

    def check(self) -> None:
        """Return, or raise `Cancelled` if the work was asked to stop."""
        if self._raised.is_set():
            raise Cancelled


def silent(done: int, total: int) -> None:
    """Report to nobody."""
