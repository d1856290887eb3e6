"""The contrastive losses for captions of which several are true of a picture."""

from __future__ import annotations

import torch
import torch.nn.functional as F


def row_losses(
    logits_NM: torch.Tensor, target_NM: torch.Tensor, known_NM: torch.Tensor, smoothing: float = 0.0
) -> torch.Tensor:
    """Return the cross-entropy of the softmax of each row that has a target, (rows with a target,).

    Columns that are neither known true nor known false for a row take no part in its softmax.

    Args:
        logits_NM: Scaled similarities.
        target_NM: Non-negative weights of what is true; each row is normalised here.
        known_NM: bool, whether the pair is known to be true or false.
        smoothing: Share of each row's target that is spread evenly over what is known: labels may be wrong.
    """
    has_target = target_NM.sum(dim=1) > 0
    known = known_NM[has_target]
    logits = logits_NM[has_target].masked_fill(~known, float("-inf"))
    target = target_NM[has_target]
    target = target / target.sum(dim=1, keepdim=True)
    if smoothing:
        target = (1 - smoothing) * target + smoothing * known / known.sum(dim=1, keepdim=True)
    log_share = F.log_softmax(logits, dim=1).masked_fill(target == 0, 0.0)
    return -(target * log_share).sum(dim=1)


def weighted_nce(
    logits_NM: torch.Tensor, target_NM: torch.Tensor, known_NM: torch.Tensor, smoothing: float = 0.0
) -> torch.Tensor:
    """Return the mean of `row_losses`; without any target it is zero, and so are its gradients.

    With an identity matrix of targets this is one half of CLIP's loss.
    """
    rows = row_losses(logits_NM, target_NM, known_NM, smoothing)
    return rows.mean() if len(rows) else logits_NM.sum() * 0.0


def symmetric_nce(
    logits_NM: torch.Tensor, target_NM: torch.Tensor, known_NM: torch.Tensor, smoothing: float = 0.0
) -> torch.Tensor:
    """Return the mean of both directions: pictures to captions, captions to pictures."""
    forth = weighted_nce(logits_NM, target_NM, known_NM, smoothing)
    back = weighted_nce(logits_NM.T, target_NM.T, known_NM.T, smoothing)
    return (forth + back) / 2


def pairwise_sigmoid(logits_NM: torch.Tensor, target_NM: torch.Tensor, known_NM: torch.Tensor) -> torch.Tensor:
    """Return SigLIP's loss (Zhai 2023): each known pair is a question of its own, true or false.

    The sum over the pairs is divided by the number of pictures, as published. A picture may have several true
    captions: each is one true pair.

    Args:
        logits_NM: Scaled similarities with their bias added.
        target_NM: Above zero where the pair is true.
        known_NM: bool, whether the pair is known to be true or false; others cost nothing.
    """
    true_NM = (target_NM > 0).to(logits_NM.dtype)
    costs_NM = F.binary_cross_entropy_with_logits(logits_NM, true_NM, reduction="none")
    return costs_NM.masked_fill(~known_NM, 0.0).sum() / max(len(logits_NM), 1)
