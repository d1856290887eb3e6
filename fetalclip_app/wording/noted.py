"""What a person did with a clip, in a few words."""

from __future__ import annotations

from fetalclip_app.domain.notes import ClipNotes
from fetalclip_app.wording.translate import translate


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
