"""Keys of the tasks, as they stand in findings and in the JSON output; importing them costs nothing."""

from __future__ import annotations

VIEWS, BRAIN_VIEWS, HEAD, AGE, MEASURES = "views", "brain_views", "head", "gestational_age", "measurements"
STRUCTURES = "structures"
