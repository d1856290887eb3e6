"""Labels of single pictures as the app loads them: low-rank factors of an adapted tower, with the layer behind it."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from torch import nn

from fetalclip_app.domain.bootstrap import interval_of_auroc
from fetalclip_app.domain.clip_labels import Pooling
from fetalclip_app.model.adapters import CHECK, LEFT, RIGHT, check_of
from fetalclip_app.model.clip_labels import PICTURE_KIND, strangeness
from fetalclip_app.model.folding import fold
from training.finetune.clip_file import UNLIKE_SHARE, LabelFacts, calibration_of, place_of, slug, write_head
from training.finetune.epochs import LENGTH
from training.finetune.features import ModelChoice, Opened, Rows, open_backbone
from training.finetune.linear import Labels

ROUNDING = 1e-4
"""What a change may have beyond its rank, in units of the weight itself: sums in fp32 leave about 1e-7."""

Factors = dict[str, NDArray[np.float32]]


@dataclass(frozen=True, eq=False, slots=True)
class Answered:
    """What an adapted tower says of pictures.

    Attributes:
        rows: float32, (N, D), unit rows.
        grades: From 0, (N,).
        groups: Patient of each.
    """

    rows: Rows
    grades: Labels
    groups: tuple[str, ...]


def changed_weights(choice: ModelChoice, opened: Opened, tuned: nn.Module, rank: int) -> Factors:
    """Return what training added to the image tower: factors of the weights that the app loads, and their checks.

    The app folds normalisations into convolutions, which scales what was added: so the tuned tower is folded too, and
    the difference is split.

    Args:
        tuned: The image tower with its adapters merged.
        rank: Of the adapters.

    Raises:
        ValueError: More than that was changed.
    """
    plain = open_backbone(replace(choice, device="cpu")).network.get_submodule("visual").state_dict()
    network = copy.deepcopy(opened.network)
    network.set_submodule("visual", copy.deepcopy(tuned).cpu())
    fold(network)
    changed = network.get_submodule("visual").state_dict()
    if plain.keys() != changed.keys():
        raise ValueError("the adapted tower has other weights than the one that it was made of")
    factors: Factors = {}
    for name, weight in plain.items():
        if not torch.equal(weight, changed[name]):
            factors[LEFT + name], factors[RIGHT + name] = split(name, weight, changed[name], rank)
            factors[CHECK + name] = check_of(weight).numpy()
    return factors


def split(name: str, plain: torch.Tensor, changed: torch.Tensor, rank: int) -> tuple[NDArray[np.float32], ...]:
    """Return factors (rows, rank) and (rank, columns) whose product was added to a weight.

    Raises:
        ValueError: It was changed by more than that rank.
    """
    added = (changed - plain).flatten(1) if plain.ndim > 1 else None
    if added is None:
        raise ValueError(f"{name} was changed, and is no matrix")
    left, size, right = torch.linalg.svd(added, full_matrices=False)
    if len(size) > rank and float(size[rank]) > ROUNDING * float(plain.norm()):
        raise ValueError(f"{name} was changed by more than rank {rank}")
    root = size[:rank].sqrt()
    return (left[:, :rank] * root).numpy(), (root[:, None] * right[:rank]).numpy()


def write_pictures(
    factors: Mapping[str, NDArray[np.float32]],
    layer: nn.Linear,
    sides: tuple[Answered, Answered],
    facts: Sequence[LabelFacts],
    folder: Path,
) -> list[Path]:
    """Write a head for each 'better than grade k', ``<backbone>_picture_<label>.safetensors`` and ``.json``.

    Args:
        layer: On unit rows times `LENGTH`, one output for each k.
        sides: What it was trained on, and held-out pictures: they give AUROC, calibration and limit.
        facts: Of each k.

    An earlier run's heads of these names are removed first.

    Returns:
        The JSON files; a step that the held-out pictures are all on one side of has none.
    """
    remove_pictures(facts, folder)
    taught, held = sides
    centre, spread = place_of(taught.rows)
    ones = np.ones_like(centre)
    shared = {**factors, "mean": 0 * ones, "deviation": ones / LENGTH, "centre": centre, "spread": spread}
    weight, bias = (part.detach().cpu().numpy() for part in (layer.weight, layer.bias))
    far = [strangeness(row, centre, spread) for row in held.rows]
    written = []
    for step, fact in enumerate(facts):
        better = (held.grades > step).astype(np.intp)
        if better.min() == better.max():
            print(f"no head for {fact.label!r}: the held-out pictures are all on one side", flush=True)
            continue
        logits = (LENGTH * held.rows @ weight[step] + bias[step]).astype(np.float64)
        told = {
            "kind": PICTURE_KIND,
            "frames": 1,
            "pooling": str(Pooling.CONCATENATED),
            "training": _training(taught, step),
            "auroc": _auroc(logits, better, held.groups),
            "calibration": calibration_of(logits[None], better),
            "unlike_limit": round(float(np.quantile(far, 1 - UNLIKE_SHARE)), 4),
        }
        tensors = {**shared, "last.weight": weight[step : step + 1], "last.bias": bias[step : step + 1]}
        written.append(write_head(_path(fact, folder), tensors, fact, told))
    return written


def remove_pictures(facts: Sequence[LabelFacts], folder: Path) -> None:
    """Remove the heads that an earlier run left under these names: they would be taken for those of this one."""
    for fact in facts:
        path = _path(fact, folder)
        for old in (path.with_suffix(".json"), path):
            old.unlink(missing_ok=True)


def _path(fact: LabelFacts, folder: Path) -> Path:
    return folder / f"{fact.backbone}_picture_{slug(fact.label)}.safetensors"


def _training(taught: Answered, step: int) -> dict[str, int]:
    patients, positive = len(set(taught.groups)), int((taught.grades > step).sum())
    return {"clips": len(taught.grades), "patients": patients, "positive": positive}


def _auroc(logits: NDArray[np.float64], better: Labels, groups: Sequence[str]) -> dict[str, float]:
    low, high = interval_of_auroc(groups, better[:, None] > 0, logits[:, None])
    return {"value": float(roc_auc_score(better, logits)), "low": low, "high": high}
