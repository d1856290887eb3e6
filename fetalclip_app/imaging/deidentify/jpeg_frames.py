"""A JPEG cine, blanked block by block: the streams, and which pixels stay; or None where that cannot be done well.

Blocks do not end where a mask ends. A block that the mask's edge crosses is kept where its part outside is black
anyway or a sliver, and dropped where its part inside is black anyway, in every frame. Where neither is so, the decoded
pixels are stored instead: neither a half-cut letter nor a lost ruler is worth the space.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from pydicom import uid

from fetalclip_app.domain.clip import Clip
from fetalclip_app.imaging.deidentify.jpeg_blank import any_in_mcus, blank_stream, mcu_size, pixels_of
from fetalclip_app.imaging.deidentify.mask import Visible
from fetalclip_app.imaging.dicom import jpeg
from fetalclip_app.imaging.dicom.encapsulated import Span
from fetalclip_app.imaging.dicom.pixels import DicomFrames
from fetalclip_app.imaging.files.content import MemoryContent
from fetalclip_app.progress import CancelToken

DARK = 12
"""Brightest level of what counts as black in a picture that was compressed with loss."""

SLIVER = 3
"""Pixels beyond the mask's edge that may stay with a block: no letter can be read from so few rows or columns."""

_SYNTAXES = (uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit)


@dataclass(frozen=True, eq=False, slots=True)
class BlankedStreams:
    """One codestream for each frame.

    Attributes:
        visible: Pixels of the mask that stay, (H, W), each as it was.
        black: Pixels that are black in every frame; the few that are in neither are slivers.
    """

    streams: list[bytes]
    visible: Visible
    black: Visible


def blanked_streams(clip: Clip, visible: Visible, cancel: CancelToken) -> BlankedStreams | None:
    """Return a clip's JPEG streams with what is not visible black.

    Every frame is decoded again and compared; None where a stream is of another kind, or a visible pixel would change.
    """
    source = _jpeg_source(clip)
    mcu = None if source is None else mcu_size(source.stream(0))
    kept = None if mcu is None else _kept(clip, visible, mcu, cancel)
    if source is None or mcu is None or kept is None:
        return None
    stays = visible & pixels_of(kept, mcu, visible.shape)
    black = ~with_sliver(stays)
    streams: list[bytes] = []
    for index in range(len(clip)):
        cancel.check()
        stream = _blanked(source, index, kept)
        changed = None if stream is None else _changed(source, index, stream, (stays, black))
        if stream is None or changed is None:
            return None
        stays &= ~changed
        streams.append(stream)
    return BlankedStreams(streams, stays, black)


def grid_of(clip: Clip) -> tuple[int, int]:
    """Return height and width, in pixels, of what can only be blanked as a whole: 1 x 1 but in a JPEG stream."""
    source = _jpeg_source(clip)
    return (1, 1) if source is None else mcu_size(source.stream(0)) or (1, 1)


def _jpeg_source(clip: Clip) -> DicomFrames | None:
    source = clip.source
    return source if isinstance(source, DicomFrames) and source.layout.syntax in _SYNTAXES else None


def with_sliver(visible: Visible) -> Visible:
    """Return what is visible and the pixels around it that are too few to show anything."""
    side = 2 * SLIVER + 1
    return np.asarray(cv2.dilate(visible.astype(np.uint8), np.ones((side, side), np.uint8)) > 0)


def _kept(clip: Clip, visible: Visible, mcu: tuple[int, int], cancel: CancelToken) -> NDArray[np.bool_] | None:
    """Return which MCUs stay, (rows, columns); None where an edge runs through something bright on both sides."""
    bright = np.zeros(visible.shape, np.bool_)
    for index in range(len(clip)):
        cancel.check()
        bright |= clip.frame(index).pixels.max(axis=2) > DARK
    inside, outside = any_in_mcus(bright & visible, mcu), any_in_mcus(bright & ~with_sliver(visible), mcu)
    crossed = any_in_mcus(visible, mcu) & any_in_mcus(~visible, mcu)
    if (crossed & inside & outside).any():
        return None
    return np.asarray(any_in_mcus(visible, mcu) & ~(crossed & outside))


def _blanked(source: DicomFrames, index: int, kept: NDArray[np.bool_]) -> bytes | None:
    """Return a frame's stream with its dropped blocks black; what black is depends on what the colours are."""
    original = source.stream(index)
    header = jpeg.parse(original)
    says_rgb = source.layout.photometric == "RGB" and not header.has_signs
    return blank_stream(original, kept, is_rgb=len(header.component_ids) == 3 and (header.is_rgb or says_rgb))


def _changed(
    source: DicomFrames, index: int, stream: bytes, parts: tuple[Visible, Visible]
) -> NDArray[np.bool_] | None:
    """Return which pixels that should stay differ, black before and after: colours reach over a block's edge.

    None where the blanked part is not black, or a pixel that shows something differs.
    """
    stays, black = parts
    content = MemoryContent(source.content.path, stream)
    before = source.pixels(index)
    after = replace(source, content=content, spans=((Span(0, len(stream)),),)).pixels(0)
    differs = np.any(before != after, axis=2) & stays
    shows = np.maximum(before, after).max(axis=2) > DARK
    if int(after[black].max(initial=0)) > DARK or (differs & shows).any():
        return None
    return np.asarray(differs)
