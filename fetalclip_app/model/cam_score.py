"""Score-CAM: the grad-cam package's map to a thousandth, for a fraction of its passes' cost.

Each channel of a layer, scaled to the picture, is a mask; its weight is the softmax, over the channels, of the class's
probability in the masked picture. Texts come as features, the activations are computed once, masks are made where the
network lies and only for the pass that needs them, and channels that are alike are asked once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from pytorch_grad_cam import ScoreCAM

from fetalclip_app.model.cam_error import SAMPLES, LogOddsError, expected_change, softmax
from fetalclip_app.progress import Report

MASKS_AT_ONCE = {"cpu": 4, "cuda": 64}
"""Masked pictures in one pass."""

TOKENS_AT_ONCE = 1
"""The same of a transformer on the CPU: one picture's tokens fill it, and whoever stops the work waits for a pass."""

FASTER_CHANNELS = 64
"""Faster-Score-CAM asks only so many channels: those that vary most over the picture."""

TOLERANCE = 1e-3
"""Passes of a lower precision are taken where they change no place of the map by more than this."""

Score = Callable[[torch.Tensor], torch.Tensor]
"""Unit rows (N, D) -> the class's probability, (N,)."""


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
    """

    passes: Passes
    score: Score
    at_once: int
    step: Report


def masks_at_once(device: str, *, of_tokens: bool) -> int:
    """Return how many masked pictures go through the network at a time."""
    return TOKENS_AT_ONCE if of_tokens and device == "cpu" else MASKS_AT_ONCE[device]


class ScoreCam(ScoreCAM):  # type: ignore[misc]
    """The package's Score-CAM with weights of our own; scaling and adding up are the package's.

    Attributes:
        asked: Set before the first call.
        channels: So many are asked at most; 0 for all.
        was_quick: Whether the last map was made in the lower precision.
    """

    asked: Asked
    channels = 0
    was_quick = False

    def get_cam_weights(
        self, input_tensor: torch.Tensor, target_layer: Any, targets: list[Any], activations: Any, grads: Any
    ) -> NDArray[np.float32]:
        """Return the softmax of the class's score over the channels: float32, (1, channels)."""
        # The hooks would keep the activations of every masked pass.
        self.activations_and_grads.release()
        maps: NDArray[np.float32] = np.ascontiguousarray(activations[0], np.float32)
        asked = most_varied(maps, self.channels) if self.channels else np.arange(len(maps))
        scores, self.was_quick = scores_of(self.asked, input_tensor, maps[asked])
        weights = np.zeros((1, len(maps)), np.float32)
        weights[0, asked] = softmax(scores)
        return weights


class FasterScoreCam(ScoreCam):
    """The same of the channels that vary most: another map, in a few seconds."""

    channels = FASTER_CHANNELS


def scores_of(asked: Asked, picture: torch.Tensor, maps: NDArray[np.float32]) -> tuple[NDArray[np.float32], bool]:
    """Return the class's score behind each mask (channels,), and whether a lower precision found them.

    Args:
        picture: (1, 3, S, S), where the network lies.
        maps: Activations, (channels, rows, columns).
    """
    distinct, alike = np.unique(maps.reshape(len(maps), -1), axis=0, return_inverse=True)
    alike = alike.reshape(-1)
    passes = _Scoring(asked, picture, distinct.reshape(-1, *maps.shape[1:]))
    quick = passes.quickly(maps, alike) if len(distinct) > 2 * max(SAMPLES) else None
    scores = passes.scores(range(len(distinct)), exact=True) if quick is None else quick
    return scores[alike], quick is not None


class _Scoring:
    """Counts the passes over the masks of one map, and remembers what they found."""

    def __init__(self, asked: Asked, picture: torch.Tensor, maps: NDArray[np.float32]) -> None:
        self._asked, self._count = asked, len(maps)
        self._picture, self._maps = picture, torch.from_numpy(maps)
        self._size = (int(picture.shape[-2]), int(picture.shape[-1]))
        self._found: dict[bool, dict[int, np.float32]] = {True: {}, False: {}}
        self._done, self._total = 0, self._count

    def scores(self, channels: Sequence[int], *, exact: bool) -> NDArray[np.float32]:
        """Return the scores of these channels, in full precision or not; what is known is not asked again."""
        found = self._found[exact]
        todo = [channel for channel in channels if channel not in found]
        self._total = max(self._total, self._done + len(todo))
        found |= dict(zip(todo, self._through(todo, exact=exact), strict=True))
        return np.array([found[channel] for channel in channels], np.float32)

    def quickly(self, maps: NDArray[np.float32], alike: NDArray[np.intp]) -> NDArray[np.float32] | None:
        """Return the scores of all channels in the lower precision, or None where that would change the map.

        A sample is asked in both. Where it says that the precision may do, all are asked in the lower one, and it is
        judged with them in hand; where it does not, a larger sample, which is surer of the error, may say so.

        Args:
            maps: Activations of all channels, also of those that are alike.
            alike: Of each, which one is asked.
        """
        largest = np.linspace(0, self._count - 1, max(SAMPLES)).astype(int)
        for count in SAMPLES:
            sample = largest[:: max(SAMPLES) // count].tolist()
            self._total = max(self._total, self._count + count)
            exact, quick = self.scores(sample, exact=True), self.scores(sample, exact=False)
            error = LogOddsError.of(quick, exact)
            if not self._will_do(np.resize(exact, len(maps)), maps, error):
                continue
            scores = self.scores(range(self._count), exact=False)
            if self._will_do(scores[alike], maps, error):
                return scores
        return None

    def _will_do(self, scores: NDArray[np.float32], maps: NDArray[np.float32], error: LogOddsError) -> bool:
        return expected_change(scores, maps, error, self._size) <= TOLERANCE

    def _through(self, channels: Sequence[int], *, exact: bool) -> NDArray[np.float32]:
        def step(network: Any, part: Sequence[int]) -> torch.Tensor:
            self._asked.step(min(self._done, self._total), self._total)
            self._move_to(next(network.parameters()).device)
            rows = self._asked.passes.embed_images(masked(self._picture, self._maps[list(part)]), exact=exact)
            self._done += len(part)
            return self._asked.score(rows)

        if not channels:
            return np.zeros(0, np.float32)
        return np.asarray(self._asked.passes.run(step, list(channels), self._asked.at_once), np.float32)

    def _move_to(self, device: torch.device) -> None:
        """Let picture and maps lie where the network does: a fall-back moves it."""
        if self._maps.device != device or self._picture.device != device:
            self._picture, self._maps = self._picture.to(device), self._maps.to(device)


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
