"""Arrays on disk: what a killed process left half written is counted, and goes."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest

from fetalclip_app.inference.kept_arrays import read_arrays, write_arrays

ROWS = {"rows": np.zeros(1000, np.float32)}
BYTES = 4000


@pytest.fixture
def abandoned(tmp_path: Path) -> Path:
    path = tmp_path / "tmpkilled.part"
    path.write_bytes(bytes(2 * BYTES))
    return path


def test_what_a_killed_process_left_half_written_goes(abandoned: Path) -> None:
    hours_ago = time.time() - 2 * 3600
    os.utime(abandoned, (hours_ago, hours_ago))
    write_arrays(abandoned.with_name("new.npz"), ROWS, 10 * BYTES)

    assert [path.name for path in abandoned.parent.iterdir()] == ["new.npz"]


def test_what_another_process_is_writing_stays_and_counts(abandoned: Path) -> None:
    for number in range(3):
        path = abandoned.with_name(f"{number}.npz")
        write_arrays(path, ROWS, 10 * BYTES)
        os.utime(path, (number, number))
    write_arrays(abandoned.with_name("3.npz"), ROWS, 5 * BYTES)

    assert abandoned.exists()
    assert [number for number in range(4) if read_arrays(abandoned.with_name(f"{number}.npz"))] == [2, 3]
