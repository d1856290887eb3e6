"""Passes in eight bits for the length of one map: a Score-CAM is judged, and many bear what a reading must not."""

from __future__ import annotations

from collections.abc import Callable

import torch

from fetalclip_app.model import instructions, linear_kinds, roads
from fetalclip_app.model.cam_score import Embed
from fetalclip_app.model.encoder import TorchBackbone
from fetalclip_app.model.vit_tower import VitTower


def eight_bits(backbone: TorchBackbone) -> Callable[[Callable[[], None]], Embed] | None:
    """Return what builds eight-bit passes, or None where they are of no use.

    They are where the processor multiplies eight bits in one instruction and has no tiles, which multiply bf16 as fast;
    for towers that can be so built; and not where the network is to stay as it is, or goes by eight bits anyway. The
    copy of the weights, a quarter of fp32's, lives as long as what is returned by the builder, which calls its argument
    before each layer.
    """
    place = backbone.place
    if not gains() or roads.int8_for(backbone.network, place) is None:
        return None
    if backbone.device in {place.title, place.by(roads.INT8)}:
        return None

    def build(pause: Callable[[], None]) -> Embed:
        eight = linear_kinds.int8()

        def kind(
            weight: torch.Tensor, bias: torch.Tensor, then: linear_kinds.Linear | None = None
        ) -> linear_kinds.Linear:
            pause()
            return eight(weight, bias, then)

        tower = VitTower(backbone.network.get_submodule("visual"), kind)

        def embed(pictures: torch.Tensor) -> torch.Tensor:
            # One at a time: the inputs' scale is that of all that come together.
            features = torch.cat([tower(picture) for picture in torch.split(pictures, 1)])
            return torch.nn.functional.normalize(features.float(), dim=-1)

        return embed

    return build


def gains() -> bool:
    """Whether products of eight bits are faster than those of a road on this processor."""
    return instructions.has_eight_bits() and not instructions.has_tiles()
