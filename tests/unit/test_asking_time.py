"""A sentence over a thousand frames, in the bundled model's own process."""

from __future__ import annotations

import pytest

from bench import asking


@pytest.mark.weights
@pytest.mark.slow
def test_a_new_sentence_over_a_thousand_frames_takes_less_than_a_tenth_of_a_second() -> None:
    """The best of a few questions: a busy computer is no defect, a slow road would make all of them slow."""
    times = asking.measure(frames=1000, questions=4)

    assert min(times.idle_ms) < asking.TARGET_MS
    assert min(times.set_ms) < asking.TARGET_MS
    assert len(times.reading_ms) == 4


def test_the_table_has_median_and_worst() -> None:
    assert asking.told("idle", (1.0, 2.0, 9.0)) == "| idle | 3 | 2.0 ms | 9.0 ms | 9.0 ms |"
