"""From a checkpoint to the bundle that the app loads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch

from fetalclip_app.imaging.preprocess import PreprocessSpec

MAX_BYTES = 24 * 1024 * 1024
"""The bundled compact model's file is no larger than this."""


def write_weights(state: Mapping[str, torch.Tensor], folder: Path, most_bytes: int | None = None) -> dict[str, Any]:
    """Write half-precision weights and return what the manifest says of the file.

    Raises:
        ValueError: The file would be larger than ``most_bytes``.
    """
    half = {
        key: (tensor.half() if tensor.is_floating_point() else tensor).contiguous() for key, tensor in state.items()
    }
    content = safetensors.torch.save(half)
    if most_bytes is not None and len(content) > most_bytes:
        raise ValueError(f"{len(content)} bytes are more than {most_bytes}")
    (folder / "model.safetensors").write_bytes(content)
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def write_manifest(folder: Path, facts: Mapping[str, Any]) -> None:
    """Write the manifest beside the weights."""
    (folder / "manifest.json").write_text(json.dumps(facts, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def compact_manifest(
    run: Mapping[str, Any], file: Mapping[str, Any], trained_views: tuple[str, ...], spec: PreprocessSpec
) -> dict[str, Any]:
    """Return the manifest of a compact model before it is calibrated.

    Args:
        run: The run's ``config.json``.
        file: What `write_weights` returned.
        spec: How pictures become the network's input.
    """
    return {
        **file,
        "key": "compact",
        "title": "Compact research CLIP 2.0",
        "licence": "CC-BY-4.0",
        "trained_views": list(trained_views),
        "learned_from_head_size": True,
        "preprocessing": {"fingerprint": spec.fingerprint(), "size": spec.size},
        "calibration": {},
        "training": dict(run),
        "data": {
            "hc18": "van den Heuvel et al. 2018, doi 10.1371/journal.pone.0200412, CC BY 4.0",
            "fetal_planes": "Burgos-Artizzu et al. 2020, doi 10.1038/s41598-020-67076-5, CC BY 4.0",
            "head_structures": "Alzubaidi et al. 2023, doi 10.1016/j.dib.2023.109708, CC BY 4.0 (head outline alone)",
            "simulated": "heads made by training/simulate.py",
            "image_tower_start": "EfficientNet-Lite0, ImageNet, Apache-2.0",
        },
    }
