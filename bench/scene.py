"""What both sides of the bench are given: the same weights, and the same clip."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fetalclip_app import resources
from fetalclip_app.domain.backbone import ModelCalibration, ViewCalibration
from fetalclip_app.domain.clip import Clip, FramesInMemory, Pixels
from fetalclip_app.domain.reading import ModelIdentity
from fetalclip_app.domain.views import BRAIN, ViewSet
from fetalclip_app.imaging.preprocess import PreprocessSpec, crop_of, prepare
from fetalclip_app.inference.cache import TextBank
from fetalclip_app.inference.engine import Engine
from fetalclip_app.inference.load import load_engine
from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.model import catalog, weights
from fetalclip_app.model.architecture import build
from fetalclip_app.model.cam import Saliency
from fetalclip_app.model.device import Device, choose, cpu
from fetalclip_app.model.encoder import TorchBackbone
from fetalclip_app.model.folding import fold
from fetalclip_app.tasks.base import Instruments
from fetalclip_app.tasks.catalog import all_tasks
from fetalclip_app.tasks.keys import BRAIN_VIEWS, VIEWS
from fetalclip_app.tasks.view_sets import BRAIN_PLANES_FILE, PLANES_FILE, bundled
from fetalclip_app.tasks.views import class_embeddings

SAMPLE = "samples/simulated_head.dcm"

VIT_B_16 = {
    "embed_dim": 512,
    "vision_cfg": {"image_size": 224, "layers": 12, "width": 768, "patch_size": 16},
    "text_cfg": {"context_length": 117, "vocab_size": 49408, "width": 512, "heads": 8, "layers": 12},
}

RANDOM = ("vit_b_16", "vit_l_14")
"""Networks of these shapes get random weights: their answers mean nothing, their cost is the real one."""

GAINS = 0.5
"""Standard deviation of the gains of a random image tower's normalisations. We chose it."""

MODELS = ("compact", *RANDOM, "fetalclip")


def bundled_clip(frames: int) -> Clip:
    """Return the bundled simulated cine, decoded, played forward and back until it has ``frames`` frames.

    Raises:
        UnreadableFile: The sample is missing.
    """
    from fetalclip_app.imaging.readers import read_clip  # noqa: PLC0415 -- a test brings a clip of its own

    return lengthened(read_clip(resources.path(SAMPLE)), frames)


def lengthened(clip: Clip, frames: int) -> Clip:
    """Return the clip played forward and back until it has ``frames`` frames, decoded, no two of them alike.

    The program encodes frames that are exactly alike once, and a bench must not gain by that: in the middle of the
    picture a spot gets brighter by a few grey levels each time that a frame comes back.
    """
    there = list(range(len(clip)))
    order = list(itertools.islice(itertools.cycle(there + there[-2:0:-1]), frames))
    decoded = {index: clip.frame(index).pixels for index in there}
    times = [order[:place].count(index) for place, index in enumerate(order)]
    pictures = [_spotted(decoded[index], shown) for index, shown in zip(order, times, strict=True)]
    return replace(clip, source=FramesInMemory(pictures))


def _spotted(pixels: Pixels, times: int) -> Pixels:
    """Return a copy with a spot of 16 x 16 pixels in its middle that is so many grey levels brighter, or darker."""
    copy = pixels.copy()
    top, left = (max(side // 2 - 8, 0) for side in pixels.shape[:2])
    spot = copy[top : top + 16, left : left + 16]
    spot[...] = np.where(spot < 128, spot + np.uint8(times), spot - np.uint8(times))
    return copy


def engine_of(model: str, clip: Clip, weights_at: Path | None = None, device: str = "cpu") -> Engine:
    """Return the program's own engine, with nothing cached.

    Raises:
        ModelUnavailable: The weights of ``compact`` or ``fetalclip`` are not there.
        ComputeFailed: There is no such device.
    """
    if model in RANDOM:
        return random_engine(config_of(model), clip, choose(device))
    return load_engine(EngineRequest(model=model, weights=weights_at, device=device, licence_accepted=True))


def config_of(model: str) -> dict[str, Any]:
    """Return open_clip's configuration of a model of `RANDOM`."""
    config: dict[str, Any] = VIT_B_16 if model == "vit_b_16" else resources.read_json("models/fetalclip/config.json")
    return config


def plain_network(model: str, weights_at: Path | None = None, device: str = "cpu") -> torch.nn.Module:
    """Return the same weights in the network as open_clip makes it: nothing folded, nothing laid out otherwise."""
    if model in RANDOM:
        network = random_network(config_of(model))
    else:
        entry = catalog.find(model)
        where = weights_at or entry.weights
        assert where is not None
        network = build(catalog.read_config(entry.config))
        weights.install(network, weights.read(where, entry).state, where.name)
    return network.eval().requires_grad_(False).to(device)


def random_network(config: dict[str, Any]) -> torch.nn.Module:
    """Return a network with the same random weights at each call."""
    torch.manual_seed(0)
    network = build(config)
    _make_lively(network)
    return network


def random_engine(config: dict[str, Any], clip: Clip, device: Device | None = None) -> Engine:
    """Return an engine with random weights, which takes the clip for a brain.

    A random network sees anything in a clip, and only of a brain is the age asked: the class that it happens to
    see trades names with the brain.
    """
    network = random_network(config)
    fold(network.eval())
    name = json.dumps(config, sort_keys=True)
    identity = ModelIdentity("random", "random weights", "0" * 64, verified=False, licence="")
    backbone = TorchBackbone(network, identity, device or cpu(), config=config)
    spec = PreprocessSpec(size=backbone.image_size)
    texts = _no_texts(backbone, name)
    planes = _as_brain(bundled(PLANES_FILE), backbone, texts, prepare(clip.frame(0), spec, crop_of(clip)))
    brain = bundled(BRAIN_PLANES_FILE)
    texts = _no_texts(backbone, name)
    calibration = ModelCalibration(views=ViewCalibration(lead=0.0))  # a random network leads by little
    return Engine(
        backbone=backbone,
        spec=spec,
        texts=texts,
        instruments=Instruments(identity, backbone.logit_scale, calibration, texts.features),
        tasks=all_tasks(planes, brain),
        view_sets={VIEWS: planes, BRAIN_VIEWS: brain},
        explainer=Saliency(backbone),
        methods=(),
        current_notices=lambda: backbone.notices,
    )


def without_texts(engine: Engine) -> Engine:
    """Return the engine as it is after a fresh start: no text was encoded yet."""
    assert isinstance(engine.backbone, TorchBackbone)
    texts = _no_texts(engine.backbone, "cold")
    return replace(engine, texts=texts, instruments=replace(engine.instruments, encode_texts=texts.features))


def _no_texts(backbone: TorchBackbone, key: str) -> TextBank:
    """Return the bank of a fresh start, as the program makes it."""
    return TextBank(backbone.encode_texts, key, in_parts=backbone.encode_texts_in_parts)


def _make_lively(network: torch.nn.Module) -> None:
    """Make random towers answer differently to different texts, and give their pictures a Score-CAM.

    Texts: without more weight on tokens and places nearly all have one row. Pictures: with gains of one, as networks
    begin, the channels of a token sum to nothing behind a normalisation, and the map, which is such a sum, is noise.
    """
    chance = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name in ("token_embedding.weight", "positional_embedding"):
            network.get_parameter(name).mul_(10.0)
        for module in network.get_submodule("visual").modules():
            if isinstance(module, torch.nn.LayerNorm):
                module.weight.add_(GAINS * torch.randn(module.weight.shape, generator=chance))


def _as_brain(planes: ViewSet, backbone: TorchBackbone, texts: TextBank, picture: Any) -> ViewSet:
    row = backbone.encode_frames(picture[None])[0]
    seen = planes.keys[int(np.argmax(class_embeddings(planes, texts.features) @ row))]
    trade = {seen: BRAIN, BRAIN: seen}
    prompts = {trade.get(key, key): sentences for key, sentences in planes.prompts.items()}
    return replace(planes, prompts=prompts)
