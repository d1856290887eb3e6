"""What is known of a clip's frames, one by one: while they are read, and afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fetalclip_app.domain.quality import ClipQuality
from fetalclip_app.domain.views import ViewPrediction

if TYPE_CHECKING:
    from fetalclip_app.domain.reading import ClipReading


@dataclass(frozen=True, eq=False, slots=True)
class Sight:
    """Views and quality of the frames that were looked at so far.

    Attributes:
        views: Rows of frames that were not looked at yet are NaN, and they are not among the unfamiliar ones.
        quality: NaN likewise.
        so_far: What is answered already while the longest task is under way: a reading that lacks its finding.
    """

    views: ViewPrediction
    quality: ClipQuality
    so_far: ClipReading | None = None
