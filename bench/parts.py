"""The pieces of work that are timed on both sides: views, age, and a whole study."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.published import PublishedAge, age_of
from bench.rows import Row, median_time, timed
from bench.sides import Sides, cosine, fresh, read
from fetalclip_app.domain.age import AgeEstimate
from fetalclip_app.domain.clip import Clip, FramesInMemory
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.domain.spread import evenly
from fetalclip_app.domain.views import BRAIN, ViewPrediction
from fetalclip_app.inference.engine import Engine
from fetalclip_app.inference.frame_bank import FrameBank
from fetalclip_app.tasks.gestational_age import AgeTask, estimate_of
from fetalclip_app.tasks.keys import AGE, BRAIN_VIEWS, VIEWS
from fetalclip_app.tasks.views import class_embeddings

VIEWS_ASKED, COLD_ASKED, WARM_ASKED, KEPT_ASKED, STUDY_ASKED = 3.4, 12.0, 250.0, 1000.0, 20.0
"""What is asked of a ViT-L/14 on a CPU."""

LAYERS = 24
"""Blocks of its image tower."""

COSINE, SHARE, DAYS = 0.999, 0.02, 1
"""Rows may point elsewhere, shares of a view and days of age differ by so much where a lower precision is at work."""

ROUNDS = 3
"""An age of the program's and the recipe's take turns so often."""

STILLS, CINES, CINE_FRAMES = 16, 2, 4
"""The study: so many pictures, each a file of its own, and so many cines."""


def is_asked(sides: Sides, ratio: float) -> float | None:
    """Return a ratio that is asked for, of networks that it is asked of."""
    visual: Any = sides.backbone.network.visual
    return ratio if hasattr(visual, "transformer") and len(visual.transformer.resblocks) == LAYERS else None


def views(sides: Sides) -> list[Row]:
    """Time the views of a cine: its decoded frames to a share for each view; texts are encoded on both sides."""
    effort, engine, plain = sides.effort, sides.asked(VIEWS), sides.plain_views
    clip = sides.part(effort.our_frames)
    cold = fresh(engine)
    texts_s, _ = timed(lambda: class_embeddings(cold.view_sets[VIEWS], cold.texts.features))
    read(engine, sides.still)
    frames_s = median_time(lambda: read(engine, clip), 1 if effort.is_large else 3)
    reading = read(engine, sides.part(effort.plain_frames))
    shares = _views(reading).per_frame
    same, difference = _same_views(shares, plain.shares), float(np.abs(shares - plain.shares).max())
    near = cosine(reading.embeddings, plain.rows)
    is_scaled = not effort.frames == effort.plain_frames == effort.our_frames
    read_of = f"the recipe read {effort.plain_frames} of {effort.frames} frames, the program {effort.our_frames}"
    return [
        Row(
            what=f"Views of {effort.frames} frames",
            plain_s=plain.texts_s + plain.picture_s * effort.frames,
            ours_s=texts_s + frames_s * effort.frames / effort.our_frames,
            answers=f"cosine {near:.6f} at least, {same} of {len(shares)} views the same, shares differ by "
            f"{difference:.1g} at most; {sides.engine.device}",
            same=near >= COSINE and difference <= SHARE and same == len(shares),
            scaled=read_of if is_scaled else "",
            asked=is_asked(sides, VIEWS_ASKED),
        )
    ]


def age(sides: Sides) -> list[Row]:
    """Time the age of one picture: with no text known, with all texts known, and with the picture's row known too.

    Raises:
        ValueError: The picture is not seen as a brain, so that no age would be computed.
    """
    still = sides.still
    turns: list[_Ages] = []
    for _ in range(ROUNDS):
        engine = fresh(sides.asked(VIEWS, AGE))
        class_embeddings(engine.view_sets[VIEWS], engine.texts.features)  # as each start of the program does
        cold_s, reading = timed(partial(read, engine, still))
        if not len(_views(reading).frames_of(BRAIN)):
            raise ValueError("of what is not seen as a brain no age is computed")
        warm_s = median_time(partial(read, engine, still), sides.effort.repeats * 3)
        keeping = replace(engine, frames=FrameBank())
        read(keeping, still)
        kept_s = median_time(partial(read, keeping, still), sides.effort.repeats * 7)
        plain = PlainAge.of(sides, engine)
        turns.append(_Ages(plain.seconds, cold_s, warm_s, kept_s))
    answers, same = plain.beside(_our_age(sides, engine))
    plain_s = statistics.median(turn.plain for turn in turns)

    def row(how: str, ours_s: Sequence[float], asked: float) -> Row:
        ratios = [turn.plain / ours for turn, ours in zip(turns, ours_s, strict=True)]
        told = f"{answers}; {min(ratios):,.3g} to {max(ratios):,.3g} times as fast in {len(ratios)} turns"
        what, ours = f"Age of one picture, {how}", statistics.median(ours_s)
        return Row(what, plain_s, ours, told, same, plain.scaled, is_asked(sides, asked))

    return [
        row("cold", [turn.cold for turn in turns], COLD_ASKED),
        row("texts known", [turn.warm for turn in turns], WARM_ASKED),
        row("texts and its row known", [turn.kept for turn in turns], KEPT_ASKED),
    ]


@dataclass(frozen=True, slots=True)
class _Ages:
    """Seconds of one turn: the recipe's, and the program's with no text known, with all, and with the row known too."""

    plain: float
    cold: float
    warm: float
    kept: float


def study(sides: Sides) -> list[Row]:
    """Time a study after a fresh start: views, brain planes and ages of all its files."""
    clips = _files(sides)
    engine = fresh(sides.asked(VIEWS, BRAIN_VIEWS, AGE))
    ours_s, readings = timed(lambda: [read(engine, clip) for clip in clips])
    shares = np.concatenate([_views(reading).per_frame for reading in readings])
    ages = sum(bool(len(_views(reading).frames_of(BRAIN))) for reading in readings)
    brains = sum(len(_views(reading).frames_of(BRAIN)) for reading in readings)
    plain, plain_age = sides.plain_views, PlainAge.of(sides, engine)
    brain_s, _ = timed(lambda: sides.recipe.classes(engine.view_sets[BRAIN_VIEWS].prompts))
    part = shares[: len(plain.shares)]
    same, difference = _same_views(part, plain.shares), float(np.abs(part - plain.shares[: len(part)]).max())
    return [
        Row(
            what=f"A study: {len(clips)} files, {len(shares)} pictures, {ages} ages, after a fresh start",
            plain_s=plain.texts_s + brain_s + plain.picture_s * (len(shares) + brains) + ages * plain_age.seconds,
            ours_s=ours_s,
            answers=f"{same} of {len(part)} views the same, shares differ by {difference:.1g} at most",
            same=same == len(part) and difference <= SHARE,
            scaled=f"the recipe's side is added up from {len(plain.shares)} pictures, the prompts of all views and "
            f"{plain_age.sampled} age prompts",
            asked=is_asked(sides, STUDY_ASKED),
        )
    ]


def _files(sides: Sides) -> list[Clip]:
    """Return the files of a study, no two pictures alike: first those that the recipe looks at too."""
    sampled = evenly(len(sides.clip), sides.effort.plain_frames)
    order = [*sampled, *(index for index in range(len(sides.clip)) if index not in set(sampled))]
    frames = [sides.clip.frame(index).pixels for index in order[: STILLS + CINES * CINE_FRAMES]]
    parts = [[picture] for picture in frames[:STILLS]]
    parts += [frames[start : start + CINE_FRAMES] for start in range(STILLS, len(frames), CINE_FRAMES)]
    return [replace(sides.clip, source=FramesInMemory(part)) for part in parts]


@dataclass(frozen=True, slots=True)
class PlainAge:
    """The recipe's age of the still: how long it takes, and what it says.

    Attributes:
        sampled: Prompts that it encoded; the rest are the program's own rows where these agree.
        text_difference: Largest difference between the rows of those prompts and the program's.
    """

    seconds: float
    said: PublishedAge
    sampled: int
    text_difference: float
    scaled: str

    @classmethod
    def of(cls, sides: Sides, engine: Engine) -> PlainAge:
        """Time it.

        Args:
            engine: Whose rows stand for the prompts that are not sampled.
        """
        templates = AgeTask.bundled().templates
        picture = sides.pictures(sides.still)[0]
        prompts = sides.recipe.age_prompts(picture, sides.pixel_mm, templates)
        chosen = np.array(evenly(len(prompts), min(sides.effort.prompts, len(prompts))))
        picture_s, rows = timed(lambda: sides.recipe.pictures([picture]))
        texts_s, texts = timed(lambda: _in_days(sides, [prompts[index] for index in chosen]))
        own: NDArray[np.float32] = np.array(engine.texts.features(prompts))
        difference = float(np.abs(own[chosen] - texts).max())
        own[chosen] = texts
        logits = engine.instruments.logit_scale * own @ rows[0]
        said = age_of(logits, len(templates))
        seconds = picture_s + texts_s * len(prompts) / len(chosen)
        scaled = "" if len(chosen) == len(prompts) else f"the recipe encoded {len(chosen)} of {len(prompts)} prompts"
        return cls(seconds, said, len(chosen), difference, scaled)

    def beside(self, ours: AgeEstimate) -> tuple[str, bool]:
        """Return how the program's answer compares, and whether it is the same."""
        same = abs(ours.age.days - self.said.days) <= DAYS and self.text_difference <= 1e-3
        text = f"{ours.age.days} and {self.said.days} days, texts' rows differ by {self.text_difference:.0e} at most"
        return text, same


def _in_days(sides: Sides, prompts: Sequence[str]) -> NDArray[np.float32]:
    """Return rows of prompts as the recipe encodes them: a template's 175 at once."""
    parts = [sides.recipe.texts(prompts[start : start + 175]) for start in range(0, len(prompts), 175)]
    return np.concatenate([part.float().cpu().numpy() for part in parts])


def _our_age(sides: Sides, engine: Engine) -> AgeEstimate:
    """Return the engine's estimate, also where a reading would abstain from giving it."""
    row = read(engine, sides.still).embeddings[0]
    scores = AgeTask.bundled().scores(row, sides.spacing_mm, engine.instruments)
    return estimate_of(scores, sides.spacing_mm, engine.instruments.calibration, head_checked=False)


def _views(reading: ClipReading) -> ViewPrediction:
    found: ViewPrediction = reading.answer(VIEWS, ViewPrediction)
    return found


def _same_views(shares: NDArray[np.float32], plain: NDArray[np.float32]) -> int:
    return int((shares.argmax(axis=1) == plain[: len(shares)].argmax(axis=1)).sum())
