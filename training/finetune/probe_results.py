"""What the layers of a probe answer on held-out patients."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain.bootstrap import f1_parts, interval_of_sums, macro_f1_of_sums
from training.finetune.groups import Group
from training.finetune.linear import Layers

MEAN_LAYER = "mean layer"
"""The layer whose logits are the mean of all: what is saved."""


@dataclass(frozen=True, slots=True)
class Score:
    """One measure over all layers.

    Attributes:
        mean, deviation: Over the layers; the deviation is that of a sample.
        low, high: 95 % interval of the mean, by patient.
        mean_layer: The same measure of the mean layer, with its own interval.
    """

    measure: str
    mean: float
    deviation: float
    low: float
    high: float
    mean_layer: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class ProbeResults:
    """Macro-F1 first, then the F1 of each class that occurs among the held-out pictures."""

    split: str
    pictures: int
    patients: int
    layers: int
    scores: tuple[Score, ...]
    absent: tuple[str, ...]


def measure(held: Group, layers: Layers, classes: Sequence[str], split: str) -> ProbeResults:
    """Return the F1 of the layers. Classes without a held-out picture are named and not counted."""
    said = layers.logits(held.seen).argmax(axis=2)
    weight, bias = layers.mean()
    said_by_mean = (held.seen @ weight.T + bias).argmax(axis=1)[None]
    truth = [classes[label] for label in held.labels]
    shown = tuple(name for name in classes if name in truth)
    measured = [("macro-F1", shown), *((f"F1 {name}", (name,)) for name in shown)]
    scores = tuple(
        _score(name, held.groups, _parts(truth, said, classes, asked), _parts(truth, said_by_mean, classes, asked))
        for name, asked in measured
    )
    absent = tuple(name for name in classes if name not in shown)
    return ProbeResults(split, len(truth), len(set(held.groups)), len(said), scores, absent)


def _parts(
    truth: Sequence[str], said: NDArray[np.intp], classes: Sequence[str], asked: Sequence[str]
) -> NDArray[np.float64]:
    """Return `f1_parts` of every layer, (layers, rows, 3 x asked)."""
    return np.stack([f1_parts(truth, [classes[place] for place in row], asked) for row in said])


def _score(
    measure: str, groups: Sequence[str], parts: NDArray[np.float64], parts_of_mean: NDArray[np.float64]
) -> Score:
    values = macro_f1_of_sums(parts.sum(axis=1))
    # Side by side, the classes of all layers are the classes of one: their mean F1 is the mean of the layers'.
    low, high = interval_of_sums(groups, np.concatenate(list(parts), axis=1), macro_f1_of_sums)
    mean_layer = float(macro_f1_of_sums(parts_of_mean.sum(axis=1))[0])
    ends = interval_of_sums(groups, parts_of_mean[0], macro_f1_of_sums)
    deviation = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    return Score(measure, float(values.mean()), deviation, low, high, (mean_layer, *ends))


def as_markdown(results: ProbeResults) -> str:
    """Return the results as a table."""
    lines = [
        f"{results.pictures} {results.split} pictures of {results.patients} patients, {results.layers} layers;"
        " 95 % intervals by patient.",
        "",
        f"| measure | mean ± SD of {results.layers} | 95 % interval of the mean | {MEAN_LAYER} | 95 % interval |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {s.measure} | {s.mean:.3f} ± {s.deviation:.3f} | {s.low:.3f} to {s.high:.3f} "
        f"| {s.mean_layer[0]:.3f} | {s.mean_layer[1]:.3f} to {s.mean_layer[2]:.3f} |"
        for s in results.scores
    ]
    if results.absent:
        lines += ["", f"Without a held-out picture, and not counted: {', '.join(results.absent)}."]
    return "\n".join(lines) + "\n"


def write(results: ProbeResults, folder: Path) -> None:
    """Write ``results.md`` and ``results.json``."""
    (folder / "results.md").write_text(as_markdown(results), encoding="utf-8")
    text = json.dumps(asdict(results), indent=2)
    (folder / "results.json").write_text(text + "\n", encoding="utf-8")
    print(as_markdown(results), flush=True)
