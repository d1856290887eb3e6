"""Key frames of a clip: a plain copy, and one with what is drawn over it; below each its caption."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from reportlab.platypus import Spacer

from fetalclip_app import wording
from fetalclip_app.biometry.values import length_of
from fetalclip_app.domain.calibration import Box
from fetalclip_app.domain.notes import HandMeasurement
from fetalclip_app.domain.overlay import Heatmap, Segmentation
from fetalclip_app.domain.reading import HeadMeasurement, LineMeasurements, Measurement
from fetalclip_app.domain.structures import Structures
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.errors import FetalClipError
from fetalclip_app.report.build import ClipEntry
from fetalclip_app.report.figures import Picture, figure, scale_of
from fetalclip_app.report.style import DOUBT_STRONG, MM, NOTE, para
from fetalclip_app.wording.by_hand import drawn_text
from fetalclip_app.wording.noted import chosen_as_best
from fetalclip_app.wording.structures import structure_name, structure_title
from fetalclip_app.wording.translate import translate as _
from fetalclip_app.wording.translate import within

Flow = list[Any]


@dataclass(frozen=True, eq=False, slots=True)
class KeyFrame:
    """One frame worth showing, and what is drawn over a copy of it."""

    index: int
    head: HeadMeasurement | None = None
    heatmap: Heatmap | None = None
    lines: tuple[Measurement, ...] = ()
    masks: tuple[Segmentation, ...] = ()
    by_hand: tuple[HandMeasurement, ...] = ()

    @property
    def is_plain(self) -> bool:
        """Whether nothing is drawn over it."""
        return self.head is None and self.heatmap is None and not (self.lines or self.masks or self.by_hand)


def key_frames(entry: ClipEntry, width: float, *, plain_copies: bool = True, of: str = "") -> list[Flow]:
    """Return the pictures with their captions, frame by frame, each ``width`` wide.

    Args:
        plain_copies: Each frame that something is drawn over stands once without it.
        of: Which of several clips they are of, as it stands in a caption.
    """
    shown, pictures = chosen(entry), []
    for index in dict.fromkeys(key_frame.index for key_frame in shown):
        drawn = [one for one in shown if one.index == index and not one.is_plain]
        if plain_copies or not drawn:
            pictures.append(plain_frame(entry, index, width, of))
        pictures += [_drawn_over(entry, one, width, of, says_view=not plain_copies) for one in drawn]
    return [picture for picture in pictures if picture]


def chosen(entry: ClipEntry) -> list[KeyFrame]:
    """Return the head's frame, or the clip's best where no head was measured, and all others that show something."""
    finding = entry.reading.finding("head")
    if finding is not None and isinstance(finding.answer, HeadMeasurement) and finding.frame_index is not None:
        frames = [KeyFrame(finding.frame_index, head=finding.answer)]
    else:
        frames = [KeyFrame(_best_frame(entry))]
    frames = _with_chosen(entry, _with_hand(entry, _with_masks(entry, _with_lines(entry, frames))))
    return frames + [KeyFrame(index, heatmap=heatmap) for index, heatmap in entry.heatmaps]


def _with_chosen(entry: ClipEntry, shown: list[KeyFrame]) -> list[KeyFrame]:
    """Return the key frames with those that a person chose as the best of a view."""
    there = {frame.index for frame in shown}
    more = sorted({index for index in entry.notes.best.values() if index < len(entry.clip)} - there)
    return shown + [KeyFrame(index) for index in more]


def _with_hand(entry: ClipEntry, shown: list[KeyFrame]) -> list[KeyFrame]:
    """Return the key frames with those that a person measured; one that would be plain gets what she drew."""
    by_frame: dict[int, list[HandMeasurement]] = {}
    for one in entry.notes.measured:
        by_frame.setdefault(one.frame_index, []).append(one)
    drawn = [KeyFrame(index, by_hand=tuple(mine)) for index, mine in sorted(by_frame.items())]
    return [frame for frame in shown if not (frame.is_plain and frame.index in by_frame)] + drawn


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
    mine = entry.notes.best.get(seen.best)
    if mine is not None and mine < len(entry.clip):
        return mine
    familiar = [index for index in range(len(seen.per_frame)) if index not in seen.unfamiliar]
    return int(next(iter([*seen.frames_of(seen.best).tolist(), *familiar]), 0))


def _drawn_over(entry: ClipEntry, key_frame: KeyFrame, width: float, of: str, *, says_view: bool) -> Flow:
    """Return the frame with what is drawn over it, and what that is; nothing where it cannot be decoded again."""
    picture = _picture(entry, key_frame.index)
    if picture is None:
        return []
    drawn, text = _annotated(entry, key_frame, picture), drawn_words(key_frame)
    index = key_frame.index
    frame = _frame_title(entry, index, of) if says_view else _numbered(entry, index, of)
    chosen_for = chosen_as_best(entry.notes, index) if says_view else ""
    told = " ".join(filter(None, [f"{frame}.", text, chosen_for]))
    return [figure(drawn, width), Spacer(0, 1.5 * MM), para(told, NOTE)]


def _annotated(entry: ClipEntry, key_frame: KeyFrame, picture: Picture) -> Picture:
    """Return the picture with one kind of overlay."""
    if key_frame.head is not None:
        return replace(picture, outline=key_frame.head.outline, ellipse=key_frame.head.ellipse)
    if key_frame.heatmap is not None:
        return replace(picture, heatmap=key_frame.heatmap, opacity=entry.heat_opacity)
    return replace(
        picture,
        lines=tuple((wording.line_name(one.name), one.ends) for one in key_frame.lines),
        masks=tuple((structure_name(one.structure), one) for one in key_frame.masks),
        calipers=tuple((one.shape, hand_text(entry, one)) for one in key_frame.by_hand),
    )


def drawn_words(key_frame: KeyFrame) -> str:
    """Return what is drawn over a key frame, in a sentence."""
    if key_frame.head is not None:
        fit = wording.percent(key_frame.head.fit)
        return _("Outline of the head and its ellipse, which overlap by {fit}.").format(fit=fit)
    if key_frame.lines:
        return _("Lines between landmarks.")
    if key_frame.masks:
        names = ", ".join(within(structure_title(one.structure)) for one in key_frame.masks)
        return _("Masks of: {names}.").format(names=names)
    return _("Drawn by hand.") if key_frame.by_hand else _heatmap_caption(key_frame.heatmap)


def hand_text(entry: ClipEntry, one: HandMeasurement) -> str:
    """Return what stands beside a caliper: ``HC 175.2 mm``."""
    measured = length_of(one.shape, entry.clip.calibration)
    return drawn_text(one.measure, one.bpd_definition, measured, fetus=entry.fetus or "")


def _heatmap_caption(heatmap: Heatmap | None) -> str:
    if heatmap is None:
        return ""
    return f"{wording.task_title('saliency')}: {wording.heat_caption(heatmap)}"


def plain_frame(entry: ClipEntry, index: int, width: float, of: str) -> Flow:
    """Return a frame with its caption and nothing over it."""
    picture = _picture(entry, index)
    title = " ".join(filter(None, [f"{_frame_title(entry, index, of)}.", chosen_as_best(entry.notes, index)]))
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


def _numbered(entry: ClipEntry, index: int, of: str) -> str:
    """Return ``Frame 12 of 87``, of several clips ``Clip 3, frame 12 of 87``."""
    count = len(entry.clip)
    return f"{of}, {wording.frame_number(index, count)}" if of else wording.frame_title(index, count)


def _frame_title(entry: ClipEntry, index: int, of: str) -> str:
    """Return ``Frame 12 of 87: Brain 91%, Trans-thalamic 78%``, the shares being this frame's own."""
    title = _numbered(entry, index, of)
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
