"""A whole Score-CAM on both sides: the grad-cam package on open_clip's network, and the program's."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pytorch_grad_cam import ScoreCAM

from bench.cam_part import Frame, frame_of
from bench.scene import random_engine, random_network
from bench.sides import Effort, Sides
from fetalclip_app.domain.clip import Clip
from fetalclip_app.model import roads
from fetalclip_app.model.cam import Saliency, score_layer_of

SMALL_VIT: dict[str, Any] = {
    "embed_dim": 64,
    "vision_cfg": {"image_size": 64, "layers": 4, "width": 192, "patch_size": 8, "head_width": 64},
    "text_cfg": {"context_length": 117, "vocab_size": 49408, "width": 64, "heads": 2, "layers": 2},
}


class _Shares(torch.nn.Module):
    """Pictures to the views' shares; here with texts that are known, since time does not matter."""

    def __init__(self, network: Any, classes: NDArray[np.float32], scale: float) -> None:
        super().__init__()
        self.network, self._classes, self._scale = network, torch.from_numpy(classes), scale

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return shares, (N, views)."""
        rows = torch.nn.functional.normalize(self.network.encode_image(images), dim=-1)
        return torch.softmax(self._scale * rows @ self._classes.T, dim=-1)


def agreement(sides: Sides) -> str:
    """Return how far two whole maps differ, of this network and of a small transformer by each of its roads."""
    small = sides_of_small(sides.clip)
    compares = [("this network", sides, sides.road)]
    own = roads.roads_for(small.backbone.network, small.backbone.place)
    compares += [(f"a small ViT{'' if road is None else f' by {road.key}'}", small, road) for road in (None, *own)]
    told = []
    for name, these, road in compares:
        these.backbone.take(road)
        channels, difference = compared(these)
        told.append(f"{name}, {channels} channels: the maps differ by {difference:.1g} at most")
    return f"Score-CAM in full, the grad-cam package beside the program: {'; '.join(told)}."


def sides_of_small(clip: Clip) -> Sides:
    """Return both sides for a small transformer with random weights."""
    network = random_network(SMALL_VIT).eval().requires_grad_(False)
    return Sides(random_engine(SMALL_VIT, clip), lambda: network, clip, Effort(frames=1))


def compared(sides: Sides) -> tuple[int, float]:
    """Return the number of channels, and the largest difference between two whole maps of the cine's first frame."""
    frame = frame_of(sides)
    ours = Saliency(sides.backbone).heatmap(frame.picture, frame.classes, frame.target, "scorecam")
    return len(frame.maps), float(np.abs(ours - package_map(sides, frame)).max())


def package_map(sides: Sides, frame: Frame) -> NDArray[np.float32]:
    """Return the package's map, (S, S)."""
    network = sides.recipe.network
    layer = score_layer_of(network.visual)
    assert layer is not None
    shares = _Shares(network, frame.classes, sides.backbone.logit_scale)
    with ScoreCAM(shares, [layer.module], reshape_transform=layer.reshape if layer.grid else None) as cam:
        found: NDArray[np.float32] = cam(torch.from_numpy(frame.picture[None]), [lambda one: one[frame.target]])[0]
    return found
