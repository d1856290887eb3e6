"""What a batch is taught: from its features and its truth to the parts of the loss.

Encoding and loss are apart, so that features may come from other processes or from a cache.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import torch
import torch.nn.functional as F

from fetalclip_app.model.texts import encode_tokens
from training.contrastive import pairwise_sigmoid, symmetric_nce, weighted_nce
from training.dataset import Batch
from training.question import Question, answer_losses

LARGEST_SCALE = 100.0
"""CLIP's limit of the inverse temperature (Radford 2021)."""

TEXT_WAY = "encode_words"
"""A network whose weights are spread over processes encodes captions by its own method of this name."""

LOSSES = ("nce", "siglip")
"""CLIP's softmax over the batch, or SigLIP's question pair by pair."""


class Weights(Protocol):
    """What of a run's configuration changes the loss."""

    @property
    def loss(self) -> str:
        """One of `LOSSES`."""

    @property
    def smoothing(self) -> float:
        """Of the labels, with CLIP's loss: see `training.contrastive.row_losses`. Ladders have a bell already."""

    @property
    def brain_weight(self) -> float:
        """Of the brain's sub-planes; planes count 1."""

    @property
    def asked_weight(self) -> float:
        """Of the app's question about sub-planes."""

    @property
    def age_weight(self) -> float:
        """Of the age ladders."""


@dataclass(frozen=True, eq=False, slots=True)
class Pairs:
    """Which captions are true of which pictures, (N, M) each; see `training.contrastive`."""

    target: torch.Tensor
    known: torch.Tensor


@dataclass(frozen=True, eq=False, slots=True)
class Truth:
    """What is true of a batch, beside its features.

    Attributes:
        aged: Rows of the pictures that have an age ladder, (R,).
        ages: How true each age of a ladder is, (R, K).
    """

    planes: Pairs
    brain: Pairs
    aged: torch.Tensor
    ages: torch.Tensor


@dataclass(frozen=True, eq=False, slots=True)
class Encoded:
    """Unit rows of a batch's pictures, (N, D), and of its captions, (M, D); the ladders' captions row by row.

    Attributes:
        asked: Of the sentences of the batch's question.
    """

    images: torch.Tensor
    planes: torch.Tensor
    brain: torch.Tensor
    ladders: torch.Tensor
    asked: torch.Tensor


@dataclass(frozen=True, eq=False, slots=True)
class Temperature:
    """The learnt inverse temperature, limited, and SigLIP's learnt bias where the network has one."""

    scale: torch.Tensor
    bias: torch.Tensor | None = None


def temperature_of(network: Any) -> Temperature:
    """Return the network's temperature and bias."""
    bias: torch.Tensor | None = getattr(network, "logit_bias", None)
    return Temperature(network.logit_scale.exp().clamp(max=LARGEST_SCALE), bias)


def texts_of(batch: Batch) -> list[str]:
    """Return all captions of a batch in the order of `Encoded`: planes, brain sub-planes, ladders, question."""
    return batch.planes.texts + batch.brain_planes.texts + batch.ages.texts + batch.question.texts


def truth_of(batch: Batch, device: torch.device | str = "cpu") -> Truth:
    """Return the batch's truth as tensors."""

    def on(array: Any) -> torch.Tensor:
        return torch.from_numpy(array).to(device)

    return Truth(
        Pairs(on(batch.planes.target), on(batch.planes.known)),
        Pairs(on(batch.brain_planes.target), on(batch.brain_planes.known)),
        on(batch.ages.rows),
        on(batch.ages.target),
    )


def pictures_of(batch: Batch, device: torch.device | str = "cpu") -> torch.Tensor:
    """Return the batch's pictures, (N, 3, S, S)."""
    return torch.from_numpy(batch.pictures).to(device, memory_format=torch.channels_last)


def image_rows(network: Any, pictures: torch.Tensor) -> torch.Tensor:
    """Return unit rows of pictures, fp32, (N, D)."""
    return F.normalize(network.encode_image(pictures).float(), dim=-1)


def text_rows(network: Any, tokens: torch.Tensor) -> torch.Tensor:
    """Return unit rows of tokenised captions, fp32, (M, D)."""
    encode: Callable[[torch.Tensor], torch.Tensor] = getattr(network, TEXT_WAY, partial(encode_tokens, network))
    return F.normalize(encode(tokens).float(), dim=-1)


def encoded(images_ND: torch.Tensor, texts_MD: torch.Tensor, batch: Batch) -> Encoded:
    """Return a batch's features from rows of its pictures and rows of `texts_of`."""
    kinds = (batch.planes.texts, batch.brain_planes.texts, batch.ages.texts, batch.question.texts)
    counts = [len(texts) for texts in kinds]
    return Encoded(images_ND, *torch.split(texts_MD, counts))


def losses(
    features: Encoded, truth: Truth, question: Question, temperature: Temperature, weights: Weights
) -> dict[str, torch.Tensor]:
    """Return the weighted parts of the loss: planes, and brain sub-planes, ages and question where the batch has them.

    A ladder asks which of several ages one picture has, a question which of several classes: both are a softmax over
    what they ask with either loss.

    Raises:
        ValueError: SigLIP's loss without a bias, or a loss that does not exist.
    """
    parts = {"planes": _pair_loss(features.images, features.planes, truth.planes, temperature, weights)}
    if len(features.brain):
        brain = _pair_loss(features.images, features.brain, truth.brain, temperature, weights)
        parts["brain"] = weights.brain_weight * brain
    if len(features.ladders):
        logits_RK = ladder_logits(features, truth, temperature)
        known_RK = torch.ones_like(truth.ages, dtype=torch.bool)
        parts["ages"] = weights.age_weight * weighted_nce(logits_RK, truth.ages, known_RK)
    if len(features.asked):
        rows = answer_losses(features.images, features.asked, question, temperature.scale, weights.smoothing)
        parts["asked"] = weights.asked_weight * rows.sum() / max(len(rows), 1)
    return parts


def ladder_logits(features: Encoded, truth: Truth, temperature: Temperature) -> torch.Tensor:
    """Return how well each age of its ladder fits each aged picture, (R, K)."""
    ladders_RKD = features.ladders.reshape(*truth.ages.shape, features.images.shape[-1])
    return temperature.scale * torch.einsum("rd,rkd->rk", features.images[truth.aged], ladders_RKD)


def _pair_loss(
    images_ND: torch.Tensor, texts_MD: torch.Tensor, pairs: Pairs, temperature: Temperature, weights: Weights
) -> torch.Tensor:
    logits_NM = temperature.scale * images_ND @ texts_MD.T
    if weights.loss == "nce":
        return symmetric_nce(logits_NM, pairs.target, pairs.known, weights.smoothing)
    if weights.loss != "siglip":
        raise ValueError(f"there is no loss {weights.loss!r}: one of {', '.join(LOSSES)}")
    if temperature.bias is None:
        raise ValueError("SigLIP's loss needs a network with a learnable bias: init_logit_bias in its configuration")
    return pairwise_sigmoid(logits_NM + temperature.bias, pairs.target, pairs.known)
