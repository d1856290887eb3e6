"""Heads that work on the inner features of one very set of weights."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors import SafetensorError
from torch import nn

from fetalclip_app.domain.backbone import Batch
from fetalclip_app.domain.structures import SKULL, MaskFacts
from fetalclip_app.errors import ErrorCode, ModelUnavailable
from fetalclip_app.imaging.preprocess import PreprocessSpec
from fetalclip_app.model import vouched
from fetalclip_app.model.encoder import TorchBackbone
from fetalclip_app.model.landmarks import ENDS, LandmarkDecoder, LandmarkHead
from fetalclip_app.model.pyramid import Climb, mix, pyramid, pyramid_channels
from fetalclip_app.model.unetr import UnetrDecoder, token_maps, token_width

PICTURES_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class DecoderConfig:
    """Widths of a decoder, from the coarsest level to the finest."""

    widths: tuple[int, ...] = (96, 64, 48, 32, 24)


class PyramidDecoder(Climb):
    """From feature maps at strides 2 to 32 to one mask for each structure: a small U-shaped decoder.

    Args:
        channels: Of the feature maps, from stride 2 to stride 32.
        structures: How many masks.
    """

    def __init__(
        self, channels: Sequence[int], config: DecoderConfig = DecoderConfig(), *, structures: int = 1
    ) -> None:
        super().__init__(channels, config.widths)
        self.picture = mix(3, 8)
        self.last = nn.Sequential(mix(config.widths[-1] + 8, 16), nn.Conv2d(16, structures, 1))

    def forward(self, pictures: torch.Tensor, maps: Sequence[torch.Tensor]) -> torch.Tensor:
        """Return logits, (N, structures, S, S), for pictures (N, 3, S, S) and their feature maps, stride 2 first."""
        state = F.interpolate(self.climb(maps), size=pictures.shape[-2:], mode="bilinear")
        logits: torch.Tensor = self.last(torch.cat([state, self.picture(pictures)], dim=1))
        return logits


Maps = Callable[[Any, torch.Tensor], list[torch.Tensor]]
"""From a network and pictures to the feature maps that a decoder takes."""


def decoder_for(network: Any, structures: int) -> tuple[nn.Module, Maps]:
    """Return the decoder that fits a tower, and what it decodes: UNETR-style for a vision transformer."""
    if hasattr(network.visual, "trunk"):
        return PyramidDecoder(pyramid_channels(network), structures=structures), pyramid
    return UnetrDecoder(token_width(network), structures), token_maps


class MaskHead:
    """A decoder on a backbone's feature maps, behind the `Outliner` protocol.

    Args:
        maps: What the decoder decodes.
    """

    def __init__(
        self, backbone: TorchBackbone, decoder: nn.Module, identity: tuple[str, str], maps: Maps = pyramid
    ) -> None:
        self._backbone, self._maps = backbone, maps
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
        return self._backbone.run(lambda network, part: self._masks(network, part)[:, 0], batch, PICTURES_AT_ONCE)

    def _masks(self, network: torch.nn.Module, batch: Batch) -> torch.Tensor:
        pictures = self._backbone.to_device(batch)
        decoder = self._decoder.to(pictures.device)
        return torch.sigmoid(decoder(pictures, self._maps(network, pictures)))


class StructuresHead(MaskHead):
    """Masks of several structures, behind the `Segmenter` protocol; its skull's is an outline too."""

    def __init__(self, backbone: TorchBackbone, decoder: nn.Module, facts: MaskFacts, maps: Maps) -> None:
        super().__init__(backbone, decoder, (facts.name, facts.sha256), maps)
        self._facts = facts

    @property
    def facts(self) -> MaskFacts:
        """What is told of it."""
        return self._facts

    @property
    def has_outline(self) -> bool:
        """Whether one of its masks is the head's."""
        return SKULL in self._facts.structures

    def segment(self, batch: Batch) -> NDArray[np.float32]:
        """Return probabilities, float32, (N, structures, S, S), in network pixels.

        Raises:
            ComputeFailed: Memory ran out, or the device failed.
        """
        return self._backbone.run(self._masks, batch, PICTURES_AT_ONCE)

    def outline(self, batch: Batch) -> NDArray[np.float32]:
        """Return the probabilities of the skull, float32, (N, S, S).

        Raises:
            ComputeFailed: Memory ran out, or the device failed.
            ValueError: It has no mask of the skull.
        """
        return self.segment(batch)[:, self._facts.structures.index(SKULL)]


OUTLINE, MASKS, MEASUREMENTS = "outline", "masks", "measurements"
"""Kinds of heads, as their JSON names them; one that names none is an outline."""

Head = MaskHead | LandmarkHead


def available(
    folder: Path, backbone: TorchBackbone, spec: PreprocessSpec, kinds: tuple[str, ...] = (OUTLINE, MASKS, MEASUREMENTS)
) -> dict[str, Head]:
    """Return kind -> head, of the heads in ``folder`` that were trained on these very weights.

    A JSON that cannot be read may be of any kind and for any weights: `probes.find_all` tells of it.

    Raises:
        ModelUnavailable: There is one, but its file is damaged or prepared otherwise.
    """
    found: dict[str, Head] = {}
    for path in sorted(folder.glob("*.json")):
        try:
            facts = vouched.facts(path)
        except ModelUnavailable:
            continue
        kind = str(facts.get("kind", OUTLINE))
        if facts.get("backbone_sha256") == backbone.identity.sha256 and kind in kinds and kind not in found:
            found[kind] = _read(path, facts, backbone, spec)
    return found


def find(
    folder: Path, name: str, backbone: TorchBackbone, spec: PreprocessSpec, *, must_be: bool = False
) -> MaskHead | None:
    """Return the mask head that was trained on these very weights, or None where there is none.

    The one called ``name`` comes first, then masks of several structures that have the skull's; such masks that are
    damaged cost no more than themselves: `find_structures` tells of them.

    Args:
        must_be: These weights come with a head: none, or one for other weights, is a damaged installation.

    Raises:
        ModelUnavailable: There is one, but its file is damaged or prepared otherwise; or it had to be and is not.
    """
    for path in sorted(folder.glob(f"*{name}.json")):
        facts = vouched.facts(path)
        draws = facts.get("kind", OUTLINE) in (OUTLINE, MASKS)  # a probe or a clip label may have such a name too
        if draws and facts.get("backbone_sha256") == backbone.identity.sha256:
            head = _read(path, facts, backbone, spec)
            return head if isinstance(head, MaskHead) else None
    several = None
    with contextlib.suppress(ModelUnavailable):
        several = find_structures(folder, backbone, spec)
    if several is not None and several.has_outline:
        return several
    if must_be:
        raise ModelUnavailable(ErrorCode.MODEL_MISSING, name=name)
    return None


def find_structures(folder: Path, backbone: TorchBackbone, spec: PreprocessSpec) -> StructuresHead | None:
    """Return the masks of several structures that were trained on these very weights, or None where there are none.

    Raises:
        ModelUnavailable: There is such a head, but its file is damaged or prepared otherwise.
    """
    head = available(folder, backbone, spec, (MASKS,)).get(MASKS)
    return head if isinstance(head, StructuresHead) else None


def find_landmarks(folder: Path, backbone: TorchBackbone, spec: PreprocessSpec) -> LandmarkHead | None:
    """Return the measurement head that was trained on these very weights, or None where there is none.

    Raises:
        ModelUnavailable: There is one, but its file is damaged or prepared otherwise.
    """
    head = available(folder, backbone, spec, (MEASUREMENTS,)).get(MEASUREMENTS)
    return head if isinstance(head, LandmarkHead) else None


def refuse_other_ends(facts: Mapping[str, Any], name: str) -> None:
    """Pass for a measurement head whose errors are of ends as this program finds them, and for all other heads.

    Args:
        facts: A head's own JSON.
        name: Of its file.

    Raises:
        ModelUnavailable: Its ends were found otherwise.
    """
    if facts.get("kind") == MEASUREMENTS and facts.get("ends") != ENDS:
        raise ModelUnavailable(ErrorCode.ENDS_READ_OTHERWISE, name=name)


def _read(path: Path, facts: dict[str, Any], backbone: TorchBackbone, spec: PreprocessSpec) -> Head:
    file = path.with_suffix(".safetensors")
    if facts.get("preprocessing") != spec.fingerprint():
        raise ModelUnavailable(ErrorCode.MODEL_WRONG_SHAPE, name=file.name, reason="preprocessing differs")
    refuse_other_ends(facts, file.name)
    sha256 = str(facts.get("sha256")).lower()
    content = vouched.read(file, sha256)
    try:
        state = {key: tensor.float() for key, tensor in safetensors.torch.load(content).items()}
        return _made(facts, state, backbone, (path.stem, sha256))
    except (SafetensorError, AttributeError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ModelUnavailable(ErrorCode.MODEL_DAMAGED, name=file.name, reason=str(error)) from error


def _made(
    facts: dict[str, Any], state: dict[str, torch.Tensor], backbone: TorchBackbone, identity: tuple[str, str]
) -> Head:
    kind = facts.get("kind", OUTLINE)
    if kind == MASKS:
        told = _mask_facts(facts, identity)
        masks, maps = decoder_for(backbone.network, len(told.structures))
        masks.load_state_dict(state, strict=True)
        return StructuresHead(backbone, masks, told, maps)
    channels = pyramid_channels(backbone.network)
    if kind == MEASUREMENTS:
        finder = LandmarkDecoder(channels)
        finder.load_state_dict(state, strict=True)
        return LandmarkHead(backbone, finder, identity, facts)
    decoder = PyramidDecoder(channels)
    decoder.load_state_dict(state, strict=True)
    return MaskHead(backbone, decoder, identity)


def _mask_facts(facts: dict[str, Any], identity: tuple[str, str]) -> MaskFacts:
    structures = tuple(str(name) for name in facts["structures"])
    if not structures or len(set(structures)) != len(structures):
        raise ValueError(f"structures {list(structures)}")
    measured: dict[str, Any] = facts.get("validation") or {}
    told = {name: figures for name, figures in measured.items() if figures.get("dice") is not None}
    return MaskFacts(
        name=identity[0],
        sha256=identity[1],
        licence=str(facts["licence"]),
        structures=structures,
        boxes=frozenset(str(name) for name in facts.get("boxes", ())),
        dice={name: float(figures["dice"]) for name, figures in told.items()},
        pictures={name: int(figures["pictures"]) for name, figures in told.items()},
    )
