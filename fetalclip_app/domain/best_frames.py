"""The frames of a clip that show each view best, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """One frame that may stand for a view. None: not known.

    Attributes:
        view: Probability of the view in this frame, 0 to 1.
        sharpness, fan, stability: As `domain.quality.ClipQuality`, within this clip only.
        fit: Overlap of the head's mask and its ellipse, where the outline was measured on this frame.
        score: By which candidates of one view are ordered; it compares nothing else.
    """

    frame_index: int
    view: float
    sharpness: float | None
    fan: float | None
    stability: float | None
    fit: float | None
    score: float


@dataclass(frozen=True, slots=True)
class BestFrames:
    """Candidates of each view, the best first, no two of them neighbours; a view without any is not named."""

    by_view: Mapping[str, tuple[Candidate, ...]]

    def of(self, view_key: str) -> tuple[Candidate, ...]:
        """Return the best frame of a view and its alternatives; none where no frame shows the view clearly."""
        return self.by_view.get(view_key, ())

    @property
    def frames(self) -> dict[str, int]:
        """View -> its best frame."""
        return {key: candidates[0].frame_index for key, candidates in self.by_view.items()}
