"""Two heads on the embeddings of a clip's frames, and their AUROC by cross-validation over patients."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.metrics import roc_auc_score
from torch import nn

from fetalclip_app.domain.bootstrap import interval_of_auroc
from fetalclip_app.domain.clip_labels import Pooling
from training import not_finite
from training.finetune.features import Rows
from training.finetune.groups import folds_of

CONCATENATED, ATTENDED = str(Pooling.CONCATENATED), str(Pooling.ATTENDED)
KINDS = (CONCATENATED, ATTENDED)


@dataclass(frozen=True, slots=True)
class ClipFitConfig:
    """How a head is trained. FetalCLIP published folds and seeds (5 x 5) and no more: the rest is chosen here.

    Plain descent, since there are more weights than clips: from nothing it stays near the smallest layer that fits,
    where AdamW's even steps give every dimension of noise a share. The number of epochs is fixed: no fold's own clips
    choose anything.
    """

    folds: int = 5
    repeats: int = 5
    rate: float = 0.5
    momentum: float = 0.9
    weight_decay: float = 1e-4
    epochs: int = 50
    batch: int = 32
    hidden: int = 64


@dataclass(frozen=True, eq=False, slots=True)
class LabelledClips:
    """Clips as rows of their frames.

    Attributes:
        rows: float32, (clips, T, D), unit rows in the order of time.
        labels: 0 or 1, (clips,).
        groups: Patient of each clip.
    """

    rows: Rows
    labels: NDArray[np.int_]
    groups: tuple[str, ...]

    def of(self, chosen: NDArray[np.bool_]) -> LabelledClips:
        """Return the clips that are ``chosen``, bool, (clips,)."""
        groups = tuple(group for group, inside in zip(self.groups, chosen, strict=True) if inside)
        return LabelledClips(self.rows[chosen], self.labels[chosen], groups)

    def told(self, places: Sequence[int], **facts: Any) -> dict[str, Any]:
        """Return the clips at these places as `torch.save` takes them.

        Args:
            facts: What else is told.
        """
        return {
            "places": list(places),
            "rows": torch.from_numpy(self.rows[places]),
            "labels": torch.from_numpy(self.labels[places]),
            "groups": [self.groups[place] for place in places],
            **facts,
        }


@dataclass(frozen=True, slots=True)
class ClipResult:
    """What one head reached on clips of patients that it was not trained on.

    Attributes:
        mean, deviation: AUROC over folds x seeds, as published.
        pooled: AUROC of all clips at once, each with the mean of its seeds' probabilities; folds are different heads,
            so that it may lie below the mean.
        low, high: 95 % interval of ``pooled``, by patient.
    """

    kind: str
    clips: int
    patients: int
    positive: int
    mean: float
    deviation: float
    pooled: float
    low: float
    high: float


class ConcatenatedHead(nn.Module):
    """All frames side by side into one linear layer: as published; it sees the order of the frames."""

    def __init__(self, frames: int, width: int) -> None:
        super().__init__()
        self.last = _silent(frames * width)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Return logits, (N,), for rows (N, T, D)."""
        logits: torch.Tensor = self.last(rows.flatten(1))
        return logits[:, 0]


class AttendedHead(nn.Module):
    """A weighted mean of the frames into one linear layer (gated attention, Ilse 2018); blind to their order."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.what, self.gate = nn.Linear(width, hidden), nn.Linear(width, hidden)
        self.weigh, self.last = nn.Linear(hidden, 1), _silent(width)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Return logits, (N,), for rows (N, T, D)."""
        shares = torch.softmax(self.weigh(torch.tanh(self.what(rows)) * torch.sigmoid(self.gate(rows))), dim=1)
        logits: torch.Tensor = self.last((shares * rows).sum(dim=1))
        return logits[:, 0]


def _silent(width: int) -> nn.Linear:
    """Return a layer that says nothing yet: with fewer clips than weights, random ones would never be unlearned."""
    layer = nn.Linear(width, 1)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


@dataclass(frozen=True, eq=False, slots=True)
class Fitted:
    """A trained head, and what its rows are standardised by.

    Attributes:
        mean, deviation: float32, (D,), of the frames that it was trained on.
    """

    head: nn.Module
    mean: Rows
    deviation: Rows

    def logits(self, rows: Rows) -> NDArray[np.float64]:
        """Return what it says, (N,), of unit rows (N, T, D)."""
        with torch.inference_mode():
            said: NDArray[np.float64] = (
                self.head(torch.from_numpy((rows - self.mean) / self.deviation)).double().numpy()
            )
        return said


@dataclass(frozen=True, eq=False, slots=True)
class HeldOut:
    """What heads say of clips of patients that they were not trained on.

    Attributes:
        logits: (repeats, clips).
        folds: bool, (folds, clips): which clips were held out together.
    """

    logits: NDArray[np.float64]
    folds: NDArray[np.bool_]


def held_out(clips: LabelledClips, kind: str, config: ClipFitConfig, seed: int) -> HeldOut:
    """Return what heads say by folds of patients, several seeds on each fold.

    Raises:
        ValueError: A label has fewer patients than there are folds.
        NotFinite: The loss of a head, or a feature of a clip.
    """
    logits = np.zeros((config.repeats, len(clips.labels)))
    folds = np.array([[group in fold for group in clips.groups] for fold in _folds(clips, config.folds, seed)])
    for inside in folds:
        for repeat in range(config.repeats):
            logits[repeat, inside] = fitted(clips.of(~inside), kind, config, seed + repeat).logits(clips.rows[inside])
    return HeldOut(logits, folds)


def cross_validated(clips: LabelledClips, kind: str, config: ClipFitConfig, seed: int) -> ClipResult:
    """Return the AUROC of a head over folds by patient, several seeds on each fold.

    Raises:
        ValueError: A label has fewer patients than there are folds.
    """
    return measured(clips, kind, held_out(clips, kind, config, seed))


def measured(clips: LabelledClips, kind: str, said: HeldOut) -> ClipResult:
    """Return the AUROC of what heads say of clips that were held out."""
    values = [
        float(roc_auc_score(clips.labels[inside], logits[inside])) for inside in said.folds for logits in said.logits
    ]
    mean = expit(said.logits).mean(axis=0)

    low, high = interval_of_auroc(clips.groups, clips.labels[:, None] > 0, mean[:, None])
    return ClipResult(
        kind=kind,
        clips=len(clips.labels),
        patients=len(set(clips.groups)),
        positive=int(clips.labels.sum()),
        mean=float(np.mean(values)),
        deviation=float(np.std(values, ddof=1)),
        pooled=float(roc_auc_score(clips.labels, mean)),
        low=low,
        high=high,
    )


def _folds(clips: LabelledClips, count: int, seed: int) -> list[frozenset[str]]:
    """Return folds of patients with about as many of each label: a patient with any positive clip is positive."""
    positive = {group for group, label in zip(clips.groups, clips.labels, strict=True) if label}
    sides = [sorted(positive), sorted(set(clips.groups) - positive)]
    parts = [folds_of(side, count, seed) for side in sides]
    return [first | second for first, second in zip(*parts, strict=True)]


def fitted(clips: LabelledClips, kind: str, config: ClipFitConfig, seed: int) -> Fitted:
    """Return a head that was trained on these clips.

    Raises:
        NotFinite: The loss, with its batch; or a feature, with its clips: they would spoil the mean of all others.
    """
    _refuse_rows_of_no_number(clips)
    torch.manual_seed(seed)
    rows, truth = clips.rows, clips.labels
    mean = rows.mean(axis=(0, 1))
    # A standardised frame has about length one.
    deviation = (rows.std(axis=(0, 1)) + 1e-6) * np.float32(np.sqrt(rows.shape[2]))
    even = torch.from_numpy((rows - mean) / deviation)
    labels = torch.from_numpy(truth).float()
    head = _head(kind, even.shape[1], even.shape[2], config)
    optimizer = torch.optim.SGD(
        head.parameters(), lr=config.rate, momentum=config.momentum, weight_decay=config.weight_decay
    )
    rarer = (len(labels) - labels.sum()) / labels.sum()
    for epoch in range(1, config.epochs + 1):
        for chosen in torch.split(torch.randperm(len(even)), config.batch):
            loss = F.binary_cross_entropy_with_logits(head(even[chosen]), labels[chosen], pos_weight=rarer)
            culprit = partial(clips.told, chosen.tolist(), epoch=epoch, seed=seed)
            not_finite.check("loss", loss, f"in epoch {epoch}", culprit)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    return Fitted(head, mean, deviation)


def _refuse_rows_of_no_number(clips: LabelledClips) -> None:
    wrong = np.flatnonzero(~np.isfinite(clips.rows).all(axis=(1, 2))).tolist()
    worst = torch.from_numpy(clips.rows.sum(axis=(1, 2)))[wrong]
    not_finite.check("sum of features", worst, f"for {len(wrong)} clips", partial(clips.told, wrong))


def _head(kind: str, frames: int, width: int, config: ClipFitConfig) -> nn.Module:
    return ConcatenatedHead(frames, width) if kind == CONCATENATED else AttendedHead(width, config.hidden)


def as_markdown(results: Sequence[ClipResult], source: str) -> str:
    """Return the results as a table."""
    lines = [
        f"Clips: {source}.",
        "",
        "| head | clips (positive) | patients | AUROC, mean ± SD of all runs | pooled | 95 % interval by patient |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r.kind} | {r.clips} ({r.positive}) | {r.patients} | {r.mean:.3f} ± {r.deviation:.3f} | {r.pooled:.3f} "
        f"| {r.low:.3f} to {r.high:.3f} |"
        for r in results
    ]
    return "\n".join(lines) + "\n"


def write(results: Sequence[ClipResult], source: str, folder: Path) -> None:
    """Write ``results.md`` and ``results.json``."""
    (folder / "results.md").write_text(as_markdown(results, source), encoding="utf-8")
    told = {"clips": source, "heads": [asdict(result) for result in results]}
    (folder / "results.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    print(as_markdown(results, source), flush=True)
