"""What heads saw in a clip before is not looked for again, and says the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from line_tools import FakeLandmarker
from task_tools import RoundHead, after_views, instruments, scan_of

from fetalclip_app.domain.landmarks import LineEnds
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.domain.reading import Finding, HeadMeasurement
from fetalclip_app.tasks.head_outline import HeadTask
from fetalclip_app.tasks.landmarks import MeasureTask


class Shelf:
    """Keeps copies, as a disk does."""

    def __init__(self) -> None:
        self.held: dict[str, dict[str, np.ndarray]] = {}

    def find(self, name: str) -> dict[str, np.ndarray] | None:
        return self.held.get(name)

    def put(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        self.held[name] = {key: np.array(array) for key, array in arrays.items()}


class CountedHead(RoundHead):
    asked = 0

    def outline(self, batch: np.ndarray) -> np.ndarray:
        self.asked += len(batch)
        return super().outline(batch)


class CountedLines(FakeLandmarker):
    asked = 0

    def find(self, batch: np.ndarray, structure: str) -> LineEnds:
        self.asked += len(batch)
        return super().find(batch, structure)


def _head(shelf: Shelf, head: RoundHead, views: tuple[str, ...] = ("brain",) * 3) -> Finding:
    tools = instruments(outliner=head)
    return HeadTask().answer(replace(after_views(scan_of(list(views)), tools), kept=shelf), tools)


def _lines(shelf: Shelf, finder: FakeLandmarker) -> Any:
    tools = replace(instruments(), landmarker=finder)
    scan = after_views(scan_of(["brain", "abdomen", "brain", "abdomen"]), tools)
    return MeasureTask().answer(replace(scan, kept=shelf), tools).answer


def test_the_outline_of_a_clip_that_is_opened_again_is_the_same_and_costs_nothing() -> None:
    shelf, again = Shelf(), CountedHead(None)
    before = _head(shelf, RoundHead(Ellipse(112, 112, 60, 45, 20)))
    after = _head(shelf, again)

    assert again.asked == 0
    assert isinstance(before.answer, HeadMeasurement) and isinstance(after.answer, HeadMeasurement)
    assert (after.answer.ellipse, after.answer.fit, after.answer.size) == (
        before.answer.ellipse,
        before.answer.fit,
        before.answer.size,
    )
    np.testing.assert_array_equal(after.answer.outline.mask, before.answer.outline.mask)


def test_that_nothing_was_clear_is_remembered_too() -> None:
    shelf, again = Shelf(), CountedHead(Ellipse(112, 112, 60, 45, 20))
    before = _head(shelf, RoundHead(None))
    after = _head(shelf, again)

    assert again.asked == 0
    assert (after.answer, after.frame_index) == (before.answer, before.frame_index)


def test_the_ends_of_lines_likewise() -> None:
    shelf, again = Shelf(), CountedLines(lines={})
    before = _lines(shelf, FakeLandmarker(spreads=(0.04, 0.02)))

    assert _lines(shelf, again) == before
    assert again.asked == 0


@pytest.mark.parametrize("what", ["weights", "frames", "form", "numbers"])
def test_what_was_seen_otherwise_is_not_believed(what: str) -> None:
    shelf, again = Shelf(), CountedHead(Ellipse(112, 112, 60, 45, 20))
    _head(shelf, RoundHead(Ellipse(112, 112, 60, 45, 20)))
    views = ("brain",) * 3
    match what:
        case "weights":
            again.identity = ("round_head", "ef" * 32)
        case "frames":
            views = ("brain",) * 4
        case "form":
            shelf.held = {name: {**held, "values": held["values"][:9]} for name, held in shelf.held.items()}
        case "numbers":
            shelf.held = {name: {**held, "ellipse": held["ellipse"] * np.nan} for name, held in shelf.held.items()}
    _head(shelf, again, views)

    assert again.asked == len(views)
