"""A quick look at the validation pictures while a training runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import open_clip
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from fetalclip_app.biometry.growth import inside_who_band
from fetalclip_app.domain.age import DAYS_PER_WEEK
from fetalclip_app.domain.bootstrap import f1_parts, macro_f1_of_sums
from fetalclip_app.domain.views import BRAIN_PLANES, PLANES
from fetalclip_app.imaging.preprocess import PreprocessSpec, normalised, scaled
from fetalclip_app.model.texts import encode_tokens
from fetalclip_app.tasks.gestational_age import CANDIDATES, HC_RANGE_MM, best_candidates, sentences
from training.captions import Phrases
from training.dataset import Stored
from training.manifest import Sample, is_usable_age

TEST_PLANES = ("abdomen", "brain", "femur", "heart")
"""Planes with enough test pictures; cervix has eight."""


@dataclass(frozen=True, slots=True)
class Classes:
    """Over which classes F1 is averaged; over none it is not told."""

    planes: tuple[str, ...] = TEST_PLANES
    brain_planes: tuple[str, ...] = BRAIN_PLANES

    @classmethod
    def of(cls, stored: Sequence[Stored]) -> Classes:
        """Return those that occur, for pictures of which nothing is known beforehand."""
        return cls.of_samples([item.sample for item in stored])

    @classmethod
    def of_samples(cls, samples: Sequence[Sample]) -> Classes:
        """Return those that occur in samples."""
        planes, brain_planes = {s.plane for s in samples}, {s.brain_plane for s in samples}
        return cls(tuple(p for p in PLANES if p in planes), tuple(p for p in BRAIN_PLANES if p in brain_planes))


STANDARD = Classes()


def look(network: Any, stored: Sequence[Stored], spec: PreprocessSpec, classes: Classes = STANDARD) -> dict[str, float]:
    """Return macro-F1 of planes and sub-planes, the age's error, and the share of ages that fit the head (VPR)."""
    phrases = Phrases.bundled()
    with torch.inference_mode():
        images = picture_rows(network, stored, spec)
        told = views(network, images, stored, phrases, classes)
        return told | _age_errors(network, images, stored, spec, phrases.ages[:1])


def views(
    network: Any,
    images: NDArray[np.float32],
    stored: Sequence[Stored],
    phrases: Phrases,
    classes: Classes = STANDARD,
) -> dict[str, float]:
    """Return macro-F1 of planes and sub-planes.

    Args:
        images: `picture_rows` of ``stored``.
    """
    planes, brain_planes = [s.sample.plane for s in stored], [s.sample.brain_plane for s in stored]
    asked = (
        ("planes_f1", planes, phrases.planes, classes.planes),
        ("brain_f1", brain_planes, phrases.brain_planes, classes.brain_planes),
    )
    return {name: _f1(network, images, truth, prompts, known) for name, truth, prompts, known in asked if known}


def macro_f1(truth: Sequence[str], said: Sequence[str], classes: Sequence[str]) -> float:
    """Return the mean F1 of ``classes``; a class that neither occurs nor is said counts 0."""
    return float(macro_f1_of_sums(f1_parts(truth, said, classes).sum(axis=0, keepdims=True))[0])


def encode_texts(network: Any, texts: Sequence[str], batch: int = 128) -> NDArray[np.float32]:
    """Return unit rows for texts: float32, (N, D)."""
    tokens = open_clip.SimpleTokenizer(context_length=network.context_length)(list(texts))
    rows = [F.normalize(encode_tokens(network, part), dim=-1) for part in tokens.split(batch)]
    joined: NDArray[np.float32] = torch.cat(rows).float().cpu().numpy()
    return joined


def picture_rows(network: Any, stored: Sequence[Stored], spec: PreprocessSpec) -> NDArray[np.float32]:
    """Return unit rows of pictures as they are stored, unchanged: float32, (N, D)."""
    rows, device = [], next(network.parameters()).device
    for start in range(0, len(stored), 32):
        small = [scaled(np.repeat(item.grey[:, :, None], 3, 2), spec.size) for item in stored[start : start + 32]]
        pictures = torch.from_numpy(np.stack([normalised(picture, spec) for picture in small]))
        features = network.encode_image(pictures.to(device, memory_format=torch.channels_last))
        rows.append(F.normalize(features, dim=-1).float().cpu().numpy())
    return np.concatenate(rows)


def _f1(
    network: Any, images: NDArray[np.float32], truth: Sequence[str | None], prompts: dict[str, list[str]], classes: Any
) -> float:
    rows = [encode_texts(network, sentences).mean(axis=0) for sentences in prompts.values()]
    centres = np.stack([row / np.linalg.norm(row) for row in rows])
    keys = list(prompts)
    said = [keys[best] for best in (images @ centres.T).argmax(axis=1)]
    pairs = [(t, s) for t, s in zip(truth, said, strict=True) if t is not None]
    return round(macro_f1([t for t, _ in pairs], [s for _, s in pairs], classes), 4)


def _age_errors(
    network: Any, images: NDArray[np.float32], stored: Sequence[Stored], spec: PreprocessSpec, templates: list[str]
) -> dict[str, float]:
    banks: dict[float, NDArray[np.float32]] = {}
    errors, spreads, fits = [], [], []
    for image, item in zip(images, stored, strict=True):
        sample = item.sample
        if not is_usable_age(sample):
            continue
        spacing_mm = round((sample.pixel_mm or 0) * item.square_side / spec.size, 2)
        if spacing_mm not in banks:
            texts = [text for template in templates for text in sentences(template, spacing_mm)]
            banks[spacing_mm] = encode_texts(network, texts).reshape(len(templates), len(CANDIDATES), -1).mean(axis=0)
        best = [CANDIDATES[position].days for position in best_candidates(banks[spacing_mm] @ image)]
        middle = best[len(best) // 2]
        errors.append(abs(middle - (sample.age_days or 0)))
        spreads.append(best[-1] - best[0])
        if sample.hc_mm is not None and HC_RANGE_MM[0] <= sample.hc_mm <= HC_RANGE_MM[1]:
            fits.append(inside_who_band("HC", sample.hc_mm, middle / DAYS_PER_WEEK))
    if not errors:
        return {}
    told = {"age_mae_days": round(float(np.mean(errors)), 2), "age_spread_days": float(np.median(spreads))}
    return told | {"vpr": round(float(np.mean(fits)), 4)} if fits else told
