"""An OCR on one clip: what it reads inside a mask, each text once."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

from fetalclip_app.domain.clip import Clip
from fetalclip_app.imaging.deidentify.identity import Identity
from fetalclip_app.imaging.deidentify.looks import frames_to_read
from fetalclip_app.imaging.deidentify.mask import Mask, shown
from fetalclip_app.imaging.deidentify.texts import FoundText, TextReader, judged
from fetalclip_app.progress import CancelToken, Report


@dataclass(frozen=True, slots=True)
class Work:
    """How the work is told to stop, and says how far it is."""

    cancel: CancelToken
    report: Report


@dataclass(frozen=True, eq=False, slots=True)
class Sight:
    """Reads a clip's frames and judges what it reads.

    Attributes:
        device: What the scanner is called.
        identity: What the file said of its patient.
        harmless: Texts that a person called so, as `normal` writes them.
    """

    clip: Clip
    device: str
    identity: Identity
    reader: TextReader
    harmless: Set[str]
    work: Work

    def frames(self, mask: Mask) -> list[int]:
        """Return the frames that have to be read: the others repeat one of these."""
        return frames_to_read(self.clip, mask.visible(), self.work.cancel.check)

    def texts(self, mask: Mask, frames: Sequence[int]) -> tuple[FoundText, ...]:
        """Return what is found inside a mask on these frames."""
        visible = mask.visible()
        found: list[FoundText] = []
        for done, index in enumerate(frames):
            self.work.cancel.check()
            self.work.report(done, len(frames))
            seen = self.reader.read(shown(self.clip.frame(index).pixels, visible))
            found += judged(seen, index, self.identity, harmless=self.harmless, device=self.device)
        return _each_once(found)


def _each_once(found: list[FoundText]) -> tuple[FoundText, ...]:
    """Return each text once: a cine shows the same one on every frame."""
    kept: list[FoundText] = []
    for text in found:
        same = (t for t in kept if t.text == text.text and t.box.overlap(text.box) > 0.5 * text.box.area)
        if next(same, None) is None:
            kept.append(text)
    return tuple(kept)
