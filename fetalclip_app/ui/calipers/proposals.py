"""Which shape the model proposes for a measure on a frame, and what is likely measured on it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fetalclip_app.domain.biometry import Measure
from fetalclip_app.domain.calibration import Point
from fetalclip_app.domain.notes import Line
from fetalclip_app.domain.reading import ClipReading, HeadMeasurement, LineMeasurements
from fetalclip_app.domain.views import BRAIN, ViewPrediction
from fetalclip_app.ui.calipers.shapes import Oval, Shape, oval_of, oval_of_diameters

LINES = (Measure.BPD, Measure.OFD, Measure.FL)
OVALS = (Measure.HC, Measure.AC)

_LINE_OF: Mapping[str, Measure] = {BRAIN: Measure.BPD, "femur": Measure.FL}
_OVAL_OF: Mapping[str, Measure] = {BRAIN: Measure.HC, "abdomen": Measure.AC}


def view_of_frame(reading: ClipReading | None, index: int) -> str | None:
    """Return the view that the model names on a frame; None where it names none."""
    views = reading.answer("views", ViewPrediction) if reading is not None else None
    if not isinstance(views, ViewPrediction) or index in views.unfamiliar:
        return None
    row = views.per_frame[index]
    return None if np.isnan(row).any() else views.keys[int(np.argmax(row))]


def likely_measure(view: str | None, kind: type[Line] | type[Oval]) -> Measure | None:
    """Return what is measured on a view by a line or by an ellipse; None where that is not plain."""
    return (_LINE_OF if kind is Line else _OVAL_OF).get(view or "")


def model_shape(reading: ClipReading | None, measure: Measure | None, index: int) -> Shape | None:
    """Return the model's own outline or line for a measure on a frame, to begin from; None where it has none."""
    if reading is None or measure is None:
        return None
    finding = reading.finding("head")
    if finding is not None and isinstance(finding.answer, HeadMeasurement) and finding.frame_index == index:
        ellipse = finding.answer.ellipse
        axes = {Measure.BPD: ellipse.minor_axis(), Measure.OFD: ellipse.major_axis()}
        if measure is Measure.HC:
            return oval_of(ellipse)
        if measure in axes:
            first, last = ((float(x), float(y)) for x, y in axes[measure])
            return Line(first, last)
    return _by_landmarks(reading, measure, index)


def _by_landmarks(reading: ClipReading, measure: Measure, index: int) -> Shape | None:
    lines = reading.answer("measurements", LineMeasurements)
    found: dict[str, tuple[Point, ...]] = {}
    if isinstance(lines, LineMeasurements):
        found = {one.name: one.ends for one in lines.on_frame(index)}
    if measure is Measure.AC and {"tad", "apad"} <= found.keys():
        return oval_of_diameters(found["tad"], found["apad"])
    ends = found.get(measure.value)
    return Line(*ends) if ends else None
