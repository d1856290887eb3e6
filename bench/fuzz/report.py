"""Outcomes -> the page in ``docs/`` and the lines on screen."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version

from bench.fuzz.child import ADDRESS_SPACE, MOST_MEMORY, Outcome
from bench.fuzz.recipe import Cookbook
from bench.fuzz.runner import PATIENCE, SLOW_CODEC, SLOW_CODEC_SECONDS, SLOWEST_SECONDS
from bench.machine import cores

_LIBRARIES = ("pydicom", "Pillow", "av", "pylibjpeg-openjpeg", "numpy")

METHOD = f"""\
Each number names one file: a seed file (made by a formula, or a real scan cut to a few frames) and one damage, whose
details chance decides. The file is written to a folder and opened in a process of its own as a user would: header,
calibration, first, middle and last frame, thumbnail, rate, the crop for the network, the length in mm between 78 fixed
pairs of pixels, and the size of a pixel in five fixed parts of the picture, as an age or a circumference takes it. A
file fails the run where

- the process ends (a crash), or the look takes, twice, more than {SLOWEST_SECONDS:g} s of the processor's time or
  {PATIENCE * SLOWEST_SECONDS:g} s of the clock (a hang; on an idle machine the first is the clock's time too).
  One exception is known and counted above: on some damaged {SLOW_CODEC} frames CharLS counts up to 2 ** 31 before it
  refuses them, which takes about 5 s a frame and cannot be interrupted; there {SLOW_CODEC_SECONDS:g} s are a hang;
- memory rises by more than {MOST_MEMORY >> 20} MiB (the peak of the resident set, counted anew for each file; a net of
  {ADDRESS_SPACE >> 30} GiB of address space lies below, and a file that reaches it fails as well);
- anything but `UnreadableFile` escapes, its sentence is missing, or its details are no text for a user;
- anything is printed, warned or logged from WARNING on, or a log line of any level names the patient (alone what
  libtiff prints about a damaged TIFF is let pass: Pillow cannot turn it off, and it holds no text of the file);
- a frame has not the size of its clip, or a rate or a time is no number;
- a length in mm differs from the undamaged file's. A withheld length is right. Where the damage changed the bytes of
  the calibration itself, the length must be what those bytes now mean, worked out by a second implementation that
  shares no line with the program's reader (`bench/fuzz/judge.py`). Rows, columns, kinds of value (VR) and order are
  no part of the calibration: who lies there must not change a length.

Undamaged seeds run along as a damage called *none*: they must open whole, and give the second implementation's
lengths. The tests plant readers that ignore units, use the first region everywhere, hang and crash, and see each of
them caught."""


@dataclass(slots=True)
class Run:
    """All outcomes of one run, and what they came from."""

    chance: int
    cookbook: Cookbook
    outcomes: list[Outcome] = field(default_factory=list)
    seconds: float = 0.0
    again: int = 0

    @property
    def failures(self) -> list[Outcome]:
        """Those with complaints, in the order of their numbers."""
        return sorted((each for each in self.outcomes if each.complaints), key=lambda each: each.number)

    @property
    def is_passed(self) -> bool:
        """Whether nothing failed, and anything was tried."""
        return bool(self.outcomes) and not self.failures


def summary(run: Run) -> str:
    """Return the figures in a few lines."""
    outcomes = run.outcomes
    slowest = max(outcomes, key=lambda each: each.seconds)
    largest = max(outcomes, key=lambda each: each.peak)
    opened = sum(each.opened for each in outcomes)
    whole = sum(each.opened and not each.code for each in outcomes)
    measured = sum(each.lengths > 0 for each in outcomes)
    late = sum(each.seconds > SLOWEST_SECONDS for each in outcomes)
    words = "PASS" if run.is_passed else f"FAIL: {len(run.failures)} files"
    return "\n".join(
        [
            f"{words}. {len(outcomes)} damaged files in {run.seconds:.0f} s, seed {run.chance}.",
            f"Ran out of time at first and were looked at again: {run.again}.",
            f"Shown: {opened} ({whole} without any refusal), with millimetres: {measured}.",
            f"Refused: {len(outcomes) - opened}.",
            f"Slowest: {slowest.seconds:.2f} s of the processor (number {slowest.number}: {slowest.seed}, "
            f"{slowest.damage}).",
            f"Beyond {SLOWEST_SECONDS:g} s of the processor: {late} (of damaged {SLOW_CODEC}, see below).",
            f"Most memory: {largest.peak >> 20} MiB (number {largest.number}: {largest.seed}, {largest.damage}, "
            f"{largest.touched[:60]}).",
        ]
    )


def page(run: Run) -> str:
    """Return the whole page as Markdown."""
    versions = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    codes = Counter(each.code or "none" for each in run.outcomes)
    parts = [
        "# Damaged files",
        "Written by `make fuzz`; change the command, not this page.",
        f"## Figures\n\n{_listed(summary(run))}",
        f"{datetime.now(UTC):%Y-%m-%d}, {platform.system()}, {cores()}, "
        f"Python {platform.python_version()}, {versions}.",
        f"{len(run.cookbook.seeds)} seed files, {len(run.cookbook.pairs)} pairs of seed and damage.",
        f"## What is tried, and what fails\n\n{METHOD}",
        f"## By kind of file\n\n{_table('file', run.outcomes, lambda each: str(each.family))}",
        f"## By damage\n\n{_table('damage', run.outcomes, lambda each: each.damage)}",
        f"## By seed file\n\n{_table('seed', run.outcomes, lambda each: each.seed)}",
        "## Refused, in whole or in part, with\n\n| code | files |\n|---|---|\n"
        + "\n".join(f"| `{code}` | {count} |" for code, count in sorted(codes.items())),
    ]
    if run.failures:
        lines = [f"- {each.number}: {each.seed}, {each.damage}: {each.complaints[0]}" for each in run.failures]
        parts.append("## Failures\n\n" + "\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _listed(text: str) -> str:
    return "\n".join(f"- {line}" for line in text.splitlines())


def _table(title: str, outcomes: Iterable[Outcome], key: Callable[[Outcome], str]) -> str:
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(key(outcome), []).append(outcome)
    lines = [
        f"| {title} | files | shown | with mm | refused | slowest, s of the processor | most MiB | failures |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, group in sorted(groups.items()):
        shown, failed = sum(each.opened for each in group), sum(bool(each.complaints) for each in group)
        slowest, largest = max(each.seconds for each in group), max(each.peak for each in group) >> 20
        measured = sum(each.lengths > 0 for each in group)
        cells = (name, len(group), shown, measured, len(group) - shown, f"{slowest:.2f}", largest, failed)
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)
