"""DICOM frames on demand: find the frame's bytes, decode them, colour them.

Two roads. JPEG, lossy and lossless, goes straight from its bytes to libjpeg-turbo, coloured by its own markers.
Everything else goes through pydicom's decoders, each with its plugin named.

Where label or marks may lie, what the components are is decided once for the clip (`colour_evidence`), from frames
that do not depend on which one is asked for first. Two threads that ask at the same time find the same, so no lock is
needed; a frame that is decoded anyway is not decoded again for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain.clip import Pixels
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.dicom import jpeg, pydicom_decoding
from fetalclip_app.imaging.dicom.colour import Table, partial_to_full, through_table, to_eight_bits, ycc_to_rgb
from fetalclip_app.imaging.dicom.colour_evidence import Evidence, evident_colours, is_flat, is_mostly_green, of_clip
from fetalclip_app.imaging.dicom.encapsulated import Span, joined
from fetalclip_app.imaging.dicom.pydicom_decoding import PixelLayout, Samples
from fetalclip_app.imaging.dicom.transfer_syntaxes import Family
from fetalclip_app.imaging.files.content import Content
from fetalclip_app.imaging.guard import reading

_OF_THE_FRAME = frozenset((ErrorCode.FILE_DAMAGED, ErrorCode.FILE_TRUNCATED, ErrorCode.NO_CODEC))
"""Errors that a frame keeps for ever; after others, such as a file that is away for a moment, nothing is decided."""


@dataclass(slots=True)
class Components:
    """What the three components of a clip are: RGB, YBR_FULL, empty for what label and marks say, None if not asked."""

    found: str | None = None


# eq=False: holds an array.
@dataclass(frozen=True, eq=False, slots=True)
class _Told:
    """A frame as its label and marks have it.

    Attributes:
        is_in_doubt: Three components whose kind nothing but a label or a mark tells.
        undone: The marked YCbCr stream that the samples, RGB now, were made of; None where they are as stored.
    """

    samples: Samples
    is_in_doubt: bool
    undone: tuple[bytes, jpeg.JpegHeader] | None = None

    def evidence(self) -> Evidence:
        """Return what the stored components evidently are; nothing where they are not in doubt."""
        if not self.is_in_doubt:
            return Evidence()
        eight = to_eight_bits(self.samples.values, self.samples.bits)
        if self.undone is not None and is_mostly_green(eight):
            eight = jpeg.stored_components(*self.undone)
        elif self.undone is not None:
            # Grey after the transform was neutral before it.
            return Evidence("YBR_FULL" if evident_colours(eight) == "RGB" else "", is_flat(eight))
        return Evidence(evident_colours(eight), is_flat(eight))

    def under(self, found: str) -> Samples:
        """Return the samples as what the clip's components are."""
        if not self.is_in_doubt or not found:
            return self.samples
        if self.undone is None:
            return replace(self.samples, photometric=found)
        return Samples(jpeg.stored_components(*self.undone), found) if found == "RGB" else self.samples


# eq=False: holds an array.
@dataclass(frozen=True, eq=False, slots=True)
class DicomFrames:
    """The frames of one DICOM file; safe to use from several threads, since nothing changes that is not the same again.

    Attributes:
        spans: For each frame, where its bytes lie.
        table: Colours of one-sample pixels; None for three samples.
        components: Of all frames, and of copies of this source that `dataclasses.replace` makes.
    """

    content: Content
    layout: PixelLayout
    spans: tuple[tuple[Span, ...], ...]
    table: Table | None
    components: Components = field(default_factory=Components)
    decodes_at_once: ClassVar[bool] = True

    def __len__(self) -> int:
        return len(self.spans)

    def pixels(self, index: int) -> Pixels:
        """Decode one frame: uint8, (H, W, 3), RGB.

        Raises:
            UnreadableFile: The file has gone or changed, or this frame is damaged.
            IndexError: No such frame.
        """
        with reading(self.content.path):
            return np.ascontiguousarray(self._coloured(self._samples(index)))

    def stored(self, index: int) -> tuple[NDArray[Any], str]:
        """Return one frame as it is stored, (H, W) or (H, W, 3), and the photometric interpretation of these samples.

        What a codec has turned into RGB, as libjpeg does, is said to be RGB.

        Raises:
            UnreadableFile: As `pixels`.
        """
        with reading(self.content.path):
            samples = self._samples(index)
            return samples.values, samples.photometric

    def words(self, index: int) -> NDArray[Any]:
        """Return all allocated bits of a one-sample frame that is native or run-length coded: (H, W), unsigned.

        Raises:
            UnreadableFile: As `pixels`.
        """
        with reading(self.content.path):
            return pydicom_decoding.words(self.stream(index), self.layout)

    def stream(self, index: int) -> bytes:
        """Return the bytes of one frame as they lie in the file, but for words of two samples, which are put in order.

        Raises:
            UnreadableFile: The file has gone or changed, or ends before.
        """
        data = joined(self.content, self.spans[index])
        if not self.layout.is_swapped:
            return data
        size = self.layout.frame_bytes
        first = index * size % 2
        return np.frombuffer(data, np.uint16).byteswap().tobytes()[first : first + size]

    def evident(self) -> str:
        """Return what the clip's components are where label or marks may lie; empty where these stand.

        Raises:
            UnreadableFile: The file has gone or changed.
        """
        return self._evident({})

    def _evident(self, known: dict[int, _Told]) -> str:
        """Decide it where that was not done; ``known`` are frames that need not be decoded again for it."""
        found = self.components.found
        if found is None:
            found = of_clip(len(self), lambda index: self._evidence(index, known.get(index)))
            self.components.found = found
        return found

    def _evidence(self, index: int, known: _Told | None) -> Evidence:
        """Return what one frame proves: a damaged one nothing."""
        try:
            with reading(self.content.path):
                return (known or self._told(index)).evidence()
        except UnreadableFile as error:
            if error.code not in _OF_THE_FRAME:
                raise
            return Evidence()

    def _coloured(self, samples: Samples) -> Pixels:
        if samples.values.ndim == 2 and self.table is not None:
            return through_table(samples.values, self.table)
        eight = to_eight_bits(samples.values, samples.bits)
        if eight.ndim == 2:
            return np.repeat(eight[..., None], 3, axis=2)  # the header promises colours, the stream holds none
        if samples.photometric.startswith("YBR_PARTIAL"):
            return ycc_to_rgb(partial_to_full(eight))
        return ycc_to_rgb(eight) if samples.photometric.startswith("YBR") else eight

    def _samples(self, index: int) -> Samples:
        """Return the samples of a frame with their true photometric interpretation."""
        told = self._told(index)
        return told.under(self._evident({index: told})) if told.is_in_doubt else told.samples

    def _told(self, index: int) -> _Told:
        data = self.stream(index)
        if self.layout.codec.family is Family.JPEG:
            return self._from_jpeg(data)
        samples = pydicom_decoding.decode(data, self.layout)
        is_partial = samples.photometric.startswith("YBR_PARTIAL")
        return _Told(samples, is_in_doubt=samples.values.ndim == 3 and not is_partial)

    def _from_jpeg(self, data: bytes) -> _Told:
        header, declared = jpeg.parse(data), self.layout.photometric
        pydicom_decoding.check_size(self.layout, header.height, header.width)
        jpeg.check_scans(data, height=header.height, width=header.width)
        if not header.is_supported:
            syntax = f"JPEG process {header.process:02X}, {header.precision} bits"
            raise UnreadableFile(ErrorCode.NO_CODEC, name=self.content.path.name, syntax=syntax)
        if len(header.component_ids) == 1:
            return _Told(Samples(jpeg.decode(data, header), declared), is_in_doubt=False)
        if header.is_lossless or (declared == "RGB" and not header.has_signs):
            # No mark says what the colours are, so the DICOM header does.
            samples = Samples(jpeg.stored_components(data, header), declared)
            return _Told(samples, is_in_doubt=not declared.startswith("YBR_PARTIAL"))
        pixels = Samples(jpeg.decode(data, header), "RGB")
        undone = None if header.is_rgb else (data, header)
        return _Told(pixels, is_in_doubt=not header.is_subsampled, undone=undone)
