"""A probe as the app loads it: one linear layer on unit rows, with all that it depends on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from fetalclip_app.domain.softmax import softmax
from training.calibration_error import expected_error
from training.files import sha256_of
from training.finetune.groups import Group
from training.finetune.linear import Layers
from training.finetune.probe_results import ProbeResults

KIND = "probe"
VALIDATION = "validation"


@dataclass(frozen=True, slots=True)
class ProbeFacts:
    """What a probe belongs to and comes from.

    Attributes:
        features: ``unit`` or ``projected`` rows.
        length: What unit rows were multiplied with before training; it goes into the weights.
        note: What a user must know of the weights that it belongs to.
        licence: Of the backbone, which a derived layer shares; ``data_licence`` is that of pictures and labels.
    """

    model: str
    task: str
    classes: tuple[str, ...]
    features: str
    length: float
    backbone_sha256: str
    preprocessing: str
    licence: str
    data: str
    data_licence: str
    note: str = ""


def write_probe(layers: Layers, held: Group, facts: ProbeFacts, results: ProbeResults, folder: Path) -> Path:
    """Write the mean layer to ``<model>_probe_<task>.safetensors`` and ``.json`` in ``folder``; return the latter."""
    weight, bias = layers.mean()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{facts.model}_probe_{facts.task}.safetensors"
    tensors = {"weight": weight * np.float32(facts.length), "bias": bias}
    safetensors.numpy.save_file({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}, path)
    told: dict[str, Any] = asdict(facts)
    told |= {
        "kind": KIND,
        "sha256": sha256_of(path),
        "calibration": _calibration(held, weight, bias, results.split),
        "numbers": asdict(results),
    }
    page = path.with_suffix(".json")
    page.write_text(json.dumps(told, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return page


def temperature_of(logits: NDArray[np.float32], labels: Sequence[int] | NDArray[np.intp]) -> float:
    """Return the temperature that divides logits (N, C) so that the labels are likeliest."""
    rows = np.arange(len(labels))

    def cost(log_temperature: float) -> float:
        shares = softmax((logits / np.exp(log_temperature)).astype(np.float32))
        return float(-np.log(np.maximum(shares[rows, labels], 1e-9)).mean())

    return float(np.exp(minimize_scalar(cost, bounds=(-4.0, 4.0), method="bounded").x))


def _calibration(held: Group, weight: NDArray[np.float32], bias: NDArray[np.float32], split: str) -> dict[str, Any]:
    """Return temperature and remaining error, both on the same pictures; nothing is ever fitted on test patients."""
    if split != VALIDATION:
        return {}
    logits = held.seen @ weight.T + bias
    temperature = temperature_of(logits, held.labels)
    shares = softmax((logits / temperature).astype(np.float32))
    return {
        "temperature": round(temperature, 4),
        "error": round(expected_error(shares, held.labels), 4),
        "pictures": len(held.labels),
        "split": split,
    }
