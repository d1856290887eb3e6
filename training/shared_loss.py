"""The contrastive loss over the captions of all processes: each scores its own rows against everybody's.

Mean gradients of the processes are the gradients of one process with all pictures and captions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from training.accumulate import LossesOf, Parts, backward, device_of
from training.config import RunConfig
from training.contrastive import pairwise_sigmoid, row_losses
from training.dataset import Batch
from training.distributed import (
    average_gradients,
    average_statistics,
    counts_of,
    gathered,
    here,
    same_everywhere,
    summed,
)
from training.objective import Encoded, Temperature, Weights, ladder_logits, truth_of
from training.question import answer_losses
from training.truth import CaptionSet, Labels, joined

_FIELDS = 4


@dataclass(frozen=True, eq=False, slots=True)
class _Everyone:
    """Pictures and captions of all processes, and where this process's own lie.

    Attributes:
        rows: This process's pictures among all.
        columns: This process's captions among all.
    """

    images: torch.Tensor
    texts: torch.Tensor
    labels: Labels
    rows: slice
    columns: slice


def shared_losses(
    features: Encoded, batch: Batch, temperature: Temperature, weights: Weights
) -> dict[str, torch.Tensor]:
    """Return this process's weighted parts of the loss, under the same names in every process.

    Raises:
        ValueError: As `training.objective.losses`.
    """
    device = features.images.device
    pictures = counts_of(len(features.images), device)
    images = gathered(features.images, pictures)
    parts: dict[str, torch.Tensor] = {}
    named = (
        ("planes", 1.0, features.planes, batch.planes),
        ("brain", weights.brain_weight, features.brain, batch.brain_planes),
    )
    for name, weight, texts_MD, captions in named:
        everyone = _everyone(images, pictures, texts_MD, captions)
        if len(everyone.texts):
            parts[name] = weight * _pair_part(features.images, texts_MD, everyone, temperature, weights)
    truth = truth_of(batch, device)
    logits_RK = ladder_logits(features, truth, temperature)
    ladders = row_losses(logits_RK, truth.ages, torch.ones_like(logits_RK, dtype=torch.bool))
    (aged,) = summed([len(ladders)], device)
    if aged:
        parts["ages"] = weights.age_weight * here().size * ladders.sum() / aged
    if batch.question.texts:
        answers = answer_losses(features.images, features.asked, batch.question, temperature.scale, weights.smoothing)
        (labelled,) = summed([len(answers)], device)
        parts["asked"] = weights.asked_weight * here().size * answers.sum() / max(labelled, 1)
    return parts


def _pair_part(
    images_ND: torch.Tensor, texts_MD: torch.Tensor, everyone: _Everyone, temperature: Temperature, weights: Weights
) -> torch.Tensor:
    forth_target, forth_known = _table(everyone, rows=everyone.rows)
    logits_NM = temperature.scale * images_ND @ everyone.texts.T
    if weights.loss == "siglip":
        if temperature.bias is None:
            raise ValueError("SigLIP's loss needs a network with a learnable bias")
        own = pairwise_sigmoid(logits_NM + temperature.bias, forth_target, forth_known)
        return own * (here().size * len(images_ND) / len(everyone.images))
    back_target, back_known = _table(everyone, columns=everyone.columns)
    logits_MN = temperature.scale * texts_MD @ everyone.images.T
    forth = row_losses(logits_NM, forth_target, forth_known, weights.smoothing)
    back = row_losses(logits_MN, back_target.T, back_known.T, weights.smoothing)
    counts = summed([len(forth), len(back)], images_ND.device)
    sides = zip((forth, back), counts, (logits_NM, logits_MN), strict=True)
    # A side without truth keeps its place in the graph: the other processes wait for its gradients.
    return sum(
        (rows.sum() / max(count, 1) + 0.0 * logits.sum() for rows, count, logits in sides), images_ND.new_zeros(())
    ) * (here().size / 2)


def _table(
    everyone: _Everyone, rows: slice = slice(None), columns: slice = slice(None)
) -> tuple[torch.Tensor, torch.Tensor]:
    target, known = everyone.labels.truth(rows, columns)
    device = everyone.images.device
    return torch.from_numpy(target).to(device), torch.from_numpy(known).to(device)


def _everyone(
    images: Sequence[torch.Tensor], pictures: Sequence[int], texts_MD: torch.Tensor, captions: CaptionSet
) -> _Everyone:
    rank, device = here().rank, texts_MD.device
    counts = counts_of(len(texts_MD), device)
    texts = gathered(texts_MD, counts)
    labels = _gathered_labels(captions.labels, pictures, counts, device)
    row, column = sum(pictures[:rank]), sum(counts[:rank])
    return _Everyone(
        torch.cat(list(images)),
        torch.cat(texts),
        labels,
        slice(row, row + pictures[rank]),
        slice(column, column + counts[rank]),
    )


def _gathered_labels(labels: Labels, pictures: Sequence[int], captions: Sequence[int], device: torch.device) -> Labels:
    """Return everybody's labels, joined: they are numbers, and travel as one table of captions and one of pictures."""
    shown = gathered(torch.from_numpy(labels.pictures).to(device), pictures)
    table = np.stack([labels.captions, labels.owners, labels.told, labels.ruled_out], axis=1).astype(np.int64)
    named = gathered(torch.from_numpy(table.reshape(-1, _FIELDS)).to(device), captions)
    return joined(
        [
            Labels(own.cpu().numpy(), numbers[:, 0], numbers[:, 1], numbers[:, 2] > 0, numbers[:, 3] > 0)
            for own, numbers in ((own, table.cpu().numpy()) for own, table in zip(shown, named, strict=True))
        ]
    )


def shared_backward(
    network: Any, batch: Batch, tokenizer: Any, config: RunConfig, losses_of: LossesOf = shared_losses
) -> Parts:
    """Add the gradients of everybody's batches and return the parts of the loss: the same in every process.

    Batch norms that learn see their own process's pictures only; their running statistics are averaged.
    """
    parts = backward(network, batch, tokenizer, config, losses_of)
    average_gradients(network.parameters())
    average_statistics(network)
    means = same_everywhere({name: float(part) for name, part in parts.items()}, device_of(network))
    return {name: torch.tensor(mean) for name, mean in means.items()}
