"""DICOM frames on demand: find the frame's bytes, decode them, colour them.

Two roads. JPEG, lossy and lossless, goes straight from its bytes to libjpeg-turbo, coloured by its own markers.
Everything else goes through pydicom's decoders, each with its plugin named.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain.clip import Pixels
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.dicom import jpeg, pydicom_decoding
from fetalclip_app.imaging.dicom.colour import Table, partial_to_full, through_table, to_eight_bits, ycc_to_rgb
from fetalclip_app.imaging.dicom.colour_evidence import evident_colours, is_mostly_green
from fetalclip_app.imaging.dicom.encapsulated import Span, joined
from fetalclip_app.imaging.dicom.pydicom_decoding import PixelLayout, Samples
from fetalclip_app.imaging.dicom.transfer_syntaxes import Family
from fetalclip_app.imaging.files.content import Content
from fetalclip_app.imaging.guard import reading


# eq=False: holds an array.
@dataclass(frozen=True, eq=False, slots=True)
class DicomFrames:
    """The frames of one DICOM file; safe to use from several threads, since nothing in it changes.

    Attributes:
        spans: For each frame, where its bytes lie.
        table: Colours of one-sample pixels; None for three samples.
    """

    content: Content
    layout: PixelLayout
    spans: tuple[tuple[Span, ...], ...]
    table: Table | None

    def __len__(self) -> int:
        return len(self.spans)

    def pixels(self, index: int) -> Pixels:
        """Decode one frame: uint8, (H, W, 3), RGB.

        Raises:
            UnreadableFile: The file has gone or changed, or this frame is damaged.
            IndexError: No such frame.
        """
        with reading(self.content.path):
            return np.ascontiguousarray(self._decoded(self.stream(index)))

    def stored(self, index: int) -> tuple[NDArray[Any], str]:
        """Return one frame as it is stored, (H, W) or (H, W, 3), and the photometric interpretation of these samples.

        What a codec has turned into RGB, as libjpeg does, is said to be RGB.

        Raises:
            UnreadableFile: As `pixels`.
        """
        with reading(self.content.path):
            samples = self._samples(self.stream(index))
            return samples.values, samples.photometric

    def words(self, index: int) -> NDArray[Any]:
        """Return all allocated bits of a one-sample frame that is native or run-length coded: (H, W), unsigned.

        Raises:
            UnreadableFile: As `pixels`.
        """
        with reading(self.content.path):
            return pydicom_decoding.words(self.stream(index), self.layout)

    def stream(self, index: int) -> bytes:
        """Return the bytes of one frame as they lie in the file.

        Raises:
            UnreadableFile: The file has gone or changed, or ends before.
        """
        return joined(self.content, self.spans[index])

    def _decoded(self, data: bytes) -> Pixels:
        samples = self._samples(data)
        if samples.values.ndim == 2:
            if self.table is not None:
                return through_table(samples.values, self.table)
            # The header promises colours, the stream holds none.
            return np.repeat(to_eight_bits(samples.values, samples.bits)[..., None], 3, axis=2)
        eight = to_eight_bits(samples.values, samples.bits)
        if samples.photometric.startswith("YBR_PARTIAL"):
            return ycc_to_rgb(partial_to_full(eight))
        return ycc_to_rgb(eight) if samples.photometric.startswith("YBR") else eight

    def _samples(self, data: bytes) -> Samples:
        """Return the samples of a frame with their true photometric interpretation."""
        if self.layout.codec.family is Family.JPEG:
            return self._from_jpeg(data)
        samples = pydicom_decoding.decode(data, self.layout)
        return samples if samples.values.ndim == 2 else _rightly_labelled(samples)

    def _from_jpeg(self, data: bytes) -> Samples:
        header, declared = jpeg.parse(data), self.layout.photometric
        pydicom_decoding.check_size(self.layout, header.height, header.width)
        jpeg.check_scans(data, height=header.height, width=header.width)
        if not header.is_supported:
            syntax = f"JPEG process {header.process:02X}, {header.precision} bits"
            raise UnreadableFile(ErrorCode.NO_CODEC, name=self.content.path.name, syntax=syntax)
        if len(header.component_ids) == 1:
            return Samples(jpeg.decode(data, header), declared)
        if header.is_lossless or (declared == "RGB" and not header.has_signs):
            # No mark says what the colours are, so the DICOM header does.
            return _rightly_labelled(Samples(jpeg.stored_components(data, header), declared))
        pixels = Samples(jpeg.decode(data, header), "RGB")
        if header.is_subsampled:
            return pixels
        if header.is_rgb:
            return _rightly_labelled(pixels)
        if is_mostly_green(pixels.values):
            return _rightly_labelled(Samples(jpeg.stored_components(data, header), "YBR_FULL"))
        return pixels


def _rightly_labelled(samples: Samples) -> Samples:
    """Return three-component samples under the label that they have, unless they evidently are something else."""
    if samples.photometric.startswith("YBR_PARTIAL"):
        return samples
    found = evident_colours(to_eight_bits(samples.values, samples.bits))
    return replace(samples, photometric=found) if found else samples
