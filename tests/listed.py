"""Clips in the order in which the window lists them."""

from __future__ import annotations

from collections.abc import Iterable

from fetalclip_app.domain.clip import Clip
from fetalclip_app.ui.clip_order import ClipOrder
from fetalclip_app.ui.open_clip import OpenClip


def in_order(clips: Iterable[Clip]) -> list[Clip]:
    """Return the clips as they stand once all of them are open."""
    order = ClipOrder()
    for clip in clips:
        order.add(OpenClip(clip))
    return [entry.clip for entry in order.entries]
