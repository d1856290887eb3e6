"""Every DICOM object of a report, study by study, written into one folder: all of them, or none."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

from pydicom import config
from pydicom.dataset import Dataset

from fetalclip_app.atomic import write_folder
from fetalclip_app.domain.clip import Pixels
from fetalclip_app.domain.notes import study_key
from fetalclip_app.domain.sign_off import SealState
from fetalclip_app.domain.trace import Trace
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.imaging.dicom.source import source_header
from fetalclip_app.progress import CancelToken
from fetalclip_app.report.build import ClipEntry, ReportContent, build
from fetalclip_app.report.dicom.annotated import annotated_captures
from fetalclip_app.report.dicom.encapsulated import encapsulated_pdf
from fetalclip_app.report.dicom.marks import Kind, Marks
from fetalclip_app.report.dicom.measurements import measurement_reports
from fetalclip_app.report.dicom.presentation import presentation_states
from fetalclip_app.report.dicom.segmentation import segmentations
from fetalclip_app.report.dicom.sources import capture, source_of, study_header
from fetalclip_app.report.dicom.structured_report import obstetric_report
from fetalclip_app.report.dicom.study import DicomStudy
from fetalclip_app.report.pdf import render
from fetalclip_app.report.seal import studied
from fetalclip_app.report.studies import study_tables
from fetalclip_app.report.traces import traces
from fetalclip_app.tasks.keys import BRAIN_VIEWS, VIEWS
from fetalclip_app.wording.translate import speaking, spoken

Object = tuple[str, Dataset]
"""Name of a file without its ending, and what it holds."""

_LIBRARY = r"highdicom\."


def write_objects(folder: Path, content: ReportContent, cancel: CancelToken | None = None) -> tuple[Path, ...]:
    """Write a report's objects into a new or empty folder; of several studies each has a folder of its own.

    The originals are read and never written to.

    Raises:
        ExportFailed: The folder holds something, is closed, or the disk is full; nothing is left in it.
        UnreadableFile: A file has gone since it was read, or is another one now.
        Cancelled: ``cancel`` was raised.
    """
    written: list[Path] = []
    token = cancel or CancelToken()

    def fill(place: Path) -> None:
        parts = _contents(content)
        for number, part in enumerate(parts, start=1):
            below = Path() if len(parts) == 1 else Path(f"study_{number}")
            (place / below).mkdir(exist_ok=True)
            for name, made in objects(part):
                token.check()
                written.append(folder / below / f"{name}.dcm")
                made.save_as(place / below / f"{name}.dcm", enforce_file_format=True)

    _hush()
    with config.disable_value_validation():  # what a source states is copied as it stands
        write_folder(folder, fill)
    return tuple(written)


def objects(content: ReportContent) -> Iterator[Object]:
    """Yield every object of one study, with the name of its file.

    Raises:
        UnreadableFile: A file has gone since it was read, or is another one now.
    """
    study = study_of(content)
    captures = [made for source in study.sources.values() for made in source.captures.values()]
    yield from _numbered("source", captures)
    yield "report", obstetric_report(study)
    yield from _numbered("measurements", measurement_reports(study))
    yield from _numbered("segmentation", segmentations(study))
    yield from _numbered("overlays", presentation_states(study))
    yield from _numbered("picture", annotated_captures(study))
    with speaking(content.options.template.language or spoken()):
        pdf = render(content)
    yield "report_pdf", encapsulated_pdf(study, pdf)


def study_of(content: ReportContent) -> DicomStudy:
    """Return what the objects of a study are made of, given the report about it alone.

    Raises:
        UnreadableFile: A file has gone since it was read, or is another one now.
    """
    clips, signed = content.clips, content.signed[0]
    found = traces(clips, content.studies)
    by = signed.signed if signed.state is SealState.SIGNED else None
    marks = Marks(by, content.options.made_at, content.options.operator)
    owns = [source_header(entry.clip) for entry in clips]
    header = study_header(next((one for one in owns if one is not None), None), [entry.clip.key for entry in clips])
    numbers = count(1)

    def captured(pixels: Pixels) -> Dataset:
        return capture(pixels, header, marks, Kind.SOURCE, next(numbers))

    sources = {
        entry.clip.key: source_of(entry.clip, own, _referred(entry, found), captured)
        for entry, own in zip(clips, owns, strict=True)
    }
    return DicomStudy(content, {one.id: one for one in found}, sources, header, marks)


def _referred(entry: ClipEntry, found: Sequence[Trace]) -> set[int]:
    """Return the frames of a clip that something refers to: a number, a finding, or a view that was seen."""
    pictures = [picture for one in found for picture in one.pictures if picture.clip_key == entry.clip.key]
    frames = {picture.frame_index for picture in pictures} | {one.frame_index for one in entry.reading.findings}
    for task in (VIEWS, BRAIN_VIEWS):
        seen = entry.reading.answer(task, ViewPrediction)
        frames |= {int(index) for index in seen.frames_of(seen.best)[:1]} if seen is not None else set()
    return {index for index in frames if index is not None}


def _contents(content: ReportContent) -> list[ReportContent]:
    """Return a report about each study.

    Pictures of one folder that name nobody may be of several pregnancies: each is a study of its own.
    """
    found: list[ReportContent] = []
    for group, clips in studied(content.clips):
        parts: list[list[ClipEntry]] = [clips] if len(study_tables(clips)) == 1 else [[entry] for entry in clips]
        lists = [one for one in content.checklists if study_key(one.study) == study_key(group)]
        found += [build(part, content.options, lists) for part in parts]
    return found


def _numbered(name: str, made: Iterator[Dataset] | list[Dataset]) -> Iterator[Object]:
    yield from ((f"{name}_{number}", one) for number, one in enumerate(made, start=1))


def _hush() -> None:
    """Keep the library's remarks on names to itself: a patient with one name is nobody's mistake.

    A filter is added, once, for the reason that stands in `imaging.guard`.
    """
    if not any(getattr(found[3], "pattern", "") == _LIBRARY for found in warnings.filters):
        warnings.filterwarnings("ignore", module=_LIBRARY)
