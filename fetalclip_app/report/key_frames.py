"""Key frames of a clip: a plain copy, and one with what is drawn over it; below each its caption."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from reportlab.platypus import Spacer

from fetalclip_app import wording
from fetalclip_app.domain.calibration import Box
from fetalclip_app.domain.overlay import Heatmap, Segmentation
from fetalclip_app.domain.reading import HeadMeasurement, LineMeasurements, Measurement
from fetalclip_app.domain.structures import Structures
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.errors import FetalClipError
from fetalclip_app.report.build import ClipEntry
from fetalclip_app.report.figures import Picture, figure, scale_of
from fetalclip_app.report.style import DOUBT_STRONG, GAP, MM, NOTE, columns, para
from fetalclip_app.wording.structures import structure_name, structure_title
from fetalclip_app.wording.translate import translate as _

Flow = list[Any]


@dataclass(frozen=True, eq=False, slots=True)
class KeyFrame:
    """One frame worth showing, and what is drawn over its second copy."""

    index: int
    head: HeadMeasurement | None = None
    heatmap: Heatmap | None = None
    lines: tuple[Measurement, ...] = ()
    masks: tuple[Segmentation, ...] = ()

    @property
    def is_plain(self) -> bool:
        """Whether nothing is drawn over it."""
        return self.head is None and self.heatmap is None and not self.lines and not self.masks


def key_frames(entry: ClipEntry, width: float) -> Flow:
    """Return the pairs of pictures; a frame that stands beside the views already is left out."""
    has_brain_views = entry.reading.answer("brain_views", ViewPrediction) is not None
    shown = [key_frame for key_frame in chosen(entry) if has_brain_views or not key_frame.is_plain]
    half = (width - GAP) / 2
    return [columns(_pair(entry, key_frame, half), [half, half], after=4 * MM) for key_frame in shown]


def chosen(entry: ClipEntry) -> list[KeyFrame]:
    """Return the head's frame, or the clip's best where no head was measured, and the frames with heatmaps."""
    finding = entry.reading.finding("head")
    if finding is not None and isinstance(finding.answer, HeadMeasurement) and finding.frame_index is not None:
        frames = [KeyFrame(finding.frame_index, head=finding.answer)]
    else:
        frames = [KeyFrame(_best_frame(entry))]
    frames = _with_masks(entry, _with_lines(entry, frames))
    return frames + [KeyFrame(index, heatmap=heatmap) for index, heatmap in entry.heatmaps]


def _with_lines(entry: ClipEntry, chosen: list[KeyFrame]) -> list[KeyFrame]:
    """Return the key frames with those that lines were measured on; one that would be plain gets its lines."""
    found = entry.reading.answer("measurements", LineMeasurements)
    frames = dict.fromkeys(one.frame_index for one in found.measurements if one.ends) if found is not None else {}
    lined = [KeyFrame(index, lines=found.on_frame(index)) for index in frames]
    return [frame for frame in chosen if not (frame.is_plain and frame.index in frames)] + lined


def _with_masks(entry: ClipEntry, shown: list[KeyFrame]) -> list[KeyFrame]:
    """Return the key frames with those that structures were found on; one that would be plain gets its masks."""
    found = entry.reading.answer("structures", Structures)
    if found is None:
        return shown
    masked = {one.frame_index: found.masks_on(one.frame_index) for one in found.structures}
    drawn = [KeyFrame(index, masks=masks) for index, masks in masked.items() if masks]
    taken = {frame.index for frame in drawn}
    return [frame for frame in shown if not (frame.is_plain and frame.index in taken)] + drawn


def _best_frame(entry: ClipEntry) -> int:
    seen = entry.reading.answer("views", ViewPrediction)
    if seen is None:
        return 0
    familiar = [index for index in range(len(seen.per_frame)) if index not in seen.unfamiliar]
    return int(next(iter([*seen.frames_of(seen.best).tolist(), *familiar]), 0))


def _pair(entry: ClipEntry, key_frame: KeyFrame, width: float) -> list[Flow]:
    """Return the plain copy with its caption, and the annotated one with what is drawn over it."""
    plain = plain_frame(entry, key_frame.index, width)
    picture = _picture(entry, key_frame.index)
    if picture is None or key_frame.is_plain:
        return [plain, [Spacer(0, 0)]]
    if key_frame.head is not None:
        drawn = replace(picture, outline=key_frame.head.outline, ellipse=key_frame.head.ellipse)
        fit = wording.percent(key_frame.head.fit)
        text = _("Outline of the head and its ellipse, which overlap by {fit}.").format(fit=fit)
    elif key_frame.lines:
        drawn = replace(picture, lines=tuple((wording.line_name(one.name), one.ends) for one in key_frame.lines))
        text = _("Lines between landmarks.")
    elif key_frame.masks:
        drawn = replace(picture, masks=tuple((structure_name(one.structure), one) for one in key_frame.masks))
        names = ", ".join(structure_title(one.structure) for one in key_frame.masks)
        text = _("Masks of: {names}.").format(names=names.lower())
    else:
        drawn = replace(picture, heatmap=key_frame.heatmap, opacity=entry.heat_opacity)
        text = _heatmap_caption(key_frame.heatmap)
    return [plain, [figure(drawn, width), Spacer(0, 1.5 * MM), para(text, NOTE)]]


def _heatmap_caption(heatmap: Heatmap | None) -> str:
    if heatmap is None:
        return ""
    return f"{wording.task_title('saliency')}: {wording.heat_caption(heatmap)}"


def plain_frame(entry: ClipEntry, index: int, width: float) -> Flow:
    """Return a frame with its caption and nothing over it."""
    picture = _picture(entry, index)
    title = f"{_frame_title(entry, index)}."
    if picture is None:
        return [para(title, NOTE), para(_("This frame could not be decoded again."), DOUBT_STRONG)]
    unscaled = "" if picture.pixel_mm else " " + _("No scale bar: no one scale holds for this picture.")
    return [figure(picture, width), Spacer(0, 1.5 * MM), para(title + unscaled, NOTE)]


def _picture(entry: ClipEntry, index: int) -> Picture | None:
    """Return the frame as the network saw it; None where the file has gone or changed since it was read."""
    crop = _inside(entry.reading.crop, entry.clip.height, entry.clip.width)
    try:
        pixels = entry.clip.frame(index).pixels
    except FetalClipError:
        return None
    return Picture(pixels, crop, scale_of(entry.reading.calibration, crop))


def _frame_title(entry: ClipEntry, index: int) -> str:
    """Return ``Frame 12 of 87: Brain 91%, Trans-thalamic 78%``, the shares being this frame's own."""
    title = wording.frame_title(index, len(entry.clip))
    shares = ", ".join(filter(None, (_share(entry, task, index) for task in ("views", "brain_views"))))
    return f"{title}: {shares}" if shares else title


def _share(entry: ClipEntry, task: str, index: int) -> str:
    seen = entry.reading.answer(task, ViewPrediction)
    if seen is None or index >= len(seen.per_frame) or math.isnan(seen.per_frame[index, 0]):
        return ""
    if index in seen.unfamiliar:
        return wording.unfamiliar_frame()
    best = int(seen.per_frame[index].argmax())
    return f"{wording.view_title(seen.keys[best])} {wording.percent(float(seen.per_frame[index, best]))}"


def _inside(crop: Box, height: int, width: int) -> Box:
    """Return the part of ``crop`` that lies inside the frame."""
    return Box(max(crop.left, 0), max(crop.top, 0), min(crop.right, width), min(crop.bottom, height))
