"""Which of a reading's findings lie over a frame."""

from __future__ import annotations

from fetalclip_app.domain.reading import ClipReading, HeadMeasurement, LineMeasurements
from fetalclip_app.domain.structures import Structures
from fetalclip_app.ui.frame_view import FrameView


def show_found(frame: FrameView, reading: ClipReading | None, index: int) -> None:
    """Lay outline, lines and masks over the frame that they belong to, and nothing over any other."""
    finding = reading.finding("head") if reading is not None else None
    head = finding.answer if finding is not None and finding.frame_index in {None, index} else None
    frame.show_head(head if isinstance(head, HeadMeasurement) else None)
    lines = reading.answer("measurements", LineMeasurements) if reading is not None else None
    frame.show_lines(lines.on_frame(index) if lines is not None else ())
    masks = reading.answer("structures", Structures) if reading is not None else None
    frame.show_structures(masks.on_frame(index) if masks is not None else ())
