"""The published FetalCLIP inference recipe, plainly restated: the yardstick of the bench, and nothing else.

Restated from the description of BioMedIA-MBZUAI/FetalCLIP (commit 253a169). Each picture is padded to a square and goes
through open_clip's validation transform. What the released scripts remember, this remembers, and no more:

- views (zero_shot_planes_db): the prompts are encoded once, then the pictures, 16 at a time;
- age (zero_shot_hc18): 875 prompts are encoded for each picture, one picture at a time;
- Score-CAM (cam): the grad-cam package, by a wrapper that encodes all view prompts at each call (`bench.cam_part`).

Three departures, for comparability: the factor between similarity and logits is an argument (the scripts fix it at
100), the prompts are this program's own, and the pictures come cut to the part that this program reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import open_clip
import torch
from numpy.typing import NDArray
from PIL import Image

WEEKS = range(14, 39)
DAYS_A_WEEK = 7
BEST = 15
PICTURES_AT_ONCE = 16

Rows = NDArray[np.float32]


@dataclass(frozen=True, eq=False, slots=True)
class Recipe:
    """A network with the recipe's own preprocessing.

    Attributes:
        network: An open_clip CLIP in evaluation mode, as open_clip makes it.
        transform: A square PIL picture -> float32 (3, S, S).
        scale: Factor between cosine similarity and logits.
    """

    network: Any
    tokenizer: Any
    transform: Callable[[Image.Image], torch.Tensor]
    size: int
    scale: float

    @classmethod
    def of(cls, network: Any, size: int, scale: float) -> Recipe:
        """Return the recipe for a network whose input is ``size`` pixels wide."""
        tokenizer = open_clip.SimpleTokenizer(context_length=network.context_length)
        return cls(network, tokenizer, open_clip.image_transform(size, is_train=False), size, scale)

    def prepared(self, pixels: NDArray[np.uint8]) -> torch.Tensor:
        """Return the network's input, (3, S, S), of one picture (H, W, 3)."""
        return self.transform(_squared(Image.fromarray(pixels)))

    @torch.inference_mode()
    def pictures(self, pictures: Iterable[NDArray[np.uint8]], at_once: int = PICTURES_AT_ONCE) -> Rows:
        """Return the unit rows of pictures, (N, D)."""
        tensors = [self.prepared(pixels) for pixels in pictures]
        parts = [torch.stack(tensors[start : start + at_once]) for start in range(0, len(tensors), at_once)]
        rows = [_unit(self.network.encode_image(part.to(self._device))) for part in parts]
        return _array(torch.cat(rows))

    @torch.inference_mode()
    def texts(self, texts: Sequence[str]) -> torch.Tensor:
        """Return unit rows, (N, D), each text filled up to the full context."""
        return _unit(self.network.encode_text(self.tokenizer(list(texts)).to(self._device)))

    def classes(self, prompts: Mapping[str, Sequence[str]]) -> torch.Tensor:
        """Return the unit mean of each class's prompts, (classes, D)."""
        return _unit(torch.stack([self.texts(texts).mean(dim=0) for texts in prompts.values()]))

    def views(self, rows: Rows, classes: torch.Tensor) -> Rows:
        """Return the softmax over the classes of each picture, (N, classes)."""
        logits = self.scale * torch.from_numpy(rows) @ classes.cpu().float().T
        return _array(torch.softmax(logits, dim=-1))

    def age_prompts(self, pixels: NDArray[np.uint8], pixel_mm: float, templates: Sequence[str]) -> list[str]:
        """Return 5 templates x 175 days, with the spacing that the network sees."""
        spacing = f"{max(pixels.shape[:2]) / self.size * pixel_mm:.2f}"
        return [
            template.format(weeks=week, days=day, spacing=spacing)
            for template in templates
            for week in WEEKS
            for day in range(DAYS_A_WEEK)
        ]

    def age(self, pixels: NDArray[np.uint8], pixel_mm: float, templates: Sequence[str]) -> PublishedAge:
        """Return the age of one picture by 5 templates x 175 days, encoded for this picture."""
        row = self.pictures([pixels])[0]
        prompts = self.age_prompts(pixels, pixel_mm, templates)
        days = len(WEEKS) * DAYS_A_WEEK
        rows = [_array(self.texts(prompts[start : start + days])) for start in range(0, len(prompts), days)]
        return age_of(self.scale * np.concatenate(rows) @ row, len(templates))

    @property
    def _device(self) -> torch.device:
        parameter: torch.nn.Parameter = next(iter(self.network.parameters()))
        return parameter.device


@dataclass(frozen=True, eq=False, slots=True)
class PublishedAge:
    """Days since the last period: the middle of the best, the first and the last of them; and all scores."""

    days: int
    low: int
    high: int
    scores: Rows


def age_of(logits: Rows, templates: int) -> PublishedAge:
    """Return the age by the logits of all prompts (templates x days): the middle of the best days."""
    scores = logits.reshape(templates, -1).mean(axis=0)
    ranking = sorted(range(len(scores)), key=lambda day: scores[day], reverse=True)
    best = sorted(ranking[:BEST])
    first = WEEKS.start * DAYS_A_WEEK
    return PublishedAge(first + best[BEST // 2], first + best[0], first + best[-1], scores)


def _unit(rows: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.normalize(rows, dim=-1)


def _array(tensor: torch.Tensor) -> Rows:
    return np.asarray(tensor.float().cpu().numpy())


def _squared(picture: Image.Image) -> Image.Image:
    """Return the picture in the middle of a black square."""
    side = max(picture.size)
    square = Image.new("RGB", (side, side))
    square.paste(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
    return square
