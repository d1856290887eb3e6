"""Paths that somebody pointed at -> the files to open, with what must be said of the rest.

Folders and archives are one thing here: files below a root, some of which a DICOMDIR may name and order. Each file is
found once, without being opened; only what lies beside a DICOMDIR and is not in it is looked into, since a medium also
holds its viewer's program.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fetalclip_app.domain.listing import Listing, Notice, NoticeKind
from fetalclip_app.domain.study import natural_key
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.files.archives import MemberContent, is_archive, is_encrypted, members_of, open_member
from fetalclip_app.imaging.files.content import FileContent
from fetalclip_app.imaging.files.dicomdir import STORAGE_CLASS, Neighbours, is_index_name, read_index
from fetalclip_app.imaging.files.sniff import kind_of
from fetalclip_app.imaging.guard import reading
from fetalclip_app.progress import CancelToken

_NEVER_MEDIA = frozenset(
    {
        *(".txt", ".csv", ".tsv", ".json", ".jsonl", ".xml", ".html", ".htm", ".md", ".rst", ".pdf", ".rtf", ".odt"),
        *(".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".yaml", ".yml", ".toml", ".ini", ".inf", ".cfg", ".log"),
        *(".gz", ".bz2", ".xz", ".7z", ".rar", ".tar", ".exe", ".dll", ".so", ".msi", ".lnk", ".url", ".db", ".jar"),
        *(".bat", ".cmd", ".sh", ".ps1", ".py", ".js", ".css", ".sqlite", ".pt", ".pth", ".safetensors", ".onnx"),
        *(".npy", ".npz", ".wav", ".mp3", ".ico", ".svg"),
    }
)
"""Endings of files that a folder holds beside scans. The only place where a name counts."""

_NEVER_NAMES = frozenset({"thumbs.db", "desktop.ini", "autorun.inf"})
_NEVER_FOLDERS = frozenset({"__macosx"})
_HEAD = 1024


def find(paths: Sequence[Path], cancel: CancelToken | None = None) -> Listing:
    """Return the files among ``paths``, in their folders and in their archives.

    They come in the order of ``paths``: those of a folder or archive as its DICOMDIR has them, then the others in
    natural order. Hidden files and what is obviously no picture are left out of folders; a file that is named itself
    is always kept, for the reader to judge. Links to folders are not followed. ZIP files in a folder stay closed, and
    inside an archive the reader refuses them.

    Raises:
        UnreadableFile: FILE_MISSING for a path that is not there, FOLDER_EMPTY where nothing is left, and what an
            archive is refused for.
        Cancelled: ``cancel`` was raised.
    """
    token = cancel or CancelToken()
    found: dict[Path, None] = {}
    notices: list[Notice] = []
    for path in paths:
        token.check()
        with reading(path):
            listing = _below(path, token)
        found.update(dict.fromkeys(listing.files))
        notices += listing.notices
    if not found:
        raise UnreadableFile(ErrorCode.FOLDER_EMPTY, name=paths[0].name if paths else "")
    return Listing(tuple(found), tuple(dict.fromkeys(notices)))


def content_at(path: Path) -> FileContent | MemberContent:
    """Return the content of a file, or of a member of an archive, unchecked.

    Raises:
        UnreadableFile: As `FileContent.of` and `open_member`.
    """
    try:
        return FileContent.of(path)
    except UnreadableFile as error:
        member = open_member(path) if error.code is ErrorCode.FILE_MISSING else None
        if member is None:
            raise
        return member


def _below(path: Path, cancel: CancelToken) -> Listing:
    if path.is_dir():
        walk = _Walk()
        files = sorted(walk.files(path, cancel), key=natural_key)
        listing = _arranged(path, [file for file in files if not _is_archive_name(file)])
        closed = tuple(file.name for file in files if _is_archive_name(file))
        told = [Notice(NoticeKind.ARCHIVES_CLOSED, path.name, closed)] if closed else []
        if walk.closed:
            told.append(Notice(NoticeKind.FOLDERS_CLOSED, path.name, tuple(walk.closed)))
        return Listing(listing.files, (*listing.notices, *told))
    if not path.exists():
        content_at(path)  # a member that is named itself; else it raises
        return Listing((path,))
    if path.is_file() and path.stat().st_size:
        content = FileContent.of(path)
        head = content.read(0, min(_HEAD, content.size))
        if is_archive(head):
            return _arranged(path, _members(content))
        if is_index_name(path.name) or STORAGE_CLASS in head[132:]:
            return _of_index(path, cancel)
    return Listing((path,))


def _members(archive: FileContent) -> list[Path]:
    """Return the files in an archive, but for what is hidden.

    Raises:
        UnreadableFile: FILE_ENCRYPTED where all of them are.
    """
    held = members_of(archive)
    if held and all(is_encrypted(info) for info in held.values()):
        raise UnreadableFile(ErrorCode.FILE_ENCRYPTED, name=archive.path.name)
    return sorted((file for file in held if not _is_hidden(file.relative_to(archive.path))), key=natural_key)


def _of_index(path: Path, cancel: CancelToken) -> Listing:
    """Return what a DICOMDIR names that was pointed at itself; its folder where it is damaged."""
    files = sorted(_Walk().files(path.parent, cancel), key=natural_key)
    named = _Named.of(path, files)
    if named is None:
        return _arranged(path.parent, files)
    return Listing(tuple(named.pictures), named.notices)


def _arranged(root: Path, files: Sequence[Path]) -> Listing:
    """Return the files below a root: those that indexes name, in their order, then the others."""
    named: dict[Path, None] = {}
    pictures: dict[Path, None] = {}
    notices: list[Notice] = []
    roots: list[Path] = []
    for index in [file for file in files if is_index_name(file.name)]:
        of_index = _Named.of(index, files)
        if of_index is None:
            notices.append(Notice(NoticeKind.INDEX_DAMAGED, index.name))
            continue
        named.update(dict.fromkeys([index, *of_index.all]))
        pictures.update(dict.fromkeys(of_index.pictures))
        notices += of_index.notices
        roots.append(index.parent)
    others = [file for file in files if file not in named and _may_be_media(file)]
    forgotten = {file for file in others if any(each in file.parents for each in roots)}
    scans = {file for file in forgotten if _is_scan(file)}
    if scans:
        names = tuple(str(file.relative_to(root)) for file in others if file in scans)
        notices.append(Notice(NoticeKind.INDEX_FORGOT, root.name, names))
    kept = [file for file in others if file in scans or file not in forgotten]
    return Listing((*pictures, *kept), tuple(notices))


@dataclass(slots=True)
class _Named:
    """What an index names of the files below it."""

    pictures: list[Path] = field(default_factory=list)
    all: list[Path] = field(default_factory=list)
    notices: tuple[Notice, ...] = ()

    @classmethod
    def of(cls, index: Path, files: Sequence[Path]) -> _Named | None:
        """Return it; None for an index that cannot be read or names nothing."""
        try:
            with reading(index):
                records = read_index(content_at(index))
        except UnreadableFile:
            return None
        beside = Neighbours(index.parent, [file for file in files if index.parent in file.parents])
        named, lost, out = cls(), list[str](), list[str]()
        for record in records:
            path = beside.find(record)
            if path is not None:
                named.all.append(path)
                named.pictures += [path] if record.is_picture else []
            elif record.is_picture:
                (out if record.leads_out else lost).append(record.name)
        told = ((NoticeKind.INDEX_MISSES, lost), (NoticeKind.INDEX_LEAVES, out))
        named.notices = tuple(Notice(kind, index.name, tuple(names)) for kind, names in told if names)
        return named if records else None


@dataclass(slots=True)
class _Walk:
    """Goes through a folder once; remembers the folders that may not be looked into."""

    closed: list[str] = field(default_factory=list)

    def files(self, folder: Path, cancel: CancelToken) -> Iterator[Path]:
        """Yield what lies in a folder and below, except what is hidden."""
        waiting = [folder]
        while waiting:
            here = waiting.pop()
            cancel.check()
            try:
                with os.scandir(here) as entries:
                    held = [entry for entry in entries if not _is_hidden(Path(entry.name))]
            except PermissionError:
                if here == folder:
                    raise
                self.closed.append(here.name)
                continue
            waiting += [Path(entry.path) for entry in held if entry.is_dir(follow_symlinks=False)]
            yield from (Path(entry.path) for entry in held if entry.is_file())


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") or part.casefold() in _NEVER_FOLDERS for part in path.parts)


def _is_archive_name(path: Path) -> bool:
    return path.suffix.lower() == ".zip"


def _may_be_media(path: Path) -> bool:
    lower = path.name.lower()
    return not is_index_name(lower) and lower not in _NEVER_NAMES and path.suffix.lower() not in _NEVER_MEDIA


def _is_scan(path: Path) -> bool:
    """Whether a file begins as a picture, cine or video does, or why it cannot be opened is worth saying."""
    try:
        with reading(path):
            kind_of(content_at(path))
    except UnreadableFile as error:
        return error.code is not ErrorCode.NOT_A_PICTURE
    return True
