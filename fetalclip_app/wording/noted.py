"""What a person did with a clip, in a few words."""

from __future__ import annotations

from collections import Counter

from fetalclip_app.domain.notes import ClipNotes
from fetalclip_app.wording.translate import plural, translate
from fetalclip_app.wording.views import view_title


def noted(notes: ClipNotes) -> str:
    """Return ``measured by hand, best frame chosen``; empty where nothing was noted but whose scan it is."""
    said = (
        (notes.measured, translate("measured by hand")),
        (notes.best, translate("best frame chosen")),
        (notes.named, translate("view named by hand")),
        (notes.parts, translate("parts kept")),
        (notes.rulers, translate("scale stated by hand")),
        (notes.enters, translate("value for the report chosen")),
    )
    return ", ".join(text for what, text in said if what)


def chosen_as_best(notes: ClipNotes, frame_index: int) -> str:
    """Return of which views a person chose this frame as the best, as a sentence; empty where she did of none."""
    views = [view_title(view) for view, index in notes.best.items() if index == frame_index]
    return translate("Chosen by hand as the best frame of: {views}.", views=", ".join(views)) if views else ""


def named_by_hand(notes: ClipNotes, frames: int) -> str:
    """Return what a person says that frames of a clip show, as a sentence; empty where she says it of none.

    Args:
        frames: How many the clip has.
    """
    counts = Counter(view for index, view in notes.named.items() if index < frames)
    told = [f"{view_title(view)} ({plural('1 frame', '{count} frames', count)})" for view, count in counts.items()]
    return translate("Views named by hand: {views}.", views=", ".join(told)) if told else ""
