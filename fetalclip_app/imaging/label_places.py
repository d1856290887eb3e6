"""Where words stand beside what was drawn: each near its own, none over another, all inside the picture."""

from __future__ import annotations

from collections.abc import Sequence

Label = tuple[float, float, float]
"""Left and right end of some words, and the height at which they are wanted, counted either way."""


def label_heights(wanted: Sequence[Label], line: float, lowest: float, highest: float) -> list[float]:
    """Return the height of each label: its own where there is room, else the nearest that is free.

    Args:
        line: Height of a line of words.
        lowest, highest: Limits of the heights.
    """
    placed: dict[int, float] = {}
    for number in sorted(range(len(wanted)), key=lambda place: wanted[place][2]):
        left, right, own = wanted[number]
        own = min(max(own, lowest), max(highest, lowest))
        beside = [at for other, at in placed.items() if wanted[other][0] < right and left < wanted[other][1]]
        free = [
            height
            for height in (own, *(at + step for at in beside for step in (line, -line)))
            if lowest <= height <= highest and all(abs(height - at) >= line - 1e-6 for at in beside)
        ]
        placed[number] = min(free, key=lambda height: abs(height - own), default=own)
    return [placed[number] for number in range(len(wanted))]
