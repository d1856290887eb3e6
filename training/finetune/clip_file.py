"""A clip label as the app loads it: a head on unit rows, with what it depends on and what must be told of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from fetalclip_app.domain.clip_labels import refuse_judgement
from fetalclip_app.domain.views import PLANES
from fetalclip_app.model.clip_labels import KIND, strangeness
from training.calibration_error import expected_error
from training.files import sha256_of
from training.finetune.clip_heads import ClipFitConfig, ClipResult, HeldOut, LabelledClips, fitted
from training.finetune.features import Rows

UNLIKE_SHARE = 0.02
"""This share of the training's clips, each held out, is farther away than the limit (chosen here)."""

LEAST_SPREAD = 1e-3
"""Added to each dimension's spread: unit rows of a few hundred dimensions spread over some hundredths."""


@dataclass(frozen=True, slots=True)
class LabelFacts:
    """What a label is called, and what its head belongs to.

    Attributes:
        label: Short, such as ``CHD``.
        meaning: What yes means.
        view: Plane that the clips show, of `PLANES`; empty for any.
        licence: Of the backbone, which a derived layer shares; ``data_licence`` is that of clips and labels.

    Raises:
        ValueError: The label or its meaning judges somebody's health, one is empty, or there is no such plane.
    """

    label: str
    meaning: str
    view: str
    backbone: str
    backbone_sha256: str
    preprocessing: str
    licence: str
    data: str
    data_licence: str
    generated: bool

    def __post_init__(self) -> None:
        refuse_judgement(self.label, self.meaning)
        if not (self.label.strip() and self.meaning.strip()):
            raise ValueError("a label needs a name and what yes means")
        if self.view and self.view not in PLANES:
            raise ValueError(f"{self.view!r} is none of {', '.join(PLANES)}")


@dataclass(frozen=True, eq=False, slots=True)
class Taught:
    """What the saved head is trained on, and what heads of its kind say of clips that were held out."""

    clips: LabelledClips
    said: HeldOut
    result: ClipResult


def write_label(taught: Taught, facts: LabelFacts, config: ClipFitConfig, seed: int, folder: Path) -> Path:
    """Train a head on all clips and write it to ``<backbone>_clip_<label>.safetensors`` and ``.json``.

    Returns:
        The latter's path.
    """
    clips, kind = taught.clips, taught.result.kind
    final = fitted(clips, kind, config, seed)
    centre, spread = place_of(clips.rows.mean(axis=1))
    tensors = {name: tensor.numpy() for name, tensor in final.head.state_dict().items()}
    tensors |= {"mean": final.mean, "deviation": final.deviation, "centre": centre, "spread": spread}
    result = taught.result
    told = {
        "kind": KIND,
        "frames": int(clips.rows.shape[1]),
        "pooling": kind,
        "training": {"clips": result.clips, "patients": result.patients, "positive": result.positive},
        "auroc": {"value": result.pooled, "low": result.low, "high": result.high},
        "calibration": calibration_of(taught.said.logits, clips.labels),
        "unlike_limit": unlike_limit(clips.rows, taught.said.folds),
    }
    return write_head(folder / f"{facts.backbone}_clip_{slug(facts.label)}.safetensors", tensors, facts, told)


def write_head(path: Path, tensors: Mapping[str, NDArray[np.float32]], facts: LabelFacts, told: dict[str, Any]) -> Path:
    """Write a head's tensors, and beside them the JSON that the app finds it by.

    Args:
        told: What the JSON says beside ``facts``.

    Returns:
        The JSON's path.
    """
    safetensors.numpy.save_file({name: np.ascontiguousarray(part, np.float32) for name, part in tensors.items()}, path)
    whole: dict[str, Any] = {
        **told,
        "label": facts.label,
        "meaning": facts.meaning,
        "view": facts.view,
        "backbone_sha256": facts.backbone_sha256,
        "sha256": sha256_of(path),
        "preprocessing": facts.preprocessing,
        "licence": facts.licence,
        "data": facts.data,
        "data_licence": facts.data_licence,
        "generated": facts.generated,
    }
    page = path.with_suffix(".json")
    page.write_text(json.dumps(whole, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return page


def calibration_of(logits: NDArray[np.float64], labels: NDArray[np.int_]) -> dict[str, float | int]:
    """Return temperature and offset of logits (repeats, N) of clips that were held out, and the error that remains.

    The offset takes back that the loss weighs both answers alike: shares are as frequent as in the training's clips.
    """
    truth = np.tile(labels, len(logits)).astype(float)
    said = logits.reshape(-1)

    def cost(guess: NDArray[np.float64]) -> float:
        shifted = said / np.exp(guess[0]) + guess[1]
        return float(np.mean(np.logaddexp(0.0, shifted) - truth * shifted))

    best = minimize(cost, np.zeros(2), method="L-BFGS-B", bounds=[(-4.0, 4.0), (-6.0, 6.0)]).x
    share = expit(said / np.exp(best[0]) + best[1])
    error = expected_error(np.stack([1 - share, share], axis=1).astype(np.float32), truth.astype(np.intp))
    return {
        "temperature": round(float(np.exp(best[0])), 4),
        "offset": round(float(best[1]), 4),
        "error": round(float(error), 4),
        "clips": len(labels),
    }


def unlike_limit(rows: Rows, folds: NDArray[np.bool_]) -> float:
    """Return the distance that all but `UNLIKE_SHARE` of the clips keep from the others' folds."""
    far = []
    for inside in folds:
        centre, spread = place_of(rows[~inside].mean(axis=1))
        far += [strangeness(clip, centre, spread) for clip in rows[inside].mean(axis=1)]
    return round(float(np.quantile(far, 1 - UNLIKE_SHARE)), 4)


def place_of(rows: Rows) -> tuple[Rows, Rows]:
    """Return mean and spread, (D,), of the rows of clips or pictures, (N, D)."""
    return rows.mean(axis=0), rows.std(axis=0) + np.float32(LEAST_SPREAD)


def slug(label: str) -> str:
    """Return a label as part of a file's name."""
    return re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_") or "label"
