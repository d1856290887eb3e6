"""The archive on the command line: find, check, show the trail, export, import, delete."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fetalclip_app import settings
from fetalclip_app.archive import checking, exporting, finding, handed_out, importing
from fetalclip_app.archive.store import Archive
from fetalclip_app.cli.speak import say, tell
from fetalclip_app.domain.kept import FoundStudy, Query
from fetalclip_app.domain.notes import Act
from fetalclip_app.errors import ArchiveFailed, ErrorCode, ExportFailed
from fetalclip_app.wording.kept import (
    checked_told,
    count_told,
    entry_told,
    exported_told,
    imported_told,
    kept_told,
    taken_told,
    views_told,
    whose_study,
)
from fetalclip_app.wording.translate import translate


def archive(given: argparse.Namespace) -> int:
    """Do what was asked for, and return the exit status.

    Raises:
        ArchiveFailed, ExportFailed, UnreadableFile: It could not be done; nothing is half done.
    """
    deeds: dict[str, Callable[[Path, argparse.Namespace], int]] = {
        "find": _find,
        "check": _check,
        "trail": _trail,
        "export": _export,
        "import": _import,
        "delete": _delete,
    }
    return deeds[given.deed](given.archive or settings.archive_file(), given)


def _find(path: Path, given: argparse.Namespace) -> int:
    query = Query(" ".join(given.text), given.name, given.since, given.until, given.view)
    found = finding.find(path, query)
    if given.json:
        tell(json.dumps([_as_json(study) for study in found], ensure_ascii=False, indent=1))
        return 0
    for study in found:
        about = (study.day or study.last_done[:10], whose_study(study), views_told(study.views), kept_told(study))
        tell(" · ".join(text for text in about if text))
        tell(f"  {study.key}")
        _there, gone = finding.those_there(study.places)
        for place in study.places:
            tell(f"  {place}" + (f" ({translate('not there any more')})" if place in gone else ""))
    say(count_told(len(found)))
    return 0


def _as_json(study: FoundStudy) -> dict[str, Any]:
    names = study.names
    return {
        "key": study.key,
        "patient_name": None if names is None else names.patient_name,
        "patient_id": None if names is None else names.patient_id,
        "description": None if names is None else names.description,
        "day": study.day or None,
        "clips": study.clips,
        "acts": study.acts,
        "readings": study.readings,
        "views": list(study.views),
        "first_done": study.first_done,
        "last_done": study.last_done,
        "files": [str(place) for place in study.places],
    }


def _check(path: Path, given: argparse.Namespace) -> int:
    checked = checking.check(path)
    for line in checked_told(checked):
        tell(line)
    return 0 if checked.is_whole else 1


def _trail(path: Path, given: argparse.Namespace) -> int:
    kept = _existing(path)
    try:
        entries = kept.entries()
    finally:
        kept.close()
    if given.json:
        rows = [{**asdict(entry), "details": json.loads(entry.details)} for entry in entries]
        tell(json.dumps(rows, ensure_ascii=False, indent=1))
        return 0
    for entry in entries:
        details = json.loads(entry.details)
        told = ", ".join(f"{name} {value}" for name, value in details.items())
        about = (str(entry.number), entry.at, entry.who, entry_told(entry.what), told, entry.digest)
        tell(" · ".join(text for text in about if text))
    return 0


def _export(path: Path, given: argparse.Namespace) -> int:
    act = _act(given)
    exported = exporting.export(path, given.key, given.out, act, exporting.Wanted(given.names, given.pictures))
    kept, made = _existing(path), exporting.as_handed_out(exported, given.out)
    try:
        kept.do(lambda connection: handed_out.record(connection, act, made))
    finally:
        kept.close()
    tell(exported_told(exported, str(given.out)))
    return 1 if exported.missing_pictures else 0


def _import(path: Path, given: argparse.Namespace) -> int:
    file, act = importing.read(given.file), _act(given)
    with_names = settings.load().keep_names
    if given.pictures is not None and file.pictures:
        try:
            given.pictures.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            problem = error.strerror or type(error).__name__
            raise ExportFailed(ErrorCode.EXPORT_FAILED, name=given.pictures.name, problem=problem) from error
    kept = Archive(path)
    try:
        imported, pictures = importing.take_in(kept, file, act, given.pictures, with_names=with_names)
    finally:
        kept.close()
    tell(imported_told(imported, given.file.name))
    for picture in pictures:
        tell(str(picture))
    return 0


def _delete(path: Path, given: argparse.Namespace) -> int:
    kept = _existing(path)
    try:
        taken, is_overwritten = kept.delete_study(given.key, _act(given))
    finally:
        kept.close()
    tell(taken_told(taken, is_overwritten=is_overwritten))
    return 0


def _existing(path: Path) -> Archive:
    if not path.exists():
        raise ArchiveFailed(ErrorCode.ARCHIVE_MISSING, name=str(path))
    return Archive(path)


def _act(given: argparse.Namespace) -> Act:
    return Act(given.by or settings.load().operator, datetime.now(UTC).astimezone())
