"""A run asks for repeatable kernels while it trains, and only then."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import tiny_training
import torch

from training.accumulate import backward
from training.config import StepConfig


@pytest.mark.parametrize("asked", [True, False])
def test_repeatable_kernels_are_asked_for_in_the_steps_of_a_run_that_wants_them_and_not_after(
    data: Path, tmp_path: Path, asked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", "")
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG")
    seen: list[tuple[bool, bool]] = []

    def looking(*arguments: Any) -> Any:
        seen.append((torch.are_deterministic_algorithms_enabled(), "CUBLAS_WORKSPACE_CONFIG" in os.environ))
        return backward(*arguments)

    config = tiny_training.config(steps=1, step=StepConfig(repeatable=asked))
    tiny_training.train(data, tmp_path / "run", config, backward=looking)

    assert seen == [(asked, asked)]
    assert not torch.are_deterministic_algorithms_enabled()
