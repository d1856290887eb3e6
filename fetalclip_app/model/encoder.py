"""The two towers: pictures and sentences in, unit rows out."""

from __future__ import annotations

import contextlib
import copy
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from fetalclip_app.domain.backbone import Batch, Embeddings
from fetalclip_app.domain.familiarity import Textures
from fetalclip_app.domain.reading import ModelIdentity
from fetalclip_app.errors import ComputeFailed, ErrorCode
from fetalclip_app.model import texts, texture
from fetalclip_app.model.device import (
    CPU,
    CUDA,
    GPU_FAILED,
    GPU_OUT_OF_MEMORY,
    Device,
    cpu,
    half_the_threads,
    is_out_of_memory,
)
from fetalclip_app.model.in_parts import in_parts
from fetalclip_app.model.roads import Road, Tower
from fetalclip_app.model.text_layers import Layers
from fetalclip_app.model.tower_facts import fingerprint_of, image_size, is_convolutional, row_length

FRAMES_AT_ONCE = {"cuda": 16, "cpu": 4}
"""Pictures in one pass. On a CPU, feature maps of more than a few no longer fit its caches: 8 took a third longer
for each picture than 2 to 4 (EfficientNet-Lite0, 224 pixels)."""

_log = logging.getLogger(__name__)

Part = NDArray[np.float32] | Sequence[texts.Tokens]


class TorchBackbone:
    """A CLIP network behind the `Backbone` protocol; other heads of this room reach it by `run`."""

    def __init__(
        self,
        network: torch.nn.Module,
        identity: ModelIdentity,
        device: Device,
        *,
        config: Mapping[str, Any] | None = None,
        frames_at_once: int | None = None,
    ) -> None:
        network.eval().requires_grad_(False)
        self._is_convolutional = is_convolutional(network)
        if self._is_convolutional:
            network.get_submodule("visual").to(memory_format=torch.channels_last)
        self._identity = identity
        self._frames_at_once = frames_at_once or FRAMES_AT_ONCE[device.kind]
        self._road: Road | None = None
        self._tower: Tower | None = None
        self._fingerprint = fingerprint_of(identity.sha256, config or {})
        self._logit_scale = float(network.get_parameter("logit_scale").detach().exp().reshape(()))
        self._device = device
        # A card that failed may give nothing back: the CPU's copy must not depend on it.
        self._reserve = network if device.may_fall_back else None
        self._network = _on_card(network, device) if device.kind == CUDA else network

    @property
    def identity(self) -> ModelIdentity:
        """Which weights these are."""
        return self._identity

    @property
    def fingerprint(self) -> str:
        """64 hex digits that differ whenever the weights or their configuration do: what text features depend on."""
        return self._fingerprint

    @property
    def logit_scale(self) -> float:
        """The factor (not its logarithm) between cosine similarity and logits, as the weights have it."""
        return self._logit_scale

    @property
    def device(self) -> str:
        """Where it runs now and by which road, such as ``cpu fp32``: rows of two of these never mix."""
        return self._device.title if self._road is None else self._device.by(self._road.key)

    @property
    def place(self) -> Device:
        """Where it runs now, whatever the road."""
        return self._device

    @property
    def notices(self) -> tuple[str, ...]:
        """Keys of what the user must know, such as a fall-back from GPU to CPU. May grow."""
        return self._device.notices

    @property
    def frames_at_once(self) -> int:
        """How many pictures go through the image tower in one pass."""
        return self._frames_at_once if self._road is None else self._road.at_once

    @property
    def image_size(self) -> int:
        """Side of the pictures that the image tower reads, in network pixels."""
        return image_size(self._network.get_submodule("visual"))

    @property
    def context_length(self) -> int:
        """Tokens that the text tower reads, start and end included."""
        return int(self._network.context_length)  # type: ignore[arg-type]

    @property
    def network(self) -> torch.nn.Module:
        """The open_clip network where it lies now: ask anew after `run`, a fall-back replaces it."""
        return self._network

    def take(self, road: Road | None) -> None:
        """Go by another road from now on; None is the network as it is.

        Raises:
            RuntimeError, MemoryError, AttributeError: It cannot be built here; the road taken before is still taken.
        """
        self._tower = None if road is None else road.build(self._network.get_submodule("visual"))
        self._road = road

    def encode_frames(self, batch: Batch) -> Embeddings:
        """Return one unit row for each picture.

        Raises:
            ComputeFailed: Memory ran out, or the device failed.
        """
        with self._beside_others(batch):
            return self.run(self._frames, batch, self.frames_at_once)

    def encode_with_texture(self, batch: Batch) -> tuple[Embeddings, Textures]:
        """Return one unit row and one texture for each picture, in one pass.

        Raises:
            ComputeFailed: Memory ran out, or the device failed.
            ValueError: The image tower has no such feature maps.
        """
        length = texture.width(self._network.visual)
        if not length:
            raise ValueError("this image tower has no feature maps")
        with self._beside_others(batch):
            found = self.run(self._frames_with_texture, batch, self.frames_at_once)
        rows, textures = np.split(found, [-length], axis=1)
        return rows.copy(), textures.copy()

    def encode_texts(self, texts_: Sequence[str]) -> Embeddings:
        """Return one unit row for each text.

        Raises:
            InvalidInput: A text is longer than the network reads.
            ComputeFailed: Memory ran out, or the device failed.
        """
        return self._encoded(texts_, Layers())

    def encode_texts_in_parts(self, parts: Iterable[Sequence[str]]) -> Iterator[Embeddings]:
        """Return the rows of one part after the other, as `encode_texts` does: of many texts, in less time.

        While this goes on, there may be a copy of the text tower's weights.
        """
        layers = Layers(laid_out=True)
        for part in parts:
            yield self._encoded(part, layers)

    def _encoded(self, texts_: Sequence[str], layers: Layers) -> Embeddings:
        rows = texts.tokens_of(texts_, self.context_length)
        order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
        step = partial(self._texts, layers)
        sorted_features = self.run(step, [rows[index] for index in order], texts.at_once(self._network))
        features = np.empty_like(sorted_features)
        features[order] = sorted_features
        return features

    def run(
        self, step: Callable[[torch.nn.Module, Any], torch.Tensor], items: Part, at_once: int
    ) -> NDArray[np.float32]:
        """Return ``step(network, part of items)`` for all parts, joined, as float32.

        Out of memory halves the parts. Where one item is still too much, or the card fails, `meet` finds another way.

        Raises:
            ComputeFailed: No device is left that can do it.
        """
        return in_parts(lambda part: step(self._network, part), items, at_once, self.meet)

    def meet(self, error: Exception) -> None:
        """Let the network as it is, or else the CPU, take over after ``error``, or say that nothing can.

        Raises:
            ComputeFailed: There is no other device, or the user asked for this one.
        """
        lack = is_out_of_memory(error)
        if self._road is not None:
            _log.warning("the road %s is left: %s", self._road.key, error)
            self.take(None)  # its copy of the weights is memory
            return
        if self._device.kind != CUDA and not lack:
            raise error
        if self._reserve is None or self._device.kind != CUDA:
            code = ErrorCode.OUT_OF_MEMORY if lack else ErrorCode.DEVICE_UNAVAILABLE
            raise ComputeFailed(code, device=self._device.kind, reason=str(error)) from error
        _log.warning("the CPU takes over from %s: %s", self._device.title, error)
        notice = GPU_OUT_OF_MEMORY if lack else GPU_FAILED
        self._device = cpu((*self._device.notices, notice))
        self._network = self._reserve
        with contextlib.suppress(RuntimeError):
            torch.cuda.empty_cache()

    def embed_images(self, pictures: torch.Tensor, *, exact: bool = False) -> torch.Tensor:
        """Return one unit row for each picture, float32, (N, D), on the device: by the fastest road that is in use.

        For passes over pictures that lie there already, such as masked ones: without gradient, in one batch. A lack of
        memory is the caller's (`run` meets it).

        Args:
            pictures: As `to_device` returns them.
            exact: By the network as it is, in fp32.
        """
        if self._tower is not None and not exact:
            with torch.inference_mode():
                return torch.nn.functional.normalize(self._tower(pictures).float(), dim=-1)
        network: Any = self._network
        half = self._device.half and not exact
        with torch.inference_mode(), torch.autocast(self._device.kind, torch.float16, enabled=half):
            features = network.encode_image(pictures)
        return torch.nn.functional.normalize(features.float(), dim=-1)

    def to_device(self, pictures: NDArray[np.float32]) -> torch.Tensor:
        """Return pictures (N, 3, S, S) as the network takes them."""
        kind, tensor = self._device.kind, torch.from_numpy(np.ascontiguousarray(pictures))
        # From pinned memory a card fetches by itself.
        tensor = tensor.pin_memory().to(kind, non_blocking=True) if kind == CUDA else tensor.to(kind)
        last = self._tower is None and self._is_convolutional
        return tensor.contiguous(memory_format=torch.channels_last) if last else tensor

    def _beside_others(self, batch: Batch) -> contextlib.AbstractContextManager[None]:
        """Leave cores to whoever prepares the next pictures of a clip, which costs as much as a small network does.

        One picture has them all: nothing comes behind it, or a person waits for it.
        """
        is_small = self._device.kind == CPU and self._road is None and self._is_convolutional
        return half_the_threads() if is_small and len(batch) > 1 else contextlib.nullcontext()

    def _frames(self, network: Any, pictures: NDArray[np.float32]) -> torch.Tensor:
        if not len(pictures):
            return torch.zeros(0, row_length(network))
        return self.embed_images(self.to_device(pictures))

    def _frames_with_texture(self, network: Any, pictures: NDArray[np.float32]) -> torch.Tensor:
        with_texture = getattr(self._tower, "with_texture", None)
        if with_texture is not None and len(pictures):
            features, seen = with_texture(self.to_device(pictures))
            return torch.cat([torch.nn.functional.normalize(features, dim=-1), seen], dim=1)
        with texture.watched(network.visual) as textures:
            rows = self._frames(network, pictures)
        return torch.cat([rows, *(textures or [torch.zeros(0, texture.width(network.visual))])], dim=1)

    def _texts(self, layers: Layers, network: Any, rows: Sequence[texts.Tokens]) -> torch.Tensor:
        if not rows:
            return torch.zeros(0, row_length(network))
        return torch.nn.functional.normalize(texts.encode(network, rows, layers), dim=-1)


def _on_card(network: torch.nn.Module, device: Device) -> torch.nn.Module:
    # `to` moves a module in place: a copy goes, so that the CPU's own stays where it is.
    return (copy.deepcopy(network) if device.may_fall_back else network).to(device.kind)
