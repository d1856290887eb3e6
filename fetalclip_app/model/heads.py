"""Heads that work on the inner features of one very set of weights."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import nn

from fetalclip_app.domain.backbone import Batch
from fetalclip_app.errors import ErrorCode, ModelUnavailable
from fetalclip_app.imaging.preprocess import PreprocessSpec
from fetalclip_app.model.encoder import TorchBackbone

PICTURES_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class DecoderConfig:
    """Widths of a decoder, from the coarsest level to the finest."""

    widths: tuple[int, ...] = (96, 64, 48, 32, 24)


class PyramidDecoder(nn.Module):
    """From feature maps at strides 2 to 32 to one mask: a small U-shaped decoder.

    Args:
        channels: Of the feature maps, from stride 2 to stride 32.
    """

    def __init__(self, channels: Sequence[int], config: DecoderConfig = DecoderConfig()) -> None:
        super().__init__()
        deep_first = list(reversed(channels))
        widths = config.widths
        self.start = _mix(deep_first[0], widths[0])
        self.steps = nn.ModuleList(
            _mix(above + skip, width)
            for above, skip, width in zip(widths[:-1], deep_first[1:], widths[1:], strict=True)
        )
        self.picture = _mix(3, 8)
        self.last = nn.Sequential(_mix(widths[-1] + 8, 16), nn.Conv2d(16, 1, 1))

    def forward(self, pictures: torch.Tensor, maps: Sequence[torch.Tensor]) -> torch.Tensor:
        """Return logits, (N, 1, S, S), for pictures (N, 3, S, S) and their feature maps, stride 2 first."""
        deep_first = list(reversed(maps))
        state = self.start(deep_first[0])
        for step, skip in zip(self.steps, deep_first[1:], strict=True):
            state = step(torch.cat([F.interpolate(state, size=skip.shape[-2:], mode="bilinear"), skip], dim=1))
        state = F.interpolate(state, size=pictures.shape[-2:], mode="bilinear")
        logits: torch.Tensor = self.last(torch.cat([state, self.picture(pictures)], dim=1))
        return logits


def _mix(inside: int, outside: int) -> nn.Sequential:
    """Return two steps: across the channels, then a 3 x 3 neighbourhood of each."""
    return nn.Sequential(
        nn.Conv2d(inside, outside, 1, bias=False),
        nn.GroupNorm(8, outside),
        nn.ReLU(),
        nn.Conv2d(outside, outside, 3, padding=1, groups=outside, bias=False),
        nn.Conv2d(outside, outside, 1, bias=False),
        nn.GroupNorm(8, outside),
        nn.ReLU(),
    )


def pyramid_channels(network: Any) -> list[int]:
    """Return the channels of a convolutional tower's feature maps, from stride 2 to stride 32."""
    return [int(level["num_chs"]) for level in network.visual.trunk.feature_info]


def pyramid(network: Any, pictures: torch.Tensor) -> list[torch.Tensor]:
    """Return the feature maps of a convolutional tower, from stride 2 to stride 32."""
    return list(network.visual.trunk.forward_intermediates(pictures, intermediates_only=True))


class MaskHead:
    """A decoder on a backbone's feature maps, behind the `Outliner` protocol."""

    def __init__(self, backbone: TorchBackbone, decoder: PyramidDecoder, identity: tuple[str, str]) -> None:
        self._backbone = backbone
        self._identity = identity
        self._decoder = decoder.eval().requires_grad_(False)

    @property
    def identity(self) -> tuple[str, str]:
        """Name and SHA-256 of the head's own weights."""
        return self._identity

    def outline(self, batch: Batch) -> NDArray[np.float32]:
        """Return probabilities, float32, (N, S, S), in network pixels.

        Raises:
            ComputeFailed: Memory ran out, or the device failed.
        """
        return self._backbone.run(self._masks, batch, PICTURES_AT_ONCE)

    def _masks(self, network: torch.nn.Module, batch: Batch) -> torch.Tensor:
        pictures = self._backbone.to_device(batch)
        decoder = self._decoder.to(pictures.device)
        return torch.sigmoid(decoder(pictures, pyramid(network, pictures)))[:, 0]


def find(
    folder: Path, name: str, backbone: TorchBackbone, spec: PreprocessSpec, *, must_be: bool = False
) -> MaskHead | None:
    """Return the head ``name`` that was trained on these very weights, or None where there is none.

    Args:
        must_be: These weights come with a head: none, or one for other weights, is a damaged installation.

    Raises:
        ModelUnavailable: There is one, but its file is damaged or prepared otherwise; or it had to be and is not.
    """
    for path in sorted(folder.glob(f"*{name}.json")):
        facts = json.loads(path.read_text(encoding="utf-8"))
        if facts["backbone_sha256"] == backbone.identity.sha256:
            return _read(path, facts, backbone, spec)
    if must_be:
        raise ModelUnavailable(ErrorCode.MODEL_MISSING, name=name)
    return None


def _read(path: Path, facts: dict[str, Any], backbone: TorchBackbone, spec: PreprocessSpec) -> MaskHead:
    file = path.with_suffix(".safetensors")
    if facts["preprocessing"] != spec.fingerprint():
        raise ModelUnavailable(ErrorCode.MODEL_WRONG_SHAPE, name=file.name, reason="preprocessing differs")
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ModelUnavailable(ErrorCode.MODEL_MISSING, name=file.name) from error
    found = hashlib.sha256(content).hexdigest()
    if found != facts["sha256"]:
        raise ModelUnavailable(ErrorCode.MODEL_WRONG_HASH, name=file.name, sha256=found, expected=facts["sha256"])
    decoder = PyramidDecoder(pyramid_channels(backbone.network))
    decoder.load_state_dict(
        {key: tensor.float() for key, tensor in safetensors.torch.load(content).items()}, strict=True
    )
    return MaskHead(backbone, decoder, (path.stem, found))
