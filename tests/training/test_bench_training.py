"""The bench of the training step: both sides do the same work, and the page says what was measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import tiny_models
import torch

from bench import training as program
from bench import training_gpu
from bench.training_steps import Outcome, Trial, compare

TRIAL = Trial("tiny", tiny_models.VIT, batch=4)
OUTCOME = Outcome(TRIAL, ours_s=(1.0, 2.0, 1.0), theirs_s=(2.0, 2.0, 3.0), losses=(1.5, 1.5))


@pytest.fixture(scope="module")
def measured() -> Outcome:
    return compare(TRIAL, rounds=2, warm_up=1)


def test_both_sides_compute_the_loss_of_the_same_weights_and_pictures(measured: Outcome) -> None:
    assert measured.losses[0] == pytest.approx(measured.losses[1], rel=1e-4)
    assert measured.losses[0] > 0.5
    assert measured.same_loss


def test_each_side_is_timed_once_a_round_and_warm_up_counts_for_nothing(measured: Outcome) -> None:
    assert len(measured.ours_s) == len(measured.theirs_s) == 2
    assert min(*measured.ours_s, *measured.theirs_s) > 0


def test_the_ratio_is_the_median_of_the_rounds_with_its_interval() -> None:
    assert OUTCOME.ratios == [2.0, 1.0, 3.0]
    assert OUTCOME.ratio == 2.0
    assert OUTCOME.ratio_interval == (1.0, 3.0)


def test_the_page_names_network_ratio_and_what_was_not_measured() -> None:
    text = program.page([OUTCOME], [], "Machine: here.")

    assert "| tiny | 4 | fp32 | 2.000 | 1.000 | 2.00 | 1.00 to 3.00 | 3 | 1.5000 / 1.5000 |" in text
    assert "at least equal on the same work: reached" in text
    assert "No GPU was at hand" in text


@pytest.mark.parametrize("worse", [{"ours_s": (3.0, 3.0, 3.0)}, {"losses": (1.5, 1.6)}])
def test_slower_or_other_work_does_not_reach_the_target(worse: dict[str, tuple[float, ...]]) -> None:
    outcome = replace(OUTCOME, **worse)  # type: ignore[arg-type]

    assert not program.reached(outcome)
    assert "NOT reached" in program.page([outcome], [], "")


def test_networks_are_compared_by_the_same_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)

    assert [(trial.name, trial.batch, trial.device) for trial in program.trials(6, 8)] == [
        ("compact", 6, "cpu"),
        ("small ViT", 6, "cpu"),
    ]


def test_the_search_for_the_largest_batch_doubles_the_trials_own_until_memory_runs_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[int] = []

    def step_of(trial: Trial, network: object, shown: tuple[np.ndarray, list[str]]) -> Callable[[], float]:
        pictures, texts = shown
        tried.append(trial.batch)
        assert (len(pictures), len(texts), len(set(texts))) == (trial.batch,) * 3
        if trial.batch > 32:
            raise torch.cuda.OutOfMemoryError
        return lambda: 0.0

    monkeypatch.setattr(training_gpu, "our_step", step_of)

    assert training_gpu.largest_batch(TRIAL) == 32
    assert tried == [4, 8, 16, 32, 64]
    assert training_gpu.largest_batch(replace(TRIAL, batch=64)) == 0


def test_a_bench_that_is_cut_short_has_said_what_it_knew(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def cut_short(trial: Trial, rounds: int) -> Outcome:
        if trial.name == "second":
            raise KeyboardInterrupt
        return replace(OUTCOME, trial=trial)

    monkeypatch.setattr(program, "compare", cut_short)
    monkeypatch.setattr(program, "trials", lambda *_: [replace(TRIAL, name=name) for name in ("first", "second")])

    with pytest.raises(KeyboardInterrupt):
        program.main([])
    assert capsys.readouterr().out.startswith("| first | 4 | fp32 |")
