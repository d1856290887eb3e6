"""What is drawn over a frame, with its words: the one list for presentation states and annotated pictures."""

from __future__ import annotations

from dataclasses import dataclass

from fetalclip_app import wording
from fetalclip_app.domain.biometry import Measure
from fetalclip_app.domain.notes import Line
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.domain.trace import BY_MODEL, Trace
from fetalclip_app.report.build import ClipEntry
from fetalclip_app.report.dicom.study import DicomStudy
from fetalclip_app.wording.by_hand import measure_name
from fetalclip_app.wording.dicom_objects import whose_shape


@dataclass(frozen=True, slots=True)
class Overlay:
    """A shape on a frame.

    Attributes:
        words: Whose it is and what it measures.
    """

    frame_index: int
    shape: Line | Ellipse
    words: str
    by_model: bool


def overlays(study: DicomStudy, entry: ClipEntry) -> tuple[Overlay, ...]:
    """Return every line and ellipse of a clip that has a length, the model's first; each shape once."""
    once: dict[tuple[int, Line | Ellipse], Overlay] = {}
    for trace in study.traces.values():
        if trace.clip == entry.clip.key and _is_drawn(trace):
            one = _overlay(trace)
            once.setdefault((one.frame_index, one.shape), one)
    return tuple(sorted(once.values(), key=lambda one: not one.by_model))


def _is_drawn(trace: Trace) -> bool:
    drawn = isinstance(trace.shape, Line | Ellipse) and len(trace.pictures) == 1
    return drawn and trace.pictures[0].frame_index is not None and trace.of in set(Measure)


def _overlay(trace: Trace) -> Overlay:
    assert isinstance(trace.shape, Line | Ellipse)
    assert trace.pictures[0].frame_index is not None
    whose = whose_shape(by_model=trace.by in BY_MODEL)
    words = f"{trace.fetus or ''} {measure_name(Measure(trace.of))} {wording.millimetres(trace.value)} ({whose})"
    plain = " ".join(words.split())  # no narrow spaces: readers of presentation states have few letters
    return Overlay(trace.pictures[0].frame_index, trace.shape, plain, trace.by in BY_MODEL)
