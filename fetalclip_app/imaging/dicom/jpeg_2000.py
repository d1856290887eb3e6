"""JPEG 2000 codestreams, high-throughput ones included: what their headers say. OpenJPEG decodes them."""

from __future__ import annotations

import struct
from dataclasses import dataclass

_START = b"\xff\x4f\xff\x51"
"""SOC and SIZ, which always follow each other (ITU-T T.800 A.4.1, A.5.1)."""

_COD, _SOT = 0xFF52, 0xFF90
_COLOUR_BOX = b"colr\x01"
"""Of a JP2 wrapper: a colour that is named by its number (T.800 I.5.3.3)."""

_SYCC = 18


@dataclass(frozen=True, slots=True)
class Jpeg2000Header:
    """The main header.

    Attributes:
        precision: Bits of the first component.
        is_transformed: A component transform (reversible or not) was applied, or a JP2 wrapper names sYCC. The decoder
            undoes both: red, green and blue come out, whatever the DICOM header says.
    """

    height: int
    width: int
    components: int
    precision: int
    is_transformed: bool

    def photometric(self, declared: str) -> str:
        """Return the colours of three decoded components; ``declared`` is the DICOM header's word for them.

        YBR_RCT and YBR_ICT name the codestream's own transform: decoded, or never done, the samples are RGB.
        """
        if self.components < 3:
            return "MONOCHROME2"
        if self.is_transformed or declared in ("YBR_RCT", "YBR_ICT"):
            return "RGB"
        return declared


def parse(data: bytes) -> Jpeg2000Header:
    """Return what the main header says; some writers wrap the codestream in a JP2 file.

    Raises:
        ValueError: No codestream, or it ends in its header.
    """
    start = data.find(_START)
    if start < 0 or len(data) < start + 45:
        raise ValueError("truncated or no JPEG 2000 codestream")
    right, bottom, left, top = struct.unpack_from(">4I", data, start + 8)
    components, depth = struct.unpack_from(">HB", data, start + 40)
    colour = data.find(_COLOUR_BOX, 0, start)
    number = struct.unpack_from(">I", data, colour + 7)[0] if 0 <= colour <= start - 11 else 0
    return Jpeg2000Header(
        height=bottom - top,
        width=right - left,
        components=components,
        precision=(depth & 0x7F) + 1,
        is_transformed=_is_transformed(data, start + 2) or number == _SYCC,
    )


def _is_transformed(data: bytes, position: int) -> bool:
    """Return what the COD marker (T.800 A.6.1) says of a component transform."""
    while position + 9 <= len(data):
        marker, length = struct.unpack_from(">HH", data, position)
        if marker == _COD:
            return data[position + 8] == 1
        if marker == _SOT:
            break
        position += 2 + max(length, 2)
    raise ValueError("truncated JPEG 2000 header")
