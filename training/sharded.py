"""FSDP2: each process holds a share of the weights, for vision transformers that are too large for one card."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MethodType
from typing import Any

import torch
from torch import nn

from fetalclip_app.model.texts import encode_tokens
from training.config import StepConfig
from training.distributed import here
from training.objective import TEXT_WAY

_LISTS_OF_BLOCKS = ("resblocks", "blocks", "layers")

_SCALARS = ("logit_scale", "logit_bias")

_WAYS_IN = ("encode_image", TEXT_WAY)
"""The methods around which FSDP gathers the weights outside of the blocks."""


def is_spread(step: StepConfig) -> bool:
    """Whether the weights lie on several processes: one alone holds them all."""
    return step.sharded and here().size > 1


def sharded(network: Any, device: torch.device) -> Any:
    """Return the network with its weights spread over all processes, block by block; it is changed in place.

    Gradients come out averaged over the processes. The temperature, a number without an axis, cannot be cut: it
    becomes a row of one (`whole` undoes that).

    Args:
        network: With the same weights in every process; it may wait on the CPU.
        device: Where each process keeps its share.

    Raises:
        ValueError: The network has no transformer blocks, or batch norms, whose statistics would differ.
    """
    from torch.distributed.device_mesh import init_device_mesh  # noqa: PLC0415 - only several processes need it
    from torch.distributed.fsdp import fully_shard, register_fsdp_forward_method  # noqa: PLC0415

    blocks = _blocks(network)
    norms = [name for name, part in network.named_modules() if isinstance(part, nn.modules.batchnorm._BatchNorm)]
    if not blocks or norms:
        raise ValueError("weights are sharded by transformer blocks, without batch norms: train this network unsharded")
    for name in _SCALARS:
        scalar = getattr(network, name, None)
        if scalar is not None:
            setattr(network, name, nn.Parameter(scalar.detach().reshape(1), requires_grad=scalar.requires_grad))
    for parameter in network.parameters():
        parameter.data = parameter.data.contiguous()  # FSDP takes no channels_last
    mesh = init_device_mesh(device.type, (here().size,))
    for part in (*blocks, network):
        fully_shard(part, mesh=mesh)
    setattr(network, TEXT_WAY, MethodType(encode_tokens, network))
    for way in _WAYS_IN:
        register_fsdp_forward_method(network, way)
    return network


def whole(held: Any) -> Any:
    """Return nested dicts and lists with each spread tensor whole, on the CPU; every process has to call it.

    All processes but the first get None in the place of a spread tensor: only that one writes.
    """
    if isinstance(held, dict):
        return {name: _plain(name, whole(part)) for name, part in held.items()}
    if isinstance(held, list):
        return [whole(part) for part in held]
    if not hasattr(held, "full_tensor"):
        return held
    tensor = held.full_tensor()
    return tensor.cpu() if here().is_first else None


def as_held(tensors: Mapping[str, torch.Tensor], held: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return whole tensors as those of the same names are held: this process's share of what is spread."""
    return {name: _like(tensor, held[name]) if name in held else tensor for name, tensor in tensors.items()}


def moments_as_held(saved: dict[str, Any], optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """Return an optimiser's whole state with each parameter's moments as the parameter is held."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    state = {
        number: {name: part if name == "step" else _like(part, parameters[number]) for name, part in moments.items()}
        for number, moments in saved["state"].items()
    }
    return saved | {"state": state}


def clipped(parameters: Iterable[torch.nn.Parameter], largest: float) -> torch.Tensor:
    """Shorten the gradient to the norm ``largest`` and return what it was: of the whole network in every process."""
    return full(torch.nn.utils.clip_grad_norm_(parameters, largest))


def full(tensor: torch.Tensor) -> torch.Tensor:
    """Return a spread tensor whole, in every process."""
    gathered: torch.Tensor = tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor
    return gathered


def _like(tensor: torch.Tensor, held: Any) -> torch.Tensor:
    shaped = tensor.reshape(held.shape) if tensor.numel() == held.numel() == 1 else tensor
    if not hasattr(held, "full_tensor"):
        return shaped
    from torch.distributed.tensor import distribute_tensor  # noqa: PLC0415 - only several processes need it

    return distribute_tensor(shaped.to(held.device), held.device_mesh, held.placements, src_data_rank=None)


def _plain(name: Any, part: Any) -> Any:
    return part.reshape(()) if name in _SCALARS and part is not None else part


def _blocks(network: Any) -> list[nn.Module]:
    return [
        block
        for name, part in network.named_modules()
        if name.rsplit(".", 1)[-1] in _LISTS_OF_BLOCKS and isinstance(part, nn.ModuleList | nn.Sequential)
        for block in part
    ]
