"""The models that this program knows by name and hash, and the shape of those that it does not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fetalclip_app import resources
from fetalclip_app.domain.age import PUBLISHED_SPREAD_LIMIT_DAYS, LimitGround
from fetalclip_app.domain.model_names import BUNDLE, COMPACT, CUSTOM, FETALCLIP, MANIFEST
from fetalclip_app.errors import ErrorCode, ModelUnavailable

HUB_ADDRESS = "https://huggingface.co/numansaeed/fetalclip-model/resolve/main/FetalCLIP_weights.pt"
"""Where the released FetalCLIP weights are published, and the only network address in this program."""

FETALCLIP_SHA256 = "90916caa408baf9374ee3f8c1533463331a4ace37a13e61385e782905b35c310"
FETALCLIP_BYTES = 1_710_766_661
FETALCLIP_CITATION = (
    "Maani et al. FetalCLIP: a visual-language foundation model for fetal ultrasound image analysis. arXiv:2502.14807"
)

CLIP_VOCABULARY = 49408
"""Tokens of CLIP's byte-pair vocabulary: a text tower with fewer rows cannot read our tokens."""


@dataclass(frozen=True, eq=False, slots=True)
class ModelEntry:
    """One set of weights.

    Attributes:
        sha256: Of the weight file; None where nobody vouches for it.
        size_bytes: Of the weight file; None where it is not known beforehand.
        config: open_clip's configuration of the network.
        weights: Where the weights lie with the program; None where the user has to say.
        address: Where they can be fetched; None where they cannot.
        must_accept: The licence is to be accepted before the first use.
        trained_views: Classes that training showed it; empty where that is not known.
        learned_from_head_size: The ages of its training came from a head measurement.
        calibration: Task key -> numbers fitted on validation patients, as `calibration_of` in `inference` reads them;
            a limit that rests on anything else says so.
        is_known: This program itself vouches for the hash; a bundle's manifest vouches for its own file alone.
        preprocessing: ``fingerprint`` of the `PreprocessSpec` that it was trained with; empty for the default.
        language: ``vocabulary`` and ``background``, each with the ``file`` beside the weights and its ``sha256``, as
            `inference.language.language_of` reads them; empty where nobody lists the words that it learned.
        is_free: It learned from so many sentences that no list of words is kept.
    """

    key: str
    title: str
    licence: str
    sha256: str | None
    size_bytes: int | None
    config: Path
    weights: Path | None = None
    address: str | None = None
    citation: str = ""
    must_accept: bool = False
    trained_views: tuple[str, ...] = ()
    learned_from_head_size: bool = False
    calibration: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    preprocessing: Mapping[str, Any] = field(default_factory=dict)
    is_known: bool = True
    language: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    is_free: bool = False


def fetalclip() -> ModelEntry:
    """Return the released FetalCLIP weights (CC BY-NC 4.0): not bundled, the user brings or fetches them."""
    return ModelEntry(
        key=FETALCLIP,
        title="FetalCLIP ViT-L/14",
        licence="CC-BY-NC-4.0",
        sha256=FETALCLIP_SHA256,
        size_bytes=FETALCLIP_BYTES,
        config=resources.path("models/fetalclip/config.json"),
        address=HUB_ADDRESS,
        citation=FETALCLIP_CITATION,
        must_accept=True,
        is_free=True,
        calibration={
            "gestational_age": {
                "spread_limit_days": PUBLISHED_SPREAD_LIMIT_DAYS,
                "spread_limit_ground": LimitGround.PUBLISHED,
            }
        },
    )


def compact(folder: Path | None = None) -> ModelEntry:
    """Return the small research model that ships with the program.

    Args:
        folder: Where ``config.json``, ``model.safetensors`` and ``manifest.json`` lie; the bundled one if not given.

    Raises:
        ModelUnavailable: The manifest is missing, or does not say what it must.
    """
    return _with_manifest(resources.path("models/compact") if folder is None else folder, COMPACT)


def bundle(folder: Path) -> ModelEntry:
    """Return the model of an exported folder: of the same files as the bundled one.

    Raises:
        ModelUnavailable: The manifest is missing, or does not say what it must.
    """
    return replace(_with_manifest(folder, BUNDLE), is_known=False)


def _with_manifest(where: Path, key: str) -> ModelEntry:
    manifest = _read_object(where / MANIFEST)
    try:
        return ModelEntry(
            key=key,
            title=str(manifest["title"]),
            licence=str(manifest["licence"]),
            sha256=str(manifest["sha256"]).lower(),
            size_bytes=int(manifest["bytes"]),
            config=where / "config.json",
            weights=where / "model.safetensors",
            citation=str(manifest.get("citation", "")),
            trained_views=tuple(str(view) for view in manifest["trained_views"]),
            learned_from_head_size=bool(manifest["learned_from_head_size"]),
            calibration=dict(manifest["calibration"]),
            preprocessing=dict(manifest["preprocessing"]),
            language=dict(manifest.get("language", {})),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModelUnavailable(ErrorCode.MODEL_DAMAGED, name=MANIFEST, reason=str(error)) from error


def custom(weights: Path, config: Path) -> ModelEntry:
    """Return an entry for a researcher's own open_clip checkpoint: nobody vouches for it."""
    return ModelEntry(
        key=CUSTOM,
        title=weights.name,
        licence="",
        sha256=None,
        size_bytes=None,
        config=config,
        weights=weights,
    )


def find(key: str) -> ModelEntry:
    """Return the model of this name: ``compact`` or ``fetalclip``.

    Raises:
        ModelUnavailable: No such model, or its manifest cannot be read.
    """
    if key == COMPACT:
        return compact()
    if key == FETALCLIP:
        return fetalclip()
    raise ModelUnavailable(ErrorCode.MODEL_MISSING, name=key)


def read_config(path: Path) -> dict[str, Any]:
    """Return an open_clip configuration: ``embed_dim``, ``vision_cfg``, ``text_cfg`` and what else it says.

    A file as the hub stores it, with the configuration under ``model_cfg``, reads the same.

    Raises:
        ModelUnavailable: Missing, no such configuration, or one whose text tower does not read CLIP's tokens.
    """
    config = _read_object(path)
    config = config.get("model_cfg", config)
    parts = [config.get(name) if isinstance(config, dict) else None for name in ("vision_cfg", "text_cfg")]
    if not all(isinstance(part, dict) for part in parts) or not isinstance(config.get("embed_dim"), int):
        raise ModelUnavailable(ErrorCode.MODEL_WRONG_SHAPE, name=path.name, reason="not an open_clip configuration")
    text: dict[str, Any] = config["text_cfg"]
    # A tower of transformers would be looked up on a hub, and reads tokens of its own.
    foreign = [name for name in ("hf_model_name", "hf_tokenizer_name") if text.get(name)]
    if foreign or int(text.get("vocab_size", CLIP_VOCABULARY)) < CLIP_VOCABULARY:
        raise ModelUnavailable(ErrorCode.MODEL_WRONG_SHAPE, name=path.name, reason="not CLIP's vocabulary")
    return dict(config)


def _read_object(path: Path) -> dict[str, Any]:
    """Return the JSON object in ``path``."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelUnavailable(ErrorCode.MODEL_MISSING, name=str(path.name)) from error
    except (OSError, ValueError) as error:
        raise ModelUnavailable(ErrorCode.MODEL_DAMAGED, name=path.name, reason=str(error)) from error
    if not isinstance(content, dict):
        raise ModelUnavailable(ErrorCode.MODEL_DAMAGED, name=path.name, reason="not a JSON object")
    return content
