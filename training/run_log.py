"""What a run tells while it works: lines of JSON and TensorBoard's curves."""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from training.files import LOG, tell_line

CURVES = "tensorboard"


class RunLog:
    """The log of one run in its folder.

    A run that goes on from a checkpoint takes back what was said after it: those steps are done again.

    Args:
        after: Steps that are done.
    """

    def __init__(self, folder: Path, after: int = 0) -> None:
        from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415 - seconds that only a training pays

        self._folder = folder
        keep_until(folder / LOG, after)
        self._curves = SummaryWriter(str(folder / CURVES), purge_step=after + 1 if after else None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._curves.close()

    def tell(self, line: dict[str, Any]) -> None:
        """Write one line; every number in it becomes a point of a curve at ``line["step"]``."""
        tell_line(self._folder, line)
        for name, value in _numbers(line):
            if name != "step":
                self._curves.add_scalar(name, value, line["step"])


def _numbers(line: dict[str, Any], before: str = "") -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    for name, value in line.items():
        if isinstance(value, dict):
            found += _numbers(value, f"{before}{name}/")
        elif isinstance(value, int | float):
            found.append((f"{before}{name}", float(value)))
    return found


def keep_until(path: Path, step: int) -> None:
    """Drop the lines of later steps, and one that was cut off in the middle."""
    if not path.exists():
        return
    kept = []
    for text in path.read_text(encoding="utf-8").splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if line["step"] <= step:
            kept.append(text + "\n")
    path.write_text("".join(kept), encoding="utf-8")
