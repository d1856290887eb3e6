"""The two sides of the bench: one set of weights and one clip, in the program's engine and in the published recipe."""

from __future__ import annotations

import resource
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from bench.forgetful import forgetful
from bench.published import Recipe
from bench.rows import timed
from bench.scene import without_texts
from fetalclip_app.domain.clip import Clip, FramesInMemory
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.domain.spread import evenly
from fetalclip_app.imaging.preprocess import crop_of, crop_spacing, model_spacing_mm
from fetalclip_app.inference.engine import Engine
from fetalclip_app.model.encoder import TorchBackbone
from fetalclip_app.model.roads import Road
from fetalclip_app.progress import CancelToken, silent
from fetalclip_app.tasks.keys import VIEWS


@dataclass(frozen=True, slots=True)
class Effort:
    """How much of the work is timed; the rest is scaled, and marked so.

    Attributes:
        frames: Length of the cine.
        our_frames: Of these the program reads so many.
        plain_frames: And the recipe so many.
        prompts: Age prompts that the recipe encodes, 875 at most.
        passes: Masked passes of a Score-CAM that the recipe makes.
        is_large: A network of which the program makes no more passes than the recipe, and little is repeated.
        repeats: Of what is short.
    """

    frames: int = 100
    our_frames: int = 100
    plain_frames: int = 100
    prompts: int = 875
    passes: int = 32
    is_large: bool = False
    repeats: int = 5


EFFORTS = {
    "compact": Effort(plain_frames=48, repeats=3),
    "vit_b_16": Effort(our_frames=48, plain_frames=24, prompts=64, is_large=True, repeats=3),
    "vit_l_14": Effort(our_frames=16, plain_frames=8, prompts=64, is_large=True, repeats=1),
}
EFFORTS["fetalclip"] = EFFORTS["vit_l_14"]


@dataclass(frozen=True, eq=False, slots=True)
class PlainViews:
    """What the recipe sees.

    Attributes:
        texts_s: Seconds for the prompts of all views.
        picture_s: Seconds for a picture.
        rows: Unit rows, (frames, D).
        shares: Of the views, (frames, views).
    """

    texts_s: float
    picture_s: float
    rows: NDArray[np.float32]
    shares: NDArray[np.float32]


class Sides:
    """The engine, the recipe, and what both are given.

    Args:
        plain: Makes the recipe's network; not before it is needed, so that the program's memory can be told first.
        clip: Calibrated.

    Attributes:
        road: Which one the image tower takes; None is the network as it is.

    Raises:
        ValueError: The clip has no scale: there is no age to time.
    """

    def __init__(self, engine: Engine, plain: Callable[[], torch.nn.Module], clip: Clip, effort: Effort) -> None:
        spacing = crop_spacing(clip.calibration, crop_of(clip))
        if spacing is None:
            raise ValueError("a clip without a scale has no age")
        assert isinstance(engine.backbone, TorchBackbone)
        self.engine, self.backbone, self.clip, self.effort = engine, engine.backbone, clip, effort
        self.pixel_mm = spacing.isotropic_mm()
        self.spacing_mm = model_spacing_mm(crop_of(clip), spacing, engine.spec)
        self._plain = plain
        self.road: Road | None = None

    @cached_property
    def recipe(self) -> Recipe:
        """The published recipe on its own copy of the weights."""
        return Recipe.of(self._plain(), self.engine.spec.size, self.view_scale)

    @property
    def view_scale(self) -> float:
        """The factor between similarity and the view's logits."""
        fitted = self.engine.instruments.calibration.views.scale
        return self.engine.instruments.logit_scale if fitted is None else fitted

    @property
    def still(self) -> Clip:
        """The clip's first frame."""
        return replace(self.clip, source=FramesInMemory([self.clip.frame(0).pixels]))

    def part(self, frames: int) -> Clip:
        """Return so many of the clip's frames, over its whole length."""
        chosen = [self.clip.frame(index).pixels for index in evenly(len(self.clip), frames)]
        return replace(self.clip, source=FramesInMemory(chosen))

    def pictures(self, clip: Clip) -> list[NDArray[np.uint8]]:
        """Return a clip's frames cut to what the program reads."""
        crop = crop_of(clip)
        frames = (clip.frame(index).pixels for index in range(len(clip)))
        return [np.ascontiguousarray(pixels[crop.top : crop.bottom, crop.left : crop.right]) for pixels in frames]

    def asked(self, *tasks: str) -> Engine:
        """Return the engine with these tasks alone; it remembers texts, but no frame."""
        chosen = tuple(task for task in self.engine.tasks if task.key in tasks)
        return forgetful(replace(self.engine, tasks=chosen))

    @cached_property
    def plain_views(self) -> PlainViews:
        """What the recipe sees in its share of the cine, and how long it takes."""
        pictures = self.pictures(self.part(self.effort.plain_frames))
        self.recipe.pictures(pictures[:1])
        texts_s, classes = timed(lambda: self.recipe.classes(self.engine.view_sets[VIEWS].prompts))
        found = [timed(lambda: self.recipe.pictures(pictures)) for _ in range(1 if self.effort.is_large else 3)]
        rows = found[0][1]
        picture_s = statistics.median(seconds for seconds, _ in found) / len(pictures)
        return PlainViews(texts_s, picture_s, rows, self.recipe.views(rows, classes))

    def warm_up(self) -> None:
        """Let both sides allocate and choose kernels before a clock runs."""
        read(self.asked(VIEWS), self.still)


def read(engine: Engine, clip: Clip) -> ClipReading:
    """Return the engine's reading."""
    return engine.read(clip, CancelToken(), silent)


def fresh(engine: Engine) -> Engine:
    """Return the engine as it is after a fresh start."""
    return forgetful(without_texts(engine))


def cosine(ours: NDArray[np.float32], plain: NDArray[np.float32]) -> float:
    """Return the smallest cosine of two sets of unit rows."""
    return float((ours.astype(np.float64) * plain).sum(axis=1).min())


def peak_memory_mb() -> float:
    """Return the most memory that this process had so far, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)
