"""The published FetalCLIP inference recipe, plainly restated: the yardstick of the bench, and nothing else.

Restated from the description of BioMedIA-MBZUAI/FetalCLIP (commit 253a169), zero_shot_planes_db and zero_shot_hc18:
each picture is padded to a square, goes through open_clip's validation transform, and meets prompts that are
encoded for that picture. Two departures, both for comparability: the factor between similarity and logits is an
argument (the scripts fix it at 100), and the prompts are this program's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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


@dataclass(frozen=True, eq=False, slots=True)
class Recipe:
    """A network with the recipe's own preprocessing.

    Attributes:
        network: An open_clip CLIP in evaluation mode.
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

    @torch.inference_mode()
    def picture(self, pixels: NDArray[np.uint8]) -> torch.Tensor:
        """Return the unit row, (1, D), of one picture (H, W, 3)."""
        images = self.transform(_squared(Image.fromarray(pixels)))[None]
        return torch.nn.functional.normalize(self.network.encode_image(images), dim=-1)

    @torch.inference_mode()
    def texts(self, texts: Sequence[str]) -> torch.Tensor:
        """Return unit rows, (N, D), each text filled up to the full context."""
        return torch.nn.functional.normalize(self.network.encode_text(self.tokenizer(list(texts))), dim=-1)

    def views(self, pixels: NDArray[np.uint8], prompts: Mapping[str, Sequence[str]]) -> NDArray[np.float32]:
        """Return the softmax over the classes, (classes,); the prompts are encoded for this picture."""
        classes = [self.texts(texts).mean(dim=0) for texts in prompts.values()]
        unit = torch.nn.functional.normalize(torch.stack(classes), dim=-1)
        logits = self.scale * self.picture(pixels) @ unit.T
        shares: NDArray[np.float32] = torch.softmax(logits, dim=-1)[0].numpy()
        return shares

    def age(self, pixels: NDArray[np.uint8], pixel_mm: float, templates: Sequence[str]) -> PublishedAge:
        """Return the age of one picture by 5 templates x 175 days, encoded for this picture."""
        spacing = f"{max(pixels.shape[:2]) / self.size * pixel_mm:.2f}"
        row = self.picture(pixels)
        similarity = []
        for template in templates:
            texts = [
                template.format(weeks=week, days=day, spacing=spacing) for week in WEEKS for day in range(DAYS_A_WEEK)
            ]
            similarity.append(self.scale * (row @ self.texts(texts).T)[0])
        scores: NDArray[np.float32] = torch.stack(similarity).mean(dim=0).numpy()
        ranking = sorted(range(len(scores)), key=lambda day: scores[day], reverse=True)
        best = sorted(ranking[:BEST])
        first = WEEKS.start * DAYS_A_WEEK
        return PublishedAge(first + best[BEST // 2], first + best[0], first + best[-1], scores)


@dataclass(frozen=True, eq=False, slots=True)
class PublishedAge:
    """Days since the last period: the middle of the best, the first and the last of them; and all scores."""

    days: int
    low: int
    high: int
    scores: NDArray[np.float32]


def _squared(picture: Image.Image) -> Image.Image:
    """Return the picture in the middle of a black square."""
    side = max(picture.size)
    square = Image.new("RGB", (side, side))
    square.paste(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
    return square
