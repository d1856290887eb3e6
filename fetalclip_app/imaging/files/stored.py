"""A member of a ZIP that lies in it as it is."""

from __future__ import annotations

from typing import BinaryIO

from fetalclip_app.imaging.files.seeking import SeekableStream


class StoredStream(SeekableStream):
    """The part of an archive that is a stored member; holds the archive open until it is closed."""

    def __init__(self, archive: BinaryIO, start: int, size: int) -> None:
        """Read ``size`` bytes from ``start``; ``archive`` is closed with this."""
        super().__init__(size)
        self._file, self._start = archive, start
        self.name = ""  # asked for by pydicom

    def _next(self, wanted: int) -> bytes:
        self._file.seek(self._start + self._position)
        return self._file.read(wanted)

    def close(self) -> None:
        """Close the archive."""
        self._file.close()
        super().close()
