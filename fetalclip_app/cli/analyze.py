"""Reads every wanted file with one engine and writes the JSON and the report."""

from __future__ import annotations

import argparse
import collections
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from fetalclip_app import wording
from fetalclip_app.biometry.dating_entry import DatingEntry
from fetalclip_app.cli.checklist import answered, chosen
from fetalclip_app.cli.dating import refuse_early, with_dating
from fetalclip_app.cli.fetuses import with_fetuses
from fetalclip_app.cli.manifest import Wanted, from_manifest, from_paths
from fetalclip_app.cli.outputs import wants_clips, write_outputs
from fetalclip_app.cli.seen import Seen
from fetalclip_app.cli.speak import say, tell
from fetalclip_app.cli.whose import Whose
from fetalclip_app.domain.biometry import Chart
from fetalclip_app.domain.checklist import StudyChecklist
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.precision import Precision
from fetalclip_app.domain.probes import NamedBy
from fetalclip_app.domain.reading import Answer, ClipReading
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.errors import ComputeFailed, ErrorCode, FetalClipError
from fetalclip_app.imaging.readers import read_clip
from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.progress import CancelToken, Report, silent
from fetalclip_app.report.as_json import as_table, write_table
from fetalclip_app.report.build import ClipEntry, Entry, PageSize, ReportOptions, UnreadEntry
from fetalclip_app.report.json_checklist import as_entries
from fetalclip_app.report.json_study import as_study_entries
from fetalclip_app.report.originals import refuse_originals
from fetalclip_app.report.studies import study_tables
from fetalclip_app.tasks.keys import CLIP_LABELS, STRUCTURES
from fetalclip_app.wording.checklist import checklist_count, checklist_name
from fetalclip_app.wording.translate import plural, translate


class Reader(Protocol):
    """What this command needs of the engine."""

    @property
    def notices(self) -> tuple[str, ...]:
        """What the user must know now; may grow while it reads."""
        ...

    def read(self, clip: Clip, cancel: CancelToken, report: Report) -> ClipReading:
        """Return the reading of one clip."""
        ...

    def settle(self) -> Iterator[None]:
        """Return what makes the next readings faster, in small steps."""
        ...


def analyze(given: argparse.Namespace) -> int:
    """Read everything that was asked for; return the exit status.

    Raises:
        InvalidInput: The manifest, a view set or what is stated of fetuses is wrong; nothing was read.
        ModelUnavailable, ComputeFailed: The engine cannot be built; nothing was read.
        ExportFailed: An output could not be written, or would be written over a scan: then nothing was read.
    """
    rows = from_manifest(given.manifest) if given.manifest else ()
    wanted = with_fetuses([*from_paths(given.paths, given.pixel_mm), *rows], given.fetus)
    for target in filter(None, (given.json, given.report, given.csv)):
        refuse_originals(target, [one.path for one in wanted])
    checklist = None if given.checklist is None else chosen(given.checklist)
    dating = _stated_dating(given)
    options = report_options(given)
    engine = load(given)
    told: set[str] = set()
    entries: list[Entry] = []
    table: list[dict[str, Any]] = []
    seen, whose = Seen(), Whose()
    for number, one in enumerate(wanted, start=1):
        started = time.monotonic()
        entry = read_one(engine, one, override=given.override_calibration)
        say(f"[{number}/{len(wanted)}] {one.file}: {summary(entry)} ({time.monotonic() - started:.1f} s)")
        _between_clips(engine, told, is_last=number == len(wanted))
        if isinstance(entry, ClipEntry):
            seen.add(entry.clip, one.file)
            whose.add(len(table), entry)
        table += as_table([entry])
        if given.report is not None or checklist is not None or dating is not None or wants_clips(given):
            entries.append(entry)
    table, entries = whose.rows(table), whose.entries(entries)
    for notice in seen.notices():
        say(wording.notice_sentence(notice))
    clips = [entry for entry in entries if isinstance(entry, ClipEntry)]
    checklists = () if checklist is None else answered(checklist, clips)
    for answer in checklists:
        say(f"{checklist_count(answer.found)} ({checklist_name(answer.found.checklist)})")
    table += as_entries(checklists)
    is_dated = True
    if dating is not None:
        entries, is_dated = with_dating(entries, dating, exam_day=given.exam_day, today=_today())
        dated = [one for one in entries if isinstance(one, ClipEntry)]
        table += as_study_entries(study_tables(dated), dated)
    write_table(given.json, table)
    say(f"JSON: {given.json}")
    if given.report is not None:
        write_report(given.report, entries, options, checklists)
        say(translate("Report: {path}", path=given.report))
    if given.dicom is not None:
        write_dicom(given.dicom, entries, options, checklists)
    is_written = write_outputs(given, [one for one in entries if isinstance(one, ClipEntry)])
    return 1 if any("error" in row for row in table) or not is_dated or not is_written else 0


def _stated_dating(given: argparse.Namespace) -> DatingEntry | None:
    if given.dating is None:
        return None
    stated: DatingEntry = replace(given.dating, who=given.dated_by)
    refuse_early(stated, exam_day=given.exam_day, today=_today())
    return stated


def _today() -> date:
    return date.today()  # noqa: DTZ011 - the day where the person is


_log = logging.getLogger(__name__)


def _between_clips(engine: Reader, told: set[str], *, is_last: bool) -> None:
    """Say what happened to the model's device, each thing once and when it is new; make the next clips faster."""
    for key in engine.notices:
        if key not in told:
            told.add(key)
            say(wording.notice(key))
    if not is_last:
        collections.deque(engine.settle(), maxlen=0)


def load(given: argparse.Namespace | None = None) -> Reader:
    """Build the engine that the arguments ask for; the bundled model without any.

    This imports the network, which takes seconds.
    """
    from fetalclip_app import settings  # noqa: PLC0415 - with the engine, to keep --help quick
    from fetalclip_app.inference.load import load_engine  # noqa: PLC0415 - late: it imports torch
    from fetalclip_app.tasks.view_sets import find_view_set  # noqa: PLC0415 - with the engine

    texts, own_sets = settings.folder() / "texts", [settings.view_sets_folder()]
    if given is None:
        return load_engine(EngineRequest(text_cache=texts))
    request = EngineRequest(
        model=given.model,
        weights=given.weights,
        config=given.config,
        device=given.device,
        precision=Precision(given.precision),
        views=None if given.views is None else find_view_set(given.views, own_sets),
        brain_views=None if given.brain_views is None else find_view_set(given.brain_views, own_sets),
        views_by=NamedBy(given.views_by),
        brain_views_by=NamedBy(given.brain_views_by),
        must_probe=True,
        licence_accepted=given.accept_licence,
        text_cache=texts,
        road_cache=settings.folder() / "roads",
    )
    return load_engine(request)


def write_report(
    path: Path, entries: Sequence[Entry], options: ReportOptions, checklists: Sequence[StudyChecklist] = ()
) -> None:
    """Write one PDF about all entries.

    Raises:
        ExportFailed: The file could not be written.
    """
    from fetalclip_app.report.pdf import write_report as write  # noqa: PLC0415 - late: it needs the typesetter

    write(path, entries, options, checklists)


def report_options(given: argparse.Namespace) -> ReportOptions:
    """Return what the arguments say of the report.

    Raises:
        InvalidInput: The template that was named, or the user's own, cannot be used.
    """
    from fetalclip_app import settings  # noqa: PLC0415 - with the report, to keep --help quick
    from fetalclip_app.report.template import own_template, read_template  # noqa: PLC0415

    template = own_template(settings.template_file()) if given.template is None else read_template(given.template)
    page = None if given.page is None else PageSize(given.page)
    return ReportOptions(page=page, operator=given.operator, template=template, chart=Chart(given.chart))


def write_dicom(
    folder: Path, entries: Sequence[Entry], options: ReportOptions, checklists: Sequence[StudyChecklist] = ()
) -> None:
    """Write the DICOM objects of every study; without a clip that was read there are none, and no folder.

    Raises:
        ExportFailed: The folder could not be written.
        UnreadableFile: A file has gone since it was read.
    """
    from fetalclip_app.report.build import build  # noqa: PLC0415 - late: runs without need none of these
    from fetalclip_app.report.dicom.export import write_objects  # noqa: PLC0415

    if any(isinstance(one, ClipEntry) for one in entries):
        written = write_objects(folder, build(entries, options, checklists))
        say(plural("1 DICOM object: {folder}", "{count} DICOM objects: {folder}", len(written), folder=folder))


def read_one(engine: Reader, wanted: Wanted, *, override: bool = False) -> Entry:
    """Return the reading of one file, or why there is none; the other files go on."""
    if wanted.error is not None:
        return UnreadEntry(wanted.file, wanted.error)
    try:
        clip = read_clip(wanted.path)
        if wanted.pixel_mm is not None:
            if clip.is_calibrated and not override:
                say(
                    translate(
                        "{file}: the file's own scale is used; --override-calibration would use the stated one.",
                        file=wanted.file,
                    )
                )
            clip = clip.with_pixel_mm(wanted.pixel_mm, override=override)
        return ClipEntry(clip, engine.read(clip, CancelToken(), silent), wanted.file, fetus=wanted.fetus)
    except FetalClipError as error:
        return UnreadEntry(wanted.file, error)
    except MemoryError:
        return UnreadEntry(wanted.file, ComputeFailed(ErrorCode.OUT_OF_MEMORY))
    except Exception:  # a bug of ours must not cost the other files' readings
        _log.exception("a reading failed")
        return UnreadEntry(wanted.file, ComputeFailed(ErrorCode.UNEXPECTED))


def summary(entry: Entry) -> str:
    """Return one entry in one line: ``87 frames, View Brain 91%, Age 20w3d, HC 175.2 mm``, and what was left out."""
    if isinstance(entry, UnreadEntry):
        return f"{wording.sentence(entry.error)} {wording.hint(entry.error)}"
    frames = entry.reading.frame_count
    parts = [wording.fetus_title(entry.fetus)] if entry.fetus else []
    parts.append(plural("1 frame", "{count} frames", frames))
    for task in ("views", "gestational_age", "head"):
        finding = entry.reading.finding(task)
        if finding is not None:
            line = wording.answer_lines(task, finding.answer)[0]
            doubt = " " + translate("(cannot tell)") if _doubtful_view(task, line) else ""
            parts.append(f"{line.label} {line.value}{_by_probe(finding.answer)}{doubt}")
    parts += _of_own_heads(entry.reading)
    text = ", ".join(parts)
    missing, seen = entry.clip.missing_frames, entry.reading.answer("views", ViewPrediction)
    left_out = "" if seen is None else wording.frames_left_out(seen.left_out, frames)
    remarks = [left_out, wording.missing_frames(missing) if missing else ""]
    return ". ".join([text, " ".join(filter(None, remarks))]) if any(remarks) else text


def _of_own_heads(reading: ClipReading) -> list[str]:
    """Return what heads besides outline and lengths found; what they did not find stands in the outputs alone."""
    findings = [finding for finding in map(reading.finding, (STRUCTURES, CLIP_LABELS)) if finding is not None]
    lines = [line for finding in findings for line in wording.answer_lines(finding.task_key, finding.answer)]
    return [f"{line.label} {line.value}" for line in lines if not line.is_doubt]


def _by_probe(answer: Answer) -> str:
    """Return who named a view where it was not prompts, as nobody expects it."""
    probe = answer.probe if isinstance(answer, ViewPrediction) else ""
    return f" {wording.named_by(probe)}" if probe else ""


def _doubtful_view(task: str, line: wording.Line) -> bool:
    return task == "views" and line.is_doubt


def print_findings(entry: ClipEntry) -> None:
    """Print every answer with its first remark, for a person at a terminal."""
    if entry.clip.missing_frames:
        tell(f"  {wording.missing_frames(entry.clip.missing_frames)}")
    for finding in entry.reading.findings:
        for line in wording.answer_lines(finding.task_key, finding.answer):
            note = f"   {line.notes[0]}" if line.notes else ""
            tell(f"  {line.label:<16} {line.value:<22}{note}")
