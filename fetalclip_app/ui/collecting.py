"""Garbage is collected on the window's thread alone.

Python's cyclic collector runs in whichever thread has just allocated much, such as a worker that imports a codec. A
window that was closed is such garbage, and a worker that destroys it ends the program with a segmentation fault.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

PERIOD_MS = 500


class Collecting(QObject):
    """Collects as Python would, by its own thresholds, but from a timer of the window's thread."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._was_on = gc.isenabled()
        gc.disable()
        self._timer = QTimer(self, interval=PERIOD_MS)
        self._timer.timeout.connect(collect)
        self._timer.start()

    def stop(self) -> None:
        """Give the collector back to Python: no worker is left."""
        self._timer.stop()
        if self._was_on:
            gc.enable()


def collect() -> None:
    """Collect the oldest generation that is due, and with it the younger ones."""
    due = [
        generation
        for generation, (count, limit) in enumerate(zip(gc.get_count(), gc.get_threshold(), strict=True))
        if count > limit
    ]
    if due:
        gc.collect(due[-1])


def spare_what_stays() -> None:
    """Leave all that is there now out of every later collection: modules, and a window that lives to the end.

    A full collection walks over every object, and the window waits for it: 88 ms with two hundred
    thousand objects, three frames of a cine.
    """
    gc.collect()
    gc.freeze()
