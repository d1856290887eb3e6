"""What an export is made of: each clip with its reading, or why it could not be read."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.dating import DatingRefused
from fetalclip_app.domain.history import History, StudyHistory
from fetalclip_app.domain.notes import FETUSES, ClipNotes, StudyNotes
from fetalclip_app.domain.overlay import Heatmap
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.errors import FetalClipError
from fetalclip_app.imaging.blend import OPACITY
from fetalclip_app.wording import patient_title, study_title
from fetalclip_app.wording.translate import translate as _


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
        history, study_history: What was done with the clip, and with its study, until these notes were as they are;
            as far as that is known.
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
    history: History = ()
    study_history: StudyHistory = ()

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
