"""The program in one look, brought into each of its main states, and what its window shows then.

``python -m bench.gallery_run THEME PERCENT FOLDER [NAMES] FILE ...`` writes one PNG for each state into the folder.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QApplication

from bench.gallery_sitting import WHO, Sitting
from bench.gallery_states import SENTENCES
from fetalclip_app.domain.biometry import BpdDefinition, Measure
from fetalclip_app.domain.dating import Dating
from fetalclip_app.domain.notes import Act, HandMeasurement, Line
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.domain.reading import HeadMeasurement
from fetalclip_app.ui import theme
from fetalclip_app.ui.asking.door import Asking
from fetalclip_app.ui.asking.question import Question
from fetalclip_app.ui.first_run import FirstRun
from fetalclip_app.ui.tokens import THEMES
from fetalclip_app.wording.translate import speak

_MEASUREMENTS_PX = 470
"""How far the findings are scrolled to their measurements."""


def first_start(one: Sitting) -> None:
    """Show what is said once."""
    dialog = FirstRun(one.window)
    dialog.open()
    one.show("first_start")
    dialog.close()


def cine(one: Sitting) -> None:
    """Show the cine that is read."""
    one.show("cine")


def where_it_looked(one: Sitting) -> None:
    """Show the heatmap."""
    one.press("heatmap")
    one.wait(lambda: one.window.area.frame.heat is not None)
    one.show("where_it_looked")
    one.press("heatmap")


def best_frames(one: Sitting) -> None:
    """Show the best frames of the view that is looked at."""
    one.press("best_frames")
    one.rest(1.5)
    one.show("best_frames")


def ask(one: Sitting) -> None:
    """Ask the clip."""
    feature = next(feature for feature in one.window.features if isinstance(feature, Asking))
    feature.open(Question("fetal head in the trans-thalamic plane"))
    one.rest(5.0)
    one.show("ask")


def view_set_editor(one: Sitting) -> None:
    """Open the editor."""
    one.press("edit_views")
    one.rest(5.0)
    one.show("view_set_editor")


def calipers(one: Sitting) -> None:
    """Measure the head by hand, near the model's outline."""
    window = one.window
    reading = one.studio.session.shown.reading if one.studio.session.shown is not None else None
    finding = reading.finding("head") if reading is not None else None
    notes = window.notebook.clip
    if finding is None or not isinstance(finding.answer, HeadMeasurement) or notes is None:
        raise SystemExit("the bundled head was not measured")
    found, index = finding.answer.ellipse, finding.frame_index or 0
    sides = (found.cx + 1.5, found.cy - 1.0, found.a * 1.012, found.b * 0.991, found.angle_deg + 1.0)
    drawn = Ellipse(*map(float, sides))
    first, last = ((float(x), float(y)) for x, y in drawn.minor_axis())
    act = Act(WHO, datetime(2025, 1, 1, 12, 10, tzinfo=UTC))
    bpd = HandMeasurement(uuid.uuid4().hex, Measure.BPD, index, Line(first, last), act, BpdDefinition.OUTER_OUTER)
    notes = notes.with_measured(HandMeasurement(uuid.uuid4().hex, Measure.HC, index, drawn, act)).with_measured(bpd)
    window.notebook.change_clip("Measured", notes)
    one.rest()
    one.show_findings()
    window.findings.verticalScrollBar().setValue(_MEASUREMENTS_PX)
    one.show("calipers")


def growth_chart(one: Sitting) -> None:
    """Date the pregnancy, and show the chart."""
    book = one.window.notebook
    if book.study is not None:
        dating = Dating.by_lmp(date(2024, 8, 14), WHO)
        book.change_study("Dated", replace(book.study, dating=dating))
    one.press("growth")
    one.show("growth_chart")


def ages(one: Sitting) -> None:
    """Show the ages on one axis."""
    one.press("ages")
    one.show("ages")


def checklist(one: Sitting) -> None:
    """Open the checklist."""
    one.press("checklist")
    one.show("checklist")
    one.press("checklist")


def frame_map(one: Sitting) -> None:
    """Show the map."""
    one.press("map")
    one.rest(1.0)
    one.show("map")


def grid(one: Sitting) -> None:
    """Hang four clips."""
    one.press("grid_2")
    one.rest(1.0)
    one.show("grid")
    one.press("grid_1")


def earlier_exam(one: Sitting) -> None:
    """Show the earlier exam beside."""
    one.press("earlier")
    one.rest(1.0)
    one.show("earlier_exam")


def measure_first(one: Sitting) -> None:
    """Take the measurements back, and measure first."""
    notes = one.window.notebook.clip
    if notes is not None:
        one.window.notebook.change_clip("Taken back", replace(notes, measured=()))
    one.press("measure_first")
    one.rest()
    one.show_findings()
    one.window.findings.verticalScrollBar().setValue(_MEASUREMENTS_PX)
    one.show("measure_first")
    one.press("measure_first")


def palette(one: Sitting) -> None:
    """Find a command."""
    one.press("palette")
    one.window.palette_of_commands.field.setText("frame")
    one.show("palette")


def keys(one: Sitting) -> None:
    """Show every key."""
    one.press("keys")
    one.show("keys")


def report(one: Sitting, folder: Path) -> None:
    """Write the report, and draw its first page where there is a program that draws pages."""
    draws = shutil.which("pdftoppm")
    if draws is None or not one.is_wanted("report"):
        return
    path = folder / "report.pdf"
    written: list[object] = []
    one.window.exporting.written.connect(written.append)
    one.window.exporting.ask = lambda parent, title, start, kinds: path
    one.press("export_pdf")
    one.wait(lambda: bool(written))
    subprocess.run([draws, "-png", "-r", "96", "-f", "1", "-l", "1", str(path), str(folder / "page")], check=True)
    (made,) = folder.glob("page*.png")
    one.save("report", QImage(str(made)))
    made.unlink()
    path.unlink()


STATES: tuple[Callable[[Sitting], None], ...] = (
    *(cine, where_it_looked, best_frames, ask, view_set_editor, calipers, growth_chart, ages, checklist),
    *(frame_map, grid, earlier_exam, measure_first, palette, keys),
)


def main() -> int:
    """Go through the states."""
    look, percent, folder, only, *files = sys.argv[1:]
    app = QApplication(sys.argv[:1])
    speak("en")
    theme.apply(app, THEMES[look])  # type: ignore[index]
    names = set(filter(None, only.split(",")))
    one = Sitting(look, int(percent), Path(folder), names, [Path(file) for file in files])  # type: ignore[arg-type]
    first_start(one)
    one.open_scans()
    for state in STATES:
        state(one)
        one.close_all()
    if (look, percent) == ("light", "100"):
        report(one, Path(folder))
    QGuiApplication.clipboard().clear()
    one.studio.end()
    missing = [name for name in names if name not in SENTENCES]
    return 1 if missing else 0


if __name__ == "__main__":
    raise SystemExit(main())
