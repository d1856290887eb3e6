"""What the gallery shows: each state by name, with a sentence about it."""

from __future__ import annotations

SENTENCES: dict[str, str] = {
    "first_start": "What is said once, before the first scan.",
    "cine": "A cine that is read: views over time, quality, best frames, findings, each number a way to its source.",
    "where_it_looked": "A heatmap, off until it is asked for, by the chosen method and opacity: where, and not why.",
    "best_frames": "The best frame of a view with its reasons, and others to choose from.",
    "ask": "A sentence is asked of the clip: frames by likeness, never called a probability.",
    "view_set_editor": "Classes and their sentences, tried on the open clip beside the bundled set.",
    "calipers": "Measured by hand: the person's value is the large one, the model's stays beside it.",
    "growth_chart": "Centiles against a dating that a person entered.",
    "ages": "Ages on one axis, and what of them is not independent.",
    "checklist": "The protocol's list: seen, doubtful, missing, each a way to the frame.",
    "map": "The frames of a study by the two main directions in which they differ.",
    "grid": "Clips of a study side by side, by view.",
    "earlier_exam": "An earlier exam of the same patient beside this one.",
    "measure_first": "The model's values are held back until the person has measured.",
    "palette": "Every command by its name.",
    "keys": "Every key.",
    "report": "A page of the report.",
}
