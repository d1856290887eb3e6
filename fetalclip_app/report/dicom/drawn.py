"""What was drawn for a length, as coordinates on its picture (TID 320): precise enough to measure it again."""

from __future__ import annotations

from highdicom.sr import CoordinatesForMeasurement, SourceImageForRegion

from fetalclip_app.domain.notes import Line
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.domain.trace import Trace
from fetalclip_app.report.dicom import codes
from fetalclip_app.report.dicom.geometry import corners, is_inside
from fetalclip_app.report.dicom.items import concept
from fetalclip_app.report.dicom.sources import Shown
from fetalclip_app.report.dicom.study import DicomStudy


def coordinates(study: DicomStudy, trace: Trace) -> list[CoordinatesForMeasurement]:
    """Return the line or ellipse that was measured; none of several, and none that leaves its picture."""
    if trace.shape is None and len(trace.inputs) == 1:
        return coordinates(study, study.traces[trace.inputs[0]])
    shape = trace.shape
    shown = study.shown(trace.pictures[0]) if len(trace.pictures) == 1 else None
    if not isinstance(shape, Line | Ellipse) or shown is None:
        return []
    clip = study.sources[trace.pictures[0].clip_key].clip
    if not is_inside(shape, clip.height, clip.width):
        return []
    kind = "POLYLINE" if isinstance(shape, Line) else "ELLIPSE"
    purpose = concept(codes.SOURCE_OF_MEASUREMENT)
    return [CoordinatesForMeasurement(kind, corners(shape), SourceImageForRegion(*referred(shown)), purpose)]


def referred(one: Shown) -> tuple[str, str, list[int] | None]:
    """Return class, instance and frames as the library's items take them."""
    return one.header.SOPClassUID, one.header.SOPInstanceUID, None if one.frame is None else [one.frame]
