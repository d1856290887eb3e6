"""Frames that pixel data hold beyond NumberOfFrames, which is absent or too small in what some exporters write.

They are shown where the pixel data prove them: where more codestreams begin at fragments than the header counts, each
with a header of its own that states the picture's size (a stream of another size, such as a thumbnail, is no frame of
it); where there are more run-length fragments, as a frame has one only (PS3.5 A.4.2); where uncompressed pixels have
the length of so many frames. A single frame that was cut into pieces proves nothing: its pieces begin with nothing.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import islice

from fetalclip_app.imaging.dicom import jpeg, jpeg_2000
from fetalclip_app.imaging.dicom.encapsulated import Items, Span
from fetalclip_app.imaging.dicom.pydicom_decoding import PixelLayout
from fetalclip_app.imaging.dicom.transfer_syntaxes import Family
from fetalclip_app.imaging.files.content import Content

_HEADS = (1 << 10, 1 << 17)
"""Bytes of a codestream that are looked at for its size; more where comments or profiles come first."""

_RLE_HEADER = 64


def frames_held(items: Items, promised: int, layout: PixelLayout, content: Content) -> int:
    """Return how many frames encapsulated pixel data hold, the one that the file breaks off in included.

    It is ``promised`` where no more than that are proven.
    """
    fragments = items.fragments
    if layout.codec.family in (Family.JPEG, Family.JPEG_LS, Family.JPEG_2000):
        begun = [span for span, opens in zip(fragments, items.opens_stream, strict=True) if opens]
    else:
        begun = list(fragments)
    proven = (span for span in begun if _states_size(span, layout, content))
    if len(begun) <= promised or next(islice(proven, promised, None), None) is None:
        return promised  # no further one is looked at than the first that is too many
    is_begun = items.cut is not None and len(begun) == len(fragments)
    return len(begun) + is_begun


def native_frames_held(length: int, promised: int, layout: PixelLayout) -> int:
    """Return how many frames uncompressed pixel data of ``length`` bytes are: more than promised if it fits exactly."""
    count, rest = divmod(length, layout.frame_bytes)
    is_whole = rest == 0 or (rest == 1 and length % 2 == 0)
    return max(promised, count) if is_whole else promised


def _states_size(span: Span, layout: PixelLayout, content: Content) -> bool:
    family = layout.codec.family
    if family is Family.NATIVE:
        return span.length in (layout.frame_bytes, layout.frame_bytes + layout.frame_bytes % 2)
    if family is Family.RLE:
        segments = layout.samples * layout.bits_allocated // 8
        return span.length >= _RLE_HEADER and content.read(span.offset, 8) == struct.pack("<2I", segments, _RLE_HEADER)
    parse = jpeg_2000.parse if family is Family.JPEG_2000 else jpeg.parse
    for head in _heads(span, content):
        try:
            stated = parse(head)
        except (ValueError, struct.error):
            continue
        return (stated.height, stated.width) == (layout.height, layout.width)
    return False


def _heads(span: Span, content: Content) -> Iterator[bytes]:
    for length in _HEADS:
        yield content.read(span.offset, min(length, span.length))
