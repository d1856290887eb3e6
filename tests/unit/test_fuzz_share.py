"""The share of the fuzzing that runs with every change: always the same 300 damaged files, none of them real."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.fuzz.__main__ import all_seeds
from bench.fuzz.child import Outcome
from bench.fuzz.reader import opened
from bench.fuzz.recipe import Cookbook
from bench.fuzz.runner import Runner

SHARE, CHANCE = 300, 2026


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="peaks of memory are Linux's")
def test_three_hundred_damaged_files_do_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FETALCLIP_DATA", raising=False)
    cookbook = Cookbook.of(all_seeds(), CHANCE)
    outcomes: list[Outcome] = []
    Runner(cookbook, opened, tmp_path, workers=1).run(range(SHARE), outcomes.append)
    failed = [f"{each.number}: {each.seed}, {each.damage}: {each.complaints}" for each in outcomes if each.complaints]

    assert failed == []
    assert sorted(outcome.number for outcome in outcomes) == list(range(SHARE))
    assert 100 < sum(outcome.opened for outcome in outcomes) < SHARE - 50
    assert sum(outcome.lengths > 0 for outcome in outcomes) > 80
