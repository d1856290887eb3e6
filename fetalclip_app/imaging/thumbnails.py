"""A small picture of a clip, decoded as small as its codec can: JPEG at an eighth costs a tenth of the whole."""

from __future__ import annotations

import numpy as np
import simplejpeg

from fetalclip_app.domain.clip import Clip, Pixels
from fetalclip_app.imaging.dicom import jpeg
from fetalclip_app.imaging.dicom.pixels import DicomFrames
from fetalclip_app.imaging.dicom.transfer_syntaxes import Family
from fetalclip_app.imaging.guard import reading
from fetalclip_app.imaging.pictures import PictureFrames
from fetalclip_app.imaging.video.counted import CountedFrames
from fetalclip_app.imaging.video.reader import VideoFrames


def small_picture(clip: Clip, *, height: int, width: int) -> Pixels:
    """Return the clip's middle, as its first frames are often empty: uint8, (H, W, 3), RGB.

    It is no smaller than ``height`` or no smaller than ``width``, unless the frame itself is. Of a video it is the key
    frame nearest to the middle, which decodes alone.

    Raises:
        UnreadableFile: That frame cannot be decoded.
    """
    pixels = _small(clip, height, width)
    step = max(1, min(pixels.shape[0] // height, pixels.shape[1] // width))
    return np.ascontiguousarray(pixels[::step, ::step])


def _small(clip: Clip, height: int, width: int) -> Pixels:
    middle = len(clip) // 2
    match clip.source:
        case DicomFrames() as source:
            small = _small_dicom(source, middle, height, width)
            return source.pixels(middle) if small is None else small
        case PictureFrames() as source:
            return source.small_pixels(middle, height, width)
        case VideoFrames() as source:
            return source.pixels(source.index.key_near(middle))
        case CountedFrames() as source:
            return source.pixels(source.anchor_near(middle))
        case source:
            return source.pixels(middle)


def _small_dicom(source: DicomFrames, index: int, height: int, width: int) -> Pixels | None:
    """Return a JPEG frame scaled down by its codec; None for what cannot be, and where its colours are in question."""
    with reading(source.content.path):
        data = source.stream(index)
        if source.layout.codec.family is not Family.JPEG:
            return None
        header = jpeg.parse(data)
        is_whole = (header.height, header.width) == (source.layout.height, source.layout.width)
        is_colour = header.is_supported and not header.is_lossless and len(header.component_ids) == 3
        if not is_whole or not is_colour or not header.has_signs or header.is_rgb:
            return None
        if not header.is_subsampled and source.evident() == "RGB":
            return None
        jpeg.check_scans(data, height=header.height, width=header.width)
        try:
            return np.asarray(simplejpeg.decode_jpeg(data, "RGB", min_height=height, min_width=width))
        except ValueError:
            return None  # damaged: the whole road says how badly
