"""The mean of a training's weights and of those that it began with: it keeps what both know, and forgets what one knows
by heart (Wortsman 2022, model soups).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from fetalclip_app.domain.model_names import CUSTOM
from fetalclip_app.model import weights
from fetalclip_app.model.catalog import ModelEntry
from training.files import sha256_of
from training.origin import records_of

RECORDED = "mean_with_sha256"
"""Where a manifest's record of the training tells of the other weights."""


def mean_with(state: Mapping[str, torch.Tensor], path: Path, record: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    """Return the mean of a run's tensors and of those in the file that it began with; what counts is the run's.

    Args:
        state: The run's.
        path: A checkpoint of the same layers.
        record: The run's own, with those of the runs before it.

    Raises:
        ModelUnavailable: The file is missing or damaged.
        ValueError: The run did not begin with it, and so the mean of both is nothing; or it has other layers.
    """
    entry = ModelEntry(key=CUSTOM, title=path.name, licence="", sha256=None, size_bytes=None, config=path)
    other = weights.read(path, entry).state
    if not _lies_close(record, sha256_of(path)):
        raise ValueError(f"the run did not begin with {path.name}: a mean is of two trainings that lie close together")
    if {name: tensor.shape for name, tensor in other.items()} != {name: tensor.shape for name, tensor in state.items()}:
        raise ValueError(f"{path.name} has other layers than the run")
    return {
        name: (tensor.float() + other[name].float()) / 2 if tensor.is_floating_point() else tensor
        for name, tensor in state.items()
    }


def _lies_close(record: Mapping[str, Any], sha256: str) -> bool:
    """Whether all weights of a run, or of one that it went on from, began with these; a text tower alone is not all."""
    for one in records_of(record):
        if one.get("config", {}).get("tower", {}).get("text_alone"):
            return False
        if one.get("weights_sha256") == sha256:
            return True
    return False
