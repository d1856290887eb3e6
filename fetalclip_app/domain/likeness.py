"""How like a sentence the frames of clips are: similarities, their rank, and where they stand among other pictures."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain.vocabulary import Vocabulary

Rows = NDArray[np.float32]
"""float32, (N, D), rows of length one."""

Clip = TypeVar("Clip", bound=Hashable)

NEIGHBOURS = 5
"""Frames of one clip that lie no farther apart than this are one moment: its best frame stands for it (chosen here)."""


# eq=False: holds arrays.
@dataclass(frozen=True, eq=False, slots=True)
class Background:
    """Rows of pictures that are not this patient's: what a similarity is compared with.

    Attributes:
        rows: float32, (N, D), of length one, by the same weights and preprocessing.
        weights: float64, (N,), of sum 1: how much each picture counts.
        planes: What they show; each counts as much as every other.
        taught: How many of them the model was trained on: it likes those a little better than new ones.
    """

    rows: Rows
    weights: NDArray[np.float64]
    planes: tuple[str, ...] = ()
    taught: int = 0

    def __len__(self) -> int:
        return len(self.rows)

    def shares_below(self, sentence: NDArray[np.float32], similarities: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return, for each similarity to the sentence, which share of the background is less like it, 0 to 1.

        Args:
            sentence: float32, (D,), of length one.
            similarities: float32, (M,).
        """
        own = self.rows @ sentence
        order = np.argsort(own)
        heaped = np.concatenate([[0.0], np.cumsum(self.weights[order])])
        shares: NDArray[np.float64] = np.minimum(heaped[np.searchsorted(own[order], similarities, side="left")], 1.0)
        return shares


@dataclass(frozen=True, slots=True)
class Language:
    """What is known of the sentences that a model understands.

    Attributes:
        vocabulary: The words that it learned; None where nobody lists them.
        is_free: It learned from so many sentences that no list of words is kept.
        background: None where nobody made one for these weights.
    """

    vocabulary: Vocabulary | None = None
    is_free: bool = False
    background: Background | None = None


@dataclass(frozen=True, slots=True)
class Hit(Generic[Clip]):
    """A frame and how like the sentence it is.

    Attributes:
        similarity: Cosine, -1 to 1.
        share_below: Which share of the background is less like the sentence; None without a background.
    """

    clip: Clip
    frame_index: int
    similarity: float
    share_below: float | None


def ranked(
    clips: Sequence[tuple[Clip, Rows]], sentence: NDArray[np.float32], background: Background | None, limit: int
) -> tuple[Hit[Clip], ...]:
    """Return the frames most like a sentence, the best first; of frames side by side only the best.

    Args:
        clips: Each with the unit rows of its frames; NaN rows are of frames that were not encoded yet.
        sentence: float32, (D,), of length one.
        limit: At most so many.
    """
    found: list[tuple[float, int, int]] = []
    for place, (_clip, rows) in enumerate(clips):
        similarity = rows @ sentence
        found += [(float(similarity[frame]), place, frame) for frame in moments(similarity)]
    found.sort(key=lambda one: (-one[0], one[1], one[2]))
    best = found[:limit]
    values = np.array([value for value, _, _ in best], np.float32)
    shares = background.shares_below(sentence, values).tolist() if background is not None else [None] * len(best)
    return tuple(
        Hit(clips[place][0], frame, value, share) for (value, place, frame), share in zip(best, shares, strict=True)
    )


def moments(similarity: NDArray[np.float32], apart: int = NEIGHBOURS) -> tuple[int, ...]:
    """Return the frames of a clip that no frame at most so far apart is more like, the best first.

    Args:
        similarity: (frames,); NaN is not counted.
    """
    left = np.where(np.isfinite(similarity), similarity, -np.inf)
    taken: list[int] = []
    for frame in np.argsort(-left, kind="stable"):
        if left[frame] == -np.inf:
            continue
        taken.append(int(frame))
        left[max(frame - apart, 0) : frame + apart + 1] = -np.inf
    return tuple(taken)
