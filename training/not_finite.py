"""A number that is none stops a run, and leaves the batch that caused it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from training.files import write_whole

BAD_BATCH = "bad_batch.pt"


class NotFinite(FloatingPointError):
    """A loss or its gradient is no number.

    Attributes:
        batch: What caused it, as `torch.save` takes it: tensors, numbers and names.
    """

    def __init__(self, told: str, batch: dict[str, Any]) -> None:
        super().__init__(told)
        self.batch = batch


def check(what: str, value: torch.Tensor, when: str, batch: Callable[[], dict[str, Any]]) -> None:
    """Pass where ``value`` is finite.

    Args:
        what: Such as ``loss``.
        value: One number, or one for each of several layers.
        when: Such as ``at step 3``.
        batch: Returns what caused it; called only where it is needed.

    Raises:
        NotFinite: It is not; `batch_kept` around the run writes the batch.
    """
    if not bool(torch.isfinite(value).all()):
        raise NotFinite(f"the {what} is {value.tolist()} {when}", batch())


@contextmanager
def batch_kept(folder: Path, name: str = BAD_BATCH) -> Iterator[None]:
    """Write the batch of a `NotFinite` that passes through into a file of the run's folder, and name it.

    Raises:
        NotFinite: The same, with the place of its batch.
    """
    try:
        yield
    except NotFinite as error:
        path = folder / name
        write_whole(error.batch, path)
        raise NotFinite(f"{error}; the batch that caused it is in {path}", error.batch) from error
