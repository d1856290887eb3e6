"""Which lengths there are, how a biparietal diameter is defined, and where a value lies on a growth chart."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Measure(StrEnum):
    """What is measured, in mm; EFW in g."""

    BPD = "bpd"
    OFD = "ofd"
    HC = "hc"
    AC = "ac"
    FL = "fl"
    CRL = "crl"
    EFW = "efw"


CIRCUMFERENCES = frozenset({Measure.HC, Measure.AC})
"""Lengths around something; all others are diameters or straight lines."""


class BpdDefinition(StrEnum):
    """Between which edges of the skull a biparietal diameter lies. One is some millimetres longer than the other."""

    OUTER_OUTER = "outer_outer"
    OUTER_INNER = "outer_inner"


class Chart(StrEnum):
    """Whose growth chart."""

    WHO = "who"
    INTERGROWTH = "intergrowth_21st"


class Beyond(StrEnum):
    """On which side of a limit a value lies: of a chart's outermost curve, or of what repeats have in common."""

    BELOW = "below"
    ABOVE = "above"


@dataclass(frozen=True, slots=True)
class Centile:
    """Where a value lies among fetuses of one age.

    Attributes:
        percent: 0 to 100; the outermost percentage that is shown where ``beyond`` is set.
        beyond: The value lies outside the outermost curve: nothing nearer is said.
        z: Standard deviations from the mean, where the chart has them.
    """

    chart: Chart
    percent: float
    beyond: Beyond | None = None
    z: float | None = None


class NoCentile(StrEnum):
    """Why a value has no centile."""

    NO_DATING = "no_dating"
    DATING_REFUSED = "dating_refused"
    """A person stated one, and it cannot be this exam's."""

    EXAM_DAY_UNKNOWN = "exam_day_unknown"
    DATED_BY_THIS_EXAM = "dated_by_this_exam"
    DATING_DOES_NOT_HOLD = "dating_does_not_hold"
    """By the dating nobody was pregnant on the exam's day."""

    AGE_OUTSIDE_CHART = "age_outside_chart"
    OTHER_DEFINITION = "other_definition"
    OTHER_FORMULA = "other_formula"
    """Of a weight by another formula than the chart's."""

    NOT_ON_CHART = "not_on_chart"
