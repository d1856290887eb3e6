"""Writes reports, tables and pictures: plain functions for a job, each late with its imports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from fetalclip_app import settings
from fetalclip_app.domain.biometry import Chart
from fetalclip_app.domain.checklist import StudyChecklist
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.history import History, StudyHistory
from fetalclip_app.domain.notes import ClipNotes, Line, StudyNotes
from fetalclip_app.domain.overlay import Ellipse, Heatmap, Segmentation
from fetalclip_app.domain.reading import ClipReading, HeadMeasurement
from fetalclip_app.domain.sign_off import SealState
from fetalclip_app.domain.structures import Structure
from fetalclip_app.progress import CancelToken, Report
from fetalclip_app.ui.open_clip import OpenClip
from fetalclip_app.ui.tracing import HistoryOf, StudyHistoryOf, nothing_known
from fetalclip_app.wording import heat_caption
from fetalclip_app.wording.pictures import caption_of
from fetalclip_app.wording.structures import structure_name

if TYPE_CHECKING:
    from fetalclip_app.report import ClipEntry, ReportOptions

FetusOf = Callable[[OpenClip], str | None]
"""Whose scan a clip is."""

NotesOf = Callable[[OpenClip], tuple[ClipNotes, StudyNotes]]
"""What a person did with a clip and entered for its study."""


@dataclass(frozen=True, eq=False, slots=True)
class Ready:
    """One clip as it is written: taken on the window's thread, used off it.

    Attributes:
        fetus, notes, study_notes, history, study_history: As those of `report.build.ClipEntry`.
    """

    clip: Clip
    reading: ClipReading
    heatmaps: tuple[tuple[int, Heatmap], ...]
    heat_opacity: float
    fetus: str | None = ""
    notes: ClipNotes = field(default_factory=ClipNotes)
    study_notes: StudyNotes = field(default_factory=StudyNotes)
    history: History = ()
    study_history: StudyHistory = ()


def ready(
    entries: Sequence[OpenClip],
    fetus_of: FetusOf,
    notes_of: NotesOf,
    heat_opacity: float,
    *,
    history_of: HistoryOf = nothing_known,
    study_history_of: StudyHistoryOf = nothing_known,
) -> tuple[Ready, ...]:
    """Return what is read so far."""
    return tuple(
        Ready(
            entry.clip,
            entry.reading,
            tuple((where.frame_index, heat.heatmap) for where, heat in entry.heat.items()),
            heat_opacity,
            fetus_of(entry),
            *notes_of(entry),
            history=history_of(entry),
            study_history=study_history_of(entry),
        )
        for entry in entries
        if entry.reading is not None
    )


def refuse_originals(target: Path, clips: Sequence[Clip]) -> None:
    """Raise where a file that is to be written is an open scan, or the ZIP that one lies in.

    Raises:
        ExportFailed: It is.
    """
    from fetalclip_app.report import originals  # noqa: PLC0415 - takes a while to import

    originals.refuse_originals(target, (clip.archive or clip.path for clip in clips))


@dataclass(frozen=True, slots=True)
class ReportWish:
    """What the window says of a report.

    Attributes:
        operator: Who reads; empty where nobody said.
        chart: Whose growth charts are drawn first.
    """

    operator: str = ""
    chart: Chart = Chart.WHO


def write_pdf(
    path: Path,
    clips: Sequence[Ready],
    checklists: Sequence[StudyChecklist],
    cancel: CancelToken,
    report: Report,
    *,
    wish: ReportWish,
) -> Path:
    """Write one PDF report about all clips.

    Raises:
        ExportFailed: The file could not be written.
        InvalidInput: The user's own template cannot be used.
    """
    from fetalclip_app.report.pdf import write_report  # noqa: PLC0415 - takes a while to import

    cancel.check()
    entries = [_entry(one, one.clip.path.name) for one in clips]
    write_report(path, entries, _options(wish), checklists)
    return path


def write_dicom(
    folder: Path,
    clips: Sequence[Ready],
    checklists: Sequence[StudyChecklist],
    cancel: CancelToken,
    report: Report,
    *,
    wish: ReportWish,
) -> Path:
    """Write the DICOM objects of each study into a new folder.

    Raises:
        ExportFailed: The folder could not be written.
        UnreadableFile: A file has gone, or is another one than was read.
        InvalidInput: The user's own template cannot be used.
    """
    from fetalclip_app.report import build  # noqa: PLC0415 - takes a while to import
    from fetalclip_app.report.dicom.export import write_objects  # noqa: PLC0415

    entries = [_entry(one, one.clip.path.name) for one in clips]
    write_objects(folder, build(entries, _options(wish), checklists), cancel)
    return folder


def _options(wish: ReportWish) -> ReportOptions:
    """Return how a report is written: by the user's own template where there is one.

    Raises:
        InvalidInput: It cannot be used.
    """
    from fetalclip_app.report import ReportOptions  # noqa: PLC0415 - takes a while to import
    from fetalclip_app.report.template import own_template  # noqa: PLC0415

    return ReportOptions(operator=wish.operator, template=own_template(settings.template_file()), chart=wish.chart)


def write_json(
    path: Path, clips: Sequence[Ready], checklists: Sequence[StudyChecklist], cancel: CancelToken, report: Report
) -> Path:
    """Write all readings as the command line's JSON.

    Raises:
        ExportFailed: The file could not be written.
    """
    from fetalclip_app.report.as_json import write_table  # noqa: PLC0415 - takes a while to import
    from fetalclip_app.report.document import as_document  # noqa: PLC0415

    cancel.check()
    write_table(path, as_document([_entry(one, str(one.clip.path)) for one in clips], checklists))
    return path


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a signature under a study would cover now.

    Attributes:
        key: `domain.notes.study_key`.
        clips: How many are read.
    """

    key: str
    title: str
    clips: int
    seal: str
    state: SealState


def sealed(key: str, clips: Sequence[Ready], checklists: Sequence[StudyChecklist]) -> Sealed:
    """Return the seal of one study, as a report about all of these clips would have it.

    Raises:
        KeyError: None of the clips is of it.
    """
    from fetalclip_app.report.seal import signed_studies  # noqa: PLC0415 - takes a while to import

    found = {one.key: one for one in signed_studies([_entry(one, one.clip.path.name) for one in clips], checklists)}
    study = found[key]
    return Sealed(key, study.title, study.clips, study.seal, study.state)


def _entry(one: Ready, file: str) -> ClipEntry:
    from fetalclip_app.report import ClipEntry  # noqa: PLC0415 - takes a while to import

    return ClipEntry(
        one.clip,
        one.reading,
        file,
        one.heatmaps,
        one.heat_opacity,
        one.fetus,
        notes=one.notes,
        study_notes=one.study_notes,
        history=one.history,
        study_history=one.study_history,
    )


@dataclass(frozen=True, eq=False, slots=True)
class Drawn:
    """What lies over the frame that is written.

    Attributes:
        made_by: The model that what is drawn comes from, and its hash; empty where nothing is drawn.
        structures: Those whose masks are drawn.
        calipers: What a person drew, with the words beside it.
    """

    head: HeadMeasurement | None
    heatmap: Heatmap | None
    opacity: float
    made_by: str = ""
    structures: tuple[Structure, ...] = ()
    calipers: tuple[tuple[Line | Ellipse, str], ...] = ()


def write_png(path: Path, clip: Clip, index: int, drawn: Drawn) -> Path:
    """Write one frame with what is drawn over it; below it the research-use line, and what the picture is.

    Raises:
        ExportFailed: The file could not be written.
        UnreadableFile: The frame cannot be decoded.
    """
    from fetalclip_app.imaging.blend import blend, with_calipers, with_masks  # noqa: PLC0415 - takes a while to import
    from fetalclip_app.report.picture import write_annotated_png  # noqa: PLC0415

    shown = [one.found for one in drawn.structures if isinstance(one.found, Segmentation)]
    pixels = blend(clip.frame(index).pixels, heatmap=drawn.heatmap, opacity=drawn.opacity)
    pixels = with_masks(pixels, [(structure_name(mask.structure), mask) for mask in shown])
    if drawn.head is not None:  # its ellipse lies over the masks, as on the screen
        pixels = blend(pixels, outline=drawn.head.outline, ellipse=drawn.head.ellipse)
    pixels = with_calipers(pixels, drawn.calipers)
    remark = heat_caption(drawn.heatmap) if drawn.heatmap is not None else ""
    write_annotated_png(path, pixels, caption=caption_of(clip, index, drawn.made_by), remark=remark)
    return path


def write_movie(path: Path, one: Ready, cancel: CancelToken, report: Report) -> Path:
    """Write a clip as an MP4 with what was read and drawn on its frames.

    Raises:
        ExportFailed: It is a single picture, or the file could not be written.
        UnreadableFile: A frame cannot be decoded.
    """
    from fetalclip_app.report import movie  # noqa: PLC0415 - takes a while to import

    movie.write_movie(path, _entry(one, one.clip.path.name), cancel, report)
    return path


def write_csv(
    path: Path, clips: Sequence[Ready], checklists: Sequence[StudyChecklist], cancel: CancelToken, report: Report
) -> Path:
    """Write every number as a row of a table, as the command line does.

    Raises:
        ExportFailed: The file could not be written.
    """
    from fetalclip_app.report import as_csv  # noqa: PLC0415 - takes a while to import

    cancel.check()
    as_csv.write_csv(path, [_entry(one, str(one.clip.path)) for one in clips])
    return path
