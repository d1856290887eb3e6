"""Trains masks of several structures on the frozen features of a finished tower, of either kind."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import nn

from fetalclip_app.biometry.ellipse import outline_ellipse
from fetalclip_app.biometry.ellipse_lengths import lengths
from fetalclip_app.domain.calibration import PixelSpacing
from fetalclip_app.domain.model_names import COMPACT
from fetalclip_app.domain.reading import ModelIdentity
from fetalclip_app.imaging.preprocess import Letterbox, PreprocessSpec, crop_of, prepare
from fetalclip_app.imaging.readers import read_clip
from fetalclip_app.model import catalog, device, opening
from fetalclip_app.model.encoder import TorchBackbone
from fetalclip_app.model.heads import MASKS, Maps, decoder_for
from fetalclip_app.tasks.outlines import to_frame
from training import augment
from training.augment import AugmentConfig, changed_input
from training.dataset import STORED_SIDE
from training.decoder_loop import DecoderTraining, LossOf, Tensors, begin, beside, fit, frozen_maps, write_half
from training.files import sha256_of, tell_line
from training.manifest import Sample, manifest_hash
from training.mask_errors import MaskError, compare, summary
from training.masks import BOXES, STRUCTURES, Masked, file_masks, stored_masks, with_truth
from training.readable import leave_out
from training.recipe import RunContext
from training.run import all_samples
from training.towers import TowerConfig, architecture, fresh_network

HEAD_NAME = "masks"

TINY_SIDE = 112
"""Input of the tiny vision transformer: its patches of 14 pixels and the decoder's four doublings both fit."""


def _mild() -> AugmentConfig:
    return AugmentConfig(zoom=(0.7, 1.2), shift=0.08, turn_deg=25.0)


@dataclass(frozen=True, slots=True)
class MaskConfig:
    """One training of a mask head on HC18 (split by exam, no exam on two sides) and the head structures.

    Attributes:
        model: Catalogue key of the weights: a vision transformer gets the UNETR-style decoder, a convolutional tower
            the pyramid decoder.
        weights: Their file, where they do not come with the program.
        few: So many training patients or exams, for the few-data study; 0 for all.
        tiny: Random weights of the same kind of layers, few and narrow, for a run of seconds.
        device: As the app's setting: auto, cpu, cuda.
        unreadable_share: Largest share of pictures that may be unreadable.
        checkpoint_every: Steps between two checkpoints.
    """

    name: str = "mask_head"
    steps: int = 1200
    seed: int = 11
    batch: int = 8
    rate: float = 2e-3
    model: str = COMPACT
    weights: str = ""
    few: int = 0
    tiny: bool = False
    device: str = "auto"
    unreadable_share: float = 0.05
    checkpoint_every: int = 100
    augmentation: AugmentConfig = field(default_factory=_mild)

    def smoke(self) -> MaskConfig:
        """Return the same training so small that it takes seconds, without weights that the program does not bring."""
        small = replace(self, name=f"{self.name}_smoke", steps=2, batch=2, few=2, device="cpu")
        return small if self.model == COMPACT else replace(small, weights="", tiny=True)

    def execute(self, context: RunContext) -> None:
        """Train, measure on validation patients, and write ``masks.*`` into the run's folder."""
        train_masks(self, context)


def train_masks(config: MaskConfig, context: RunContext) -> None:
    """Train by a configuration.

    Raises:
        NotFinite: The loss; the batch that caused it lies in the folder.
        ValueError: There is nothing to learn from, or too many pictures are unreadable.
    """
    samples = all_samples(context.data)
    annotated = [sample for sample in samples if sample.outline is not None]
    shown = few_groups([sample for sample in annotated if sample.split == "train"], config.few)
    watched = [sample for sample in annotated if sample.split == "validation"]
    # A run of seconds measures few: real folders have hundreds.
    watched = few_groups(watched, 2) if context.smoke else watched
    backbone = _backbone(config)
    course = begin(config, context, manifest=manifest_hash(samples), backbone=backbone.identity.sha256)
    network: Any = backbone.network.eval().requires_grad_(False)
    torch.manual_seed(config.seed)
    decoder, maps = decoder_for(network, len(STRUCTURES))
    pictures, lost = stored_masks(context.data, shown)
    read, lost_too = with_truth(context.data, watched)
    leave_out(lost + lost_too, len(shown) + len(watched), config.unreadable_share, context.folder)
    if not pictures:
        raise ValueError("no annotated pictures of training patients")
    spec = PreprocessSpec(size=backbone.image_size)

    def draw_batch(rng: np.random.Generator) -> Tensors:
        return draw(pictures, spec, config, rng)

    training = DecoderTraining(config.steps, config.seed, rate=config.rate, save_every=config.checkpoint_every)
    mean = fit(beside(network, decoder), draw_batch, loss_on(network, maps), training, course)
    errors = [e for sample in read for e in picture_errors(context.data, sample, backbone, (mean, maps))]
    _write(mean, backbone, config, summary(errors), context.folder)


def loss_on(network: Any, maps: Maps) -> LossOf:
    """Return the loss of a decoder on a tower that learns nothing, for (pictures, masks, which are known)."""

    def loss_of(learning: Any, batch: Tensors) -> torch.Tensor:
        pictures, masks, known = batch
        return mask_loss(learning(pictures, frozen_maps(maps, network, pictures)), masks, known)

    return loss_of


def _backbone(config: MaskConfig) -> TorchBackbone:
    """Return the tower that the decoder learns on.

    Raises:
        ModelUnavailable: Its weights are missing, damaged or of another shape.
    """
    chosen = device.choose(config.device)
    if not config.tiny:
        path = Path(config.weights) if config.weights else None
        return opening.open_model(catalog.find(config.model), chosen, path=path, licence_accepted=True)
    layers = architecture(TowerConfig(shape=config.model, tiny=True))
    layers |= {"vision_cfg": layers["vision_cfg"] | {"image_size": TINY_SIDE}}
    nobody = ModelIdentity(config.model, "random weights", "random", verified=False, licence="")
    return opening.place(fresh_network(layers, config.seed), nobody, chosen, layers)


def few_groups(samples: Sequence[Sample], count: int) -> list[Sample]:
    """Return the samples of ``count`` patients or exams, the same ones each time; all for 0."""
    groups = sorted({sample.group for sample in samples}, key=lambda group: hashlib.sha256(group.encode()).hexdigest())
    chosen = frozenset(groups[:count] if count else groups)
    return [sample for sample in samples if sample.group in chosen]


def draw(
    pictures: Sequence[Masked], spec: PreprocessSpec, config: MaskConfig, rng: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return pictures (N, 3, S, S), masks (N, K, S, S) and which are known (N, K)."""
    shown, masks, known = [], [], []
    for place in rng.integers(len(pictures), size=config.batch):
        item = pictures[int(place)]
        geometry = augment.random_geometry(spec.size, STORED_SIDE, config.augmentation, rng)
        shown.append(changed_input(item.stored.grey, geometry, spec, config.augmentation, rng))
        masks.append(np.stack([_moved(mask, geometry, spec.size) for mask in item.masks]))
        known.append(item.known)
    return torch.from_numpy(np.stack(shown)), torch.from_numpy(np.stack(masks)), torch.from_numpy(np.stack(known))


def _moved(mask: NDArray[np.bool_], geometry: augment.Geometry, size: int) -> NDArray[np.float32]:
    moved = cv2.warpAffine(mask.astype(np.float32), geometry.matrix, (size, size), flags=cv2.INTER_LINEAR)
    return np.asarray(moved, np.float32)


def mask_loss(logits: torch.Tensor, masks: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """Return cross-entropy plus one minus the soft Dice, the mean over the known masks; all (N, K, S, S)."""
    entropy = F.binary_cross_entropy_with_logits(logits, masks, reduction="none").mean(dim=(2, 3))
    share = torch.sigmoid(logits)
    both = (share * masks).sum(dim=(2, 3))
    dice = (2 * both + 1) / (share.sum(dim=(2, 3)) + masks.sum(dim=(2, 3)) + 1)
    cost: torch.Tensor = (entropy + 1 - dice)[known].sum() / known.sum().clamp_min(1)
    return cost


def picture_errors(
    data: Path, sample: Sample, backbone: TorchBackbone, decoding: tuple[nn.Module, Maps]
) -> list[MaskError]:
    """Return the errors of the known structures of a picture, in pixels of its file, by the app's own road.

    Args:
        decoding: A decoder of the first of `STRUCTURES`, and what it decodes.
    """
    truth, known = file_masks(data, sample)
    clip = read_clip(data / sample.picture)
    spec, crop = PreprocessSpec(size=backbone.image_size), crop_of(clip)
    pictures = backbone.to_device(prepare(clip.frame(0), spec, crop)[None])
    with torch.inference_mode():
        maps = decoding[1](backbone.network, pictures)
        values = torch.sigmoid(decoding[0](pictures, maps))[0].cpu().numpy()
    box = Letterbox(crop, spec.size)
    errors = []
    for place in np.flatnonzero(known[: len(values)]):
        found = box.map_to_frame(values[place], clip.height, clip.width) > 0.5
        error = compare(STRUCTURES[place], sample.group, found, truth[place], sample.pixel_mm)
        errors.append(replace(error, hc_off_mm=_hc_off(values[place], box, sample)) if place == 0 else error)
    return errors


def _hc_off(values: NDArray[np.float32], box: Letterbox, sample: Sample) -> float | None:
    """Return found minus annotated head circumference, where both are known."""
    found = outline_ellipse(values)
    if found is None or sample.hc_mm is None or sample.pixel_mm is None:
        return None
    return lengths(to_frame(found[0], box), PixelSpacing.square(sample.pixel_mm)).circumference_mm - sample.hc_mm


def _write(
    decoder: nn.Module, backbone: TorchBackbone, config: MaskConfig, told: dict[str, dict[str, Any]], folder: Path
) -> None:
    path = folder / f"{HEAD_NAME}.safetensors"
    write_half(decoder, path)
    facts = {
        "kind": MASKS,
        "decoder": type(decoder).__name__,
        "structures": list(STRUCTURES),
        "boxes": sorted(BOXES),
        "backbone_sha256": backbone.identity.sha256,
        "sha256": sha256_of(path),
        "preprocessing": PreprocessSpec(size=backbone.image_size).fingerprint(),
        "licence": "CC-BY-4.0",
        "data": "HC18 and head structures of FETAL_PLANES_DB, training patients",
        "validation": told,
        "training": asdict(config),
    }
    path.with_suffix(".json").write_text(json.dumps(facts, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    tell_line(folder, {"step": config.steps, "validation": told})
