"""One study as it is written: its clips, its table, where each number comes from, and the pictures to refer to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydicom.dataset import Dataset

from fetalclip_app.domain.study_table import FetusTable, StudyTable
from fetalclip_app.domain.trace import Picture, Trace
from fetalclip_app.report.build import ClipEntry, ReportContent
from fetalclip_app.report.dicom.marks import Marks
from fetalclip_app.report.dicom.sources import Shown, Source


@dataclass(frozen=True, eq=False, slots=True)
class DicomStudy:
    """All that the objects of one study are made of.

    Attributes:
        content: The report about this study alone.
        traces: Id -> trace of every number.
        sources: Content key of a clip -> its source.
        header: Whose it is, and its Study Instance UID.
    """

    content: ReportContent
    traces: Mapping[str, Trace]
    sources: Mapping[str, Source]
    header: Dataset
    marks: Marks

    @property
    def clips(self) -> tuple[ClipEntry, ...]:
        """Its clips, numbered from 1 in the table."""
        return self.content.clips

    @property
    def table(self) -> StudyTable:
        """Its sizes, centiles and ages."""
        return self.content.studies[0]

    def shown(self, picture: Picture) -> Shown | None:
        """Return the frame that a number was read from; None where it is about no one frame."""
        source = self.sources.get(picture.clip_key)
        return None if source is None or picture.frame_index is None else source.shown(picture.frame_index)

    def entry(self, number: int) -> ClipEntry:
        """Return a clip by its number, from 1."""
        return self.clips[number - 1]

    def of(self, fetus: FetusTable) -> tuple[ClipEntry, ...]:
        """Return the clips of a fetus."""
        return tuple(self.entry(number) for number in fetus.clips)

    @property
    def evidence(self) -> list[Dataset]:
        """Every object that stands for a clip, each once."""
        return [header for source in self.sources.values() for header in source.headers]
