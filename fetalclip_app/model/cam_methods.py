"""The grad-cam package's methods as this program uses them: silent, and with one sign."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pytorch_grad_cam import EigenCAM, GradCAM

from fetalclip_app.model.cam import Layer
from fetalclip_app.model.cam_score import Asked, FasterScoreCam, ScoreCam


def make(method: str, scorer: torch.nn.Module, layer: Layer, asked: Asked) -> Any:
    """Return a grad-cam object for one map; the caller releases its hooks."""
    cam = _KINDS[method](scorer, [layer.module], reshape_transform=layer.reshape if layer.grid else None)
    if isinstance(cam, ScoreCam):
        cam.asked = asked
    return cam


class _EigenCam(EigenCAM):  # type: ignore[misc]
    """EigenCAM with a fixed sign: a singular vector has none of its own.

    The side that stands out most is the bright one (Chung and Ying 2025, doi 10.3390/app15137562, eq. 13).
    """

    def get_cam_image(self, *arguments: Any) -> NDArray[np.float32]:
        """Return the first principal component, float32, (1, rows, columns)."""
        component: NDArray[np.float32] = super().get_cam_image(*arguments)
        return -component if abs(component.min()) > abs(component.max()) else component


_KINDS: dict[str, Any] = {
    "gradcam": GradCAM,
    "scorecam": ScoreCam,
    "fasterscorecam": FasterScoreCam,
    "eigencam": _EigenCam,
}
