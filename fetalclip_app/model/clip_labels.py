"""Heads that label a clip or a picture, made for one very set of weights: on the program's rows, or on their own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from safetensors import SafetensorError

from fetalclip_app.domain.clip_labels import ClipLabelFacts, EncodePictures, Pooling
from fetalclip_app.errors import ErrorCode, ModelUnavailable
from fetalclip_app.imaging.preprocess import PreprocessSpec
from fetalclip_app.model import adapters, vouched
from fetalclip_app.model.encoder import TorchBackbone

KIND, PICTURE_KIND = "clip_label", "picture_label"
"""Of clips, on the rows that the program has anyway; of single pictures, on rows of an adapted tower."""

Tensors = dict[str, NDArray[np.float32]]

SHARED = ("mean", "deviation", "centre", "spread")
"""Of the training's frames, by which rows are standardised; of its clips' mean rows, to know a strange one."""

_LAYERS = {
    Pooling.CONCATENATED: ("last.weight", "last.bias"),
    Pooling.ATTENDED: (
        *("what.weight", "what.bias", "gate.weight", "gate.bias"),
        *("weigh.weight", "weigh.bias", "last.weight", "last.bias"),
    ),
}


@dataclass(frozen=True, eq=False, slots=True)
class ClipLabelHead:
    """A clip label's head, behind the `ClipLabeller` protocol.

    Attributes:
        tensors: Of `SHARED` and of its pooling's layers, float32, as the training names them.
        temperature, offset: Logits are divided by the one and moved by the other before they are a share.
        encode: Makes its rows; None where it reads the program's.
    """

    facts: ClipLabelFacts
    tensors: Tensors
    temperature: float
    offset: float
    encode: EncodePictures | None = None

    @property
    def width(self) -> int:
        """Length of the rows that it takes."""
        return len(self.tensors["mean"])

    def probability(self, rows: NDArray[np.float32]) -> float:
        """Return how probable a yes is, 0 to 1, for unit rows (frames, D) in the order of time."""
        logit = self.logit(rows) / self.temperature + self.offset
        return float(1 / (1 + np.exp(-np.clip(logit, -60, 60))))

    def logit(self, rows: NDArray[np.float32]) -> float:
        """Return what the layers say, before temperature and offset."""
        parts = self.tensors
        even = (rows - parts["mean"]) / parts["deviation"]
        if self.facts.pooling is Pooling.CONCATENATED:
            return float(even.reshape(-1) @ parts["last.weight"][0] + parts["last.bias"][0])
        what = np.tanh(even @ parts["what.weight"].T + parts["what.bias"])
        gate = 1 / (1 + np.exp(-(even @ parts["gate.weight"].T + parts["gate.bias"])))
        scores = (what * gate) @ parts["weigh.weight"][0] + parts["weigh.bias"][0]
        shares = np.exp(scores - scores.max())
        pooled = (shares / shares.sum()) @ even
        return float(pooled @ parts["last.weight"][0] + parts["last.bias"][0])

    def strangeness(self, rows: NDArray[np.float32]) -> float:
        """Return how far the clip lies from those of the training: 1 is an ordinary distance."""
        return strangeness(rows.mean(axis=0), self.tensors["centre"], self.tensors["spread"])


def strangeness(clip: NDArray[np.float32], centre: NDArray[np.float32], spread: NDArray[np.float32]) -> float:
    """Return the distance of a clip's mean row (D,) from the training's, in their own spread, over all dimensions."""
    return float(np.sqrt(np.mean(((clip - centre) / spread) ** 2)))


@dataclass(frozen=True, slots=True)
class Found:
    """What a folder holds for one set of weights.

    Attributes:
        troubles: Why other files there cannot be used: each is to be told.
    """

    heads: tuple[ClipLabelHead, ...]
    troubles: tuple[ModelUnavailable, ...]


def find_all(
    folder: Path, backbone_sha256: str, spec: PreprocessSpec, width: int, backbone: TorchBackbone | None = None
) -> Found:
    """Return all labels in ``folder``, or below it, that were trained on these very weights: see `of_files`."""
    return of_files(sorted(folder.rglob("*.json")), backbone_sha256, spec, width, backbone)


def of_files(
    files: Iterable[Path], backbone_sha256: str, spec: PreprocessSpec, width: int, backbone: TorchBackbone | None = None
) -> Found:
    """Return the labels of these JSON files that were trained on these very weights; of two of one name the first
    file counts.

    A file that is damaged, prepared otherwise, or made for rows of another length costs no other: it is a trouble.

    Args:
        backbone: Whose image tower labels of pictures adapt for themselves; without it they are not looked for.
    """
    kinds = (KIND,) if backbone is None else (KIND, PICTURE_KIND)
    found: dict[str, ClipLabelHead] = {}
    troubles = []
    for path in files:
        try:
            facts = vouched.facts(path)
        except ModelUnavailable:
            continue  # it may be of any kind: `probes.find_all` tells of it
        if facts.get("kind") in kinds and facts.get("backbone_sha256") == backbone_sha256:
            try:
                head = _read(path, facts, spec, width, backbone)
            except ModelUnavailable as error:
                troubles.append(error)
            else:
                found.setdefault(head.facts.label, head)
    return Found(tuple(found.values()), tuple(troubles))


def _read(
    path: Path, facts: dict[str, Any], spec: PreprocessSpec, width: int, backbone: TorchBackbone | None
) -> ClipLabelHead:
    file = path.with_suffix(".safetensors")
    sha256 = str(facts.get("sha256")).lower()
    content = vouched.read(file, sha256)
    if facts.get("preprocessing") != spec.fingerprint():
        raise ModelUnavailable(ErrorCode.MODEL_WRONG_SHAPE, name=file.name, reason="preprocessing differs")
    try:
        tensors = safetensors.numpy.load(content)
        head = _made(path.stem, sha256, facts, tensors)
        if head.facts.is_of_pictures and backbone is not None:
            head = replace(head, encode=adapters.of_tensors(tensors, backbone).encode)
    except adapters.OtherWeights as error:
        raise ModelUnavailable(ErrorCode.WEIGHTS_LOADED_OTHERWISE, name=file.name, weight=str(error)) from error
    except (SafetensorError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ModelUnavailable(ErrorCode.MODEL_DAMAGED, name=file.name, reason=str(error)) from error
    if head.width != width:
        raise ModelUnavailable(ErrorCode.MODEL_WRONG_SHAPE, name=file.name, reason="rows of another length")
    return head


def _made(name: str, sha256: str, facts: dict[str, Any], tensors: Tensors) -> ClipLabelHead:
    trained, measured, fitted = facts["training"], facts["auroc"], facts["calibration"]
    told = ClipLabelFacts(
        name=name,
        sha256=sha256,
        licence=str(facts["licence"]),
        label=str(facts["label"]),
        meaning=str(facts["meaning"]),
        frames=int(facts["frames"]),
        pooling=Pooling(facts["pooling"]),
        view=str(facts["view"] or ""),
        clips=int(trained["clips"]),
        patients=int(trained["patients"]),
        positive=int(trained["positive"]),
        auroc=float(measured["value"]),
        low=float(measured["low"]),
        high=float(measured["high"]),
        generated=bool(facts["generated"]),
        unlike_limit=float(facts["unlike_limit"]),
        is_of_pictures=facts["kind"] == PICTURE_KIND,
    )
    head = ClipLabelHead(told, _checked(told, tensors), float(fitted["temperature"]), float(fitted["offset"]))
    numbers = (head.temperature, head.offset, told.unlike_limit, told.auroc, told.low, told.high)
    if not (np.isfinite(numbers).all() and head.temperature > 0):
        raise ValueError(f"numbers {numbers}")
    return head


def _checked(told: ClipLabelFacts, tensors: Tensors) -> Tensors:
    """Return the tensors that are used.

    Raises:
        ValueError: Their shapes do not fit each other, or one is not finite.
        KeyError: One is missing.
    """
    kept = {name: tensors[name].astype(np.float32) for name in (*SHARED, *_LAYERS[told.pooling])}
    width, (hidden, _) = len(kept["mean"]), kept.get("what.weight", np.empty((0, 0))).shape
    across = told.frames * width if told.pooling is Pooling.CONCATENATED else width
    shapes = dict.fromkeys(SHARED, (width,)) | {"last.weight": (1, across), "last.bias": (1,)}
    shapes |= dict.fromkeys(("what.weight", "gate.weight"), (hidden, width))
    shapes |= dict.fromkeys(("what.bias", "gate.bias"), (hidden,))
    shapes |= {"weigh.weight": (1, hidden), "weigh.bias": (1,)}
    for name, tensor in kept.items():
        if tensor.shape != shapes[name] or not np.isfinite(tensor).all():
            raise ValueError(f"{name} is {tensor.shape} and should be {shapes[name]}, finite")
    if not (kept["deviation"] > 0).all() or not (kept["spread"] > 0).all():
        raise ValueError("a spread of nothing")
    return kept
