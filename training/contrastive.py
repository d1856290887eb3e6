"""The contrastive loss for captions of which several are true of a picture."""

from __future__ import annotations

import torch
import torch.nn.functional as F


def weighted_nce(logits_NM: torch.Tensor, target_NM: torch.Tensor, known_NM: torch.Tensor) -> torch.Tensor:
    """Return the mean cross-entropy of each row's softmax against its targets.

    Rows without a target are left out; columns that are neither known true nor known false for a row take
    no part in its softmax. With an identity matrix of targets this is one half of CLIP's loss.

    Args:
        logits_NM: Scaled similarities.
        target_NM: Non-negative weights of what is true; each row is normalised here.
        known_NM: bool, whether the pair is known to be true or false.
    """
    has_target = target_NM.sum(dim=1) > 0
    if not bool(has_target.any()):
        return logits_NM.sum() * 0.0
    logits = logits_NM.masked_fill(~known_NM, float("-inf"))[has_target]
    target = target_NM[has_target]
    target = target / target.sum(dim=1, keepdim=True)
    log_share = F.log_softmax(logits, dim=1).masked_fill(target == 0, 0.0)
    return -(target * log_share).sum(dim=1).mean()


def symmetric_nce(logits_NM: torch.Tensor, target_NM: torch.Tensor, known_NM: torch.Tensor) -> torch.Tensor:
    """Return the mean of both directions: pictures to captions, captions to pictures."""
    forth = weighted_nce(logits_NM, target_NM, known_NM)
    back = weighted_nce(logits_NM.T, target_NM.T, known_NM.T)
    return (forth + back) / 2
