"""What is told of a network by its parts, without asking it for a row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import torch


def is_convolutional(network: torch.nn.Module) -> bool:
    """Whether most of the image tower are convolutions, which run faster with channels last."""
    return sum(isinstance(module, torch.nn.Conv2d) for module in network.get_submodule("visual").modules()) > 4


def row_length(network: Any) -> int:
    """Return the length of the rows of a network without asking it for one."""
    projection = getattr(getattr(network, "text", network), "text_projection", None)
    if isinstance(projection, torch.nn.Linear):
        return projection.out_features
    return int(projection.shape[-1]) if projection is not None else 0


def image_size(visual: Any) -> int:
    """Return the side of the pictures that an image tower reads, in network pixels."""
    size: Any = visual.image_size
    return int(size[0] if isinstance(size, tuple | list) else size)


def fingerprint_of(sha256: str, config: Mapping[str, Any]) -> str:
    """Return 64 hex digits that differ whenever the weights or their configuration do."""
    text = json.dumps([sha256, config], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
