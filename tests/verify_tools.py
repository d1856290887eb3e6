"""Reports of generated scans on disk, and what a hand may change in them."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import dicom_files as files
import pytest
from fakes import IDENTITY, FakeEngine, make_reading
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import FreeText
from pypdf.generic import DecodedStreamObject, NameObject
from reportlab.pdfgen.canvas import Canvas
from study_tools import dated, drawn

from fetalclip_app import cli, settings
from fetalclip_app.atomic import write_bytes
from fetalclip_app.cli import analyze as analyze_module
from fetalclip_app.domain.biometry import BpdDefinition, Measure
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.notes import ClipNotes, HandMeasurement, StudyNotes
from fetalclip_app.domain.reading import ClipReading, Finding, HeadMeasurement, HeadSize, ModelIdentity
from fetalclip_app.imaging.readers import read_clip
from fetalclip_app.progress import CancelToken, Report
from fetalclip_app.report.as_json import write_table
from fetalclip_app.report.build import ClipEntry, build
from fetalclip_app.report.document import as_document
from fetalclip_app.report.page_marks import page_marks
from fetalclip_app.report.pdf import write_pdf

HEIGHT, WIDTH, MM = 240, 320, 0.5

DRAWN = (
    drawn(Measure.HC, 175.0),
    drawn(Measure.BPD, 47.0, BpdDefinition.OUTER_INNER),
    drawn(Measure.AC, 152.0),
    drawn(Measure.FL, 33.0),
)


@dataclass
class PixelEngine(FakeEngine):
    """Reads as `make_reading` does, larger where the first pixel is bright: another picture is another head."""

    prompts: str = "ab" * 32
    larger_by: float = 0.0
    sees_no_head: bool = False
    read_with: list[str] = field(default_factory=list)

    def read(self, clip: Clip, cancel: CancelToken, report: Report, listener: Any = None) -> ClipReading:
        made = make_reading(clip, identity=self.identity)
        sets = {**made.provenance.view_sets, "views": ("planes", self.prompts)}
        bright = float(clip.frame(0).pixels[0, 0, 0]) / 255 + self.larger_by
        findings = tuple(
            _larger(one, 10 * bright) for one in made.findings if not (self.sees_no_head and one.task_key == "head")
        )
        return replace(made, findings=findings, provenance=replace(made.provenance, view_sets=sets))


def _larger(finding: Finding, more_mm: float) -> Finding:
    if not isinstance(finding.answer, HeadMeasurement) or not isinstance(finding.answer.size, HeadSize):
        return finding
    size = replace(finding.answer.size, hc_mm=finding.answer.size.hc_mm + more_mm)
    return replace(finding, answer=replace(finding.answer, size=size))


def other_model() -> ModelIdentity:
    """Return another weight file of the same name."""
    return replace(IDENTITY, sha256="11" * 32)


def scan(path: Path, *, uid: str = "1.2.826.0.1.3680043.8.498.7", **tags: Any) -> Path:
    """Write a cine with a scale, of one patient and one study."""
    frames = files.cine(2, HEIGHT, WIDTH)
    frames[:, 0, 0] = 0
    box = (0, 0, WIDTH - 1, HEIGHT - 1)
    data = files.dataset_of(frames, FrameTime=40, PatientID="P-001", StudyDate="20260314", **tags)
    data.SequenceOfUltrasoundRegions = [files.region(box, delta=(MM / 10, MM / 10))]
    data.SOPInstanceUID = uid
    data.StudyInstanceUID = "1.2.826.0.1.3680043.8.498.1"
    return files.write(path, data)


def entry(path: Path, *measured: HandMeasurement, engine: PixelEngine | None = None) -> ClipEntry:
    """Return a clip as a sitting leaves it: read, measured by hand, dated."""
    clip = read_clip(path)
    reading = (engine or PixelEngine()).read(clip, CancelToken(), lambda done, total: None)
    notes, study = ClipNotes(measured=measured), StudyNotes(dating=dated())
    return ClipEntry(clip, reading, str(path), notes=notes, study_notes=study)


def write_json(folder: Path, *entries: ClipEntry) -> Path:
    """Write the JSON of these clips."""
    path = folder / "report.json"
    write_table(path, as_document(entries))
    return path


def write_report_pdf(folder: Path, *entries: ClipEntry) -> Path:
    """Write the PDF of these clips."""
    path = folder / "report.pdf"
    write_pdf(path, build(list(entries)))
    return path


def change_json(path: Path, change: Callable[[Any], None]) -> None:
    """Change what a report's JSON says, as with an editor."""
    told = json.loads(path.read_text(encoding="utf-8"))
    change(told)
    path.write_text(json.dumps(told), encoding="utf-8")


def change_page(path: Path, before: bytes, after: bytes) -> int:
    """Change what a page draws, wherever it draws this; return how many pages did."""
    writer, changed = PdfWriter(clone_from=path), 0
    for page in writer.pages:
        contents = page.get_contents()
        data = contents.get_data() if contents is not None else b""
        if before in data:
            stream = DecodedStreamObject()
            stream.set_data(data.replace(before, after))
            page[NameObject("/Contents")] = writer._add_object(stream)
            changed += 1
    _write(writer, path)
    return changed


def draw_over(path: Path, text: str, instead: str) -> None:
    """Paint a white field over the first place where a text stands on the first page, and write another there."""
    run = next(one for one in page_marks(path.read_bytes())[0].runs if text in " ".join(one.text.split()))
    patch = BytesIO()
    canvas = Canvas(patch)
    canvas.setFillColorRGB(1, 1, 1)
    canvas.rect(run.x - 1, run.y - 2, 60, 12, stroke=0, fill=1)
    canvas.setFillColorRGB(0, 0, 0)
    canvas.drawString(run.x, run.y, instead)
    canvas.save()
    writer = PdfWriter(clone_from=path)
    writer.pages[0].merge_page(PdfReader(patch).pages[0])
    _write(writer, path)


def note_over(path: Path, text: str, instead: str) -> None:
    """Lay a note over that place, as viewers do."""
    run = next(one for one in page_marks(path.read_bytes())[0].runs if text in " ".join(one.text.split()))
    writer = PdfWriter(clone_from=path)
    writer.add_annotation(0, FreeText(text=instead, rect=(run.x - 1, run.y - 2, run.x + 59, run.y + 10)))
    _write(writer, path)


def change_attached(path: Path, change: Callable[[Any], None]) -> None:
    """Change what is attached to a PDF, and leave its pages."""
    writer = PdfWriter(clone_from=path)
    told = json.loads(PdfReader(path).attachments["provenance.json"][0])
    change(told)
    for one in list(writer.attachment_list):
        if one.name == "provenance.json":
            one.content = json.dumps(told).encode()
    _write(writer, path)


def _write(writer: PdfWriter, path: Path) -> None:
    target = BytesIO()
    writer.write(target)
    write_bytes(path, target.getvalue())


def verify(*arguments: str | Path) -> int:
    """Run the command and return its exit status."""
    return cli.main(["verify", *map(str, arguments)], lambda _paths: 0, why_no_window=str)


@dataclass
class Desk:
    """A folder of originals, a report about them as JSON and PDF, and the engine at hand."""

    folder: Path
    originals: Path
    as_json: Path
    engine: PixelEngine
    capsys: Any

    @property
    def as_pdf(self) -> Path:
        """The report as a PDF, written when it is first asked for."""
        path = self.folder / "report.pdf"
        return path if path.exists() else write_report_pdf(self.folder, entry(self.originals / "one.dcm", *DRAWN))

    @property
    def clip_key(self) -> str:
        return str(json.loads(self.as_json.read_text())[0]["provenance"]["clip"]["key"])

    def verify(self, report: Path, *more: str | Path) -> tuple[int, dict[str, dict[str, Any]], dict[str, Any]]:
        """Return the status, what was found by id with "clip" for the first clip's key, and all."""
        out = self.folder / "verified.json"
        status = verify(report, "--files", self.originals, "--json", out, *more)
        told = json.loads(out.read_text())
        return status, {one["id"].replace(self.clip_key, "clip"): one for one in told["numbers"]}, told

    def differing(self, report: Path, *more: str | Path) -> dict[str, str]:
        """Return name and reason of each number that differs."""
        status, found, told = self.verify(report, *more)
        differ = {name: one["why"] for name, one in found.items() if one["outcome"] == "differs"}
        changed = told["pages_changed"] or told["archive_flaws"] or told["other_values"]
        assert (status == 1) is bool(differ or changed)
        return differ


def desk_in(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Desk:
    """Return the desk in a folder; the user's own data lies there too."""
    monkeypatch.setenv(settings.HOME_VARIABLE, str(folder / "data"))
    originals = folder / "originals"
    originals.mkdir()
    one, engine = scan(originals / "one.dcm"), PixelEngine()
    as_json = write_json(folder, entry(one, *DRAWN))
    monkeypatch.setattr(analyze_module, "load", lambda given=None: engine)
    return Desk(folder, originals, as_json, engine, capsys)


def edit(path: Path, statement: str, *values: object) -> None:
    """Change a row of the archive, past everything that guards it."""
    connection = sqlite3.connect(path)
    triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (name,) in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(statement, values)
    connection.commit()
    connection.close()


def edit_reading(path: Path, name: str, value: float) -> None:
    """Give a number of the only reading that an archive keeps another value, wherever the reading has it."""
    connection = sqlite3.connect(path)
    (packed,) = connection.execute("SELECT json FROM readings").fetchone()
    connection.close()
    row = json.loads(zlib.decompress(packed))
    number = next(one for one in row["numbers"] if one["id"].endswith(name))
    number["value"] = value
    *parents, last = number["at"].split("/")[1:]
    place = row
    for part in parents:
        place = place[part]
    place[last] = value
    edit(path, "UPDATE readings SET json = ?", zlib.compress(json.dumps(row).encode()))
