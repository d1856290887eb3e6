"""Which sentences a model understands: the words that its manifest lists, and the pictures to compare with."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np

from fetalclip_app.domain.likeness import Background, Language
from fetalclip_app.domain.vocabulary import Vocabulary
from fetalclip_app.errors import ErrorCode, ModelUnavailable

if TYPE_CHECKING:
    from fetalclip_app.model.catalog import ModelEntry

VOCABULARY, BACKGROUND = "vocabulary", "background"
"""What a manifest's ``language`` may name."""


def language_of(entry: ModelEntry) -> Language:
    """Return what the files beside a model's weights say; each is vouched for by the manifest.

    Raises:
        ModelUnavailable: A file that the manifest names is missing, another one, or of another form.
    """
    words = _content(entry, VOCABULARY)
    rows = _content(entry, BACKGROUND)
    return Language(
        vocabulary=None if words is None else _vocabulary(*words),
        is_free=entry.is_free,
        background=None if rows is None else _background(*rows),
    )


def _content(entry: ModelEntry, part: str) -> tuple[str, bytes, Mapping[str, Any]] | None:
    """Return a file's name and content, with what the manifest says of it; None where it names none."""
    from fetalclip_app.model import vouched  # noqa: PLC0415 - the model room is looked into late

    facts = entry.language.get(part)
    if facts is None:
        return None
    if not {"file", "sha256"} <= set(facts):
        raise ModelUnavailable(ErrorCode.MODEL_DAMAGED, name="manifest.json", reason=part)
    name = Path(str(facts["file"])).name
    return name, vouched.read(entry.config.parent / name, str(facts["sha256"])), facts


def _vocabulary(name: str, content: bytes, facts: Mapping[str, Any]) -> Vocabulary:
    try:
        said = json.loads(content)
        units = {unit: (float(low), float(high)) for unit, (low, high) in said["units"].items()}
        return Vocabulary(frozenset(said["words"]), frozenset(said["unseen"]), units)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelUnavailable(ErrorCode.MODEL_DAMAGED, name=name, reason=str(error)) from error


def _background(name: str, content: bytes, facts: Mapping[str, Any]) -> Background:
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as parts:
            rows, weights = parts["rows"].astype(np.float32), parts["weights"].astype(np.float64)
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        if weights.shape != rows.shape[:1] or not np.all(lengths > 0) or not np.all(weights > 0):
            raise ValueError("rows and weights do not fit")
        planes = tuple(str(plane) for plane in facts.get("planes", {}))
        taught = int(facts.get("patients_of", {}).get("train", 0))
        return Background(rows / lengths, weights / weights.sum(), planes, taught)
    except (KeyError, ValueError, TypeError, AttributeError, OSError, BadZipFile) as error:
        raise ModelUnavailable(ErrorCode.MODEL_DAMAGED, name=name, reason=str(error)) from error
