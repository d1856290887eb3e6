"""Fits a model's calibration on validation patients and writes it into its manifest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fetalclip_app.biometry.ellipse import outline_ellipse
from fetalclip_app.domain.familiarity import Textures
from fetalclip_app.imaging.preprocess import crop_of
from fetalclip_app.inference.engine import Engine
from fetalclip_app.inference.load import load_engine
from fetalclip_app.model import encoder, texture
from training import calibrate, familiarity
from training.calibrate import Seen
from training.export import write_manifest
from training.gates import GATE_SHARE
from training.manifest import Sample
from training.pictures import clip_of
from training.readable import refuse_too_many
from training.shelf import Shelf

UNREADABLE_SHARE = 0.05
"""Largest share of the pictures that may be unreadable."""


def calibrate_bundled(data: Path, samples: Sequence[Sample], bundle: Path | None = None) -> None:
    """Fit a model's calibration on validation patients and write it into its manifest; the bundled one's by default.

    What no validation picture can tell stays unfitted, and a sentence says so.

    Raises:
        ValueError: There are heads to measure and no head outline, too few pictures, or too many unreadable ones.
    """
    shelf = Shelf.of(bundle)
    folder = shelf.model
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    write_manifest(folder, {**manifest, "calibration": {}})
    try:
        engine = load_engine(shelf.request)
    finally:  # a fit that fails or is stopped leaves the calibration before it
        write_manifest(folder, manifest)
    held = [s for s in samples if s.split == "validation" and not s.augmented]
    seen = _seen(engine, data, held)
    fitted = calibrate.fit(engine, seen, samples)
    limit = _fit_limit(engine, data, seen)
    if limit:
        fitted["head"] = limit
    if _has_texture(engine):
        fitted.pop("familiar", None)  # the stronger guard takes its place
        fitted["familiarity"] = _familiarity(engine, data, samples, seen, folder)
    write_manifest(folder, {**manifest, "calibration": fitted})
    print(json.dumps(fitted, indent=2))


def _has_texture(engine: Engine) -> bool:
    return isinstance(engine.backbone, encoder.TorchBackbone) and texture.width(engine.backbone.network.visual) > 0


def _seen(engine: Engine, data: Path, samples: Sequence[Sample]) -> list[Seen]:
    seen, lost = calibrate.see(engine, data, samples, texture=_has_texture(engine))
    for one in lost:
        print(f"left out: {one.picture} ({one.reason})", flush=True)
    refuse_too_many(lost, len(samples), UNREADABLE_SHARE, listed_in="the lines above")
    return seen


def _familiarity(
    engine: Engine, data: Path, samples: Sequence[Sample], held: Sequence[Seen], folder: Path
) -> dict[str, Any]:
    """Fit the guard on training pictures, choose its limit on validation pictures, and write its file."""
    taught = [s for s in samples if s.split == "train" and not s.augmented]
    shown = _seen(engine, data, [taught[number] for number in familiarity.chosen(len(taught))])
    guard = familiarity.fit(_textures(shown), _textures(held))
    return familiarity.save(guard, folder, (len(shown), len(held)))


def _textures(seen: Sequence[Seen]) -> Textures:
    return np.array([item.texture for item in seen if item.texture is not None], np.float32)


def _fit_limit(engine: Engine, data: Path, seen: Sequence[Seen]) -> dict[str, Any]:
    """Return the ellipse fit that all but `GATE_SHARE` of the validation heads reach; nothing without such heads.

    Raises:
        ValueError: There are heads, and the model has no outline of them.
    """
    heads = [s for s in (item.sample for item in seen) if s.hc_mm is not None or s.outline is not None]
    if not heads:
        print("no validation picture is of a measured head: the outline's limit stays unfitted")
        return {}
    outliner = engine.instruments.outliner
    if outliner is None:
        raise ValueError("train the head first")
    fits = []
    for sample in heads:
        clip = clip_of(data, sample)
        found = outline_ellipse(outliner.outline(calibrate.network_input(engine, clip, crop_of(clip)))[0])
        fits.append(0.0 if found is None else found[1])
    return {"fit_limit": round(float(np.quantile(fits, GATE_SHARE)) - 0.005, 3), "pictures": len(fits)}
