"""A program that notes one act after the other until it is killed."""

from __future__ import annotations

from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

from fetalclip_app.archive.store import Archive
from fetalclip_app.domain.notes import Act, ClipNotes

CLIP, STUDY = "0123456789abcdef", "study 1.2.3"


def write_on_and_on(path: Path, told: Connection) -> None:
    """Note frame after frame, and tell each once it is kept."""
    archive = Archive(path)
    kept = archive.load_clip(CLIP)
    frame = kept.best["brain"] if kept is not None else -1
    while True:
        frame += 1
        archive.save_clip(CLIP, ClipNotes(best={"brain": frame}), Act("A.", datetime.now(UTC)), study=STUDY)
        told.send(frame)
