"""Standard planes, sets of prompts for them, and what the model sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain.abstention import Abstention, Reason

PLANES = ("abdomen", "brain", "femur", "heart", "kidney", "lips_nose", "profile", "spine", "cervix")
"""The nine planes, in FetalCLIP's order (zero_shot_planes_db)."""

BRAIN_PLANES = ("trans-thalamic", "trans-cerebellum", "trans-ventricular")

CLEAR_LEAD = 0.15
"""A view is clear where it leads the second by this much (chosen here, not published), where no lead was fitted."""

STRAY_SHARE, STRAY_FRAMES = 0.10, 3
"""In a clip that clearly shows another view, fewer frames of a view than both of these are strays."""

BRAIN = "brain"
"""The plane that the sub-planes, the age and the head belong to."""


@dataclass(frozen=True, slots=True)
class ViewSet:
    """Classes and the sentences that describe them.

    Attributes:
        prompts: Class key -> at least one sentence, in the order shown.
        sha256: Of the file that it was read from: the set's name in every output.

    Raises:
        ValueError: No class, or a class without a sentence.
    """

    name: str
    prompts: Mapping[str, tuple[str, ...]]
    sha256: str

    def __post_init__(self) -> None:
        if not self.prompts or not all(self.prompts.values()):
            raise ValueError(f"view set {self.name!r} has no class, or a class without a prompt")

    @property
    def keys(self) -> tuple[str, ...]:
        """Class keys in the order of every probability array."""
        return tuple(self.prompts)


# eq=False: two arrays do not compare to one bool.
@dataclass(frozen=True, eq=False, slots=True)
class ViewPrediction:
    """Which view a clip shows.

    Attributes:
        view_set: Name of the set of prompts, or of the probe.
        keys: Classes, in the order of the columns.
        probabilities: float32, (classes,), of the clip as a whole.
        per_frame: float32, (frames, classes); rows of frames that were not asked are NaN.
        calibrated: Percentages come from a temperature fitted on validation patients.
        unfamiliar: Frames that are unlike everything that the model was trained on: the clip's answers are without
            them, unless no frame is familiar.
        calibration_error: Expected calibration error that remained there, 0 to 1; None where none was fitted.
        calibration_pictures: On how many pictures that error was found; None where that is not known.
        clear_lead: A class is clear where it leads the second by this much.
        frequencies: How often each class occurs in the training, where the percentages heed it.
        probe: Name of the probe that named the views; empty where prompts did.
        not_trained: Classes that the model never saw in training.
        abstained: Why the best class should not be relied on; None where it may.
    """

    view_set: str
    keys: tuple[str, ...]
    probabilities: NDArray[np.float32]
    per_frame: NDArray[np.float32]
    calibrated: bool
    not_trained: frozenset[str] = frozenset()
    abstained: Abstention | None = None
    calibration_error: float | None = None
    unfamiliar: frozenset[int] = frozenset()
    calibration_pictures: int | None = None
    clear_lead: float = CLEAR_LEAD
    probe: str = ""
    frequencies: tuple[float, ...] | None = None

    @property
    def best(self) -> str:
        """Key of the most probable class, also where the answer abstains."""
        return self.keys[int(np.argmax(self.probabilities))]

    @property
    def left_out(self) -> int:
        """How many frames took no part in the clip's answer; none where the whole clip has no answer for them."""
        return 0 if self.is_foreign else len(self.unfamiliar)

    @property
    def is_foreign(self) -> bool:
        """Whether the whole clip is called unlike the training: more than half of its frames are."""
        return self.abstained is not None and self.abstained.reason is Reason.NOT_FETAL_ULTRASOUND

    def among(self, frames: NDArray[np.intp], count: int) -> ViewPrediction:
        """Return this answer about some frames as one about a clip of ``count``: the rows of the others are NaN.

        Args:
            frames: Where the frames that were asked lie in the clip, in the order of the rows.
        """
        per_frame = np.full((count, len(self.keys)), np.nan, np.float32)
        per_frame[frames] = self.per_frame
        return replace(self, per_frame=per_frame, unfamiliar=frozenset(int(frames[row]) for row in self.unfamiliar))

    def leads(self, key: str) -> NDArray[np.bool_]:
        """Return in which frames, (frames,), ``key`` leads the second clearly."""
        column = self.keys.index(key)
        others = np.delete(self.per_frame, column, axis=1)
        second = others.max(axis=1) if others.shape[1] else np.zeros(len(others), np.float32)
        # NaN, the mark of a frame that was not asked, compares false.
        leads: NDArray[np.bool_] = self.per_frame[:, column] - second >= self.clear_lead
        return leads

    def frames_of(self, key: str) -> NDArray[np.intp]:
        """Return the familiar frames that clearly show ``key``, best first.

        None where the clip as a whole clearly shows another view and these frames are but strays.
        """
        clear = self.leads(key)
        clear[sorted(self.unfamiliar)] = False
        found = np.flatnonzero(clear)
        if self.best != key and self.abstained is None and len(found) < max(STRAY_SHARE * len(clear), STRAY_FRAMES):
            return found[:0]
        return found[np.argsort(-self.per_frame[found, self.keys.index(key)], kind="stable")]
