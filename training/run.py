"""From a recipe to a checkpoint."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fetalclip_app import resources
from fetalclip_app.imaging.preprocess import PreprocessSpec
from training import quick_look
from training.config import RunConfig
from training.dataset import Batches, Stored, load, stored_simulation
from training.importers.fetal_planes import read_fetal_planes
from training.importers.hc18 import read_hc18
from training.loop import fresh_network, train
from training.manifest import Sample, manifest_hash, read_split
from training.number_sense import teach_numbers
from training.recipe import RunContext, save_config
from training.split import SPLITS


def all_samples(data: Path) -> list[Sample]:
    """Return every picture of the data folder with its committed split."""
    return [
        *read_hc18(data, read_split(SPLITS / "hc18.csv")),
        *read_fetal_planes(data, read_split(SPLITS / "fetal_planes.csv")),
    ]


def simulations(count: int, seed: int) -> list[Stored]:
    """Return simulated heads with their true outline's size."""
    from fetalclip_app.biometry.growth import who_median_days  # noqa: PLC0415
    from training import simulate  # noqa: PLC0415

    if count == 0:
        return []
    rng = np.random.default_rng(seed)
    stored = []
    for number in range(count):
        picture = simulate.random_head(rng)
        sample = Sample(
            picture=f"simulated-{seed}-{number}",
            source="simulated",
            group=f"simulated-{number}",
            split="train",
            plane="brain",
            brain_plane=picture.plane,
            pixel_mm=picture.pixel_mm,
            hc_mm=picture.hc_mm,
            age_days=who_median_days("HC", picture.hc_mm),
        )
        stored.append(stored_simulation(sample, picture.pixels))
    return stored


def pretrain(config: RunConfig, context: RunContext) -> None:
    """Train a compact CLIP by contrast."""
    folder = context.folder
    samples = all_samples(context.data)
    save_config(config, folder, manifest=manifest_hash(samples))
    shown = [s for s in samples if s.split == "train"]
    held = [s for s in samples if s.split == "validation"]
    stored = load(context.data, shown[:: 40 if context.smoke else 1]) + simulations(config.simulated, config.seed)
    watched = load(context.data, held[:: 20 if context.smoke else 1])
    spec = PreprocessSpec()
    batches = Batches(stored, spec=spec, batch=config.batch, augmentation=config.augmentation, seed=config.seed)

    def evaluate(network: Any, step: int) -> dict[str, float]:
        return quick_look.look(network, watched, spec)

    train(_network(config, folder), batches, config, folder, evaluate)


def _network(config: RunConfig, folder: Path) -> Any:
    """Return the network that the run begins with."""
    network = fresh_network(resources.read_json("models/compact/config.json"), config.seed)
    if config.start:
        network.load_state_dict(torch.load(folder.parent / config.start, weights_only=True)["network"], strict=True)
        return network
    practised = folder / "numbers.pt"
    lesson = asdict(config.numbers) | {"seed": config.seed}
    if practised.exists():
        saved = torch.load(practised, weights_only=True)
        if saved.get("lesson") == lesson:
            network.load_state_dict(saved["network"], strict=True)
            return network
    losses = teach_numbers(network, config.numbers, config.seed)
    print(f"numbers: contrastive loss {losses[0][0]:.2f} -> {losses[-1][0]:.2f}", flush=True)
    torch.save({"network": network.state_dict(), "step": 0, "lesson": lesson}, practised)
    return network
