"""The name of a file's content: true, and not taken before somebody asks for it.

Hashing three hundred megabytes takes longer than showing their first picture. So a clip carries the means to take its
key and not the key: whoever records it (a reading, a report, a table) asks, waits for the hash once, and gets the hash
of the bytes that are there, or an error where the file system tells that they are not those that were opened (another
size or time of writing, a file in its place, a write while it was read). What it cannot tell is a program that
overwrites a file in place, keeps its length and sets its time back. No key is made of names or times.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

DIGITS = 16
"""Hex digits of the SHA-256 that name a clip."""


class ContentKey:
    """16 hex digits of the SHA-256 of a content, and all of them where they are known.

    Asked by several threads at once it may be taken more than once; all of them get the same digits.
    """

    __slots__ = ("_digits", "_origin", "_size", "_take")

    def __init__(self, take: Callable[[], str], size: int, origin: Hashable) -> None:
        """Remember how the key is taken.

        Args:
            take: Reads the whole content and returns its SHA-256 in hex; blocks; raises UnreadableFile where the
                content has gone or changed.
            size: Bytes of the content.
            origin: Where the content lies: equal for the same file, as far as the file system tells untouched.
        """
        self._take, self._size, self._origin = take, size, origin
        self._digits: str | None = None

    @classmethod
    def of_digits(cls, digits: str) -> ContentKey:
        """Return a key that is known already: all of the SHA-256, or the digits that name a clip."""
        key = cls(lambda: digits, -1, digits)
        key._digits = digits
        return key

    @property
    def is_taken(self) -> bool:
        """Whether `digits` answers at once."""
        return self._digits is not None

    def digits(self) -> str:
        """Return the digits; reads the whole content when asked for the first time.

        Raises:
            UnreadableFile: The content has gone, or is not what was opened.
        """
        return self.sha256()[:DIGITS]

    def sha256(self) -> str:
        """Return the whole SHA-256 in hex; of a key that was made of fewer digits, those.

        Raises:
            UnreadableFile: As `digits`.
        """
        if self._digits is None:
            self._digits = self._take()
        return self._digits

    def is_same_as(self, other: ContentKey) -> bool:
        """Whether both name the same content; it is read only where nothing cheaper tells.

        Raises:
            UnreadableFile: As `digits`.
        """
        if self is other or self._origin == other._origin:
            return True
        sizes_tell = self._size >= 0 and other._size >= 0 and self._size != other._size
        return not sizes_tell and self.digits() == other.digits()

    def __reduce__(self) -> tuple[Callable[[str], ContentKey], tuple[str]]:
        """Cross to another process as digits: the content may not be there."""
        return ContentKey.of_digits, (self.sha256(),)
