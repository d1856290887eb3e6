"""What a report holds, as frozen values: entries in, content out; no page and no file here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from fetalclip_app.domain.biometry import Chart
from fetalclip_app.domain.checklist import StudyChecklist
from fetalclip_app.domain.notes import FETUSES
from fetalclip_app.domain.sign_off import SealState
from fetalclip_app.domain.study_table import StudyTable
from fetalclip_app.report.entries import ClipEntry, Entry, UnreadEntry
from fetalclip_app.report.seal import SignedStudy, signed_studies
from fetalclip_app.report.studies import each_of_somebody, study_tables
from fetalclip_app.report.subject import Subject, subject_of
from fetalclip_app.report.template import PageSize, Template
from fetalclip_app.wording import patients_of

__all__ = [
    "ClipEntry",
    "Entry",
    "PageSize",
    "ReportContent",
    "ReportOptions",
    "UnreadEntry",
    "build",
    "by_fetus",
]


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What the user decides about a report.

    Attributes:
        page: None is the template's.
        chart: Whose growth charts are drawn; where it has none of a measure, the other's.
        operator: Who reads; empty where nobody said.
        made_at: When; printed as given.
    """

    page: PageSize | None = None
    operator: str = ""
    made_at: datetime = field(default_factory=lambda: datetime.now().astimezone())
    template: Template = field(default_factory=Template)
    chart: Chart = Chart.WHO

    @property
    def paper(self) -> PageSize:
        """The paper that counts."""
        return self.template.page if self.page is None else self.page


@dataclass(frozen=True, eq=False, slots=True)
class ReportContent:
    """Everything on the pages.

    Attributes:
        subject: Whom and what the report is about, as far as it holds for all clips.
        patients: Title of each distinct patient with the positions of their clips; more than one is a warning on the
            first page.
        checklists: Of each study and fetus, where a checklist was asked for.
        studies: Sizes, centiles and ages of each study, by the numbers that the clips have here.
        signed: Every study with the signature under it.
    """

    clips: tuple[ClipEntry, ...]
    unread: tuple[UnreadEntry, ...]
    subject: Subject
    patients: tuple[tuple[str, tuple[int, ...]], ...]
    options: ReportOptions
    checklists: tuple[StudyChecklist, ...] = ()
    studies: tuple[StudyTable, ...] = ()
    signed: tuple[SignedStudy, ...] = ()

    @property
    def is_draft(self) -> bool:
        """Whether some study is not signed as it stands here: then DRAFT stands in the margin of every page."""
        return not self.signed or any(one.state is not SealState.SIGNED for one in self.signed)

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
    answered = tuple(checklists)
    signed = signed_studies(clips, answered)
    return ReportContent(clips, unread, subject, patients, made, answered, study_tables(clips), signed)


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
