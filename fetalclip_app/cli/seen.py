"""Which of the files read are copies of one another, and which only share an identifier."""

from __future__ import annotations

from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.listing import Notice, NoticeKind
from fetalclip_app.domain.study import identifier_of


class Seen:
    """Remembers clips by their identifiers and by what they hold, and not the clips."""

    def __init__(self) -> None:
        self._files: dict[str, dict[str, str]] = {}
        self._copies: list[str] = []

    def add(self, clip: Clip, file: str) -> None:
        """Take a clip that was read, and the name that its file was given by.

        Raises:
            UnreadableFile: The file has gone or changed.
        """
        alike = self._files.setdefault(identifier_of(clip), {})
        if clip.key in alike:
            self._copies.append(file)
        else:
            alike[clip.key] = file

    def notices(self) -> tuple[Notice, ...]:
        """Return what is to be said of them."""
        sharing = tuple(file for alike in self._files.values() if len(alike) > 1 for file in alike.values())
        told = ((NoticeKind.SAME_CLIP, tuple(self._copies)), (NoticeKind.SHARED_IDENTIFIER, sharing))
        return tuple(Notice(kind, "", files) for kind, files in told if files)
