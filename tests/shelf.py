"""A place for notes between two windows of a test."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from fetalclip_app.domain.notes import Act, ClipNotes, StudyNotes


class ShelfInMemory:
    """Keeps notes as the archive does, and can be slow or broken."""

    def __init__(self) -> None:
        self.studies: dict[str, StudyNotes] = {}
        self.clips: dict[str, ClipNotes] = {}
        self.study_of: dict[str, str] = {}
        self.acts: list[Act] = []
        self.pause_s = 0.0
        self.error: Exception | None = None
        self.threads: set[int] = set()

    def load_study(self, key: str) -> StudyNotes | None:
        return self.studies.get(key)

    def history_of(self, key: str) -> Callable[[], tuple[()]]:
        return tuple

    def study_history_of(self, key: str) -> Callable[[], tuple[()]]:
        return tuple

    def load_clip(self, key: str) -> ClipNotes | None:
        if self.error is not None:
            raise self.error
        self.threads.add(threading.get_ident())
        return self.clips.get(key)

    def save_study(self, key: str, notes: StudyNotes, act: Act) -> None:
        self.studies[key] = notes

    def save_clip(self, key: str, notes: ClipNotes, act: Act, *, study: str) -> None:
        time.sleep(self.pause_s)
        self.clips[key], self.study_of[key] = notes, study
        self.acts.append(act)
