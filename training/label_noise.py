"""Labels that a model of the other patients contradicts: confident learning (Northcutt 2021, doi 10.1613/jair.1.12125).

Training patients only. The bundled backbone was itself trained on these patients and their labels: it has learnt some
wrong ones by heart, and the report names fewer than there are.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from training.manifest import Sample

FOLDS = 5

_FEW_ITERATIONS = 2000


@dataclass(frozen=True, slots=True)
class Suspect:
    """A picture whose label is contradicted.

    Attributes:
        stated_share: Probability of the stated class by a model that saw neither this patient's pictures nor labels.
        suggested_share: Of the suggested class: above the mean that pictures of that class get.
    """

    sample: Sample
    stated: str
    suggested: str
    stated_share: float
    suggested_share: float


def find_suspects(
    samples: Sequence[Sample], labels: Sequence[str], features: NDArray[np.floating], seed: int = 0
) -> list[Suspect]:
    """Return the pictures whose label is contradicted, the most doubtful first.

    Args:
        samples: Pictures of training patients.
        labels: One class for each.
        features: (N, D), of a frozen backbone.
        seed: Of the folds.

    Raises:
        ValueError: A picture is not of a training patient, or a class has fewer patients than there are folds.
    """
    held = sorted({sample.group for sample in samples if sample.split != "train"})
    if held:
        raise ValueError(f"{len(held)} patients are not for training: {', '.join(held[:20])}")
    classes = sorted(set(labels))
    numbers = np.array([classes.index(label) for label in labels])
    probabilities_NC = out_of_fold(features, numbers, [sample.group for sample in samples], classes, seed)
    suggested = confident_classes(probabilities_NC, numbers)
    doubtful: list[int] = np.nonzero((suggested >= 0) & (suggested != numbers))[0].tolist()
    found = [
        Suspect(
            samples[row],
            labels[row],
            classes[suggested[row]],
            float(probabilities_NC[row, numbers[row]]),
            float(probabilities_NC[row, suggested[row]]),
        )
        for row in doubtful
    ]
    return sorted(found, key=lambda one: (one.stated_share - one.suggested_share, one.sample.key))


def out_of_fold(
    features: NDArray[np.floating], numbers: NDArray[np.intp], groups: Sequence[str], classes: Sequence[str], seed: int
) -> NDArray[np.float64]:
    """Return the probability of each class by a logistic regression that saw no picture of the patient: (N, C).

    Raises:
        ValueError: A class has fewer patients than there are folds.
    """
    patients: defaultdict[int, set[str]] = defaultdict(set)
    for number, group in zip(numbers, groups, strict=True):
        patients[int(number)].add(group)
    few = [f"{name} ({len(patients[number])})" for number, name in enumerate(classes) if len(patients[number]) < FOLDS]
    if few or len(classes) < 2:
        raise ValueError(f"classes with fewer than {FOLDS} patients: {', '.join(few) or 'there is one class only'}")
    shares = np.zeros((len(numbers), len(classes)))
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    for shown, held in folds.split(features, numbers, groups):
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=_FEW_ITERATIONS))
        model.fit(features[shown], numbers[shown])
        shares[np.ix_(held, model[-1].classes_)] = model.predict_proba(features[held])
    return shares


def confident_classes(probabilities: NDArray[np.float64], numbers: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the class that each picture is counted for in the confident joint, or -1 for none: (N,).

    A class counts where its probability is at least the mean that pictures labelled so get; of several, the likeliest
    (Northcutt 2021, section 3.1).
    """
    limits = np.array([probabilities[numbers == number, number].mean() for number in range(probabilities.shape[1])])
    above = np.where(probabilities >= limits, probabilities, -1.0)
    return np.asarray(np.where((above >= 0).any(axis=1), above.argmax(axis=1), -1), np.intp)


def write_suspects(path: Path, suspects: Sequence[Suspect]) -> None:
    """Write a table for a person to look through; no label is changed."""
    with path.open("w", encoding="utf-8", newline="") as table:
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(["picture", "group", "stated", "suggested", "stated_probability", "suggested_probability"])
        for one in suspects:
            shares = [f"{share:.4f}" for share in (one.stated_share, one.suggested_share)]
            writer.writerow([one.sample.key, one.sample.group, one.stated, one.suggested, *shares])
