"""From a finished run to a model that the app loads: weights, configuration, prompts, manifest, card, heads."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import safetensors.torch
import torch

from fetalclip_app import resources
from fetalclip_app.domain.model_names import BUNDLE, COMPACT
from fetalclip_app.imaging.preprocess import PreprocessSpec
from fetalclip_app.tasks.view_sets import BRAIN_PLANES_FILE, PLANES_FILE
from training import card
from training.carried_heads import carry, heads_for
from training.files import sha256_of
from training.manifest import Sample
from training.origin import Origin, origin_of
from training.shelf import Shelf
from training.soup import RECORDED, mean_with
from training.towers import TowerConfig, architecture

MAX_BYTES = 24 * 1024 * 1024
"""The bundled compact model's file is no larger than this."""

BUNDLED_TITLE = "Compact research CLIP 2.0"


def export_run(
    folder_of_run: Path,
    samples: Callable[[], Sequence[Sample]],
    out: Path | None = None,
    heads: Sequence[Path] = (),
    beside: Path | None = None,
) -> None:
    """Write a run's mean weights and a manifest without calibration, with the heads that were trained on them.

    Args:
        samples: As for `training.origin.origin_of`.
        out: A new folder that the window can load, with prompts and a card; ``resources/models/compact`` if not given.
        heads: Folders of finished heads and probes.
        beside: Weights that the run began with: what is written is the mean of both (`training.soup`).

    Raises:
        FileExistsError: ``out`` is there and not empty.
        ValueError: The run's network is not the bundled one's, and ``out`` is not given; a head is of other weights; or
            the run did not begin with ``beside``.
    """
    # A run on a GPU is exported anywhere.
    state = torch.load(folder_of_run / "last.pt", map_location="cpu", weights_only=True)["network"]
    origin = origin_of(folder_of_run, samples)
    layers = _layers(origin.record["config"])
    if beside is not None:
        state = mean_with(state, beside, origin.record)
        origin = replace(origin, record={**origin.record, RECORDED: sha256_of(beside)})
    if out is None and layers != resources.read_json("models/compact/config.json"):
        raise ValueError("this run's network is not the bundled one's: export it to a folder of its own by --out")
    content = packed(state, MAX_BYTES if out is None else None)
    spec = PreprocessSpec(size=layers["vision_cfg"]["image_size"])
    carried = heads_for(heads, hashlib.sha256(content).hexdigest(), spec.fingerprint())
    folder = resources.path("models/compact") if out is None else new_bundle(out, layers)
    manifest = manifest_of(origin, _written(content, folder), spec)
    if out is None:
        manifest |= {"key": COMPACT, "title": BUNDLED_TITLE}
    else:
        (folder / card.CARD).write_text(card.blank(manifest), encoding="utf-8")
    write_manifest(folder, manifest)
    carry(carried, Shelf.of(out).heads)


def _layers(config: dict[str, Any]) -> dict[str, Any]:
    """Return open_clip's configuration of a run's network; runs before there was a choice had the bundled one's."""
    return architecture(TowerConfig(**config.get("tower", {})), config.get("loss", "nce"))


def new_bundle(folder: Path, layers: dict[str, Any]) -> Path:
    """Return the folder with the network's configuration and the prompts in it.

    Raises:
        FileExistsError: It is there and not empty.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty")
    (folder / "heads").mkdir(parents=True)
    (folder / "prompts").mkdir()
    (folder / "config.json").write_text(json.dumps(layers, indent=2) + "\n", encoding="utf-8")
    for name in (PLANES_FILE, BRAIN_PLANES_FILE):
        shutil.copyfile(resources.path(name), folder / name)
    return folder


def packed(state: Mapping[str, torch.Tensor], most_bytes: int | None = None) -> bytes:
    """Return half-precision weights as a safetensors file holds them.

    Raises:
        ValueError: The file would be larger than ``most_bytes``.
    """
    half = {
        key: (tensor.half() if tensor.is_floating_point() else tensor).contiguous() for key, tensor in state.items()
    }
    content = safetensors.torch.save(half)
    if most_bytes is not None and len(content) > most_bytes:
        raise ValueError(f"{len(content)} bytes are more than {most_bytes}")
    return content


def write_weights(state: Mapping[str, torch.Tensor], folder: Path, most_bytes: int | None = None) -> dict[str, Any]:
    """Write half-precision weights and return what the manifest says of the file.

    Raises:
        ValueError: The file would be larger than ``most_bytes``.
    """
    return _written(packed(state, most_bytes), folder)


def _written(content: bytes, folder: Path) -> dict[str, Any]:
    (folder / "model.safetensors").write_bytes(content)
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def write_manifest(folder: Path, facts: Mapping[str, Any]) -> None:
    """Write the manifest beside the weights."""
    (folder / "manifest.json").write_text(json.dumps(facts, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def manifest_of(origin: Origin, file: Mapping[str, Any], spec: PreprocessSpec) -> dict[str, Any]:
    """Return the manifest of a model before it is calibrated.

    Args:
        origin: What the run tells.
        file: What `write_weights` returned.
        spec: How pictures become the network's input.
    """
    return {
        **file,
        "key": BUNDLE,
        "title": f"{origin.record['config']['name']} ({file['sha256'][:8]})",
        "licence": origin.licence,
        "trained_views": list(origin.trained_views),
        "learned_from_head_size": origin.head_sized,
        "preprocessing": {"fingerprint": spec.fingerprint(), "size": spec.size},
        "calibration": {},
        "training": origin.record,
        "data": origin.data,
    }
