"""Textures: what early feature maps look like on the whole, and the file of a `Familiarity` fitted on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import safetensors.numpy
import torch
from safetensors import SafetensorError

from fetalclip_app.domain.familiarity import Familiarity
from fetalclip_app.errors import ErrorCode, ModelUnavailable
from fetalclip_app.model import vouched

LEVELS = (1, 2)
"""Feature maps at strides 4 and 8: still texture, no longer single pixels."""


def width(visual: Any) -> int:
    """Return T, the length of a texture; 0 for image towers without such feature maps."""
    trunk = getattr(visual, "trunk", None)
    levels = list(getattr(trunk, "feature_info", ()))
    return sum(2 * int(levels[level]["num_chs"]) for level in LEVELS) if len(levels) > max(LEVELS) else 0


@contextmanager
def watched(visual: Any) -> Iterator[list[torch.Tensor]]:
    """Collect the textures of one pass of an image tower: one tensor (N, 2 x channels) a level."""
    trunk = visual.trunk
    levels = list(trunk.feature_info)
    found: list[torch.Tensor] = []

    def keep(module: torch.nn.Module, given: Any, maps: torch.Tensor) -> None:
        # Channels last, as the maps lie, and in two passes: torch's own spread takes ten times as long.
        flat = maps.float().permute(0, 2, 3, 1).flatten(1, 2)
        means = flat.mean(dim=1, keepdim=True)
        found.append(torch.cat([means[:, 0], (flat - means).square().mean(dim=1).sqrt()], dim=1))

    handles = [trunk.get_submodule(levels[level]["module"]).register_forward_hook(keep) for level in LEVELS]
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()


def read(folder: Path, facts: Mapping[str, Any], network: Any) -> Familiarity:
    """Return what lies beside the weights in the file that their manifest names and vouches for.

    Args:
        facts: The manifest's ``familiarity``: ``file``, ``sha256``, ``limit``.

    Raises:
        ModelUnavailable: Missing, another file, damaged, or fitted on another network.
    """
    if not {"file", "sha256", "limit"} <= set(facts):
        raise ModelUnavailable(ErrorCode.MODEL_DAMAGED, name="manifest.json", reason="familiarity")
    name = str(facts["file"])
    content = vouched.read(folder / Path(name).name, str(facts["sha256"]))
    try:
        parts = safetensors.numpy.load(content)
        familiarity = Familiarity(parts["mean"], parts["whitening"], float(facts["limit"]))
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise ModelUnavailable(ErrorCode.MODEL_DAMAGED, name=name, reason=str(error)) from error
    if len(familiarity.mean) != width(network.visual):
        raise ModelUnavailable(ErrorCode.MODEL_WRONG_SHAPE, name=name, count=1, reason=f"{len(familiarity.mean)}")
    return familiarity
