"""Low-rank changes of the loaded image tower, in force for the pictures of one head alone."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.utils import parametrize

from fetalclip_app.domain.backbone import Batch, Embeddings
from fetalclip_app.model.encoder import TorchBackbone

LEFT, RIGHT, CHECK = "adapter_left.", "adapter_right.", "adapter_check."
"""Before the name of the weight that a factor changes, in a head's file; and of what it is known again by."""

TOLERANCE = 1e-4
"""A weight may differ from that of the training by so much, in units of its size (chosen here): folding rounds to
about 1e-7, and a weight that was folded otherwise is off by a tenth or more."""

PICTURES_AT_ONCE = 4


class OtherWeights(ValueError):
    """The program has loaded a weight otherwise than the adapter's training did; its name is the message."""


@dataclass(eq=False, slots=True)
class Adapter:
    """Weights of the image tower with something added: left x right, of low rank (Hu 2021, arXiv 2106.09685).

    The tower itself is never touched, not even for one pass: a second one shares its weights, and adds to each where
    it is used. The pass is computed in fp32 on any device.

    Attributes:
        factors: Name of a weight of the tower, as the program has loaded it, -> (rows, rank) and (rank, columns).
    """

    backbone: TorchBackbone
    factors: Mapping[str, tuple[torch.Tensor, torch.Tensor]]
    _made: tuple[torch.nn.Module, torch.nn.Module] | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        self._tower(self.backbone.network)  # before anybody watches the tower: hooks would be copied with it

    def encode(self, batch: Batch) -> Embeddings:
        """Return one unit row of the changed tower for each picture.

        Where a card has no memory for a single picture, the CPU takes over the whole model and not this label alone,
        as for any other answer, and the backbone's `notices` say so.

        Raises:
            ComputeFailed: Memory ran out, or the device failed.
        """
        return self.backbone.run(self._rows, batch, PICTURES_AT_ONCE)

    def _rows(self, network: torch.nn.Module, pictures: Batch) -> torch.Tensor:
        features = self._tower(network)(self.backbone.to_device(pictures))
        return torch.nn.functional.normalize(features.float(), dim=-1)

    def _tower(self, network: torch.nn.Module) -> torch.nn.Module:
        """Return the changed tower; made anew where the CPU has taken over with a network of its own."""
        if self._made is None or self._made[0] is not network:
            self._made = network, _changed(network.get_submodule("visual"), self.factors)
        return self._made[1]


class _Added(torch.nn.Module):
    """Adds a product to a weight whenever the weight is read."""

    def __init__(self, left: torch.Tensor, right: torch.Tensor) -> None:
        super().__init__()
        self.left, self.right = left, right

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        return weight + (self.left @ self.right).reshape(weight.shape)


def _changed(visual: torch.nn.Module, factors: Mapping[str, tuple[torch.Tensor, torch.Tensor]]) -> torch.nn.Module:
    """Return a tower of modules of its own that shares all weights, and adds to some."""
    shared: dict[int, Any] = {id(tensor): tensor for tensor in (*visual.parameters(), *visual.buffers())}
    tower = copy.deepcopy(visual, shared)
    for name, factor in factors.items():
        weight = visual.get_parameter(name)
        module, _, own = name.rpartition(".")
        added = _Added(*(part.to(weight) for part in factor))
        parametrize.register_parametrization(tower.get_submodule(module), own, added, unsafe=True)
    return tower.eval()


def check_of(weight: torch.Tensor) -> torch.Tensor:
    """Return what a weight is known again by: one number for each row, float32, (rows,).

    It is the row's sum with a fixed share of each column, so that scaled or exchanged rows and columns tell.
    """
    rows = weight.detach().flatten(1).float()
    return rows @ torch.arange(rows.shape[1], device=rows.device, dtype=torch.float32).cos()


def of_tensors(tensors: Mapping[str, NDArray[np.float32]], backbone: TorchBackbone) -> Adapter:
    """Return the adapter that a head's file holds.

    Raises:
        OtherWeights: The program has loaded a weight otherwise than the training.
        ValueError: It holds none, one of other shapes than the tower's weights, or numbers that are none.
        KeyError: A factor lacks its other one, or what its weight is known by.
        AttributeError: The tower has no weight of that name.
    """
    lefts, *others = (
        {key.removeprefix(side) for key in tensors if key.startswith(side)} for side in (LEFT, RIGHT, CHECK)
    )
    if not lefts:
        raise ValueError("no adapter")
    if any(names != lefts for names in others):
        raise KeyError(f"factors without the rest: {sorted(lefts.symmetric_difference(*others))}")
    visual = backbone.network.get_submodule("visual")
    return Adapter(backbone, {name: _factors(name, tensors, visual.get_parameter(name)) for name in sorted(lefts)})


def _factors(
    name: str, tensors: Mapping[str, NDArray[np.float32]], weight: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    if weight.ndim < 2:
        raise ValueError(f"{name} is no matrix")
    left, right, check = (_real(tensors[side + name]) for side in (LEFT, RIGHT, CHECK))
    fits = left.ndim == right.ndim == 2 and (len(left), right.shape[1]) == tuple(weight.flatten(1).shape)
    if not (fits and left.shape[1] == len(right)):
        raise ValueError(f"the adapter of {name} is {tuple(left.shape)} and {tuple(right.shape)}")
    if not bool((left @ right).isfinite().all()):
        raise ValueError(f"the adapter of {name} is not finite")
    found = check_of(weight).cpu()
    if check.shape != found.shape or not bool((found - check).norm() <= TOLERANCE * found.norm()):
        raise OtherWeights(name)
    return left, right


def _real(tensor: NDArray[np.float32]) -> torch.Tensor:
    if not np.issubdtype(tensor.dtype, np.floating):
        raise TypeError(f"a factor of {tensor.dtype}")
    return torch.from_numpy(tensor).float()
