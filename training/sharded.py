"""FSDP2: each process holds a share of the weights, for vision transformers that are too large for one card."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from training.objective import Temperature, image_rows, temperature_of, text_rows

_LISTS_OF_BLOCKS = ("resblocks", "blocks", "layers")

_SCALARS = ("logit_scale", "logit_bias")


class Towers(nn.Module):
    """A CLIP as one module with one way in: what FSDP gathers and frees weights around."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(
        self, pictures: torch.Tensor, tokens: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor | None]:
        """Return unit rows of pictures and captions, inverse temperature, and SigLIP's bias where there is one."""
        temperature = temperature_of(self.network)
        images_ND, texts_MD = image_rows(self.network, pictures), text_rows(self.network, tokens)
        return images_ND, texts_MD, temperature.scale, temperature.bias

    def rows(self, pictures: torch.Tensor, tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, Temperature]:
        """Return the same, by name."""
        images_ND, texts_MD, scale, bias = self(pictures, tokens)
        return images_ND, texts_MD, Temperature(scale, bias)


def sharded(network: Any) -> Towers:
    """Return the network with its weights spread over all processes, block by block; it is changed in place.

    Gradients come out averaged over the processes: no `average_gradients` after it. The temperature, a number
    without an axis, cannot be cut: it becomes a row of one (`full_state` undoes that).

    Raises:
        ValueError: The network has no transformer blocks, or batch norms, whose statistics would differ.
    """
    from torch.distributed.fsdp import fully_shard  # noqa: PLC0415 - only a run with several processes needs it

    blocks = _blocks(network)
    norms = [name for name, part in network.named_modules() if isinstance(part, nn.modules.batchnorm._BatchNorm)]
    if not blocks or norms:
        raise ValueError("weights are sharded by transformer blocks, without batch norms: train this network unsharded")
    for name in _SCALARS:
        scalar = getattr(network, name, None)
        if scalar is not None:
            setattr(network, name, nn.Parameter(scalar.detach().reshape(1), requires_grad=scalar.requires_grad))
    towers = Towers(network)
    for block in blocks:
        fully_shard(block)
    fully_shard(towers)
    return towers


def full_state(towers: Towers) -> dict[str, torch.Tensor]:
    """Return the whole weights of `sharded`, on the CPU, under the network's own names; every process has to call it.

    All processes but the first get nothing: only that one writes.
    """
    from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict  # noqa: PLC0415

    state: dict[str, Any] = get_model_state_dict(
        towers, options=StateDictOptions(full_state_dict=True, cpu_offload=True)
    )
    plain = {name.removeprefix("network."): tensor for name, tensor in state.items()}
    return {name: tensor.reshape(()) if name in _SCALARS else tensor for name, tensor in plain.items()}


def _blocks(network: Any) -> list[nn.Module]:
    return [
        block
        for name, part in network.named_modules()
        if name.rsplit(".", 1)[-1] in _LISTS_OF_BLOCKS and isinstance(part, nn.ModuleList | nn.Sequential)
        for block in part
    ]
