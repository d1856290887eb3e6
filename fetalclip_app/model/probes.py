"""Linear probes: one layer on the unit rows that the program has anyway, made for one very set of weights."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from safetensors import SafetensorError

from fetalclip_app.domain.backbone import Embeddings
from fetalclip_app.domain.probes import ProbeFacts
from fetalclip_app.domain.softmax import softmax
from fetalclip_app.errors import ErrorCode, ModelUnavailable
from fetalclip_app.imaging.preprocess import PreprocessSpec
from fetalclip_app.model import vouched

Layer = dict[str, NDArray[np.float32]]

KIND = "probe"
FEATURES = "unit"
"""The only rows that reach a task; a probe of others is refused."""


@dataclass(frozen=True, eq=False, slots=True)
class LinearProbe:
    """A trained layer that names a frame's class without prompts, behind the `ViewProbe` protocol.

    Attributes:
        weight: float32, (classes, D), on unit rows.
        bias: float32, (classes,).
    """

    facts: ProbeFacts
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]

    @property
    def layer(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Weight and bias of its logits, divided by its temperature where one was fitted."""
        temperature = np.float32(self.facts.temperature or 1.0)
        return self.weight / temperature, self.bias / temperature

    def probabilities(self, embeddings: Embeddings) -> NDArray[np.float32]:
        """Return float32, (frames, classes), rows of sum one, for unit rows (frames, D)."""
        weight, bias = self.layer
        return softmax(embeddings @ weight.T + bias)


@dataclass(frozen=True, slots=True)
class Found:
    """What a folder holds for one set of weights.

    Attributes:
        probes: Task -> probe.
        troubles: Why other files there cannot be used: each is to be told.
    """

    probes: dict[str, LinearProbe]
    troubles: tuple[ModelUnavailable, ...]


def find_all(folder: Path, backbone_sha256: str, spec: PreprocessSpec) -> Found:
    """Return all probes in ``folder``, or below it, that were trained on these very weights: see `of_files`."""
    return of_files(sorted(folder.rglob("*.json")), backbone_sha256, spec)


def of_files(files: Iterable[Path], backbone_sha256: str, spec: PreprocessSpec) -> Found:
    """Return the probes of these JSON files that were trained on these very weights.

    Of two for one task the first file counts, and the second is a trouble unless it is a copy of the first. Other kinds
    of heads are left alone. A file that is damaged, prepared otherwise, or made for other features costs no other
    probe: it is a trouble.
    """
    found: dict[str, LinearProbe] = {}
    troubles = []
    for path in files:
        try:
            facts = vouched.facts(path)
            if facts.get("kind") == KIND and facts.get("backbone_sha256") == backbone_sha256:
                _take(_read(path, facts, spec), found)
        except ModelUnavailable as error:
            troubles.append(error)
    return Found(found, tuple(troubles))


def _take(probe: LinearProbe, found: dict[str, LinearProbe]) -> None:
    """Add a probe to those found.

    Raises:
        ModelUnavailable: Its task has another one.
    """
    told = probe.facts
    first = found.setdefault(told.task, probe).facts
    if replace(first, name=told.name) != told:
        raise ModelUnavailable(ErrorCode.PROBE_SECOND, name=told.name, first=first.name, task=told.task)


def _read(path: Path, facts: dict[str, Any], spec: PreprocessSpec) -> LinearProbe:
    file, sha256, layer = _layer_of(path, facts)
    try:
        probe = _made(path, facts, layer(), sha256)
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ModelUnavailable(ErrorCode.MODEL_DAMAGED, name=file.name, reason=str(error)) from error
    if facts.get("preprocessing") != spec.fingerprint():
        raise ModelUnavailable(ErrorCode.MODEL_WRONG_SHAPE, name=file.name, reason="preprocessing differs")
    if facts.get("features") != FEATURES:
        raise ModelUnavailable(ErrorCode.MODEL_WRONG_SHAPE, name=file.name, reason="not a layer on unit rows")
    return probe


def _layer_of(path: Path, facts: dict[str, Any]) -> tuple[Path, str, Callable[[], Layer]]:
    """Return the file that holds a probe's numbers, its SHA-256, and what reads them: the JSON itself may hold them.

    Raises:
        ModelUnavailable: Numbers beside the JSON are missing or others.
    """
    if "layer" in facts:
        told = facts["layer"]
        return path, hashlib.sha256(path.read_bytes()).hexdigest(), lambda: _numbers(told)
    file, sha256 = path.with_suffix(".safetensors"), str(facts.get("sha256")).lower()
    content = vouched.read(file, sha256)
    return file, sha256, lambda: safetensors.numpy.load(content)


def _numbers(told: dict[str, Any]) -> Layer:
    return {name: np.array(told[name], np.float32) for name in ("weight", "bias")}


def _made(path: Path, facts: dict[str, Any], tensors: Layer, sha256: str) -> LinearProbe:
    classes = tuple(str(name) for name in facts["classes"])
    weight, bias = tensors["weight"], tensors["bias"]
    if weight.ndim != 2 or bias.shape != (len(weight),) or len(weight) != len(set(classes)):
        raise ValueError(f"a layer {weight.shape} with bias {bias.shape} for {len(classes)} classes")
    if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
        raise ValueError("not finite")
    fitted: dict[str, Any] = facts.get("calibration") or {}
    temperature = float(fitted["temperature"]) if fitted else None
    if temperature is not None and not 0 < temperature < np.inf:
        raise ValueError(f"a temperature of {temperature}")
    told = ProbeFacts(
        task=str(facts["task"]),
        name=path.stem,
        sha256=sha256,
        licence=str(facts["licence"]),
        classes=classes,
        temperature=temperature,
        calibration_error=float(fitted["error"]) if fitted else None,
        calibration_pictures=int(fitted["pictures"]) if fitted else None,
    )
    return LinearProbe(told, weight, bias)
