"""Any file or folder -> clips; the reader is chosen by content."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from fetalclip_app.domain.clip import Clip
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.content import FileContent
from fetalclip_app.imaging.dicom import read_dicom
from fetalclip_app.imaging.guard import reading
from fetalclip_app.imaging.pictures import read_picture
from fetalclip_app.imaging.sniff import Kind, kind_of
from fetalclip_app.imaging.video import read_video

_NEVER_MEDIA = frozenset(
    {
        *(".txt", ".csv", ".tsv", ".json", ".jsonl", ".xml", ".html", ".htm", ".md", ".rst", ".pdf", ".rtf", ".odt"),
        *(".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".yaml", ".yml", ".toml", ".ini", ".inf", ".cfg", ".log"),
        *(".zip", ".gz", ".bz2", ".xz", ".7z", ".rar", ".tar", ".exe", ".dll", ".so", ".msi", ".lnk", ".url", ".db"),
        *(".bat", ".cmd", ".sh", ".ps1", ".py", ".js", ".css", ".sqlite", ".pt", ".pth", ".safetensors", ".onnx"),
        *(".npy", ".npz", ".wav", ".mp3", ".ico", ".svg"),
    }
)
"""Endings of files that a folder holds beside scans. The only place where a name counts."""

_NEVER_NAMES = frozenset({"dicomdir", "thumbs.db", "desktop.ini", "autorun.inf"})


def read_clip(path: Path) -> Clip:
    """Return the clip in ``path``: its header is read now, its frames when they are asked for.

    Raises:
        UnreadableFile: Always this and nothing else, with the code that fits; `Clip.frame` likewise.
    """
    with reading(path):
        content = FileContent.of(path)
        kind = kind_of(content)
        if kind is Kind.DICOM:
            return read_dicom(content)
        if kind is Kind.VIDEO:
            return read_video(content)
        return read_picture(content, kind)


def list_files(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Return the files among ``paths`` and inside the folders among them, each once.

    They come in the order of ``paths``, those of a folder in natural order. Hidden files, DICOMDIR and what is
    obviously no picture are left out of folders; a file that is named itself is always kept, for the reader to judge.
    Links to folders are not followed.

    Raises:
        UnreadableFile: FILE_MISSING for a path that is not there, FOLDER_EMPTY where nothing is left.
    """
    found: dict[Path, None] = {}
    for path in paths:
        with reading(path):
            if path.is_dir():
                found.update(dict.fromkeys(sorted(_candidates(path), key=natural_key)))
            elif path.exists():
                found[path] = None
            else:
                raise UnreadableFile(ErrorCode.FILE_MISSING, name=path.name)
    if not found:
        raise UnreadableFile(ErrorCode.FOLDER_EMPTY, name=paths[0].name if paths else "")
    return tuple(found)


def natural_key(path: Path) -> tuple[tuple[tuple[int, int, str], ...], ...]:
    """Return a key that sorts ``scan9`` before ``scan10``, part by part of the path."""
    return tuple(
        tuple(
            (0, int(piece), "") if piece.isascii() and piece.isdigit() else (1, 0, piece.casefold())
            for piece in re.split("([0-9]+)", part)
            if piece
        )
        for part in path.parts
    )


def _candidates(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(parent, name)
            if _may_be_media(name) and path.is_file():
                yield path


def _may_be_media(name: str) -> bool:
    lower = name.lower()
    return not lower.startswith(".") and lower not in _NEVER_NAMES and Path(lower).suffix not in _NEVER_MEDIA
