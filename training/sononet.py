"""SonoNet-16 (Baumgartner 2017, arXiv 1612.05601; Apache-2.0): a peer on the planes that both know."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image

from fetalclip_app.domain.clip import Pixels
from fetalclip_app.imaging.fan import find_fan

OUTPUTS = (
    "3VV",
    "4CH",
    "Abdominal",
    "Background",
    "Brain (Cb.)",
    "Brain (Tv.)",
    "Femur",
    "Kidneys",
    "Lips",
    "LVOT",
    "Profile",
    "RVOT",
    "Spine (cor.)",
    "Spine (sag.)",
)

PLANE_OF = {
    "3VV": "heart",
    "4CH": "heart",
    "LVOT": "heart",
    "RVOT": "heart",
    "Abdominal": "abdomen",
    "Brain (Cb.)": "brain",
    "Brain (Tv.)": "brain",
    "Femur": "femur",
    "Kidneys": "kidney",
    "Lips": "lips_nose",
    "Profile": "profile",
    "Spine (cor.)": "spine",
    "Spine (sag.)": "spine",
}
"""Its outputs -> our planes; 'Background' is none of them, and so an error here."""

KNOWN_PLANES = tuple(dict.fromkeys(PLANE_OF.values()))
"""Our planes that it knows too."""

WIDTH, HEIGHT = 224, 288
_CONVOLUTIONS = 15
_POOL_AFTER = (1, 3, 6, 9)


_MEMBERS = np.array([[PLANE_OF.get(name) == plane for plane in KNOWN_PLANES] for name in OUTPUTS], np.float32)


class SonoNet16:
    """The published weights: convolution and batch normalisation, fifteen times."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as arrays:
            self._layers = [
                [torch.from_numpy(arrays[f"arr_{5 * layer + part}"].copy()) for part in range(5)]
                for layer in range(_CONVOLUTIONS)
            ]

    def probabilities(self, pictures: Sequence[Pixels]) -> NDArray[np.float32]:
        """Return float32, (N, 14), in the order of `OUTPUTS`, for pictures uint8 (H, W, 3)."""
        batch = torch.from_numpy(np.stack([_prepared(picture) for picture in pictures]))[:, None]
        with torch.inference_mode():
            shares: NDArray[np.float32] = torch.softmax(self._forward(batch).mean(dim=(2, 3)), dim=1).numpy()
        return shares

    def plane_probabilities(self, pictures: Sequence[Pixels]) -> NDArray[np.float32]:
        """Return float32, (N, K), in the order of `KNOWN_PLANES`; what is missing to 1 is its 'Background'."""
        return self.probabilities(pictures) @ _MEMBERS

    def _forward(self, state: torch.Tensor) -> torch.Tensor:
        for number, (weight, beta, gamma, mean, inverse_deviation) in enumerate(self._layers):
            # The weights are of a true convolution, which turns its filters round; torch correlates.
            state = F.conv2d(state, weight.flip((2, 3)), padding=weight.shape[-1] // 2)
            scale = (gamma * inverse_deviation)[None, :, None, None]
            state = (state - mean[None, :, None, None]) * scale + beta[None, :, None, None]
            if number + 1 < _CONVOLUTIONS:
                state = F.relu(state)
            if number in _POOL_AFTER:
                state = F.max_pool2d(state, 2)
        return state


def _prepared(pixels: Pixels) -> NDArray[np.float32]:
    """Crop to the scan, stretch to 224 x 288, and standardise each picture, as published."""
    crop = find_fan(pixels)
    inside = Image.fromarray(pixels[crop.top : crop.bottom, crop.left : crop.right]).convert("L")
    grey = np.asarray(inside.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC), np.float32)
    standard: NDArray[np.float32] = 255.0 * (grey - grey.mean()) / max(float(grey.std()), 1e-6)
    return standard


def write_untrained(path: Path, seed: int, width: int = 4) -> None:
    """Write random weights of the same layers, few filters each: for runs that prove the road only."""
    rng = np.random.default_rng(seed)
    arrays: list[NDArray[np.float32]] = []
    for layer in range(_CONVOLUTIONS):
        inside, outside = (1 if layer == 0 else width), (len(OUTPUTS) if layer + 1 == _CONVOLUTIONS else width)
        side = 1 if layer + 2 >= _CONVOLUTIONS else 3
        arrays.append(rng.normal(0, 1 / side, (outside, inside, side, side)).astype(np.float32))
        arrays += [np.full(outside, value, np.float32) for value in (0, 1, 0, 1)]
    np.savez(path, *arrays)


def planes_of(probabilities: NDArray[np.float32]) -> list[str]:
    """Return the plane of each row's best output; 'background' where it is none."""
    return [PLANE_OF.get(OUTPUTS[best], "background") for best in probabilities.argmax(axis=1)]
