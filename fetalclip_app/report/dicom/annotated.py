"""Frames with their overlays drawn in, as secondary captures for readers that show no presentation state."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pydicom.dataset import Dataset

from fetalclip_app.domain.clip import Pixels
from fetalclip_app.imaging.blend import with_calipers
from fetalclip_app.imaging.overlay_colours import ELLIPSE_COLOUR, HAND_COLOUR
from fetalclip_app.report.build import ClipEntry
from fetalclip_app.report.dicom.marks import Kind
from fetalclip_app.report.dicom.overlays import Overlay, overlays
from fetalclip_app.report.dicom.sources import capture
from fetalclip_app.report.dicom.study import DicomStudy
from fetalclip_app.report.picture import with_strip
from fetalclip_app.wording import frame_number
from fetalclip_app.wording.translate import SOURCE, speaking


def annotated_captures(study: DicomStudy) -> Iterator[Dataset]:
    """Yield a capture of each frame over which something is drawn.

    Raises:
        UnreadableFile: A frame cannot be decoded again.
    """
    number = 0
    for entry in study.clips:
        with speaking(SOURCE):
            drawn = overlays(study, entry)
            for index in sorted({one.frame_index for one in drawn}):
                number += 1
                pixels = _drawn(study, entry, index, [one for one in drawn if one.frame_index == index])
                made = capture(pixels, study.header, study.marks, Kind.CAPTURE, number)
                shown = study.sources[entry.clip.key].shown(index)
                made.SourceImageSequence = [_source(shown.header, shown.frame)]
                yield made


def _drawn(study: DicomStudy, entry: ClipEntry, index: int, drawn: list[Overlay]) -> Pixels:
    pixels = entry.clip.frame(index).pixels
    for by_model, colour in ((True, ELLIPSE_COLOUR), (False, HAND_COLOUR)):
        shapes = [(one.shape, one.words) for one in drawn if one.by_model is by_model]
        pixels = with_calipers(pixels, shapes, colour)
    model = entry.reading.provenance.model
    about = f"{frame_number(index, len(entry.clip))} · {model.title} · {model.sha256[:8]}"
    return np.asarray(with_strip(pixels, study.marks.status, about))


def _source(header: Dataset, frame: int | None) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = header.SOPClassUID, header.SOPInstanceUID
    if frame is not None:
        item.ReferencedFrameNumber = frame
    return item
