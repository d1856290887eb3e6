"""Trains the outline of the fetal head on a finished backbone, and measures it on validation patients."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fetalclip_app.imaging.preprocess import PreprocessSpec
from fetalclip_app.model import device, opening
from fetalclip_app.model.encoder import TorchBackbone
from fetalclip_app.model.heads import PyramidDecoder
from fetalclip_app.model.pyramid import pyramid, pyramid_channels
from training import augment, own_data
from training.augment import AugmentConfig, changed_input
from training.dataset import STORED_SIDE
from training.decoder_loop import Course, DecoderTraining, Tensors, begin, beside, fit, write_half
from training.files import sha256_of, tell_line
from training.licences import joined
from training.manifest import Sample, manifest_hash
from training.mask_errors import summary
from training.mask_head import few_groups, loss_on, picture_errors
from training.masks import STRUCTURES, with_truth
from training.outlined import Outlined, mask_under, outlined_pictures, simulated_heads
from training.readable import leave_out
from training.recipe import RunContext
from training.run import all_samples
from training.shelf import Shelf

HEAD_NAME = "compact_head_outline"

Shares = tuple[tuple[str, float], ...]
"""Kind of picture -> share of a batch."""

REAL_SHARE = 0.8
"""Of a batch, for all sets together where the recipe does not name one of them; the rest is simulated."""

SIMULATED = "simulated"


def _wide() -> AugmentConfig:
    return AugmentConfig(zoom=(0.65, 1.25), shift=0.1, turn_deg=35.0)


@dataclass(frozen=True, slots=True)
class OutlineConfig:
    """The training of the head outline; the tower stays as it is.

    Attributes:
        average: Decay of the running mean of the weights.
        shares: Kind of picture -> share of a batch.
        simulated: How many simulated heads join the training pictures.
        few: So many training patients or exams; 0 for all.
        bundle: An exported folder whose weights it learns on; empty for the bundled model.
        device: As the app's setting: auto, cpu, cuda.
        unreadable_share: Largest share of pictures that may be unreadable.
        checkpoint_every: Steps between two checkpoints.
    """

    name: str = "outline_head"
    steps: int = 1200
    seed: int = 11
    batch: int = 12
    rate: float = 2e-3
    weight_decay: float = 1e-4
    average: float = 0.99
    shares: Shares = (("hc18", 0.65), ("fetal_planes", 0.15), ("simulated", 0.2))
    simulated: int = 200
    few: int = 0
    bundle: str = ""
    device: str = "auto"
    unreadable_share: float = 0.05
    checkpoint_every: int = 100
    augmentation: AugmentConfig = field(default_factory=_wide)

    def smoke(self) -> OutlineConfig:
        """Return the same training so small that it takes seconds."""
        return replace(self, name=f"{self.name}_smoke", steps=2, batch=2, simulated=2, few=2, device="cpu")

    def execute(self, context: RunContext) -> None:
        """Train, measure on validation patients, and write the head into the run's folder."""
        train_outline(self, context)

    @property
    def shelf(self) -> Shelf:
        """Where the model lies that it learns on."""
        return Shelf.of(Path(self.bundle) if self.bundle else None)


def train_outline(config: OutlineConfig, context: RunContext) -> None:
    """Train by a configuration.

    Raises:
        NotFinite: The loss; the batch that caused it lies in the folder.
        ValueError: The tower has no feature maps to climb, or there is no outline to learn from; or too many pictures
            are unreadable.
    """
    samples = own_data.read(context.own, lambda: all_samples(context.data)).samples
    backbone = opening.open_model(config.shelf.entry(), device.choose(config.device))
    if not hasattr(backbone.network.visual, "trunk"):
        raise ValueError("an outline is learned on a convolutional image tower: on this one train mask_head")
    course = begin(config, context, manifest=manifest_hash(samples), backbone=backbone.identity.sha256)
    annotated = [sample for sample in samples if sample.outline is not None]
    shown = few_groups([sample for sample in annotated if sample.split == "train"], config.few)
    watched = [sample for sample in annotated if sample.split == "validation"]
    # A run of seconds measures few: real folders have hundreds.
    watched = few_groups(watched, 2) if context.smoke else watched
    outlined, lost = outlined_pictures(context.data, shown)
    read, lost_too = with_truth(context.data, watched)
    leave_out(lost + lost_too, len(shown) + len(watched), config.unreadable_share, context.folder)
    learned = outlined + simulated_heads(config.simulated)
    config = replace(config, shares=shares_of(config.shares, outlined))
    decoder = train(backbone, learned, config, course)
    facts = {"validation": _measured(context.data, read, backbone, decoder), **told_of(learned)}
    _write(decoder, backbone, config, facts, context.folder)


def shares_of(named: Shares, outlined: Sequence[Outlined]) -> Shares:
    """Return shares in which every set has one, by its pictures, where the named ones leave a set out.

    A set without a share would never be learned from.
    """
    sizes = Counter(item.stored.sample.source for item in outlined)
    if not sizes.keys() - dict(named).keys():
        return named
    own = tuple((name, REAL_SHARE * count / sizes.total()) for name, count in sorted(sizes.items()))
    return (*own, (SIMULATED, 1 - REAL_SHARE))


def told_of(learned: Sequence[Outlined]) -> dict[str, str]:
    """Return what a head's JSON says of its pictures, and the licence that binds it."""
    counts = Counter(item.stored.sample.source for item in learned)
    data = ", ".join(f"{count} training pictures of {name}" for name, count in sorted(counts.items()))
    return {"data": data, "licence": joined(item.stored.sample.licence for item in learned)}


def train_bundled_outline(context: RunContext, steps: int | None = None, bundle: Path | None = None) -> None:
    """Train on the bundled weights, or an exported folder's, and copy the head to where the app looks.

    Args:
        context: Its folder holds the folders of runs.
    """
    config = OutlineConfig(bundle="" if bundle is None else str(bundle))
    config = config if steps is None else replace(config, steps=steps)
    folder, heads = context.folder / config.name, config.shelf.heads
    config.execute(replace(context, folder=folder))
    heads.mkdir(exist_ok=True)
    for kind in ("safetensors", "json"):
        shutil.copyfile(folder / f"{HEAD_NAME}.{kind}", heads / f"{HEAD_NAME}.{kind}")


def train(
    backbone: TorchBackbone, outlined: Sequence[Outlined], config: OutlineConfig, course: Course
) -> PyramidDecoder:
    """Return a decoder trained on frozen features.

    Raises:
        NotFinite: The loss; the batch that caused it lies in the folder.
        ValueError: There is nothing to learn from.
    """
    torch.manual_seed(config.seed)
    network: Any = backbone.network.eval().requires_grad_(False)
    decoder = beside(network, PyramidDecoder(pyramid_channels(network)).to(memory_format=torch.channels_last))
    spec, pools = PreprocessSpec(size=backbone.image_size), _pools(outlined, config)

    def draw_batch(rng: np.random.Generator) -> Tensors:
        return draw(pools, spec, config, rng)

    training = DecoderTraining(
        config.steps,
        config.seed,
        rate=config.rate,
        weight_decay=config.weight_decay,
        average=config.average,
        one_cycle=True,
        save_every=config.checkpoint_every,
    )
    mean = fit(decoder, draw_batch, loss_on(network, pyramid), training, course)
    assert isinstance(mean, PyramidDecoder)
    return mean


Pools = list[tuple[float, list[Outlined]]]
"""Shares of a batch, and the pictures that they are drawn from."""


def _pools(outlined: Sequence[Outlined], config: OutlineConfig) -> Pools:
    pools = [(share, [item for item in outlined if item.stored.sample.source == kind]) for kind, share in config.shares]
    found = [(share, pool) for share, pool in pools if pool]
    if not found:
        raise ValueError("no outlines of training patients, and no simulated heads")
    return found


def draw(pools: Pools, spec: PreprocessSpec, config: OutlineConfig, rng: np.random.Generator) -> Tensors:
    """Return pictures (N, 3, S, S), masks (N, 1, S, S), and that all are known (N, 1)."""
    shares = np.array([share for share, _ in pools])
    kinds = rng.choice(len(pools), config.batch, p=shares / shares.sum())
    pictures, masks = [], []
    for kind in kinds:
        pool = pools[int(kind)][1]
        item = pool[int(rng.integers(len(pool)))]
        geometry = augment.random_geometry(spec.size, STORED_SIDE, config.augmentation, rng)
        pictures.append(changed_input(item.stored.grey, geometry, spec, config.augmentation, rng))
        masks.append(mask_under(item.ellipse, geometry, spec.size))
    batch = torch.from_numpy(np.stack(pictures)).contiguous(memory_format=torch.channels_last)
    truth = torch.from_numpy(np.stack(masks))[:, None]
    return batch, truth, torch.ones(len(truth), 1, dtype=torch.bool)


def _measured(
    data: Path, samples: Sequence[Sample], backbone: TorchBackbone, decoder: PyramidDecoder
) -> dict[str, dict[str, Any]]:
    """Return source of the pictures -> Dice, Hausdorff distances and HC error in mm of the head."""
    told: dict[str, dict[str, Any]] = {}
    for source in sorted({sample.source for sample in samples}):
        own = [sample for sample in samples if sample.source == source]
        errors = [error for sample in own for error in picture_errors(data, sample, backbone, (decoder, pyramid))]
        if errors:
            told[source] = summary(errors)[STRUCTURES[0]]
    return told


def _write(
    decoder: PyramidDecoder,
    backbone: TorchBackbone,
    config: OutlineConfig,
    told: dict[str, Any],
    folder: Path,
) -> None:
    path = folder / f"{HEAD_NAME}.safetensors"
    write_half(decoder, path)
    facts = {
        "backbone_sha256": backbone.identity.sha256,
        "sha256": sha256_of(path),
        "preprocessing": PreprocessSpec(size=backbone.image_size).fingerprint(),
        "structure": "head",
        "definition": "ellipse along the outer edge of the skull (HC18's annotation)",
        **told,
        "training": asdict(config),
    }
    path.with_suffix(".json").write_text(json.dumps(facts, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    tell_line(folder, {"step": config.steps, "validation": told["validation"]})
