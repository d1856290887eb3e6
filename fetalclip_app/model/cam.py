"""Where in a picture a view was seen, by the grad-cam package on cached text features."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from fetalclip_app.domain.backbone import Embeddings
from fetalclip_app.model.encoder import TorchBackbone
from fetalclip_app.progress import Report, silent

METHODS = ("gradcam", "fasterscorecam", "scorecam", "eigencam")
"""Grad-CAM (Selvaraju et al. 2017), Score-CAM (Wang et al. 2020; by all channels it takes a pass for each of them, by
the 64 that vary most a few seconds), EigenCAM (Muhammad and Yeasin 2020)."""

SURE = 100.0
"""Log-odds whose probability is one."""


@dataclass(frozen=True, eq=False, slots=True)
class Layer:
    """Where in the image tower a map is read off.

    Attributes:
        module: The module whose output is the map's source.
        grid: Rows and columns of patches where the output is a row of tokens; None where it is a picture.
    """

    module: torch.nn.Module
    grid: tuple[int, int] | None = None

    def reshape(self, tokens_NLC: torch.Tensor) -> torch.Tensor:
        """Return (N, L, C) tokens as (N, C, rows, columns), without those that stand for no patch."""
        rows, columns = self.grid or (0, 0)
        patches = tokens_NLC[:, tokens_NLC.shape[1] - rows * columns :]
        return patches.reshape(len(patches), rows, columns, -1).permute(0, 3, 1, 2)


def layer_of(visual: Any) -> Layer | None:
    """Return the last place of an image tower that still knows where things are, or None if we do not know it.

    Transformers: the first normalisation of the last block, as FetalCLIP's own maps use (behind it only the
    class token counts). Convolutional towers: the last stage.
    """
    if hasattr(visual, "transformer") and hasattr(visual, "grid_size"):
        return Layer(visual.transformer.resblocks[-1].ln_1, _pair(visual.grid_size))
    if hasattr(visual, "layer4"):
        return Layer(visual.layer4)
    trunk = getattr(visual, "trunk", None)
    if trunk is None:
        return None
    if hasattr(trunk, "blocks") and hasattr(trunk.blocks[-1], "norm1") and hasattr(trunk, "patch_embed"):
        return Layer(trunk.blocks[-1].norm1, _pair(trunk.patch_embed.grid_size))
    if getattr(trunk, "feature_info", None):
        return Layer(trunk.get_submodule(trunk.feature_info[-1]["module"]))
    return None


def score_layer_of(visual: Any) -> Layer | None:
    """Return where Score-CAM reads its maps off: it adds channels up as they are and drops what is below zero.

    A MobileNet's last stage ends in a projection without an activation, whose channels cancel each other out: there
    every map is blank. Behind it a trunk of timm's has a last convolution with one. Else it is `layer_of`.
    """
    trunk = getattr(visual, "trunk", None)
    last = getattr(trunk, "bn2", None) if hasattr(trunk, "conv_head") else None
    return Layer(last) if isinstance(last, torch.nn.Module) else layer_of(visual)


class Saliency:
    """Heatmaps of a network's image tower, behind the `Explainer` protocol.

    No text is encoded here: the classes come as features. Nothing is left in the network afterwards.
    """

    def __init__(self, backbone: TorchBackbone) -> None:
        self._backbone = backbone

    @property
    def methods(self) -> tuple[str, ...]:
        """Methods that work for this network; empty where its image tower is of an unknown kind."""
        return METHODS if layer_of(self._backbone.network.visual) is not None else ()

    def heatmap(
        self,
        picture: NDArray[np.float32],
        texts: Embeddings,
        target: int,
        method: str,
        *,
        bias: NDArray[np.float32] | None = None,
        step: Report = silent,
    ) -> NDArray[np.float32]:
        """Return float32, (S, S), 0 to 1; all zero where nothing speaks for the class.

        Args:
            picture: float32, (3, S, S).
            texts: One row for each class, of length one where they are texts; the map explains the softmax over them.
            bias: Added to the logits of a probe, (classes,).
            target: Row of the class to explain. EigenCAM shows what the network looks at, whatever the class.
            method: One of `methods`.
            step: Called with (passes done, passes) before each pass of a method that makes many; what it raises
                ends the work.

        Raises:
            ValueError: No such method or class.
            ComputeFailed: Memory ran out, or the device failed.
        """
        if method not in self.methods or not 0 <= target < len(texts):
            raise ValueError(f"no heatmap by {method!r} for class {target} of {len(texts)}")
        wanted = _Wanted(
            rows=texts,
            bias=bias if bias is not None else np.zeros(len(texts), np.float32),
            target=target,
            method=method,
            step=step,
        )
        try:
            return self._map(picture, wanted)
        except (RuntimeError, MemoryError) as error:
            self._backbone.meet(error)
        return self._map(picture, wanted)

    def _map(self, picture: NDArray[np.float32], wanted: _Wanted) -> NDArray[np.float32]:
        # Slow to import (plotting comes along), and most readings want no map.
        from fetalclip_app.model.cam_int8 import eight_bits  # noqa: PLC0415
        from fetalclip_app.model.cam_methods import make  # noqa: PLC0415
        from fetalclip_app.model.cam_score import Asked, masks_at_once  # noqa: PLC0415

        method = wanted.method
        network = self._backbone.network
        layer = (score_layer_of if "scorecam" in method else layer_of)(network.visual)
        assert layer is not None
        classes = _Classes(wanted.rows, wanted.bias, self._backbone.logit_scale)
        # The gradient of log-odds is the probability's over p (1 - p): the same map, which does not vanish where p
        # rounds to one.
        target = partial(log_odds, target=wanted.target)

        def score(rows: torch.Tensor) -> torch.Tensor:
            found = margins(classes.logits(rows.float()), wanted.target)
            return found if len(wanted.rows) > 1 else torch.full_like(rows[:, :1], SURE)

        at_once = masks_at_once(next(network.parameters()).device.type, of_tokens=layer.grid is not None)
        asked = Asked(self._backbone, score, at_once, wanted.step, eight_bits(self._backbone))
        # The picture carries the gradient, so that none is stored at the parameters.
        images = self._backbone.to_device(picture[None]).requires_grad_(method == "gradcam")
        cam = make(method, _Scorer(network, classes), layer, asked)
        try:
            # Score-CAM and EigenCAM need no graph.
            with torch.set_grad_enabled(method == "gradcam"):
                values = cam(images, [target])[0]
        finally:
            cam.activations_and_grads.release()
            cam.outputs = None
        return np.clip(np.nan_to_num(np.asarray(values, np.float32)), 0.0, 1.0)


def log_odds(logits: torch.Tensor, target: int) -> torch.Tensor:
    """Return the log-odds of a class's softmax probability, (...), of logits (..., classes); alone, its logit."""
    if logits.shape[-1] == 1:
        return logits[..., target]
    return -torch.logsumexp(-margins(logits, target), dim=-1)


def margins(logits: torch.Tensor, target: int) -> torch.Tensor:
    """Return by how much a class's logit is above each other class's, (..., classes - 1), of logits (..., classes)."""
    others = torch.cat([logits[..., :target], logits[..., target + 1 :]], dim=-1)
    return logits[..., target, None] - others


@dataclass(frozen=True, eq=False, slots=True)
class _Wanted:
    """What a map is to explain, by which method, and who is told of its passes."""

    rows: Embeddings
    bias: NDArray[np.float32]
    target: int
    method: str
    step: Report


class _Classes:
    """Given text features, or a probe's layer: rows of pictures to logits, wherever the rows lie."""

    def __init__(self, rows: Embeddings, bias: NDArray[np.float32], scale: float) -> None:
        self._rows, self._bias = (torch.from_numpy(np.array(part, np.float32)) for part in (rows, bias))
        self._scale = scale

    def logits(self, rows: torch.Tensor) -> torch.Tensor:
        """Return logits, (N, classes)."""
        if self._rows.device != rows.device:
            self._rows, self._bias = self._rows.to(rows.device), self._bias.to(rows.device)
        return self._scale * rows @ self._rows.T + self._bias


class _Scorer(torch.nn.Module):
    """Pictures to class logits."""

    def __init__(self, network: torch.nn.Module, classes: _Classes) -> None:
        super().__init__()
        self._network = network
        self._classes = classes

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits, (N, classes)."""
        return self._classes.logits(self._network.encode_image(images, normalize=True))  # type: ignore[operator]


def _pair(size: Any) -> tuple[int, int]:
    return (int(size[0]), int(size[1])) if isinstance(size, tuple | list) else (int(size), int(size))
