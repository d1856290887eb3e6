"""The bench of the window misses what does not hold."""

from __future__ import annotations

from typing import Any

import pytest

from bench.files_scene import RATE_HZ
from bench.window import page, rows_of


def _run() -> dict[str, Any]:
    gaps = {
        "longest_s": 0.03,
        "p999_s": 0.01,
        "over": 0,
        "beats": 9000,
        "busiest_s": 0.02,
        "in_longest_s": (0.01, 0.02),
    }
    return {
        "first": {"wall_s": 0.8, "work_s": 0.7},
        "model_rooms": [],
        "gaps": {"the model loads": dict(gaps), "the model reads": dict(gaps)},
        "late": {"due": 800, "late": 0, "never_shown": 0, "worst_s": 0.01, "rate_hz": RATE_HZ},
        "was_read": True,
        "shown_s": 0.25,
        "loaded_s": 3.0,
        "read_s": 20.0,
    }


def _missed(run: dict[str, Any]) -> list[str]:
    return [row.name for row in rows_of(run) if not row.holds]


def test_a_run_in_which_all_holds_misses_nothing() -> None:
    assert _missed(_run()) == []
    assert "MISSED" not in page([_run()], 0.1)


@pytest.mark.parametrize(
    ("part", "name", "value", "missed"),
    [
        ("first", "wall_s", 1.01, "First window painted"),
        ("gaps", "the model loads", 0.051, "Gaps while the model loads"),
        ("gaps", "the model reads", 0.051, "Gaps while the model reads"),
        ("", "model_rooms", ["torch"], "Imported in the window's process"),
        ("late", "late", 40, "Playing all the while: late frames"),
        ("late", "rate_hz", 20.0, "Playing all the while: rate"),
    ],
)
def test_each_thing_that_is_asked_can_be_missed(part: str, name: str, value: Any, missed: str) -> None:
    run = _run()
    if part == "gaps":
        run["gaps"][name]["longest_s"] = value
    elif part:
        run[part][name] = value
    else:
        run[name] = value

    assert _missed(run) == [missed]
    assert "MISSED" in page([run], None)


def test_a_reading_that_failed_is_no_success() -> None:
    assert _missed(_run() | {"was_read": False})
