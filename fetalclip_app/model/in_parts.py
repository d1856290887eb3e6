"""Work on many items in parts: too little memory makes the parts smaller and loses nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from fetalclip_app.model.device import is_out_of_memory


def in_parts(
    step: Callable[[Any], torch.Tensor], items: Any, at_once: int, meet: Callable[[Exception], None]
) -> NDArray[np.float32]:
    """Return ``step(part)`` for all parts of ``items``, joined, as float32.

    Out of memory halves the parts.

    Args:
        meet: Told what went wrong otherwise, or with a single item; the part is tried again where it returns.
    """
    done: list[NDArray[np.float32]] = []
    start = 0
    size = at_once
    while start < len(items) or not done:
        try:
            with torch.inference_mode():
                result = step(items[start : start + size])
            done.append(result.float().cpu().numpy())
            start += size
        except (RuntimeError, MemoryError) as error:
            if is_out_of_memory(error) and size > 1:
                size //= 2
            else:
                meet(error)
                size = at_once
    return np.concatenate(done)
