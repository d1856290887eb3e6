"""PNG, JPEG, TIFF, BMP -> Clip. No millimetres: dots per inch describe paper, not the body.

Turned as EXIF says; alpha is laid on black, the ground of every scan; 16 bits show their full range. A TIFF's pages
are frames where they have the size of the first one: smaller pages are thumbnails of it. No picture file states a
frame rate, so several pages play at an assumed one.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

from fetalclip_app.domain.clip import Clip, Origin, Pixels
from fetalclip_app.domain.timing import ASSUMED_RATE_HZ, FrameRate, RateSource
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.dicom.jpeg import check_scans
from fetalclip_app.imaging.files.content import KeyedContent
from fetalclip_app.imaging.files.sniff import Kind
from fetalclip_app.imaging.guard import check_size, reading

_ORIENTATION = 0x0112
_PHOTOMETRIC, _BITS = 262, 258
"""PhotometricInterpretation and BitsPerSample of TIFF 6.0, section 8."""


_PLUGINS: dict[Kind, type[ImageFile]] = {
    Kind.PNG: PngImageFile,
    Kind.JPEG: JpegImageFile,
    Kind.TIFF: TiffImageFile,
    Kind.BMP: BmpImageFile,
}
"""The plugins and not `Image.open`: no guessing among forty formats, and the limit on size is guard.check_size."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF 2.32, 4.6.4 A: stored orientation -> what sets it upright."""

_SIDEWAYS = (5, 6, 7, 8)
_SIXTEEN_BITS = ("I;16", "I;16L", "I;16B", "I;16N")


@dataclass(frozen=True, slots=True)
class PictureFrames:
    """The pages of a picture file, each decoded when it is asked for; nothing in it changes."""

    content: KeyedContent
    kind: Kind
    pages: tuple[int, ...]
    orientation: int

    def __len__(self) -> int:
        return len(self.pages)

    def pixels(self, index: int) -> Pixels:
        """Decode one page: uint8, (H, W, 3), RGB.

        Raises:
            UnreadableFile: The file has gone or changed, or this page is damaged.
            IndexError: No such page.
        """
        return self._decoded(index, None)

    def small_pixels(self, index: int, height: int, width: int) -> Pixels:
        """Decode one page no smaller than asked, and a JPEG about as small as that.

        Raises:
            UnreadableFile, IndexError: As `pixels`.
        """
        return self._decoded(index, (width, height))

    def _decoded(self, index: int, least: tuple[int, int] | None) -> Pixels:
        page = self.pages[index]
        path = self.content.path
        with reading(path), self._opened() as stream, _PLUGINS[self.kind](stream) as image:
            image.seek(page)
            # Again: the file is parsed anew, and a damaged page could state another size.
            check_size(path, height=image.height, width=image.width)
            if isinstance(stream, io.BytesIO):
                check_scans(stream.getvalue(), height=image.height, width=image.width)
            if least is not None:
                image.draft(None, least)  # only JPEG knows how
            picture = _as_rgb(image, path.name)
            turn = _TURNS.get(self.orientation)
            return np.asarray(picture if turn is None else picture.transpose(turn))

    def _opened(self) -> BinaryIO:
        """Return the file; a JPEG as a whole, whose scans are counted before they are decoded."""
        if self.kind is Kind.JPEG:
            return io.BytesIO(self.content.read(0, self.content.size))
        return self.content.open()


def read_picture(content: KeyedContent, kind: Kind) -> Clip:
    """Return the clip of a picture file; only its header is read.

    Raises:
        UnreadableFile: FILE_TOO_LARGE, FILE_DAMAGED.
        Exception: Pillow's own, on damaged input; `readers.read_clip` makes them FILE_DAMAGED.
    """
    with content.open() as stream, _PLUGINS[kind](stream) as image:
        width, height = image.size
        check_size(content.path, height=height, width=width)
        orientation = _orientation(image)
        pages = _pages(image)
        origin = Origin(transfer_syntax=kind.value.upper(), is_lossy=_is_lossy(image, kind))
    if orientation in _SIDEWAYS:
        width, height = height, width
    check_size(content.path, height=height, width=width, frames=len(pages))
    return Clip(
        path=content.path,
        content_key=content.key(),
        source=PictureFrames(content, kind, pages, orientation),
        height=height,
        width=width,
        rate=FrameRate(ASSUMED_RATE_HZ, RateSource.ASSUMED) if len(pages) > 1 else None,
        origin=origin,
    )


def _pages(image: ImageFile) -> tuple[int, ...]:
    """Return the numbers of the pages that have the first page's size."""
    if not isinstance(image, TiffImageFile):
        return (0,)
    size = image.size
    found = []
    for page in range(image.n_frames):
        image.seek(page)
        if image.size == size:
            found.append(page)
    return tuple(found)


def _orientation(image: ImageFile) -> int:
    """Return the EXIF orientation; 1, upright, where the block is absent or unreadable."""
    try:
        value: Any = image.getexif().get(_ORIENTATION, 1)
    except (SyntaxError, ValueError, TypeError, LookupError, OSError):
        return 1
    return value if isinstance(value, int) and value in _TURNS else 1


def _is_lossy(image: ImageFile, kind: Kind) -> bool:
    return kind is Kind.JPEG or (kind is Kind.TIFF and str(image.info.get("compression", "")).endswith("jpeg"))


def _as_rgb(image: Image.Image, name: str) -> Image.Image:
    """Decode, and lay alpha on black.

    Raises:
        UnreadableFile: NO_CODEC for samples that have no white, such as floating point.
    """
    if image.mode in ("F", "I"):
        raise UnreadableFile(ErrorCode.NO_CODEC, name=name, syntax="32 bits per sample")
    if image.mode in _SIXTEEN_BITS:
        values = np.asarray(image).astype(np.uint32)
        if isinstance(image, TiffImageFile) and image.tag_v2.get(_PHOTOMETRIC) == 0:
            # 0 is white: Pillow turns pictures of up to eight bits round, and no others.
            np.subtract((1 << int(image.tag_v2.get(_BITS, (16,))[0])) - 1, values, out=values)
        values *= 255  # in place: a large picture is held once at four bytes, not four times
        values += 32767
        values //= 65535
        return Image.fromarray(values.astype(np.uint8)).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        alpha = image if image.mode == "RGBA" else image.convert("RGBA")
        ground = Image.new("RGB", alpha.size)
        ground.paste(alpha, mask=alpha)
        return ground
    image.load()
    return image if image.mode == "RGB" else image.convert("RGB")
