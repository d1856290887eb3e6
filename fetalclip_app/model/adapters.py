"""Low-rank changes of the loaded image tower, in force for the pictures of one head alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.func import functional_call

from fetalclip_app.domain.backbone import Batch, Embeddings
from fetalclip_app.model.encoder import TorchBackbone

LEFT, RIGHT = "adapter_left.", "adapter_right."
"""Before the name of the weight that a factor changes, in a head's file."""

PICTURES_AT_ONCE = 4


@dataclass(frozen=True, eq=False, slots=True)
class Adapter:
    """Weights of the image tower with something added: left x right, of low rank (Hu 2021, arXiv 2106.09685).

    The tower itself stays as it is: what is added lives for one pass. The pass is computed in fp32 on any device.

    Attributes:
        factors: Name of a weight of the tower, as the program has loaded it, -> (rows, rank) and (rank, columns).
    """

    backbone: TorchBackbone
    factors: Mapping[str, tuple[torch.Tensor, torch.Tensor]]

    def encode(self, batch: Batch) -> Embeddings:
        """Return one unit row of the changed tower for each picture.

        Raises:
            ComputeFailed: Memory ran out, or the device failed.
        """
        return self.backbone.run(self._rows, batch, PICTURES_AT_ONCE)

    def _rows(self, network: torch.nn.Module, pictures: Batch) -> torch.Tensor:
        visual = network.get_submodule("visual")
        changed = {}
        for name, (left, right) in self.factors.items():
            weight = visual.get_parameter(name)
            changed[name] = weight + (left.to(weight) @ right.to(weight)).reshape(weight.shape)
        features = functional_call(visual, changed, (self.backbone.to_device(pictures),))
        return torch.nn.functional.normalize(features.float(), dim=-1)


def of_tensors(tensors: Mapping[str, NDArray[np.float32]], backbone: TorchBackbone) -> Adapter:
    """Return the adapter that a head's file holds.

    Raises:
        ValueError: It holds none, one of other shapes than the tower's weights, or numbers that are none.
        KeyError: A factor lacks its other one.
        AttributeError: The tower has no weight of that name.
    """
    names = [key.removeprefix(LEFT) for key in tensors if key.startswith(LEFT)]
    if not names:
        raise ValueError("no adapter")
    visual = backbone.network.get_submodule("visual")
    factors = {}
    for name in names:
        left, right = (torch.from_numpy(tensors[side + name]) for side in (LEFT, RIGHT))
        weight = visual.get_parameter(name)
        fits = left.ndim == right.ndim == 2 and (len(left), right.shape[1]) == tuple(weight.flatten(1).shape)
        if not (fits and left.shape[1] == len(right) and bool(left.isfinite().all() and right.isfinite().all())):
            raise ValueError(f"the adapter of {name} is {tuple(left.shape)} and {tuple(right.shape)}")
        factors[name] = left, right
    return Adapter(backbone, factors)
