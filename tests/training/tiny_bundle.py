"""An exported folder of a tiny random network: what `evaluate` and its like load in a moment."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
import tiny_models
from numpy.typing import NDArray

from fetalclip_app import resources
from fetalclip_app.domain.views import PLANES
from fetalclip_app.imaging.preprocess import PreprocessSpec
from fetalclip_app.tasks.keys import VIEWS
from fetalclip_app.tasks.view_sets import BRAIN_PLANES_FILE, PLANES_FILE
from training import card, export

SPEC = PreprocessSpec(size=tiny_models.SIZE)

_WIDTH = 16
Layer = tuple[NDArray[np.float32], NDArray[np.float32]]


def write(folder: Path, config: dict[str, Any] = tiny_models.CONVNET) -> Path:
    """Write weights, configuration, prompts, manifest and an empty card; nothing is calibrated."""
    (folder / "heads").mkdir(parents=True)
    (folder / "prompts").mkdir()
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    for name in (PLANES_FILE, BRAIN_PLANES_FILE):
        shutil.copyfile(resources.path(name), folder / name)
    file = export.write_weights(tiny_models.network(config).state_dict(), folder)
    manifest = {
        **file,
        "key": "bundle",
        "title": "tiny",
        "licence": "not stated",
        "trained_views": [],
        "learned_from_head_size": True,
        "preprocessing": {"fingerprint": SPEC.fingerprint(), "size": SPEC.size},
        "calibration": {},
        "data": {},
    }
    export.write_manifest(folder, manifest)
    (folder / card.CARD).write_text(card.blank(manifest), encoding="utf-8")
    return folder


def sha256_of(folder: Path) -> str:
    """Return the hash of the folder's weights."""
    told: str = json.loads((folder / "manifest.json").read_text("utf-8"))["sha256"]
    return told


def write_probe(heads: Path, backbone_sha256: str, *, always: str) -> Path:
    """Write a probe that names one plane whatever it sees, and return its JSON."""
    bias = np.array([9.0 * (name == always) for name in PLANES], np.float32)
    return _write_layer(heads, backbone_sha256, VIEWS, PLANES, (np.zeros((len(PLANES), _WIDTH), np.float32), bias))


def write_layer(heads: Path, backbone_sha256: str, task: str, classes: tuple[str, ...]) -> Path:
    """Write a probe of random weights, whose answers differ from picture to picture."""
    weight = np.random.default_rng(len(classes)).normal(0, 300, (len(classes), _WIDTH)).astype(np.float32)
    weight -= weight.mean(axis=1, keepdims=True)
    return _write_layer(heads, backbone_sha256, task, classes, (weight, np.zeros(len(classes), np.float32)))


def _write_layer(heads: Path, backbone_sha256: str, task: str, classes: tuple[str, ...], layer: Layer) -> Path:
    heads.mkdir(exist_ok=True)
    path = heads / f"tiny_probe_{task}.safetensors"
    safetensors.numpy.save_file({"weight": layer[0], "bias": layer[1]}, path)
    facts = {
        "kind": "probe",
        "task": task,
        "classes": classes,
        "backbone_sha256": backbone_sha256,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "preprocessing": SPEC.fingerprint(),
        "features": "unit",
        "licence": "not stated",
    }
    path.with_suffix(".json").write_text(json.dumps(facts), encoding="utf-8")
    return path.with_suffix(".json")
