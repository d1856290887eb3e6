"""Frames as pixels with what was read and drawn on them: for pictures and cines outside the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from fetalclip_app import wording
from fetalclip_app.domain.clip import Pixels
from fetalclip_app.domain.notes import Line
from fetalclip_app.imaging.blend import blend, with_calipers, with_masks
from fetalclip_app.imaging.overlay_colours import ELLIPSE_COLOUR
from fetalclip_app.report.entries import ClipEntry
from fetalclip_app.report.key_frames import KeyFrame, chosen, drawn_words, hand_text
from fetalclip_app.report.picture import write_annotated_png
from fetalclip_app.wording.pictures import caption_of
from fetalclip_app.wording.structures import structure_name

Overlays = Mapping[int, Sequence[KeyFrame]]
"""Frame -> what is drawn over it."""


def overlays_of(entry: ClipEntry) -> Overlays:
    """Return the frames over which something is drawn, in their order."""
    found: dict[int, list[KeyFrame]] = {}
    for one in chosen(entry):
        if not one.is_plain:
            found.setdefault(one.index, []).append(one)
    return dict(sorted(found.items()))


def annotated(entry: ClipEntry, index: int, drawn: Sequence[KeyFrame]) -> Pixels:
    """Return a frame with overlays on it: uint8, (H, W, 3), RGB.

    Raises:
        UnreadableFile: The frame cannot be decoded.
    """
    pixels = entry.clip.frame(index).pixels
    for one in drawn:
        if one.heatmap is not None:
            pixels = blend(pixels, heatmap=one.heatmap, opacity=entry.heat_opacity)
    for one in drawn:
        pixels = with_masks(pixels, [(structure_name(mask.structure), mask) for mask in one.masks])
        if one.head is not None:
            pixels = blend(pixels, outline=one.head.outline, ellipse=one.head.ellipse)
        lines = [(Line(ends[0], ends[1]), wording.line_name(line.name)) for line in one.lines if (ends := line.ends)]
        pixels = with_calipers(pixels, lines, ELLIPSE_COLOUR)
        pixels = with_calipers(pixels, [(mine.shape, hand_text(entry, mine)) for mine in one.by_hand])
    return pixels


def about(entry: ClipEntry, index: int, drawn: Sequence[KeyFrame]) -> tuple[str, str]:
    """Return the two lines below a frame: which it is and who read it, and what is drawn on it."""
    model = entry.reading.provenance.model
    caption = caption_of(entry.clip, index, f"{model.title} · {model.sha256[:8]}")
    return caption, " ".join(drawn_words(one) for one in drawn)


def write_key_pictures(folder: Path, stem: str, entry: ClipEntry) -> list[Path]:
    """Write each frame over which something is drawn as a PNG, and return the files.

    Raises:
        ExportFailed: One could not be written.
        UnreadableFile: A frame cannot be decoded.
    """
    written = []
    for index, drawn in overlays_of(entry).items():
        caption, remark = about(entry, index, drawn)
        path = folder / f"{stem}_frame{index + 1}.png"
        write_annotated_png(path, annotated(entry, index, drawn), caption=caption, remark=remark)
        written.append(path)
    return written
