"""``python -m bench.window``: the window stays awake while the model loads and reads, beside a cine that plays."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench import files_scene
from bench.files import Row, late_rows
from bench.files_late import Lateness
from bench.machine import cores, processor

FRAMES = 300

PATIENCE_S = 240.0
"""A process that takes longer has failed."""

FIRST_S, GAP_S = 1.0, 0.05
"""What is asked: the first window after the start of the interpreter, and the longest gap in the event loop."""

_METHOD = """\
A cine of 300 frames (1024 x 768, JPEG in DICOM) is generated, and the program is started on it in a process of its own,
with nothing kept from earlier runs (but the bytecode of its packages, which `make setup` compiles), through its own
window on Qt's offscreen platform. It plays from the moment that
its first picture is there, while the model's process starts, loads the weights and reads all frames. A timer beats
every 4 ms in the window's event loop; a gap is the time between two beats, on the wall. Beside it stands the processor
time of the window's own thread in its busiest gap, and in the longest one that of the thread and of its process: what
the gap has beyond that, the machine gave to others. Late frames are counted as in `docs/performance-files.md`. A run is
one start of the program.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and write the page; 0 where everything that is asked holds in every run, else 1."""
    options = _parser().parse_args(arguments)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    with tempfile.TemporaryDirectory(prefix="fetalclip-bench-") as name:
        loop = Path(name) / "loop.dcm"
        files_scene.write_cine(loop, range(FRAMES), files_scene.fitting_quality(), mark=1)
        runs = [measured(loop) for _ in range(options.runs)]
    text = page(runs, load)
    print(text)
    if options.out is not None:
        options.out.write_text(text, encoding="utf-8")
    return 0 if all(row.holds for run in runs for row in rows_of(run)) else 1


def measured(loop: Path) -> dict[str, Any]:
    """Start the program once for its first window and once on the cine, each in a process of its own."""
    first = _found("bench.window_first", repr(time.monotonic()))
    return _found("bench.window_run", str(loop), str(FRAMES)) | {"first": first}


def _found(*task: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", *task],
        check=True,
        timeout=PATIENCE_S,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def rows_of(found: dict[str, Any]) -> list[Row]:
    """Return what is asked of one run, and what was found."""
    rooms = ", ".join(found["model_rooms"])
    wall_s, work_s = found["first"]["wall_s"], found["first"]["work_s"]
    first = f"{wall_s:.2f} s, of which the processor worked {work_s:.2f} s"
    rows = [
        Row("First window painted", f"less than {FIRST_S:g} s", first, wall_s < FIRST_S),
        Row("Imported in the window's process", "no torch", rooms or "no torch", not rooms),
    ]
    for phase, gaps in found["gaps"].items():
        thread_s, process_s = gaps["in_longest_s"]
        text = (
            f"longest {1000 * gaps['longest_s']:.0f} ms, 99.9 % within {1000 * gaps['p999_s']:.0f} ms, "
            f"{gaps['over']} over 50 ms of {gaps['beats']} beats; the window's thread busy for "
            f"{1000 * gaps['busiest_s']:.0f} ms at most, and in the longest for {1000 * thread_s:.0f} ms, "
            f"its process for {1000 * process_s:.0f} ms"
        )
        name = f"Gaps while {phase}"
        rows.append(Row(name, f"at most {1000 * GAP_S:.0f} ms", text, gaps["longest_s"] <= GAP_S))
    rows += late_rows("Playing all the while", Lateness(**found["late"]), counts=found["was_read"])
    shown = f"{found['shown_s']:.2f} s after the window"
    took = f"loaded in {found['loaded_s']:.1f} s, {FRAMES} frames read and answered in {found['read_s']:.1f} s"
    return [*rows, Row("First picture of the file", "", shown, holds=True), Row("The model", "", took, holds=True)]


def page(runs: Sequence[dict[str, Any]], load: float | None) -> str:
    """Return the page with every run."""
    parts = ", ".join(f"{name} {version(name)}" for name in ("PySide6-Essentials", "torch", "numpy"))
    busy = "" if load is None else f" Load average before it: {load:.2f}."
    machine = f"{processor()}, {cores()}, {platform.system()}; Python {platform.python_version()}"
    head = [
        "# How awake the window stays",
        "",
        "`make bench-window` writes this page.",
        "",
        f"Machine: {machine}, {parts}.",
        f"Run on {datetime.now(UTC):%Y-%m-%d}.{busy}",
        "",
        _METHOD,
        "| run | what | asked | found | |",
        "|---|---|---|---|---|",
    ]
    for number, run in enumerate(runs, start=1):
        for row in rows_of(run):
            verdict = "" if not row.asked else "holds" if row.holds else "**MISSED**"
            head.append(f"| {number} | {row.name} | {row.asked} | {row.found} | {verdict} |")
    return "\n".join(head) + "\n"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.window", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="how often the program is started (default 3)")
    parser.add_argument("--out", type=Path, help="where the page is written")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
