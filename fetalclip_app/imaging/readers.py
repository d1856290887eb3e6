"""Any file -> clips; the reader is chosen by content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from fetalclip_app.domain.clip import Clip
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.dicom.reader import read_dicom
from fetalclip_app.imaging.files.archives import MemberContent, is_archive, shown_name
from fetalclip_app.imaging.files.content import FileContent
from fetalclip_app.imaging.files.finding import content_at, find
from fetalclip_app.imaging.files.sniff import Kind, kind_of
from fetalclip_app.imaging.guard import reading
from fetalclip_app.imaging.pictures import read_picture
from fetalclip_app.imaging.video.reader import read_video

__all__ = ["find", "list_files", "read_clip"]


def read_clip(path: Path) -> Clip:
    """Return the clip in ``path``: its header is read now, its frames when they are asked for.

    A file in a ZIP is named ``study.zip/IMG0007``.

    Raises:
        UnreadableFile: Always this and nothing else, with the code that fits; `Clip.frame` likewise.
    """
    with reading(path):
        content = content_at(path)
        if isinstance(content, MemberContent):
            return _read_member(content)
        return _read(content, kind_of(content))


def list_files(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Return the files among ``paths`` and inside their folders and archives, each once, as `find` orders them.

    Raises:
        UnreadableFile: As `find`.
    """
    return find(paths).files


def _read(content: FileContent | MemberContent, kind: Kind) -> Clip:
    if kind is Kind.DICOM:
        return read_dicom(content)
    if kind is Kind.VIDEO:
        return read_video(content)
    return read_picture(content, kind)


def _read_member(content: MemberContent) -> Clip:
    """Read a file in an archive; what goes wrong is said with the archive's name."""
    name = shown_name(content.path, content.archive.path)
    try:
        with reading(content.path):
            if is_archive(content.read(0, min(content.size, 4))):
                raise UnreadableFile(ErrorCode.ARCHIVE_INSIDE, name=name)
            kind = kind_of(content)  # strangers are told apart before all of them is read
            return replace(_read(content.checked(), kind), archive=content.archive.path)
    except UnreadableFile as error:
        raise UnreadableFile(error.code, **{**error.parameters, "name": name}) from error
