"""From a catalogue entry to a network that is ready to work, on its device."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from fetalclip_app.domain.reading import ModelIdentity
from fetalclip_app.errors import ComputeFailed, ErrorCode, ModelUnavailable
from fetalclip_app.model import catalog, weights
from fetalclip_app.model.architecture import build
from fetalclip_app.model.catalog import ModelEntry
from fetalclip_app.model.device import CUDA, GPU_FAILED, GPU_OUT_OF_MEMORY, Device, cpu, is_out_of_memory
from fetalclip_app.model.encoder import TorchBackbone
from fetalclip_app.model.folding import fold
from fetalclip_app.progress import CancelToken, Report, silent

_log = logging.getLogger(__name__)


def open_model(
    entry: ModelEntry,
    device: Device,
    *,
    path: Path | None = None,
    licence_accepted: bool = False,
    report: Report = silent,
    cancel: CancelToken | None = None,
) -> TorchBackbone:
    """Return the network of a catalogue entry with its weights, ready to work.

    Args:
        path: The weight file, where it does not come with the program.
        report: Gets (bytes, bytes) while the file is checked.

    Raises:
        ModelUnavailable: Missing, another file, damaged, of the wrong shape, or its licence is not accepted.
        ComputeFailed: The network does not fit on the device that was asked for.
        Cancelled: ``cancel`` was raised.
    """
    if entry.must_accept and not licence_accepted:
        raise ModelUnavailable(ErrorCode.LICENCE_NOT_ACCEPTED, title=entry.title, licence=entry.licence)
    where = path or entry.weights
    if where is None:
        raise ModelUnavailable(ErrorCode.MODEL_MISSING, name=entry.title)
    config = catalog.read_config(entry.config)
    loaded = weights.read(where, entry, report, cancel)
    try:
        network = build(config)
    except (RuntimeError, TypeError, ValueError, KeyError, AssertionError) as error:
        raise ModelUnavailable(ErrorCode.MODEL_WRONG_SHAPE, name=entry.config.name, reason=str(error)) from error
    weights.install(network, loaded.state, where.name)
    fold(network)
    identity = ModelIdentity(
        key=entry.key,
        title=entry.title,
        sha256=loaded.sha256,
        verified=loaded.verified,
        licence=entry.licence,
        trained_views=entry.trained_views,
    )
    return place(network, identity, device, config)


def place(
    network: torch.nn.Module, identity: ModelIdentity, device: Device, config: Mapping[str, Any]
) -> TorchBackbone:
    """Return the network on its device; if it does not fit there and the choice is ours, on the CPU with a notice.

    Raises:
        ComputeFailed: It does not fit on the device that was asked for.
    """
    try:
        return TorchBackbone(network, identity, device, config=config)
    except RuntimeError as error:
        if device.kind != CUDA:
            raise
        lack = is_out_of_memory(error)
        if not device.may_fall_back:
            code = ErrorCode.OUT_OF_MEMORY if lack else ErrorCode.DEVICE_UNAVAILABLE
            raise ComputeFailed(code, device=device.kind, reason=str(error)) from error
        _log.warning("the network does not fit on %s: %s", device.title, error)
        notice = GPU_OUT_OF_MEMORY if lack else GPU_FAILED
        return TorchBackbone(network, identity, cpu((*device.notices, notice)), config=config)
