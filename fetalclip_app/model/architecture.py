"""From a configuration to an open_clip network without weights."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import open_clip
import torch


def build(config: Mapping[str, Any]) -> torch.nn.Module:
    """Return an open_clip CLIP with random weights, in training mode, on the CPU, fp32.

    Args:
        config: An open_clip model configuration: ``embed_dim``, ``vision_cfg``, ``text_cfg``.

    Nothing is downloaded: a configuration that asks for pretrained parts is built without them.
    """
    with _silent_root():
        network: torch.nn.Module = open_clip.create_model(
            register(config), pretrained=None, pretrained_image=False, load_weights=False
        )
    return network


@contextlib.contextmanager
def _silent_root() -> Iterator[None]:
    """Keep open_clip's root warning about missing weights, and the handler that it installs, from the user."""
    root, nowhere = logging.getLogger(), logging.NullHandler()
    root.addHandler(nowhere)
    root.addFilter(_nothing)
    try:
        yield
    finally:
        root.removeFilter(_nothing)
        root.removeHandler(nowhere)


def _nothing(record: logging.LogRecord) -> bool:
    return record.levelno > logging.WARNING


def register(config: Mapping[str, Any]) -> str:
    """Make ``config`` known to open_clip by its public call, and return the name that it got."""
    text = json.dumps(config, sort_keys=True)
    name = f"studio-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    if name not in open_clip.list_models():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{name}.json"
            path.write_text(text, encoding="utf-8")
            open_clip.add_model_config(path)
    return name
