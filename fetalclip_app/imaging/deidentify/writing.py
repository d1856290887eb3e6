"""A de-identified data set and its pixels -> a DICOM file, whole or not at all."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, cast

from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filewriter import dcmwrite

from fetalclip_app.atomic import write_whole
from fetalclip_app.errors import ErrorCode, ExportFailed, NotDeidentified
from fetalclip_app.imaging.dicom.header import pixel_element, read_header
from fetalclip_app.imaging.files.content import FileContent

LARGEST = (1 << 32) - 2
"""Bytes that a length of 32 bits can state (PS3.5 7.1.1)."""


@contextmanager
def spooled(frames: Iterable[bytes]) -> Iterator[BinaryIO]:
    """Keep uncompressed frames on the disk, not in memory; the file has no name and goes with its handle."""
    with TemporaryFile() as spool:
        for frame in frames:
            spool.write(frame)
        if spool.tell() % 2:
            spool.write(b"\0")
        spool.seek(0)
        yield cast(BinaryIO, spool)


def check_plain_size(name: str, size: int) -> None:
    """Refuse a file whose uncompressed pixels no element can hold.

    Raises:
        NotDeidentified: FILE_TOO_LARGE.
    """
    if size > LARGEST:
        raise NotDeidentified(ErrorCode.FILE_TOO_LARGE, name=name, limit="4 GiB uncompressed")


def write_plain(path: Path, dataset: Dataset, pixels: BinaryIO) -> None:
    """Write uncompressed pixels, explicit little endian.

    Raises:
        NotDeidentified: IDENTITY_LEFT for a header that cannot be written.
        ExportFailed: The folder is closed or full.
    """
    dataset.add_new(0x7FE00010, "OW" if dataset.BitsAllocated > 8 else "OB", pixels)
    _write(path, dataset, uid.ExplicitVRLittleEndian)


def write_streams(path: Path, dataset: Dataset, streams: list[bytes], syntax: str) -> None:
    """Write codestreams, one for each frame, with an offset table where 32 bits can hold it.

    Raises:
        NotDeidentified, ExportFailed: As `write_plain`.
    """
    fits = sum(len(stream) + 9 for stream in streams) < LARGEST
    dataset.add_new(0x7FE00010, "OB", encapsulate(streams, has_bot=fits))
    dataset["PixelData"].is_undefined_length = True
    _write(path, dataset, syntax)


def bytes_before_pixels(path: Path) -> bytes:
    """Return a written file up to its pixels, to be searched; what follows the pixels is nothing.

    Raises:
        UnreadableFile: There is no pixel element.
    """
    header = read_header(FileContent.of(path))
    pixel_element(header)
    return header.content.read(0, header.pixel_offset)


def _write(path: Path, dataset: Dataset, syntax: str) -> None:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = uid.UID(syntax)
    dataset.file_meta = meta
    dataset.preamble = b"\0" * 128
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        write_whole(path, lambda temporary: dcmwrite(temporary, dataset, enforce_file_format=True))
    except ExportFailed as error:
        cause = error.__cause__
        if isinstance(cause, OSError) and cause.errno is not None:
            raise
        raise _unwritable(path) from error  # pydicom's own OSError: no system had a part in it
    except (ValueError, TypeError, LookupError, AttributeError, NotImplementedError, struct.error) as error:
        raise _unwritable(path) from error


def _unwritable(path: Path) -> NotDeidentified:
    """Return the error for a value of a damaged header that pydicom could read and cannot write."""
    return NotDeidentified(ErrorCode.IDENTITY_LEFT, name=path.name, reason="its header cannot be written")
