"""What stands below a frame that leaves the program as a picture or in a cine."""

from __future__ import annotations

from fetalclip_app.domain.clip import Clip
from fetalclip_app.wording.numbers import frame_number
from fetalclip_app.wording.sources import simulated
from fetalclip_app.wording.translate import translate


def caption_of(clip: Clip, index: int, made_by: str) -> str:
    """Return ``one.dcm, frame 7 of 12 · Compact 1.0 · 7f3a0000``, with a simulated picture named as such."""
    parts = [f"{clip.name}, {frame_number(index, len(clip))}", made_by]
    if clip.origin.is_simulated:
        parts.insert(0, simulated())
    return " · ".join(part for part in parts if part)


def held_frame(seconds: float) -> str:
    """Return that a frame of a cine stands still, and how long."""
    return translate("Held for {seconds:g} s.", seconds=seconds)
