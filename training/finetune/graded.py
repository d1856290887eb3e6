"""How well answers follow a graded label on patients that were held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import cohen_kappa_score, roc_auc_score

from fetalclip_app.domain.bootstrap import interval_of_auroc


@dataclass(frozen=True, slots=True)
class GradedResult:
    """What was reached.

    Attributes:
        auroc: Mean over the steps between neighbouring grades; with two grades, the AUROC.
        low, high: Its 95 % interval, by patient.
        accuracy: Share of exact grades.
        kappa: Quadratically weighted.
    """

    split: str
    pictures: int
    patients: int
    auroc: float
    low: float
    high: float
    accuracy: float
    kappa: float


def measure(logits: NDArray[np.float32], grades: NDArray[np.intp], groups: Sequence[str], split: str) -> GradedResult:
    """Return the result of logits (N, grades - 1): of 'better than grade k' for each k."""
    better = grades[:, None] > np.arange(logits.shape[1])
    values = [
        float(roc_auc_score(truth, told))
        for truth, told in zip(better.T, logits.T, strict=True)
        if truth.any() and not truth.all()
    ]
    low, high = interval_of_auroc(groups, better, logits.astype(np.float64))
    said = (logits > 0).sum(axis=1)
    return GradedResult(
        split=split,
        pictures=len(grades),
        patients=len(set(groups)),
        auroc=float(np.mean(values)) if values else float("nan"),
        low=low,
        high=high,
        accuracy=float(np.mean(said == grades)),
        kappa=float(cohen_kappa_score(grades, said, weights="quadratic")),
    )
