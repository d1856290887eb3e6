"""The table of the study that is looked at, by what is read and noted now."""

from __future__ import annotations

from datetime import date

from fetalclip_app.biometry.study_table import ClipValues, clip_values, study_table
from fetalclip_app.domain.calibration import Calibration
from fetalclip_app.domain.notes import ClipNotes, StudyNotes, study_key
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.domain.study_table import ClipRef, StudyTable
from fetalclip_app.ui.notebook import Notebook
from fetalclip_app.ui.open_clip import OpenClip
from fetalclip_app.ui.session import Session
from fetalclip_app.wording import study_title

_Basis = tuple[int, ClipNotes, ClipReading | None, Calibration | None, str | None]


def exam_day_of(entry: OpenClip, study: StudyNotes) -> date | None:
    """Return the day of a clip's exam: by the files, else by a person's word."""
    return entry.group.origin.exam_day or study.exam_day


class ShownStudy:
    """Makes the table; what a clip gives is taken again only where something of that clip changed."""

    def __init__(self, session: Session, notebook: Notebook) -> None:
        self._session, self._book = session, notebook
        self._kept: dict[OpenClip, tuple[_Basis, ClipValues]] = {}

    def table(self) -> StudyTable | None:
        """Return the table; None where no study is looked at, or its notes have not come."""
        shown = self._session.shown
        return self.table_of(shown) if shown is not None else None

    def table_of(self, one: OpenClip) -> StudyTable | None:
        """Return the table of the study that a clip is of; None where its notes have not come."""
        key = study_key(one.group)
        study = self._book.of_study(key)
        if study is None:
            return None
        clips = [
            self._values(entry, notes, study.fetus_of(notes))
            for entry, notes in self._book.clips_of(key)
            if entry is one or (entry.group.key == one.group.key and not _stands_alone(one, study))
        ]
        title = study_title(one.group.origin)
        return study_table(clips, title=title, dating=study.dating, exam_day=exam_day_of(one, study))

    def _values(self, entry: OpenClip, notes: ClipNotes, fetus: str | None) -> ClipValues:
        number = self._session.entries.index(entry) + 1
        basis = number, notes, entry.reading, entry.clip.calibration, fetus
        kept = self._kept.get(entry)
        if kept is None or any(one is not other for one, other in zip(kept[0][1:4], basis[1:4], strict=True)):
            kept = None
        if kept is None or (kept[0][0], kept[0][4]) != (number, fetus):
            ref = ClipRef(number, entry.clip.name, entry.clip.key)
            kept = basis, clip_values(ref, notes, entry.reading, entry.clip.calibration, fetus=fetus)
            self._kept = {one: values for one, values in self._kept.items() if one in self._session.entries}
            self._kept[entry] = kept
        return kept[1]


def _stands_alone(shown: OpenClip, study: StudyNotes) -> bool:
    """Return whether the clips around name nobody and nobody dated them: then each is a pregnancy of its own."""
    return shown.group.folder is not None and study.dating is None
