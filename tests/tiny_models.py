"""Small random networks of open_clip's own layouts, and files of them."""

from __future__ import annotations

import copy
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import torch

from fetalclip_app.domain.reading import ModelIdentity
from fetalclip_app.model.architecture import build
from fetalclip_app.model.catalog import ModelEntry
from fetalclip_app.model.device import Device, cpu
from fetalclip_app.model.encoder import TorchBackbone

SIZE = 64

TEXT = {"context_length": 117, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2}

VIT = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": SIZE, "layers": 2, "width": 64, "patch_size": 16, "head_width": 32},
    "text_cfg": TEXT,
}
"""FetalCLIP's layout, smaller."""

CONVNET = {
    "embed_dim": 16,
    "vision_cfg": {
        "timm_model_name": "tf_efficientnet_lite0",
        "timm_model_pretrained": False,
        "timm_pool": "avg",
        "timm_proj": "linear",
        "image_size": SIZE,
    },
    "text_cfg": TEXT,
}

RESNET = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": SIZE, "layers": [1, 1, 1, 1], "width": 8, "patch_size": None},
    "text_cfg": TEXT,
}

TIMM_VIT = {
    "embed_dim": 16,
    "vision_cfg": {
        "timm_model_name": "test_vit",
        "timm_model_pretrained": False,
        "timm_pool": "",
        "timm_proj": "linear",
        "image_size": 160,
    },
    "text_cfg": TEXT,
}

UNCAUSAL = {**VIT, "text_cfg": {**TEXT, "no_causal_mask": True}, "custom_text": True}
CUSTOM_TEXT = {**VIT, "custom_text": True}

IDENTITY = ModelIdentity("tiny", "Tiny", "0" * 64, verified=False, licence="")


@cache
def _built(text: str) -> torch.nn.Module:
    torch.manual_seed(5)
    return build(json.loads(text))


def network(config: dict[str, Any] = VIT) -> torch.nn.Module:
    """Return a network with the same random weights at each call."""
    return copy.deepcopy(_built(json.dumps(config)))


def backbone(config: dict[str, Any] = VIT, device: Device | None = None, **options: Any) -> TorchBackbone:
    return TorchBackbone(network(config), IDENTITY, device or cpu(), config=config, **options)


def released(folder: Path, config: dict[str, Any] = VIT, **changes: Any) -> tuple[Path, ModelEntry]:
    """Write a checkpoint as FetalCLIP's is written, and the catalogue entry that vouches for it."""
    path = folder / "weights.pt"
    wrapped = {f"module.{name}": tensor for name, tensor in network(config).state_dict().items()}
    torch.save({"epoch": 20, "name": "released", "state_dict": wrapped}, path)
    return path, entry_for(path, config, **changes)


def entry_for(path: Path, config: dict[str, Any] = VIT, **changes: Any) -> ModelEntry:
    config_path = path.with_name("config.json")
    config_path.write_text(json.dumps(config))
    fields: dict[str, Any] = {
        "key": "fetalclip",
        "title": "Released",
        "licence": "CC-BY-NC-4.0",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "size_bytes": path.stat().st_size,
        "config": config_path,
        "must_accept": True,
        "address": None,
    }
    return ModelEntry(**{**fields, **changes})
