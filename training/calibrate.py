"""Numbers that turn similarities into percentages, limits and intervals, fitted on validation patients alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from fetalclip_app.biometry.growth import inside_who_band, who_median_days
from fetalclip_app.domain.age import DAYS_PER_WEEK, AgeEstimate
from fetalclip_app.domain.backbone import Batch, Embeddings, ModelCalibration
from fetalclip_app.domain.calibration import Box
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.softmax import shares_of
from fetalclip_app.domain.views import CLEAR_LEAD, ViewSet
from fetalclip_app.imaging.preprocess import crop_of, crop_spacing, model_spacing_mm, prepare
from fetalclip_app.inference.engine import Engine
from fetalclip_app.tasks.gestational_age import AgeTask, estimate_of
from fetalclip_app.tasks.keys import AGE, BRAIN_VIEWS, VIEWS
from fetalclip_app.tasks.views import class_embeddings
from training.calibration_error import expected_error
from training.evaluation.reads import unreadable
from training.gates import GATE_SHARE
from training.manifest import Sample, is_dated
from training.pictures import clip_of
from training.readable import Unreadable

AGE_LEVEL = 0.90


@dataclass(frozen=True, eq=False, slots=True)
class Seen:
    """A validation picture as the network sees it.

    Attributes:
        texture: float32, (T,); None where the network has no such feature maps.
    """

    sample: Sample
    embedding: NDArray[np.float32]
    spacing_mm: float | None
    texture: NDArray[np.float32] | None = None


def see(
    engine: Engine, data: Path, samples: Sequence[Sample], *, texture: bool = False
) -> tuple[list[Seen], list[Unreadable]]:
    """Read and encode pictures by the app's own road; what cannot be read is listed and left out.

    Args:
        texture: Keep what the network's early feature maps look like, too.
    """
    seen: list[Seen] = []
    lost: list[Unreadable] = []
    for sample in samples:
        try:
            clip = clip_of(data, sample)
            crop = crop_of(clip)
            picture = network_input(engine, clip, crop)
        except Exception as error:  # a damaged file raises whatever its decoder happens to trip over
            lost.append(unreadable(data, sample.picture, error))
            continue
        seen.append(_seen(engine, sample, (clip, crop), picture, texture))
    return seen, lost


def _seen(engine: Engine, sample: Sample, shown: tuple[Clip, Box], picture: Batch, texture: bool) -> Seen:
    looks: NDArray[np.float32] | None = None
    if texture:
        embeddings, textures = engine.backbone.encode_with_texture(picture)
        looks = textures[0]
    else:
        embeddings = engine.backbone.encode_frames(picture)
    clip, crop = shown
    spacing = crop_spacing(clip.calibration, crop)
    spacing_mm = None if spacing is None else model_spacing_mm(crop, spacing, engine.spec)
    return Seen(sample, embeddings[0], spacing_mm, looks)


def network_input(engine: Engine, clip: Clip, crop: Box) -> Batch:
    """Return what the network sees of a still picture: float32, (1, 3, S, S)."""
    return prepare(clip.frame(0), engine.spec, crop)[None]


def fit(engine: Engine, seen: Sequence[Seen], taught: Sequence[Sample] = ()) -> dict[str, dict[str, Any]]:
    """Return the ``calibration`` of a manifest; a part that no picture can tell is left out, and a sentence says so.

    Args:
        engine: Without a calibration.
        seen: Pictures of validation patients.
        taught: What the model was trained on: its sub-planes tell how often each occurs.

    Raises:
        ValueError: A picture is not of a validation patient.
    """
    if any(item.sample.split != "validation" for item in seen):
        raise ValueError("calibration is fitted on validation patients alone")
    planes = _known(engine, VIEWS, seen)
    brain = _known(engine, BRAIN_VIEWS, seen)
    aged = ages(engine, seen)
    parts: dict[str, tuple[Sequence[Any], Callable[[], dict[str, Any]]]] = {
        VIEWS: (planes, lambda: _temperature(engine, VIEWS, planes)),
        BRAIN_VIEWS: (brain, lambda: _temperature(engine, BRAIN_VIEWS, brain, frequencies(engine, taught))),
        "familiar": (planes, lambda: _familiar(engine, planes)),
        AGE: (aged, lambda: _age(aged)),
    }
    for name, (pictures, _) in parts.items():
        if not pictures:
            print(f"no validation picture tells anything of '{name}': it stays unfitted")
    return {name: fitted() for name, (pictures, fitted) in parts.items() if pictures}


def _known(engine: Engine, task: str, seen: Sequence[Seen]) -> list[tuple[Seen, str]]:
    """Return the pictures with their class, of those whose class the prompts name."""
    pairs = [(item, item.sample.plane if task == VIEWS else item.sample.brain_plane) for item in seen]
    return [(item, name) for item, name in pairs if name is not None and name in engine.view_sets[task].keys]


def frequencies(engine: Engine, taught: Sequence[Sample]) -> list[float]:
    """Return how often each sub-plane occurs among training pictures, of sum 1; nothing where one never does.

    Changed copies count: those of FETAL_PLANES_DB are of pictures that it does not hold otherwise.
    Planes get none: how many of each a collection holds is its collector's choice. A sonographer who keeps two
    sub-planes for one of another does so with every patient.
    """
    named = [sample.brain_plane for sample in taught if sample.split == "train"]
    counts = np.array([named.count(name) for name in engine.view_sets[BRAIN_VIEWS].keys])
    if not counts.all():
        print("not each sub-plane is among the training pictures: how often they occur is not counted in")
        return []
    return [float(share) for share in counts / counts.sum()]


def _temperature(
    engine: Engine, key: str, known: Sequence[tuple[Seen, str]], shown: Sequence[float] = ()
) -> dict[str, Any]:
    """Fit one set's percentages; ``shown`` is how often each class occurs, where that is counted in."""
    view_set = engine.view_sets[key]
    labels = np.array([view_set.keys.index(name) for _, name in known])
    similarity = _similarity(engine, view_set, known)

    def shares_at(log_scale: float) -> NDArray[np.float32]:
        return shares_of(similarity, float(np.exp(log_scale)), shown or None)

    def cost(log_scale: float) -> float:
        return float(-np.log(np.maximum(shares_at(log_scale)[np.arange(len(labels)), labels], 1e-9)).mean())

    best = minimize_scalar(cost, bounds=(0.0, 6.0), method="bounded")
    scale, shares = float(np.exp(best.x)), shares_at(best.x)
    return {
        **({"frequencies": list(shown)} if len(shown) else {}),
        "view_set": view_set.sha256,
        "temperature": round(engine.backbone.logit_scale / scale, 4),
        "error": round(expected_error(shares, labels), 4),
        "pictures": len(labels),
        "lead": clear_lead(shares),
    }


def clear_lead(shares: NDArray[np.float32]) -> float:
    """Return the lead that all but `GATE_SHARE` of the pictures have, never more than the app's own limit."""
    best = np.sort(shares, axis=1)
    leads = best[:, -1] - best[:, -2]
    return float(np.clip(round(float(np.quantile(leads, GATE_SHARE)) - 5e-4, 3), 0.0, CLEAR_LEAD))


def _similarity(engine: Engine, view_set: ViewSet, known: Sequence[tuple[Seen, str]]) -> Embeddings:
    classes = class_embeddings(view_set, engine.texts.features)
    similarity: Embeddings = np.stack([item.embedding for item, _ in known]) @ classes.T
    return similarity


def _familiar(engine: Engine, known: Sequence[tuple[Seen, str]]) -> dict[str, Any]:
    best = _similarity(engine, engine.view_sets[VIEWS], known).max(axis=1)
    return {"similarity": round(float(np.quantile(best, GATE_SHARE)), 4), "share": GATE_SHARE}


def ages(engine: Engine, seen: Sequence[Seen]) -> list[tuple[Seen, AgeEstimate]]:
    """Return the age of every picture that has a scale and a reference age, without abstaining."""
    task = AgeTask.bundled()
    estimates = []
    for item in seen:
        if item.spacing_mm is not None and reference_days(item.sample) is not None:
            scores = task.scores(item.embedding, item.spacing_mm, engine.instruments)
            estimates.append((item, estimate_of(scores, item.spacing_mm, ModelCalibration(), head_checked=False)))
    return estimates


def reference_days(sample: Sample) -> float | None:
    """Return the age for which the head circumference is the WHO median; None without one. A stated age is another."""
    if sample.hc_mm is None:
        return None
    return who_median_days("HC", sample.hc_mm) if sample.age_days is None or is_dated(sample) else sample.age_days


def _age(estimates: Sequence[tuple[Seen, AgeEstimate]]) -> dict[str, Any]:
    """Choose the spread that all but `GATE_SHARE` of the heads keep, and the error that holds 90 % of those kept."""
    spreads = np.array([estimate.spread_days for _, estimate in estimates])
    limit = max(int(np.ceil(np.quantile(spreads, 1 - GATE_SHARE))), 14)
    kept = [(item, estimate) for item, estimate in estimates if estimate.spread_days <= limit]
    errors = np.array([abs(estimate.age.days - (reference_days(item.sample) or 0)) for item, estimate in kept])
    inside = [inside_who_band("HC", item.sample.hc_mm or 0, e.age.days / DAYS_PER_WEEK) for item, e in kept]
    # Split conformal: the (n + 1) correction keeps the coverage honest for few pictures.
    level = min(np.ceil((len(errors) + 1) * AGE_LEVEL) / len(errors), 1.0)
    return {
        "spread_limit_days": limit,
        "error_days": round(float(np.quantile(errors, level, method="higher")), 1),
        "level": AGE_LEVEL,
        "reference": "who_median_of_hc",
        "pictures": len(kept),
        "mean_error_days": round(float(errors.mean()), 2),
        "inside_who_band": round(float(np.mean(inside)), 4),
    }
