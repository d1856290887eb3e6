"""A convolutional image tower by OpenVINO, where it is installed: the same network in fp32, laid out for the processor.

Intel's own converter tells its makers of each use. The parts below it, which are taken here, send nothing.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import torch
from torch import nn

from fetalclip_app.atomic import write_bytes
from fetalclip_app.errors import ExportFailed
from fetalclip_app.model import texture
from fetalclip_app.model.folding import gives_the_same
from fetalclip_app.model.tower_facts import image_size

OPENVINO = "openvino"

_PROCESSOR = "CPU"

_DIGEST_BYTES = 32

_MOST_KEPT = 4
"""Converted networks that lie beside each other, 15 MB each."""

_log = logging.getLogger(__name__)


def version() -> str:
    """Return which OpenVINO is installed; an empty string where none is."""
    try:
        return importlib.metadata.version(OPENVINO)
    except importlib.metadata.PackageNotFoundError:
        return ""


class OpenVinoTower:
    """Pictures to features, as the network's own ``visual`` does, for reading only.

    Args:
        visual: Its batch normalisations are folded. Nothing of it is changed.
        kept: A file that holds its converted form from an earlier start, or will: a conversion takes seconds. None
            converts anew.

    Raises:
        RuntimeError: It cannot be converted, or gives other features.
    """

    def __init__(self, visual: nn.Module, kept: Path | None = None) -> None:
        self._plain = _WithTexture(visual).eval()
        self._texture_width = texture.width(visual)
        try:
            self._compute = self._found(kept) or self._made(kept)
        except Exception as error:  # another maker's library: whatever it lacks, there is no such tower here
            raise RuntimeError(f"OpenVINO cannot be used: {error}") from error

    def __call__(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return features, float32, (N, D), not normalised, of pictures, float32, (N, 3, S, S)."""
        return self.with_texture(pictures)[0]

    def with_texture(self, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return features (N, D) and textures (N, T) of pictures, from one pass."""
        found = _computed(self._compute, pictures)
        length = found.shape[1] - self._texture_width
        return found[:, :length], found[:, length:]

    def _found(self, kept: Path | None) -> Any | None:
        """Return what was kept, where it is whole and the same network."""
        import openvino  # noqa: PLC0415 - it is not always there

        content = _whole(kept)
        if content is None:
            return None
        try:
            compute = openvino.Core().import_model(io.BytesIO(content), _PROCESSOR, _options())
            if self._is_the_same(compute):
                return compute
            reason = "it is another one"
        except Exception as error:  # such as: it was compiled for another processor
            reason = str(error)
        _log.info("the converted network is made anew: %s", reason)
        return None

    def _made(self, kept: Path | None) -> Any:
        import openvino  # noqa: PLC0415

        compute = openvino.Core().compile_model(_converted(self._plain), _PROCESSOR, _options())
        if not self._is_the_same(compute):
            raise RuntimeError("its features are others")
        if kept is not None:
            with suppress(OSError, ExportFailed):  # the next start converts again
                _keep(compute, kept)
        return compute

    def _is_the_same(self, compute: Any) -> bool:
        return gives_the_same(self._plain, lambda pictures: _computed(compute, pictures))


class _WithTexture(nn.Module):
    """Features and, behind them, textures: (N, D + T)."""

    def __init__(self, visual: nn.Module) -> None:
        super().__init__()
        self.visual = visual
        self.image_size = image_size(visual)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        if not texture.width(self.visual):
            features: torch.Tensor = self.visual(pictures)
            return features
        with texture.watched(self.visual) as textures:
            return torch.cat([self.visual(pictures), *textures], dim=1)


def _computed(compute: Any, pictures: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(compute(pictures.contiguous().numpy(), share_inputs=True)[0])


def _converted(plain: _WithTexture) -> Any:
    from openvino.frontend import FrontEndManager  # noqa: PLC0415
    from openvino.frontend.pytorch.fx_decoder import TorchFXPythonDecoder  # noqa: PLC0415

    pictures = torch.zeros(2, 3, plain.image_size, plain.image_size)
    shapes = {"pictures": {0: torch.export.Dim("count")}}
    with torch.no_grad(), _silent():
        program = torch.export.export(plain, (pictures,), dynamic_shapes=shapes)
        decoder = TorchFXPythonDecoder.from_exported_program(program)  # the front end does not hold it
        front = FrontEndManager().load_by_framework("pytorch")
        return front.convert(front.load(decoder))


@contextmanager
def _silent() -> Iterator[None]:
    """Let no warning be heard: the converter counts up, with tracebacks, what this torch need not take apart."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _options() -> dict[str, object]:
    threads = torch.get_num_threads()
    return {
        "INFERENCE_PRECISION_HINT": "f32",
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": threads,
        "ENABLE_CPU_PINNING": False,  # other threads and programs work on the same cores
    }


def _whole(kept: Path | None) -> bytes | None:
    """Return what lies behind the digest of a file, or None: of a part of it OpenVINO could make anything."""
    try:
        content = kept.read_bytes() if kept is not None else b""
    except OSError:
        return None
    digest, rest = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    return rest if rest and hashlib.sha256(rest).digest() == digest else None


def _keep(compute: Any, kept: Path) -> None:
    """Write the compiled network behind its digest, and remove old ones of other weights or versions.

    Raises:
        OSError, ExportFailed: It cannot be written.
    """
    stream = io.BytesIO()
    compute.export_model(stream)
    content = stream.getvalue()
    kept.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(kept, hashlib.sha256(content).digest() + content)
    by_age = sorted(kept.parent.glob(f"*{kept.suffix}"), key=lambda path: path.stat().st_mtime)
    for old in by_age[:-_MOST_KEPT]:
        old.unlink(missing_ok=True)
