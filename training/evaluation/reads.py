"""What the app answers on labelled pictures, read one by one as a user would open them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.biometry.ellipse import filled_ellipse
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.reading import ClipReading, HeadMeasurement
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.errors import UnreadableFile
from fetalclip_app.tasks.keys import HEAD
from training.evaluation.reader import Reader
from training.manifest import Sample
from training.mask_errors import dice_of
from training.outlines import marks_skull, outline_on
from training.pictures import clip_of
from training.readable import Unreadable

ABSTAINED = "(abstained)"


@dataclass(frozen=True, eq=False, slots=True)
class Read:
    """A labelled picture and what the app said of it.

    Attributes:
        dice: Of the filled head outline; None where either is missing.
        by_probe: What it said of the views by its probes; None where it has none.
        embedding: float32, (D,): mean row of its frames; None where nobody kept it.
        strange: Median strangeness of its frames, as the app's guard sees them; None likewise.
    """

    sample: Sample
    reading: ClipReading
    dice: float | None
    by_probe: ClipReading | None = None
    embedding: NDArray[np.float32] | None = None
    strange: float | None = None


def read_all(reader: Reader, data: Path, samples: Sequence[Sample]) -> tuple[list[Read], list[Unreadable]]:
    """Read pictures one by one: the file, the stated scale, the engine. What cannot be read is listed and left out."""
    reads: list[Read] = []
    lost: list[Unreadable] = []
    for sample in samples:
        try:
            clip = clip_of(data, sample)
        except Exception as error:  # a damaged file raises whatever its decoder happens to trip over
            lost.append(unreadable(data, sample.picture, error))
            continue
        try:
            reading, by_probe = reader.read(clip)
        except UnreadableFile as error:
            lost.append(unreadable(data, sample.picture, error))
            continue
        dice: float | None = None
        try:
            dice = _dice(data, sample, clip, reading)
        except (OSError, ValueError) as error:
            lost.append(unreadable(data, sample.outline or "", error))
        reads.append(Read(sample, reading, dice, by_probe, *reader.seen()))
    return reads, lost


def unreadable(data: Path, name: str, error: Exception) -> Unreadable:
    """Return the line of a list for a file of the data folder."""
    return Unreadable(name, f"{type(error).__name__}: {error}".replace(str(data / name), "the file"))


def _dice(data: Path, sample: Sample, clip: Clip, reading: ClipReading) -> float | None:
    head = reading.answer(HEAD, HeadMeasurement)
    if head is None or sample.outline is None or not marks_skull(data / sample.outline):
        return None
    truth = filled_ellipse(outline_on(data / sample.outline, clip.width), clip.height, clip.width)
    return dice_of(filled_ellipse(head.ellipse, clip.height, clip.width), truth)


def said(reading: ClipReading, task: str) -> str:
    """Return the class that the app stands by; an abstention is an error in F1."""
    answer = reading.answer(task, ViewPrediction)
    return ABSTAINED if answer is None or answer.abstained is not None else answer.best
