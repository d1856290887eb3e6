"""Keys of the tasks, as they stand in findings and in the JSON output; importing them costs nothing."""

from __future__ import annotations

VIEWS, BRAIN_VIEWS, HEAD, AGE, MEASURES = "views", "brain_views", "head", "gestational_age", "measurements"
STRUCTURES, CLIP_LABELS, WHOLE_CLIP = "structures", "clip_labels", "whole_clip"


def clip_label_key(label: str) -> str:
    """Return under which key provenance names the head of a label: a model may have several."""
    return f"clip_label {label}"
