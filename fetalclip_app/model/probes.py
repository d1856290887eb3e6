"""Linear probes: one layer on the unit rows that the program has anyway, made for one very set of weights."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from safetensors import SafetensorError

from fetalclip_app.domain.backbone import Embeddings
from fetalclip_app.domain.softmax import softmax
from fetalclip_app.errors import ErrorCode, ModelUnavailable
from fetalclip_app.imaging.preprocess import PreprocessSpec
from fetalclip_app.model import vouched

KIND = "probe"
FEATURES = "unit"
"""The only rows that reach a task; a probe of others is refused."""


@dataclass(frozen=True, eq=False, slots=True)
class LinearProbe:
    """A trained layer that names a frame's class without prompts.

    Attributes:
        task: Key of the task whose question it answers, such as ``views``.
        classes: In the order of every probability array.
        weight: float32, (classes, D), on unit rows.
        bias: float32, (classes,).
        temperature: Fitted on validation patients; None where none was, and the shares are uncalibrated.
        calibration_error: Expected calibration error that remained there, 0 to 1.
        calibration_pictures: On how many pictures that error was found.
        identity: Name and SHA-256 of the layer's own file.
        licence: Of the layer.
    """

    task: str
    classes: tuple[str, ...]
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    temperature: float | None
    calibration_error: float | None
    calibration_pictures: int | None
    identity: tuple[str, str]
    licence: str

    def probabilities(self, embeddings: Embeddings) -> NDArray[np.float32]:
        """Return float32, (frames, classes), rows of sum one, for unit rows (frames, D)."""
        return softmax((embeddings @ self.weight.T + self.bias) / (self.temperature or 1.0))


def find_all(folder: Path, backbone_sha256: str, spec: PreprocessSpec) -> dict[str, LinearProbe]:
    """Return task -> probe, of all probes in ``folder`` that were trained on these very weights.

    Of two for one task the first by name counts. Other kinds of heads in the folder are left alone.

    Raises:
        ModelUnavailable: There is one, but it is damaged, prepared otherwise, or made for other features.
    """
    found: dict[str, LinearProbe] = {}
    for path in sorted(folder.glob("*.json")):
        facts = _facts(path)
        if facts.get("kind") == KIND and facts.get("backbone_sha256") == backbone_sha256:
            found.setdefault(str(facts.get("task")), _read(path, facts, spec))
    return found


def _facts(path: Path) -> dict[str, Any]:
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelUnavailable(ErrorCode.MODEL_DAMAGED, name=path.name, reason=str(error)) from error
    if not isinstance(facts, dict):
        raise ModelUnavailable(ErrorCode.MODEL_DAMAGED, name=path.name, reason="not a JSON object")
    return facts


def _read(path: Path, facts: dict[str, Any], spec: PreprocessSpec) -> LinearProbe:
    file = path.with_suffix(".safetensors")
    sha256 = str(facts.get("sha256")).lower()
    content = vouched.read(file, sha256)
    try:
        probe = _made(path, facts, safetensors.numpy.load(content), sha256)
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ModelUnavailable(ErrorCode.MODEL_DAMAGED, name=file.name, reason=str(error)) from error
    if facts.get("preprocessing") != spec.fingerprint():
        raise ModelUnavailable(ErrorCode.MODEL_WRONG_SHAPE, name=file.name, reason="preprocessing differs")
    if facts.get("features") != FEATURES:
        raise ModelUnavailable(ErrorCode.MODEL_WRONG_SHAPE, name=file.name, reason="not a layer on unit rows")
    return probe


def _made(path: Path, facts: dict[str, Any], tensors: dict[str, NDArray[np.float32]], sha256: str) -> LinearProbe:
    classes = tuple(str(name) for name in facts["classes"])
    weight, bias = tensors["weight"], tensors["bias"]
    if weight.ndim != 2 or bias.shape != (len(weight),) or len(weight) != len(classes):
        raise ValueError(f"a layer {weight.shape} with bias {bias.shape} for {len(classes)} classes")
    if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
        raise ValueError("not finite")
    fitted: dict[str, Any] = facts.get("calibration", {})
    return LinearProbe(
        task=str(facts["task"]),
        classes=classes,
        weight=weight,
        bias=bias,
        temperature=float(fitted["temperature"]) if fitted else None,
        calibration_error=float(fitted["error"]) if fitted else None,
        calibration_pictures=int(fitted["pictures"]) if fitted else None,
        identity=(path.stem, sha256),
        licence=str(facts["licence"]),
    )
