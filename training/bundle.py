"""From a finished run to what the app ships: weights, head, calibration, results."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fetalclip_app import resources
from fetalclip_app.domain.calibration import Box
from fetalclip_app.domain.familiarity import Textures
from fetalclip_app.domain.model_names import BUNDLE
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.imaging.fan import find_fan
from fetalclip_app.imaging.preprocess import Letterbox, PreprocessSpec, crop_of
from fetalclip_app.imaging.readers import read_clip
from fetalclip_app.inference.engine import Engine
from fetalclip_app.inference.load import load_engine
from fetalclip_app.model import device, encoder, texture
from fetalclip_app.tasks.head_outline import outline_ellipse
from fetalclip_app.tasks.view_sets import BRAIN_PLANES_FILE, PLANES_FILE
from training import calibrate, card, familiarity, head_outline, simulate
from training.dataset import STORED_SIDE, Stored, load, stored_simulation
from training.decoder_loop import write_half
from training.export import MAX_BYTES, compact_manifest, write_manifest, write_weights
from training.files import sha256_of
from training.head_outline import OutlineConfig, Outlined
from training.manifest import Sample
from training.outlines import marks_skull, outline_on
from training.run import all_samples
from training.shelf import Shelf
from training.towers import TowerConfig, architecture

HEAD_NAME = "compact_head_outline"

FIT_SHARE = 0.02
"""This share of the validation heads is refused as no clear outline."""

SIMULATED_HEADS = 200
SIMULATED_SEED = 2026


def export_run(folder_of_run: Path, data: Path, out: Path | None = None) -> None:
    """Write a run's mean weights and a manifest without calibration.

    Args:
        out: A new folder that the window can load, with prompts and a card; ``resources/models/compact`` if not given.

    Raises:
        FileExistsError: ``out`` is there and not empty.
        ValueError: The run's network is not the bundled one's, and ``out`` is not given.
    """
    state = torch.load(folder_of_run / "last.pt", weights_only=True)["network"]
    run = json.loads((folder_of_run / "config.json").read_text(encoding="utf-8"))
    layers = _layers(run["config"])
    if out is None and layers != resources.read_json("models/compact/config.json"):
        raise ValueError("this run's network is not the bundled one's: export it to a folder of its own by --out")
    folder = resources.path("models/compact") if out is None else new_bundle(out, layers)
    file = write_weights(state, folder, MAX_BYTES if out is None else None)
    taught = [s for s in all_samples(data) if s.split == "train"]
    shown = {name for s in taught for name in (s.plane, s.brain_plane) if name is not None}
    spec = PreprocessSpec(size=layers["vision_cfg"]["image_size"])
    manifest = compact_manifest(_with_its_start(run, folder_of_run), file, tuple(sorted(shown)), spec)
    if out is not None:
        manifest |= {"key": BUNDLE, "title": f"{run['config']['name']} ({file['sha256'][:8]})"}
        (folder / card.CARD).write_text(card.blank(manifest), encoding="utf-8")
    write_manifest(folder, manifest)


def _layers(config: dict[str, Any]) -> dict[str, Any]:
    """Return open_clip's configuration of a run's network; runs before there was a choice had the bundled one's."""
    return architecture(TowerConfig(**config.get("tower", {})), config.get("loss", "nce"))


def new_bundle(folder: Path, layers: dict[str, Any]) -> Path:
    """Return the folder with the network's configuration and the prompts in it.

    Raises:
        FileExistsError: It is there and not empty.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty")
    (folder / "heads").mkdir(parents=True)
    (folder / "prompts").mkdir()
    (folder / "config.json").write_text(json.dumps(layers, indent=2) + "\n", encoding="utf-8")
    for name in (PLANES_FILE, BRAIN_PLANES_FILE):
        shutil.copyfile(resources.path(name), folder / name)
    return folder


def _with_its_start(run: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return a run's record with that of the run that it went on from, back to the first."""
    start = run["config"]["start"]
    if not start:
        return run
    checkpoint = folder.parent / Path(start).parent.name / Path(start).name
    earlier = json.loads((checkpoint.parent / "config.json").read_text(encoding="utf-8"))
    return {**run, "start": {**_with_its_start(earlier, checkpoint.parent), "sha256": sha256_of(checkpoint)}}


def train_bundled_head(data: Path, steps: int | None = None, bundle: Path | None = None) -> None:
    """Train the head outline on the bundled weights, or an exported folder's, and write it where the app looks."""
    shelf = Shelf.of(bundle)
    config = OutlineConfig() if steps is None else replace(OutlineConfig(), steps=steps)
    backbone = encoder.open_model(shelf.entry(), device.choose("auto"))
    spec = PreprocessSpec(size=backbone.image_size)
    outlined = _outlined(data) + _simulated()
    decoder = head_outline.train(backbone.network, outlined, spec, config)
    folder = shelf.heads
    folder.mkdir(exist_ok=True)
    path = folder / f"{HEAD_NAME}.safetensors"
    write_half(decoder, path)
    facts = {
        "backbone_sha256": backbone.identity.sha256,
        "sha256": sha256_of(path),
        "preprocessing": spec.fingerprint(),
        "structure": "head",
        "definition": "ellipse along the outer edge of the skull (HC18's annotation)",
        "licence": "CC-BY-4.0",
        "data": "HC18 and head structures of FETAL_PLANES_DB (training patients), simulated heads",
        "training": asdict(config),
    }
    path.with_suffix(".json").write_text(json.dumps(facts, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def calibrate_bundled(data: Path, bundle: Path | None = None) -> None:
    """Fit a model's calibration on validation patients and write it into its manifest; the bundled one's by default."""
    shelf = Shelf.of(bundle)
    folder = shelf.model
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    write_manifest(folder, {**manifest, "calibration": {}})
    try:
        engine = load_engine(shelf.request)
    finally:  # a fit that fails or is stopped leaves the calibration before it
        write_manifest(folder, manifest)
    held = [s for s in all_samples(data) if s.split == "validation"]
    seen = calibrate.see(engine, data, held, texture=_has_texture(engine))
    fitted = calibrate.fit(engine, seen)
    fitted["head"] = _fit_limit(engine, data, held)
    if _has_texture(engine):
        del fitted["familiar"]  # the stronger guard takes its place
        fitted["familiarity"] = _familiarity(engine, data, seen, folder)
    write_manifest(folder, {**manifest, "calibration": fitted})
    print(json.dumps(fitted, indent=2))


def _has_texture(engine: Engine) -> bool:
    return isinstance(engine.backbone, encoder.TorchBackbone) and texture.width(engine.backbone.network) > 0


def _familiarity(engine: Engine, data: Path, held: list[calibrate.Seen], folder: Path) -> dict[str, Any]:
    """Fit the guard on training pictures, choose its limit on validation pictures, and write its file."""
    taught = [s for s in all_samples(data) if s.split == "train" and not s.augmented]
    shown = calibrate.see(engine, data, [taught[number] for number in familiarity.chosen(len(taught))], texture=True)
    guard = familiarity.fit(_textures(shown), _textures(held))
    return familiarity.save(guard, folder, (len(shown), len(held)))


def _textures(seen: list[calibrate.Seen]) -> Textures:
    return np.stack([item.texture for item in seen if item.texture is not None])


def in_stored_square(ellipse: Ellipse, crop: Box) -> Ellipse:
    """Return an ellipse of a file's pixels in those of its stored square."""
    box = Letterbox(crop, STORED_SIDE)
    cx, cy = box.to_model(np.array([ellipse.cx, ellipse.cy]))
    return Ellipse(float(cx), float(cy), ellipse.a / box.scale, ellipse.b / box.scale, ellipse.angle_deg)


def _outlined(data: Path) -> list[Outlined]:
    known = [s for s in all_samples(data) if s.split == "train" and s.outline is not None]
    known = [s for s in known if s.outline is not None and marks_skull(data / s.outline)]
    return [_with_ellipse(data, stored) for stored in load(data, known)]


def _with_ellipse(data: Path, stored: Stored) -> Outlined:
    """Return a picture with its outline; masks of the head structures lie on a larger copy of the picture."""
    from PIL import Image  # noqa: PLC0415

    sample = stored.sample
    assert sample.outline is not None
    with Image.open(data / sample.picture) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    on_picture = outline_on(data / sample.outline, pixels.shape[1])
    return Outlined(stored, in_stored_square(on_picture, find_fan(pixels)))


def _simulated() -> list[Outlined]:
    rng = np.random.default_rng(SIMULATED_SEED)
    outlined = []
    for number in range(SIMULATED_HEADS):
        picture = simulate.random_head(rng)
        name = f"simulated-{SIMULATED_SEED}-{number}"
        sample = Sample(picture=name, source="simulated", group=name, split="train", plane="brain")
        stored = stored_simulation(sample, picture.pixels)
        outlined.append(Outlined(stored, in_stored_square(picture.ellipse, find_fan(picture.pixels))))
    return outlined


def _fit_limit(engine: Engine, data: Path, held: list[Sample]) -> dict[str, Any]:
    """Return the ellipse fit that all but `FIT_SHARE` of the validation heads reach."""
    outliner = engine.instruments.outliner
    if outliner is None:
        raise ValueError("train the head first")
    fits = []
    for sample in held:
        if sample.source == "hc18":
            clip = read_clip(data / sample.picture)
            picture = calibrate.network_input(engine, clip, crop_of(clip))
            found = outline_ellipse(outliner.outline(picture)[0])
            fits.append(0.0 if found is None else found[1])
    return {"fit_limit": round(float(np.quantile(fits, FIT_SHARE)) - 0.005, 3), "pictures": len(fits)}
