"""A head whose training was killed goes on, and ends as one that was left alone, bit for bit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tiny_heads
import torch


def _killed_in_step(number: int, name: str, data: Path, folder: Path) -> int:
    """Train in a process of its own, kill it in the given step, and return its status."""
    paths = [str(Path(tiny_heads.__file__).parent.parent), *sys.path]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, tiny_heads.__file__, name, str(data), str(folder), str(torch.get_num_threads())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if line.strip() == f"step {number}":
                child.kill()
                break
    return child.returncode


def _saved(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = torch.load(folder / "last.pt", weights_only=True)
    return content


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)


@pytest.mark.parametrize(
    ("name", "step", "kept"),
    [("outline_head", 4, 2), ("outline_head", 5, 4), ("measurement_head", 4, 2), ("mask_head", 2, 0)],
)
def test_a_head_that_was_killed_ends_with_the_same_weights_as_one_left_alone(
    name: str, step: int, kept: int, everything: Path, tmp_path: Path
) -> None:
    alone, killed = tmp_path / "alone", tmp_path / "killed"

    status = _killed_in_step(step, name, everything, killed)
    assert status != 0
    assert (_saved(killed)["step"] if (killed / "last.pt").exists() else 0) == kept, "the steps after it were lost"
    tiny_heads.train(name, everything, killed, resume=True)
    tiny_heads.train(name, everything, alone)

    assert _saved(alone)["step"] == 5
    assert _same(_saved(alone), _saved(killed))
    (written,) = alone.glob("*.safetensors")
    assert written.read_bytes() == (killed / written.name).read_bytes()
    assert json.loads(written.with_suffix(".json").read_text("utf-8")) == json.loads(
        (killed / written.name).with_suffix(".json").read_text("utf-8")
    )
    assert (alone / "log.jsonl").read_text("utf-8") == (killed / "log.jsonl").read_text("utf-8")
