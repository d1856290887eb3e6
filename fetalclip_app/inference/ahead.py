"""Age prompts of the spacings that scans have: encoded while nobody waits, so that no reading has to."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from fetalclip_app.errors import FetalClipError
from fetalclip_app.inference.cache import TextBank
from fetalclip_app.tasks.gestational_age import AgeTask

USUAL_SPACINGS = (0.28, 0.76)
"""mm per network pixel: four fifths of HC18's heads lie between (every fourth of its 787 pictures here, by this
program's own crop; the middle is 0.44)."""

MIDDLE = 0.44

TOGETHER = 4
"""Spacings in one pass. Their sentences begin alike: four have two and a half times the places of one."""

_log = logging.getLogger(__name__)


def usual_spacings() -> tuple[float, ...]:
    """Return the spacings as prompts name them, the commonest first: in hundredths of a millimetre."""
    first, last = (round(100 * limit) for limit in USUAL_SPACINGS)
    by_distance = sorted(range(first, last + 1), key=lambda spacing: abs(spacing - round(100 * MIDDLE)))
    return tuple(spacing / 100 for spacing in by_distance)


@dataclass(frozen=True, slots=True)
class AgeBanks:
    """Makes the text bank of each usual spacing once and keeps it on the disk.

    Attributes:
        texts: One that keeps what it has on the disk; another would fill the memory.
    """

    texts: TextBank
    spacings: tuple[float, ...] = usual_spacings()

    def __call__(self) -> Iterator[None]:
        """Make what is not there. Anything may happen between two steps, and the work may be left there."""
        task = AgeTask.bundled()
        try:
            for start in range(0, len(self.spacings), TOGETHER):
                yield from self.texts.prepare([task.texts(at) for at in self.spacings[start : start + TOGETHER]])
        except (FetalClipError, RuntimeError, MemoryError) as error:
            _log.warning("no text bank was made ahead: %s", error)
