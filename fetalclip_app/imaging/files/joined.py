"""Pieces of a file as if they lay one behind the other: a video that DICOM has cut into fragments."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import BinaryIO, cast

from fetalclip_app.domain.content_key import ContentKey
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.dicom.encapsulated import Span, joined
from fetalclip_app.imaging.files.content import Content, DetachedStream


@dataclass(frozen=True, slots=True)
class JoinedContent:
    """Spans of ``content`` in their order, read where they lie.

    Attributes:
        starts: Where each span begins in what is joined, and the end.
        file_key: Names the whole file.
    """

    content: Content
    spans: tuple[Span, ...]
    starts: tuple[int, ...]
    file_key: ContentKey

    @classmethod
    def of(cls, content: Content, spans: tuple[Span, ...], file_key: ContentKey) -> JoinedContent:
        """Join ``spans``."""
        return cls(content, spans, tuple(accumulate((span.length for span in spans), initial=0)), file_key)

    @property
    def path(self) -> Path:
        """The file that the bytes belong to."""
        return self.content.path

    @property
    def size(self) -> int:
        """Number of bytes."""
        return self.starts[-1]

    def key(self) -> ContentKey:
        """Return the key of the whole file."""
        return self.file_key

    def open(self) -> BinaryIO:
        """Return a stream at the first byte."""
        return cast(BinaryIO, DetachedStream(self))

    def read(self, offset: int, length: int) -> bytes:
        """Return exactly ``length`` bytes.

        Raises:
            UnreadableFile: FILE_TRUNCATED where the pieces end before.
        """
        if length == 0:
            return b""
        if length < 0 or offset < 0 or offset + length > self.size:
            raise UnreadableFile(ErrorCode.FILE_TRUNCATED, name=self.path.name)
        pieces, number = list[Span](), bisect_right(self.starts, offset) - 1
        while length > 0:
            span, within = self.spans[number], offset - self.starts[number]
            taken = min(length, span.length - within)
            if taken:
                pieces.append(Span(span.offset + within, taken))
            offset, length, number = offset + taken, length - taken, number + 1
        return joined(self.content, pieces)
