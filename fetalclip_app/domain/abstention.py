"""The reasons for giving no answer: a closed list."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Reason(StrEnum):
    """Why there is no answer (the codes of the JSON output)."""

    NOT_CALIBRATED = "not_calibrated"
    OUT_OF_RANGE = "out_of_range"
    NOT_FETAL_ULTRASOUND = "not_fetal_ultrasound"
    AMBIGUOUS = "ambiguous"
    NOT_APPLICABLE = "not_applicable"
    NOT_TRAINED = "not_trained"
    HELD_BACK = "held_back"
    """There is an answer, and a person asked not to see it yet."""


NOT_LOOKED_FOR = frozenset({Reason.NOT_APPLICABLE, Reason.NOT_TRAINED, Reason.NOT_FETAL_ULTRASOUND})
"""Of a length: the clip shows another plane, or the model does not measure. It is no reason for the length to be
missing."""


@dataclass(frozen=True, slots=True)
class Abstention:
    """No answer, with its reason.

    Attributes:
        detail: Which rule spoke, as a key that `wording` knows, such as ``spread`` or ``edge_of_range``.
        parameters: What the sentence names.
    """

    reason: Reason
    detail: str = ""
    parameters: dict[str, str | int | float] = field(default_factory=dict)
