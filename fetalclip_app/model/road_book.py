"""Which road was found for which weights on which machine: kept, so that it is tried once."""

from __future__ import annotations

import contextlib
import hashlib
import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from fetalclip_app.atomic import write_bytes
from fetalclip_app.errors import ExportFailed
from fetalclip_app.model import instructions, openvino_tower
from fetalclip_app.model.encoder import TorchBackbone
from fetalclip_app.model.road_trial import Verdict, best_of

FORMAT = 3
"""Raise it when a road computes or is chosen otherwise than before: trials of before are then not believed. Where it
computes otherwise, kept rows are others, too: `inference.frame_bank.FORMAT`."""


@dataclass(frozen=True, slots=True)
class RoadBook:
    """Trials by weights, torch, OpenVINO and processor.

    Attributes:
        folder: Where they are kept between runs; None keeps none. Not used by others.
    """

    folder: Path | None

    def known(self, backbone: TorchBackbone) -> str | None:
        """Return the road that was found, an empty string where it is the network as it is; None: none was tried."""
        path = self.path(backbone)
        try:
            found = json.loads(path.read_bytes())["road"] if path is not None else None
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return found if isinstance(found, str) else None

    def note(self, backbone: TorchBackbone, verdicts: Sequence[Verdict]) -> None:
        """Keep what was found; where it cannot be written, the next start tries again."""
        path = self.path(backbone)
        if path is None:
            return
        content = {"road": best_of(verdicts), "tried": [asdict(verdict) for verdict in verdicts]}
        with contextlib.suppress(OSError, ExportFailed):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(path, json.dumps(content, indent=2).encode())

    def path(self, backbone: TorchBackbone, ending: str = ".json") -> Path | None:
        """Return a file of these weights on this machine, or None where nothing is kept."""
        if self.folder is None:
            return None
        facts = [FORMAT, backbone.fingerprint, backbone.place.title, torch.__version__, torch.get_num_threads()]
        content = json.dumps([*facts, openvino_tower.version(), *_processor()])
        return self.folder / f"{hashlib.sha256(content.encode()).hexdigest()}{ending}"


def _processor() -> tuple[str, ...]:
    name = platform.processor()
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        name = next((line for line in lines if line.startswith("model name")), name)
    has = instructions.has_bf16(), instructions.has_tiles(), instructions.has_eight_bits()
    return name, platform.machine(), torch.backends.cpu.get_cpu_capability(), *map(str, has)
