"""The grad-cam package's methods as this program uses them: bounded in memory, silent, and with one sign."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pytorch_grad_cam import EigenCAM, GradCAM, ScoreCAM

from fetalclip_app.model.cam import Layer

SCORE_EXACT_UP_TO = 512
"""Layers with at most so many channels get the exact Score-CAM: one masked pass for each channel."""

SCORE_CHANNELS = 64
"""Of wider layers only the channels that vary most over the picture are asked, or one map of a ViT-L/14 would
take half an hour on a CPU (the shortcut is known as Faster Score-CAM)."""

SCORE_AT_ONCE = 16
"""Masked pictures in one pass."""


def make(method: str, scorer: torch.nn.Module, layer: Layer) -> Any:
    """Return a grad-cam object for one map; the caller releases its hooks."""
    kind = {"gradcam": GradCAM, "scorecam": _ScoreCam, "eigencam": _EigenCam}[method]
    return kind(scorer, [layer.module], reshape_transform=layer.reshape if layer.grid else None)


class _ScoreCam(ScoreCAM):  # type: ignore[misc]
    """Score-CAM whose masks are made batch by batch, and whose masked passes store nothing."""

    def get_cam_weights(
        self, input_tensor: torch.Tensor, target_layer: Any, targets: list[Any], activations: Any, grads: Any
    ) -> NDArray[np.float32]:
        """Return the softmax of the class's score over the channels: float32, (1, channels)."""
        # The hooks would keep the activations of every masked pass.
        self.activations_and_grads.release()
        channels = _channels(activations[0])
        scores = [
            targets[0](logits)
            for start in range(0, len(channels), SCORE_AT_ONCE)
            for logits in self.model(_masked(input_tensor, activations[0, channels[start : start + SCORE_AT_ONCE]]))
        ]
        weights = np.zeros((1, activations.shape[1]), np.float32)
        weights[0, channels] = torch.softmax(torch.stack(scores).float(), dim=0).cpu().numpy()
        return weights


class _EigenCam(EigenCAM):  # type: ignore[misc]
    """EigenCAM with a fixed sign: a singular vector has none of its own.

    The side that stands out most is the bright one (Chung and Ying 2025, doi 10.3390/app15137562, eq. 13).
    """

    def get_cam_image(self, *arguments: Any) -> NDArray[np.float32]:
        """Return the first principal component, float32, (1, rows, columns)."""
        component: NDArray[np.float32] = super().get_cam_image(*arguments)
        return -component if abs(component.min()) > abs(component.max()) else component


def _channels(activations: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return which channels (of (channels, rows, columns)) are asked."""
    count = len(activations)
    if count <= SCORE_EXACT_UP_TO:
        return np.arange(count)
    variance = activations.reshape(count, -1).var(axis=1)
    return np.sort(np.argsort(-variance, kind="stable")[:SCORE_CHANNELS])


def _masked(picture: torch.Tensor, activations: NDArray[np.float32]) -> torch.Tensor:
    """Return the picture (1, 3, S, S) once for each activation, seen through it scaled to 0..1."""
    maps = torch.from_numpy(np.ascontiguousarray(activations)).to(picture.device)[:, None]
    maps = torch.nn.functional.interpolate(maps, size=picture.shape[-2:], mode="bilinear", align_corners=True)
    low, high = maps.amin(dim=(2, 3), keepdim=True), maps.amax(dim=(2, 3), keepdim=True)
    return picture * (maps - low) / (high - low + 1e-8)
