"""The gradients of one step, of the whole batch at once or piece by piece with the same negatives."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch

from training.config import RunConfig
from training.dataset import Batch
from training.objective import (
    Encoded,
    Temperature,
    encoded,
    image_rows,
    losses,
    pictures_of,
    temperature_of,
    text_rows,
    texts_of,
    truth_of,
)

Parts = dict[str, torch.Tensor]

PRECISIONS = ("fp32", "bf16")
"""bf16: the towers compute in bfloat16 by autocast; weights, features and loss stay fp32."""


def own_losses(features: Encoded, batch: Batch, temperature: Temperature, config: RunConfig) -> Parts:
    """Return the parts of the loss of this process's batch."""
    truth = truth_of(batch, features.images.device)
    return losses(features, truth, batch.question, temperature, config)


LossesOf = Callable[[Encoded, Batch, Temperature, RunConfig], Parts]
"""From a batch's features to the parts of the loss."""


def backward(network: Any, batch: Batch, tokenizer: Any, config: RunConfig, losses_of: LossesOf = own_losses) -> Parts:
    """Add the gradients of a batch to the network's and return the parts of the loss, detached."""
    piece = config.step.micro_batch
    if 0 < piece < len(batch.pictures):
        return _piece_by_piece(network, batch, tokenizer, config, losses_of)
    return _at_once(network, batch, tokenizer, config, losses_of)


def autocast(device: torch.device, precision: str) -> AbstractContextManager[Any]:
    """Return the context in which the towers compute.

    Raises:
        ValueError: There is no such precision.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"there is no precision {precision!r}: one of {', '.join(PRECISIONS)}")
    return torch.autocast(device.type, dtype=torch.bfloat16) if precision == "bf16" else nullcontext()


def _at_once(network: Any, batch: Batch, tokenizer: Any, config: RunConfig, losses_of: LossesOf) -> Parts:
    device = device_of(network)
    with autocast(device, config.step.precision):
        images_ND = image_rows(network, pictures_of(batch, device))
        texts_MD = text_rows(network, tokenizer(texts_of(batch)).to(device))
    parts = losses_of(encoded(images_ND, texts_MD, batch), batch, temperature_of(network), config)
    total(parts).backward()  # type: ignore[no-untyped-call]
    return {name: part.detach() for name, part in parts.items()}


def _piece_by_piece(network: Any, batch: Batch, tokenizer: Any, config: RunConfig, losses_of: LossesOf) -> Parts:
    """Compute the loss of the whole batch while only one piece's activations are held (GradCache, Gao 2021).

    All pieces are encoded without memory of how; the loss of their joint features gives each feature its gradient;
    then each piece is encoded once more, and its features' gradients go back through the tower.
    """
    _refuse_what_differs_twice(network)
    device = device_of(network)
    pieces = -(-len(batch.pictures) // config.step.micro_batch)
    tokens = tokenizer(texts_of(batch)).to(device)
    work: list[tuple[Callable[[Any, torch.Tensor], torch.Tensor], torch.Tensor]] = []
    work += [(image_rows, part) for part in pictures_of(batch, device).tensor_split(pieces)]
    work += [(text_rows, part) for part in tokens.tensor_split(pieces)]

    def rows(encode: Callable[[Any, torch.Tensor], torch.Tensor], part: torch.Tensor) -> torch.Tensor:
        shown = part if len(part) else tokens[:1]  # every process has to pass as often: spread weights are gathered
        with autocast(device, config.step.precision):
            return encode(network, shown)[: len(part)]

    with torch.no_grad():
        cached = [rows(encode, part) for encode, part in work]
    leaves = [part.requires_grad_() for part in cached]
    features = encoded(torch.cat(leaves[:pieces]), torch.cat(leaves[pieces:]), batch)
    parts = losses_of(features, batch, temperature_of(network), config)
    total(parts).backward()  # type: ignore[no-untyped-call]
    for (encode, part), leaf in zip(work, leaves, strict=True):
        rows(encode, part).backward(leaf.grad)  # type: ignore[no-untyped-call]
    return {name: part.detach() for name, part in parts.items()}


def total(parts: Parts) -> torch.Tensor:
    """Return the loss that is minimised."""
    return torch.stack(list(parts.values())).sum()


def device_of(network: Any) -> torch.device:
    """Return where the network's weights lie."""
    device: torch.device = next(network.parameters()).device
    return device


def _refuse_what_differs_twice(network: Any) -> None:
    """Pass when encoding a picture twice, in any company, gives the same features.

    Raises:
        ValueError: A batch norm that learns its statistics, or dropout.
    """
    for name, module in network.named_modules():
        learns = isinstance(module, torch.nn.modules.batchnorm._BatchNorm) and module.training
        drops = isinstance(module, torch.nn.modules.dropout._DropoutNd) and module.training and module.p > 0
        if learns or drops or (type(module).__name__ in ("PatchDropout", "DropPath") and module.training):
            raise ValueError(
                f"a batch cannot be computed in pieces: {name} gives a piece other features than the whole batch. "
                "Set micro_batch to 0, or hold the batch statistics"
            )
