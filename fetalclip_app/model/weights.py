"""From a weight file to tensors: checked against its hash before anything in it is believed."""

from __future__ import annotations

import hashlib
import pickle
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import safetensors.torch
import torch
from safetensors import SafetensorError

from fetalclip_app.errors import ErrorCode, ModelUnavailable
from fetalclip_app.model import vouched
from fetalclip_app.model.catalog import ModelEntry
from fetalclip_app.progress import CancelToken, Report, silent

State = dict[str, torch.Tensor]

_CHUNK = 4 * 1024 * 1024
_ZIP = b"PK\x03\x04"
"""torch.save has written zip archives since 1.6; what begins otherwise is a bare pickle or no weights at all."""

_WRAPPER = "module."
"""What DistributedDataParallel puts before every name."""


@dataclass(frozen=True, eq=False, slots=True)
class Weights:
    """Tensors, and which file they came from.

    Attributes:
        verified: The hash is the one that the catalogue gives, and the program itself vouches for it.
    """

    state: State
    sha256: str
    verified: bool


def read(path: Path, entry: ModelEntry, report: Report = silent, cancel: CancelToken | None = None) -> Weights:
    """Return the tensors of a file whose hash was checked first.

    The file is opened once: what is loaded is what was hashed, even if another file takes its name meanwhile.
    Nothing in it is executed. Nothing is remembered between calls: a size and a time say too little about a content.

    Raises:
        ModelUnavailable: Missing, another file, damaged, or holding more than tensors.
        Cancelled: ``cancel`` was raised; progress is in bytes.
    """
    with _opened(path) as stream:
        digest = _verified(stream, path, entry, report, cancel)
        stream.seek(0)
        return Weights(_state_of(stream, path), digest, verified=entry.sha256 is not None and entry.is_known)


def install(network: torch.nn.Module, state: Mapping[str, torch.Tensor], name: str) -> None:
    """Copy the tensors into the network; half precision becomes the network's own.

    Args:
        name: The file's name, for the error.

    Raises:
        ModelUnavailable: A tensor is missing, left over or of another shape; the network is unchanged.
    """
    wanted = network.state_dict()
    problems = [f"{key}: missing" for key in wanted if key not in state]
    problems += [f"{key}: unknown" for key in state if key not in wanted]
    problems += [
        f"{key}: {tuple(state[key].shape)} for {tuple(tensor.shape)}"
        for key, tensor in wanted.items()
        if key in state and state[key].shape != tensor.shape
    ]
    if problems:
        raise ModelUnavailable(ErrorCode.MODEL_WRONG_SHAPE, name=name, count=len(problems), reason=problems[0])
    network.load_state_dict(dict(state), strict=True)


def _opened(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise ModelUnavailable(ErrorCode.MODEL_MISSING, name=path.name) from error
    except OSError as error:
        raise ModelUnavailable(ErrorCode.MODEL_DAMAGED, name=path.name, reason=str(error)) from error


def _verified(stream: IO[bytes], path: Path, entry: ModelEntry, report: Report, cancel: CancelToken | None) -> str:
    size = path.stat().st_size
    digest = hashlib.sha256()
    done = 0
    report(0, size)
    while chunk := stream.read(_CHUNK):
        if cancel is not None:
            cancel.check()
        digest.update(chunk)
        done += len(chunk)
        report(done, max(size, done))
    found = digest.hexdigest()
    if entry.sha256 is not None:
        vouched.refuse_other(path.name, found, entry.sha256)
    return found


def _state_of(stream: IO[bytes], path: Path) -> State:
    state = _safetensors(stream, path) if path.suffix == ".safetensors" else _torch_file(stream, path)
    if all(key.startswith(_WRAPPER) for key in state):
        state = {key.removeprefix(_WRAPPER): tensor for key, tensor in state.items()}
    for key, tensor in state.items():
        if tensor.is_floating_point() and not _is_finite(tensor):
            raise ModelUnavailable(ErrorCode.MODEL_DAMAGED, name=path.name, reason=f"{key} is not finite")
    return state


def _is_finite(tensor: torch.Tensor) -> bool:
    # The extremes carry every NaN and infinity, and need no second tensor of this size.
    return tensor.numel() == 0 or all(bool(torch.isfinite(extreme)) for extreme in torch.aminmax(tensor))


def _safetensors(stream: IO[bytes], path: Path) -> State:
    try:
        state: State = safetensors.torch.load(stream.read())
    except (SafetensorError, ValueError, KeyError) as error:
        raise ModelUnavailable(ErrorCode.MODEL_DAMAGED, name=path.name, reason=str(error)) from error
    if not state:
        raise ModelUnavailable(ErrorCode.MODEL_DAMAGED, name=path.name, reason="no tensors")
    return state


def _torch_file(stream: IO[bytes], path: Path) -> State:
    if stream.read(len(_ZIP)) != _ZIP:
        raise ModelUnavailable(ErrorCode.MODEL_DAMAGED, name=path.name, reason="not a torch archive")
    stream.seek(0)
    try:
        # TorchScript archives are announced by a warning before they are refused.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            content = torch.load(stream, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ModelUnavailable(ErrorCode.MODEL_DAMAGED, name=path.name, reason="more than tensors") from error
    except (RuntimeError, ValueError, KeyError, EOFError, OSError, AttributeError, TypeError) as error:
        raise ModelUnavailable(ErrorCode.MODEL_DAMAGED, name=path.name, reason=str(error)) from error
    return _tensors_in(content, path)


def _tensors_in(content: Any, path: Path) -> State:
    """Return the state dictionary of a checkpoint: the content itself, or its ``state_dict``."""
    state = content.get("state_dict", content) if isinstance(content, Mapping) else None
    if not isinstance(state, Mapping) or not state:
        raise ModelUnavailable(ErrorCode.MODEL_DAMAGED, name=path.name, reason="no tensors")
    strangers = [key for key, value in state.items() if not isinstance(value, torch.Tensor)]
    if strangers:
        raise ModelUnavailable(ErrorCode.MODEL_DAMAGED, name=path.name, reason=f"{strangers[0]!r} is no tensor")
    return dict(state)
