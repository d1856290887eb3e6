"""``python -m bench.files``: ultrasound files as a user meets them, against what was asked of them."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench import files_decode, files_scene
from bench.files_late import Lateness
from bench.machine import cores, processor

FRAMES = 900
CLIPS, CLIP_FRAMES = 150, 12

RATIO, FIRST_S, MEMORY_BYTES, LISTED_S, LATE_SHARE, RATE_SHARE = 5.0, 0.3, 300e6, 0.1, 0.01, 0.02
"""What is asked: decoding, first picture, memory added, a clip listed, late frames, deviation of the rate."""

PAGE = "docs/performance-files.md"


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that is asked, what was found, and whether it holds."""

    name: str
    asked: str
    found: str
    holds: bool


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and write the page; 0 where everything that is asked holds, else 1."""
    options = _parser().parse_args(arguments)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="fetalclip-bench-") as name:
        rows = measured(Path(name), options.only or list(_PARTS))
    text = page(rows, load, time.perf_counter() - began)
    print(text)
    if options.out is not None:
        options.out.write_text(text, encoding="utf-8")
    return 0 if all(row.holds for row in rows) else 1


def measured(folder: Path, parts: Sequence[str]) -> list[Row]:
    """Generate the files in ``folder`` and measure one part after the other."""
    quality = files_scene.fitting_quality()
    _say("writing the files")
    files_scene.write_cine(folder / "warm.dcm", range(3), quality)
    files_scene.write_cine(folder / "loop.dcm", range(FRAMES), quality, mark=1)
    rows: list[Row] = []
    for name in parts:
        _say(name)
        rows += _PARTS[name](folder, quality)
    return rows


def _decoding(folder: Path, quality: int) -> list[Row]:
    usual_quality = files_scene.fitting_quality(files_scene.SCANNER_BYTES, files_scene.COARSE)
    usual = files_scene.write_cine(folder / "usual.dcm", range(60), usual_quality, mark=2, grain=files_scene.COARSE)
    heavy = files_scene.write_cine(folder / "heavy.dcm", range(60), quality, mark=2)
    return [
        decoding_row(_size(usual), files_decode.compare(usual, rounds=3)),
        decoding_row(_size(heavy), files_decode.compare(heavy, rounds=3)),
        together_row(_size(heavy), files_decode.two_at_once(heavy, rounds=3)),
    ]


def _size(path: Path) -> str:
    return f"{path.stat().st_size / 60 / 1000:.0f} kB"


def decoding_row(size: str, found: files_decode.Decoding) -> Row:
    """Return the ratio with its interval, whose lower end must reach what is asked, and whether pixels agree."""
    low, high = found.ratio_interval
    ours, theirs = (1000 * statistics.median(times) for times in (found.ours_s, found.theirs_s))
    text = (
        f"{found.ratio:.2f} times ({low:.2f} to {high:.2f}): {ours:.2f} ms against {theirs:.2f} ms "
        f"by {found.plugins[0]}, RGB on both sides, pixels differ by {found.largest_difference} at most, "
        f"{found.mean_difference:.3f} on average"
    )
    holds = low >= RATIO and found.mean_difference < 1.0
    return Row(f"Decoding one frame after the other, {size} each", f"at least {RATIO:g} times", text, holds)


def together_row(size: str, seconds: tuple[float, float]) -> Row:
    """Return the ratio of a whole cine, as many workers on each side; nothing is asked of it."""
    ours, theirs = seconds
    text = f"{theirs / ours:.2f} times: {1000 * ours:.2f} ms against {1000 * theirs:.2f} ms a frame"
    name = f"Decoding a cine, {files_decode.WORKERS} workers on each side, {size} each"
    return Row(name, "", text, holds=True)


def _first_picture(folder: Path, quality: int) -> list[Row]:
    found = _in_a_window("first", folder / "warm.dcm", folder / "loop.dcm", FRAMES)
    return window_rows(found, (folder / "loop.dcm").stat().st_size)


def window_rows(found: dict[str, Any], size: int) -> list[Row]:
    """Return first picture and memory; the memory counts only where the whole loop was seen."""
    first = found["first_s"]
    opened = f"median {statistics.median(first):.3f} s, worst {max(first):.3f} s of {len(first)} openings"
    added, seen = found["added_bytes"], found["seen"]
    megabytes = (
        f"{added / 1e6:.0f} MB, of which {found['opened_bytes'] / 1e6:.0f} MB by opening; {seen} frames were seen"
    )
    what = f"{FRAMES} frames, {size / 1e6:.0f} MB"
    return [
        Row(f"First picture of a loop of {what}", f"less than {FIRST_S:g} s", opened, max(first) < FIRST_S),
        Row(
            "Memory added by opening and playing it",
            f"less than {MEMORY_BYTES / 1e6:.0f} MB",
            megabytes,
            added < MEMORY_BYTES and seen > 0.95 * FRAMES,
        ),
        *late_rows("Playing it without a model", Lateness(**found["late"])),
    ]


def _thumbnails(folder: Path, quality: int) -> list[Row]:
    streams = [files_scene.encoded(files_scene.picture(number, 3), quality) for number in range(CLIP_FRAMES)]
    (folder / "exam").mkdir()
    for number in range(CLIPS):
        files_scene.write_streams(folder / "exam" / f"clip{number:03}.dcm", streams)
    return [listed_row(_in_a_window("thumbnails", folder / "warm.dcm", folder / "exam", CLIPS))]


def listed_row(found: dict[str, Any]) -> Row:
    """Return the time for each clip until it is listed and has its thumbnail."""
    each = found["seconds"] / found["count"]
    listed_s, seconds = found["listed_s"], found["seconds"]
    text = f"{1000 * each:.1f} ms each; all listed after {listed_s:.1f} s, all pictured after {seconds:.1f} s"
    name = f"{found['count']} clips listed with thumbnails"
    return Row(name, f"less than {1000 * LISTED_S:.0f} ms each", text, each < LISTED_S)


def _with_the_model(folder: Path, quality: int) -> list[Row]:
    return model_rows(_in_a_window("model", folder / "loop.dcm", FRAMES))


def model_rows(found: dict[str, Any]) -> list[Row]:
    """Return lateness and rate while the model reads; they count only where it really read."""
    playing, alone = found["read_playing_hz"], found["read_alone_hz"]
    late, counts = Lateness(**found["late"]), found["was_reading"] and playing > 0
    rows = late_rows("Playing while the model reads", late, counts=counts)
    paid = f"{playing:.1f} frames/s while it plays, {alone:.1f} frames/s while it does not"
    return [*rows, Row("What the reading pays for it", "", paid, holds=True)]


def late_rows(name: str, late: Lateness, *, counts: bool = True) -> list[Row]:
    """Return the share of late frames and the rate."""
    off = abs(late.rate_hz / files_scene.RATE_HZ - 1)
    text = (
        f"{100 * late.share:.2f} %: {late.late} of {late.due}, {late.never_shown} of them never shown; "
        f"the latest by {1000 * late.worst_s:.0f} ms"
    )
    if not counts:
        text += "; THE MODEL DID NOT READ"
    return [
        Row(f"{name}: late frames", f"at most {100 * LATE_SHARE:g} %", text, counts and late.share <= LATE_SHARE),
        Row(
            f"{name}: rate",
            f"{files_scene.RATE_HZ:g}/s within {100 * RATE_SHARE:g} %",
            f"{late.rate_hz:.2f}/s",
            counts and off <= RATE_SHARE,
        ),
    ]


_PARTS: dict[str, Callable[[Path, int], list[Row]]] = {
    "decoding": _decoding,
    "first": _first_picture,
    "thumbnails": _thumbnails,
    "model": _with_the_model,
}

_METHOD = f"""\
Files are generated: speckle in a fan, 1024 x 768, YBR_FULL_422, JPEG baseline by libjpeg with chroma of half the width,
a third of a megabyte a frame. Each frame carries its number in its pixels. All parts run one after the other in one
run; those with a window each in a process of its own, through the program's own window on Qt's offscreen platform.

- *Decoding*: frame by frame and in turn, `read_clip(path).frame(i)` against `next(pydicom.pixels.iter_pixels(path))`
  with nothing chosen, so that pydicom takes the first of its plugins that is there and hands out RGB. 60 frames three
  times, after a warm-up that compares the pixels; one worker on either side. The ratio is the median of the frames'
  ratios, its interval that of the median over resampled frames (2.5 to 97.5 percentile), and the lower end of that is
  what must reach five. Once for frames of the size that scanners write, once for those of the loop, six times as large.
  *Five times holds at the first size alone*: in the large frames both sides wait for the same Huffman decoder of
  libjpeg, which is most of our time, and no faster one gives the same pixels. With two workers on each side (ours as
  the window has them; a cine is decoded twice in a row, the second time counts) the ratio of the large ones is printed
  and nothing is asked of it.
- *First picture*: from the call that opens the file to the end of the paint that shows its first frame. The interpreter
  is warm (another small file was opened and closed before) and so is the page cache (the file was just written). The
  content key (SHA-256) is not taken by then and not needed: see `domain/content_key.py`.
- *Memory*: resident memory of the window's process at its highest while the loop plays once from end to end, less the
  same after the small file was closed; looked at ten times a second. No model runs in this part.
- *Clips listed*: {CLIPS} files of {CLIP_FRAMES} frames opened as a folder, until the last one has its thumbnail.
- *Late*: play was pressed at t, with frame f on the screen; frame f + k is due at t + k / rate. It is late where the
  paint that showed it ended more than half a frame time after that (16.7 ms at 30/s), or where it was not shown in its
  turn at all, or more than 2 ms too early. Every turn up to the press of pause counts, whether anything was painted
  still or not. Frame numbers come from the pixels that were painted, times are taken when the paint has ended; the
  player is not asked. The share depends on what else the machine does. Two runs on two cores that other
  programs kept busy had 1.6 % and 56 % late frames without a model, and 0.0 % and 38 % while it read (load 9.5; and 7
  to 10, where the program besides gave way to the others). Playing without a model was the worse one both times, which
  we have not explained; the two parts run minutes apart, and on such a machine no single run proves either.
- *While the model reads*: the bundled compact model in its own process reads the same loop, 25 s; then it reads for
  half as long without play, which tells what playing costs it. The model's process runs at a lower priority than the
  window (`inference/worker_side.py`).
"""


def page(rows: Sequence[Row], load: float | None, seconds: float) -> str:
    """Return the Markdown page."""
    lines = [
        "# Speed of files and playback",
        "",
        "Written by `make bench-files`.",
        "",
        machine(load, seconds),
        "",
        "| what | asked | found | |",
        "|---|---|---|---|",
        *(f"| {row.name} | {row.asked} | {row.found} | {_verdict(row)} |" for row in rows),
        "",
        "## How it is measured",
        "",
        _METHOD.rstrip(),
    ]
    return "\n".join(lines) + "\n"


def machine(load: float | None, seconds: float) -> str:
    """Return what the numbers belong to, and when."""
    parts = [f"{name} {version(name)}" for name in ("pydicom", "simplejpeg", "Pillow", "PySide6-Essentials", "torch")]
    busy = [] if load is None else [f"load {load:.1f} when it began"]
    told = [processor(), cores(), platform.system(), *busy]
    day = datetime.now(UTC).date().isoformat()
    return (
        f"Machine: {', '.join(told)}. Versions: Python {platform.python_version()}, {', '.join(parts)}. "
        f"Run on {day}, in {seconds / 60:.1f} minutes."
    )


def _verdict(row: Row) -> str:
    return "" if not row.asked else "PASS" if row.holds else "FAIL"


def _in_a_window(*task: object) -> dict[str, Any]:
    """Do one task of `bench.files_window` in a fresh process.

    Raises:
        subprocess.CalledProcessError: It failed; what it said stands above.
    """
    command = [sys.executable, "-m", "bench.files_window", *map(str, task)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _say(text: str) -> None:
    print(f"{text} ...", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.files", description=__doc__)
    parser.add_argument("--only", action="append", choices=list(_PARTS), help="one part; may be given again")
    parser.add_argument("--out", type=Path, help=f"page to write: {PAGE}")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
