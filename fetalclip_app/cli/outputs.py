"""What a run writes besides JSON and report: a table of the numbers, annotated pictures, annotated cines."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from fetalclip_app import wording
from fetalclip_app.cli.speak import say
from fetalclip_app.errors import ErrorCode, ExportFailed, FetalClipError
from fetalclip_app.progress import CancelToken, silent
from fetalclip_app.report.entries import ClipEntry
from fetalclip_app.wording.translate import plural, translate

_MOST_LETTERS = 80


def wants_clips(given: argparse.Namespace) -> bool:
    """Whether anything here is asked for: then what was read is kept until the end of the run."""
    return any(path is not None for path in (given.csv, given.dicom, given.pictures, given.movies))


def write_outputs(given: argparse.Namespace, clips: Sequence[ClipEntry]) -> bool:
    """Write what is asked for; return whether all of it could be. A frame that cannot be decoded costs its file alone.

    Raises:
        ExportFailed: A file or a folder could not be written.
    """
    if given.csv is not None:
        from fetalclip_app.report.as_csv import write_csv  # noqa: PLC0415 - only where it is asked for

        write_csv(given.csv, clips)
        say(translate("Table: {path}", path=given.csv))
    wholes = [_each(given.pictures, clips, _pictures), _each(given.movies, clips, _movie)]
    return all(wholes)


def _each(folder: Path | None, clips: Sequence[ClipEntry], write: Callable[[Path, str, ClipEntry], int]) -> bool:
    if folder is None:
        return True
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = error.strerror or type(error).__name__
        raise ExportFailed(ErrorCode.EXPORT_FAILED, name=str(folder), problem=problem) from error
    count, is_whole = 0, True
    for number, entry in enumerate(clips, start=1):
        try:
            count += write(folder, f"{number:0{len(str(len(clips)))}d}_{_stem(entry)}", entry)
        except ExportFailed:
            raise
        except FetalClipError as error:
            say(f"{entry.name}: {wording.sentence(error)} {wording.hint(error)}")
            is_whole = False
    say(plural("{count} file in {folder}", "{count} files in {folder}", count, folder=folder))
    return is_whole


def _pictures(folder: Path, stem: str, entry: ClipEntry) -> int:
    from fetalclip_app.report.annotated import write_key_pictures  # noqa: PLC0415 - only where it is asked for

    return len(write_key_pictures(folder, stem, entry))


def _movie(folder: Path, stem: str, entry: ClipEntry) -> int:
    """Write a cine; a single picture is none."""
    from fetalclip_app.report.movie import write_movie  # noqa: PLC0415 - only where it is asked for

    if len(entry.clip) < 2:
        return 0
    write_movie(folder / f"{stem}.mp4", entry, CancelToken(), silent)
    return 1


def _stem(entry: ClipEntry) -> str:
    """Return a clip's name as every file system takes it."""
    return re.sub(r"[^\w.-]+", "_", Path(entry.clip.path.name).stem)[:_MOST_LETTERS] or "clip"
