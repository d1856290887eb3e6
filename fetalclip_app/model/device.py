"""Which processor the network runs on: a graphics card is taken only after it has proved that it works."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from fetalclip_app.errors import ComputeFailed, ErrorCode, InvalidInput

AUTO = "auto"
CPU = "cpu"
CUDA = "cuda"
CHOICES = (AUTO, CPU, CUDA)

GPU_UNUSABLE = "gpu_unusable"
"""Notice: a graphics card is there, but failed its test; the CPU is used."""

GPU_OUT_OF_MEMORY = "gpu_out_of_memory"
"""Notice: the graphics card ran out of memory on the way; the CPU went on."""

GPU_FAILED = "gpu_failed"
"""Notice: the graphics card failed on the way; the CPU went on."""

TENSOR_CORES = (7, 0)
"""From this compute capability on, fp16 is faster than fp32; below it is not worth its digits."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Device:
    """Where the network runs.

    Attributes:
        kind: ``cpu`` or ``cuda``.
        title: As screens and reports show it, such as ``cpu fp32``.
        half: The image tower runs under fp16 autocast, as the published plane scripts do. Texts never
            do: their features are stored for later runs, which may be on another device.
        may_fall_back: The user left the choice to the program, so the CPU may take over.
        notices: Keys of what the user must know.
    """

    kind: str
    title: str
    half: bool = False
    may_fall_back: bool = False
    notices: tuple[str, ...] = ()

    def by(self, road: str) -> str:
        """Return the title where the image tower takes another road, such as ``bf16``."""
        return _title(self.kind, road)


def choose(device: str, *, in_full: bool = False) -> Device:
    """Return where to run.

    Args:
        in_full: In 32 bits, also where a graphics card is faster in 16.
        device: ``cpu``, ``cuda``, or ``auto`` for a graphics card that works and else the CPU.

    Raises:
        ComputeFailed: ``cuda`` was asked for, and there is none that works.
        InvalidInput: No such choice.
    """
    if device not in CHOICES:
        raise InvalidInput(ErrorCode.DEVICE_UNAVAILABLE, device=device)
    if device == CPU:
        return cpu()
    trouble = _trouble()
    if trouble is None:
        return _card(may_fall_back=device == AUTO, in_full=in_full)
    if device == CUDA:
        raise ComputeFailed(ErrorCode.DEVICE_UNAVAILABLE, device=CUDA, reason=trouble)
    return cpu((GPU_UNUSABLE,) if trouble else ())


def cpu(notices: tuple[str, ...] = ()) -> Device:
    """Return the CPU in fp32, which is exact everywhere."""
    return Device(CPU, _title(CPU, "fp32"), notices=notices)


@contextmanager
def half_the_threads() -> Iterator[None]:
    """Let products be shared by half of the processor's threads meanwhile: the other cores have work of their own."""
    usual = torch.get_num_threads()
    torch.set_num_threads(max(usual // 2, 1))
    try:
        yield
    finally:
        torch.set_num_threads(usual)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether ``error`` says that memory ran out, on the card or in the host."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and "can't allocate memory" in str(error)


def _trouble() -> str | None:
    """Return why no card can be used: None if one can, an empty string if there is none."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        is_there = torch.cuda.is_available()
    if not is_there:
        # A driver that is too old for this torch is reported as a warning, and as "not available".
        return str(said[0].message) if said else ""
    try:
        with warnings.catch_warnings(record=True):
            warnings.simplefilter("always")
            works = _self_test()
    except Exception as error:
        _log.warning("the graphics card failed its test: %s", error)
        return str(error) or type(error).__name__
    return None if works else "wrong result"


def _self_test() -> bool:
    """Whether the card multiplies as the CPU does."""
    left = torch.arange(64 * 64, dtype=torch.float32).reshape(64, 64) / 4096
    expected = left @ left.T
    found = (left.to(CUDA) @ left.to(CUDA).T).cpu()
    return bool(torch.allclose(found, expected, rtol=1e-3, atol=1e-3))


def may_halve() -> bool:
    """Whether the graphics card is worth its lost digits in 16 bits."""
    return tuple(torch.cuda.get_device_capability()) >= TENSOR_CORES


def _title(kind: str, way: str) -> str:
    return f"cpu {way}" if kind == CPU else f"{torch.cuda.get_device_name()} ({kind} {way})"


def _card(*, may_fall_back: bool, in_full: bool) -> Device:
    half = may_halve() and not in_full
    title = _title(CUDA, "fp16" if half else "fp32")
    return Device(CUDA, title, half=half, may_fall_back=may_fall_back)
