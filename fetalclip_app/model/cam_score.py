"""Score-CAM: the grad-cam package's map to a thousandth, for a fraction of its passes' cost.

Each channel of a layer, scaled to the picture, is a mask; its weight is the softmax, over the channels, of the class's
probability in the masked picture. Texts come as features, the activations are computed once, masks are made where the
network lies and only for the pass that needs them, and channels that are alike are asked once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from pytorch_grad_cam import ScoreCAM

from fetalclip_app.model.cam_error import SAMPLES, LogOddsError, expected_change, log_odds, probabilities, softmax
from fetalclip_app.model.in_parts import in_parts
from fetalclip_app.progress import Report

MASKS_AT_ONCE = {"cpu": 4, "cuda": 64}
"""Masked pictures in one pass."""

TOKENS_AT_ONCE = 1
"""The same of a transformer on the CPU: one picture's tokens fill it, and whoever stops the work waits for a pass."""

FASTER_CHANNELS = 64
"""Faster-Score-CAM asks only so many channels: those that vary most over the picture."""

TOLERANCE = 1e-3
"""Passes of a lower precision are taken where they change no place of the map by more than this."""

LIGHT = 1 / 8
"""Of the tolerance. Where the network's own road takes no more, a still lighter precision is tried: eight bits miss the
log-odds by three to six times as much as bf16 (ViT-B/16 and ViT-L/14, random weights)."""

LACKS = (AttributeError, RuntimeError, MemoryError)
"""What a still lower precision may raise: a torch without it, or no memory for it."""

_log = logging.getLogger(__name__)

Embed = Callable[[torch.Tensor], torch.Tensor]
"""Pictures (N, 3, S, S) on the device -> unit rows (N, D)."""

Score = Callable[[torch.Tensor], torch.Tensor]
"""Unit rows (N, D) -> by how much the class's logit is above each other class's, (N, other classes)."""


class Passes(Protocol):
    """The network as this method needs it; `TorchBackbone` is one."""

    def run(self, step: Callable[[torch.nn.Module, Any], torch.Tensor], items: Any, at_once: int) -> NDArray[Any]:
        """Return ``step(network, part of items)`` for all parts, joined; out of memory halves the parts."""
        ...

    def embed_images(self, pictures: torch.Tensor, *, exact: bool = False) -> torch.Tensor:
        """Return unit rows (N, D) of pictures (N, 3, S, S) on the device: by the fastest road, or in full precision."""
        ...


@dataclass(frozen=True, eq=False, slots=True)
class Asked:
    """One map that is wanted.

    Attributes:
        passes: The network.
        score: What the map explains.
        at_once: Masked pictures in one pass.
        step: Called with (passes done, passes) before each; what it raises ends the work.
        lighter: Builds passes of a still lower precision, where there are any; it calls its argument now and then.
    """

    passes: Passes
    score: Score
    at_once: int
    step: Report
    lighter: Callable[[Callable[[], None]], Embed] | None = None


def masks_at_once(device: str, *, of_tokens: bool) -> int:
    """Return how many masked pictures go through the network at a time."""
    return TOKENS_AT_ONCE if of_tokens and device == "cpu" else MASKS_AT_ONCE[device]


class ScoreCam(ScoreCAM):  # type: ignore[misc]
    """The package's Score-CAM with weights of our own; scaling and adding up are the package's.

    Attributes:
        asked: Set before the first call.
        channels: So many are asked at most; 0 for all.
    """

    asked: Asked
    channels = 0

    def get_cam_weights(
        self, input_tensor: torch.Tensor, target_layer: Any, targets: list[Any], activations: Any, grads: Any
    ) -> NDArray[np.float32]:
        """Return the softmax of the class's score over the channels: float32, (1, channels)."""
        # The hooks would keep the activations of every masked pass.
        self.activations_and_grads.release()
        maps: NDArray[np.float32] = np.ascontiguousarray(activations[0], np.float32)
        asked = most_varied(maps, self.channels) if self.channels else np.arange(len(maps))
        weights = np.zeros((1, len(maps)), np.float32)
        weights[0, asked] = softmax(scores_of(self.asked, input_tensor, maps[asked]))
        return weights


class FasterScoreCam(ScoreCam):
    """The same of the channels that vary most: another map, in a few seconds."""

    channels = FASTER_CHANNELS


def scores_of(asked: Asked, picture: torch.Tensor, maps: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the class's score behind each mask, (channels,).

    Args:
        picture: (1, 3, S, S), where the network lies.
        maps: Activations, (channels, rows, columns).
    """
    passes = _Scoring(asked, picture, maps)
    quick = passes.quickly() if passes.count > 2 * max(SAMPLES) else None
    return passes.exactly() if quick is None else quick


@dataclass(eq=False, slots=True)
class _Way:
    """Passes of one precision, and what they found.

    Attributes:
        known: By channel, the class's margins over the others.
    """

    embed: Embed
    known: dict[int, NDArray[np.float32]] = field(default_factory=dict)


class _Scoring:
    """Counts the passes over the masks of one map, and remembers what they found.

    Attributes:
        count: Channels that are not alike: those that are asked.
    """

    def __init__(self, asked: Asked, picture: torch.Tensor, maps: NDArray[np.float32]) -> None:
        distinct, alike = np.unique(maps.reshape(len(maps), -1), axis=0, return_inverse=True)
        self.count = len(distinct)
        self._asked, self._maps, self._alike = asked, maps, alike.reshape(-1)
        self._picture, self._masks = picture, torch.from_numpy(distinct.reshape(-1, *maps.shape[1:]))
        self._size = (int(picture.shape[-2]), int(picture.shape[-1]))
        self._exact, self._road = _Way(partial(asked.passes.embed_images, exact=True)), _Way(asked.passes.embed_images)
        self._lighter = asked.lighter
        self._light: _Way | None = None
        self._done, self._total = 0, self.count

    def exactly(self) -> NDArray[np.float32]:
        """Return the scores of all channels in full precision."""
        return _scores(self._margins(range(self.count), self._exact)[self._alike])

    def quickly(self) -> NDArray[np.float32] | None:
        """Return the scores of all channels in a lower precision, or None where that would change the map.

        A sample is asked in both. Where it says that the precision may do, all are asked in the lower one, and it is
        judged with them in hand; where it does not, a larger sample, which is surer of the error, may say so.
        """
        largest = np.linspace(0, self.count - 1, max(SAMPLES)).astype(int)
        for count in SAMPLES:
            sample = largest[:: max(SAMPLES) // count].tolist()
            self._total = max(self._total, self.count + count)
            change = self._change_by(sample, self._road)
            scores = self._lightly(sample) if change <= LIGHT * TOLERANCE else None
            if scores is None and change <= TOLERANCE:
                scores = self._borne(sample, self._road)
            if scores is not None:
                return scores
        return None

    def _lightly(self, sample: Sequence[int]) -> NDArray[np.float32] | None:
        """Return the scores of all channels in a still lower precision, or None where that would change the map.

        It may be done without: what it lacks costs neither the map nor the network's road.
        """
        if self._lighter is None:
            return None
        try:
            # Built once for a map: a larger sample asks no pass again.
            self._light = self._light or _Way(self._lighter(self._tell))
            may_do = self._change_by(sample, self._light) <= TOLERANCE
            return self._borne(sample, self._light) if may_do else None
        except LACKS as lack:
            _log.warning("this map is made without eight bits: %s", lack)
        self._lighter = self._light = None
        return None

    def _borne(self, sample: Sequence[int], way: _Way) -> NDArray[np.float32] | None:
        """Return the scores of all channels by a way, or None where with them in hand they would change the map."""
        margins = self._margins(range(self.count), way)[self._alike]
        return _scores(margins) if self._change(sample, way, margins) <= TOLERANCE else None

    def _change_by(self, sample: Sequence[int], way: _Way) -> float:
        """Return by how much a way may change the map if all channels are as the sample."""
        exact = self._margins(sample, self._exact)
        return self._change(sample, way, np.resize(exact, (len(self._maps), exact.shape[1])))

    def _change(self, sample: Sequence[int], way: _Way, margins: NDArray[np.float32]) -> float:
        """Return the same of these margins, one row for each channel."""
        error = LogOddsError.of(self._margins(sample, way), self._margins(sample, self._exact), margins)
        return expected_change(_scores(margins), self._maps, error, self._size)

    def _margins(self, channels: Sequence[int], way: _Way) -> NDArray[np.float32]:
        """Return what is asked of these channels; what is known is not asked again."""
        todo = [channel for channel in channels if channel not in way.known]
        self._total = max(self._total, self._done + len(todo))
        way.known |= dict(zip(todo, self._through(todo, way), strict=True))
        return np.array([way.known[channel] for channel in channels], np.float32)

    def _through(self, channels: Sequence[int], way: _Way) -> NDArray[np.float32]:
        def step(part: Sequence[int]) -> torch.Tensor:
            self._tell()
            rows = way.embed(masked(self._picture, self._masks[list(part)]))
            self._done += len(part)
            return self._asked.score(rows)

        def where_it_lies(network: Any, part: Sequence[int]) -> torch.Tensor:
            self._move_to(next(network.parameters()).device)
            return step(part)

        if not channels:
            return np.zeros((0, 1), np.float32)
        if way is self._light:
            return in_parts(step, channels, self._asked.at_once, _raise)
        return np.asarray(self._asked.passes.run(where_it_lies, channels, self._asked.at_once), np.float32)

    def _tell(self) -> None:
        self._asked.step(min(self._done, self._total), self._total)

    def _move_to(self, device: torch.device) -> None:
        """Let picture and masks lie where the network does: a fall-back moves it."""
        if self._masks.device != device or self._picture.device != device:
            self._picture, self._masks = self._picture.to(device), self._masks.to(device)


def _scores(margins: NDArray[np.float32]) -> NDArray[np.float32]:
    return probabilities(log_odds(margins))


def _raise(error: Exception) -> None:
    raise error


def masked(picture: torch.Tensor, maps: torch.Tensor) -> torch.Tensor:
    """Return the picture (1, 3, S, S) once for each activation (N, rows, columns), seen through it scaled to 0..1."""
    upsampled = torch.nn.functional.interpolate(
        maps[:, None], size=picture.shape[-2:], mode="bilinear", align_corners=True
    )
    low, high = upsampled.amin(dim=(2, 3), keepdim=True), upsampled.amax(dim=(2, 3), keepdim=True)
    seen = picture * upsampled.sub_(low).div_(high - low + 1e-8)
    last = picture.is_contiguous(memory_format=torch.channels_last)
    return seen.contiguous(memory_format=torch.channels_last) if last else seen


def most_varied(maps: NDArray[np.float32], count: int) -> NDArray[np.intp]:
    """Return which ``count`` channels of (channels, rows, columns) vary most over the picture, in their order."""
    variance = maps.reshape(len(maps), -1).var(axis=1)
    return np.sort(np.argsort(-variance, kind="stable")[:count])
