"""A run that was killed goes on, and ends as one that was left alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tiny_training
import torch

from training import checkpoint
from training.accumulate import backward
from training.files import write_whole
from training.run_log import RunLog


def _saved(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = torch.load(folder / checkpoint.FILE, weights_only=True)
    return content


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)


def _differences(one: dict[str, Any], other: dict[str, Any]) -> set[str]:
    return {key for key in one if key != "seconds" and not _same(one[key], other[key])}


def _told(folder: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text("utf-8").splitlines()]
    return [{key: line[key] for key in line if key not in ("seconds", "pictures_per_second")} for line in lines]


def _killed_in_step(number: int, data: Path, folder: Path, kind: str) -> int:
    """Train in a process of its own, kill it in the given step, and return its status."""
    paths = [str(Path(tiny_training.__file__).parent.parent), *sys.path]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "TB_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, tiny_training.__file__, str(data), str(folder), str(torch.get_num_threads()), kind]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if line.strip() == f"step {number}":
                child.kill()
                break
    return child.returncode


@pytest.mark.parametrize("kind", ["files", "shards"])
def test_a_run_that_was_killed_ends_with_the_same_weights_as_one_left_alone(
    data: Path, tmp_path: Path, kind: str
) -> None:
    config = tiny_training.config(**tiny_training.INTERRUPTED)
    alone, killed = tmp_path / "alone", tmp_path / "killed"

    status = _killed_in_step(4, data, killed, kind)
    assert status != 0
    assert _saved(killed)["step"] == 2, "step three was lost with the process"
    tiny_training.train(data, killed, config, resume=True, sharded=kind == "shards")
    tiny_training.train(data, alone, config, sharded=kind == "shards")

    assert _saved(alone)["step"] == config.steps
    assert _differences(_saved(alone), _saved(killed)) == set()
    assert _told(alone) == _told(killed)
    assert _same(torch.load(alone / "last.pt", weights_only=True), torch.load(killed / "last.pt", weights_only=True))


@pytest.mark.parametrize("stopped_in", [1, 4])
def test_a_transformer_goes_on_from_wherever_it_stopped(data: Path, tmp_path: Path, stopped_in: int) -> None:
    config = tiny_training.config(frozen_stages=0, steps=4, checkpoint_every=2, evaluate_every=4)
    alone, stopped, begun = tmp_path / "alone", tmp_path / "stopped", [0]

    def stopping(*arguments: Any) -> Any:
        begun[0] += 1
        if begun[0] == stopped_in:
            raise KeyboardInterrupt
        return backward(*arguments)

    with pytest.raises(KeyboardInterrupt):
        tiny_training.train(data, stopped, config, backward=stopping)
    tiny_training.train(data, stopped, config, resume=True)
    tiny_training.train(data, alone, config)

    assert _differences(_saved(alone), _saved(stopped)) == set()


def test_a_checkpoint_of_another_configuration_is_refused_by_name(data: Path, tmp_path: Path) -> None:
    tiny_training.train(data, tmp_path, tiny_training.config(steps=1))

    with pytest.raises(ValueError, match="another brain_weight, steps: go on"):
        tiny_training.train(data, tmp_path, tiny_training.config(steps=2, brain_weight=0.5), resume=True)


def test_a_run_that_begins_anew_sets_the_one_before_aside(data: Path, tmp_path: Path) -> None:
    config = tiny_training.config(steps=1, evaluate_every=1)
    for _ in range(2):
        tiny_training.train(data, tmp_path, config)

    assert len(_told(tmp_path)) == 2, "one line of losses, one of validation"
    assert (tmp_path / f"{checkpoint.FILE}.before").exists()


def test_a_write_that_dies_leaves_the_file_that_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "checkpoint.pt"
    write_whole({"step": 1}, path)

    def dies(content: Any, stream: Any) -> None:
        stream.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(torch, "save", dies)
    with pytest.raises(OSError, match="disk full"):
        write_whole({"step": 2}, path)
    assert torch.load(path, weights_only=True) == {"step": 1}


def test_a_log_goes_on_after_the_last_step_that_counts(tmp_path: Path) -> None:
    whole = [{"step": step, "loss": {"planes": 1.0}} for step in (50, 100, 150)]
    lines = [json.dumps(line) for line in whole]
    (tmp_path / "log.jsonl").write_text("\n".join([*lines, '{"step": 2']), encoding="utf-8")

    with RunLog(tmp_path, after=100) as log:
        log.tell({"step": 101, "validation": {"vpr": 0.5}})

    assert _told(tmp_path) == [*whole[:2], {"step": 101, "validation": {"vpr": 0.5}}]


def test_tensorboard_shows_losses_rates_temperature_speed_and_validation(data: Path, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # noqa: PLC0415

    tiny_training.train(data, tmp_path, tiny_training.config(steps=1, evaluate_every=1))

    curves = EventAccumulator(str(tmp_path / "tensorboard"))
    curves.Reload()
    names = set(curves.Tags()["scalars"])
    assert names >= {"loss/planes", "rate/highest", "scale", "pictures_per_second", "validation/training"}
    assert [point.step for point in curves.Scalars("loss/planes")] == [1]
