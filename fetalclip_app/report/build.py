"""What a report holds, as frozen values: entries in, content out; no page and no file here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from fetalclip_app.domain.checklist import StudyChecklist
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.dating import DatingRefused
from fetalclip_app.domain.notes import FETUSES, ClipNotes, StudyNotes
from fetalclip_app.domain.overlay import Heatmap
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.domain.study_table import StudyTable
from fetalclip_app.errors import FetalClipError
from fetalclip_app.imaging.blend import OPACITY
from fetalclip_app.report.studies import each_of_somebody, study_tables
from fetalclip_app.report.subject import Subject, subject_of
from fetalclip_app.wording import patient_title, patients_of, study_title
from fetalclip_app.wording.translate import translate as _


class PageSize(StrEnum):
    """Paper that the report is laid out for."""

    A4 = "a4"
    LETTER = "letter"


@dataclass(frozen=True, eq=False, slots=True)
class ClipEntry:
    """One clip and what was read from it.

    Attributes:
        file: The name under which the user asked for it; a manifest's row keeps the manifest's words.
        heatmaps: (frame index, heatmap) of the frames that the user looked at; the report shows them.
        heat_opacity: How much they cover, 0 to 1.
        fetus: Whose scan it is, as a person stated it: one of `FETUSES`; empty in a single pregnancy, None in a
            multiple one where nobody said.
        notes, study_notes: What a person did with the clip, and entered for its study.
        dating_refused: Why the dating that was stated for its study is not in these notes; None where none was refused.

    Raises:
        ValueError: The reading is of another clip, or there is no such fetus.
    """

    clip: Clip
    reading: ClipReading
    file: str = ""
    heatmaps: tuple[tuple[int, Heatmap], ...] = ()
    heat_opacity: float = OPACITY
    fetus: str | None = ""
    notes: ClipNotes = field(default_factory=ClipNotes)
    study_notes: StudyNotes = field(default_factory=StudyNotes)
    dating_refused: DatingRefused | None = None

    def __post_init__(self) -> None:
        if self.reading.clip_key != self.clip.key:
            raise ValueError(f"a reading of {self.reading.clip_key} beside the clip {self.clip.key}")
        if self.fetus and self.fetus not in FETUSES:
            raise ValueError(f"a fetus {self.fetus!r}")

    @property
    def name(self) -> str:
        """What stands in tables and headings."""
        in_archive = self.clip.archive is not None
        return Path(self.file).name if self.file and not in_archive else self.clip.name

    @property
    def patient(self) -> str:
        """Whose clip this is, in words also where the file names nobody."""
        return patient_title(self.clip.origin) or _("patient not stated")

    @property
    def study(self) -> str:
        """Of which study it is, likewise."""
        return study_title(self.clip.origin) or _("study not stated")


@dataclass(frozen=True, eq=False, slots=True)
class UnreadEntry:
    """A file that could not be read, and why."""

    file: str
    error: FetalClipError

    @property
    def name(self) -> str:
        """What stands in tables and headings."""
        return Path(self.file).name


Entry = ClipEntry | UnreadEntry


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What the user decides about a report.

    Attributes:
        operator: Who reads; empty where nobody said.
        is_draft: Nobody signed it yet: DRAFT stands in the margin of every page.
        made_at: When; printed as given.
    """

    page: PageSize = PageSize.A4
    operator: str = ""
    is_draft: bool = True
    made_at: datetime = field(default_factory=lambda: datetime.now().astimezone())


@dataclass(frozen=True, eq=False, slots=True)
class ReportContent:
    """Everything on the pages.

    Attributes:
        subject: Whom and what the report is about, as far as it holds for all clips.
        patients: Title of each distinct patient with the positions of their clips; more than one is a warning on the
            first page.
        checklists: Of each study and fetus, where a checklist was asked for.
        studies: Sizes, centiles and ages of each study, by the numbers that the clips have here.
    """

    clips: tuple[ClipEntry, ...]
    unread: tuple[UnreadEntry, ...]
    subject: Subject
    patients: tuple[tuple[str, tuple[int, ...]], ...]
    options: ReportOptions
    checklists: tuple[StudyChecklist, ...] = ()
    studies: tuple[StudyTable, ...] = ()

    @property
    def names_fetuses(self) -> bool:
        """Whether this is about a multiple pregnancy: then each of its clips says whose it is, or that nobody said."""
        return any(entry.fetus != "" for entry in self.clips)

    @property
    def is_simulated(self) -> bool:
        """Whether any picture was made by a program."""
        return any(entry.clip.origin.is_simulated for entry in self.clips)


def build(
    entries: Sequence[Entry], options: ReportOptions | None = None, checklists: Sequence[StudyChecklist] = ()
) -> ReportContent:
    """Return the content of one report about ``entries``, in their order; clips of one fetus stand together.

    Raises:
        ValueError: No entry at all.
    """
    if not entries:
        raise ValueError("a report about nothing")
    clips = by_fetus(each_of_somebody([entry for entry in entries if isinstance(entry, ClipEntry)]))
    unread = tuple(entry for entry in entries if isinstance(entry, UnreadEntry))
    origins = [entry.clip.origin for entry in clips]
    subject, patients = subject_of(origins), patients_of(origins)
    made = options or ReportOptions()
    return ReportContent(clips, unread, subject, patients, made, tuple(checklists), study_tables(clips))


def by_fetus(clips: Sequence[ClipEntry]) -> tuple[ClipEntry, ...]:
    """Return the clips such that those of one fetus of one patient follow one another, else in their order.

    Where no clip names a fetus, nothing is moved.
    """
    if all(entry.fetus == "" for entry in clips):
        return tuple(clips)
    patients = patients_of([entry.clip.origin for entry in clips])
    owner = {position: place for place, (_title, positions) in enumerate(patients) for position in positions}
    order = [*FETUSES, None, ""]
    ordered = sorted(enumerate(clips), key=lambda it: (owner.get(it[0], len(patients)), order.index(it[1].fetus)))
    return tuple(entry for _position, entry in ordered)
