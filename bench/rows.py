"""What was timed, side by side: a row, a table of rows, and the page that keeps them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

MARKS = "<!-- {name}: begin -->", "<!-- {name}: end -->"
"""What lies between these two on the page is written by the bench of that name."""

NOT_REACHED = 3
"""How a part of the bench ends that works and misses something; Python itself ends with 1 where it breaks."""

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Row:
    """One piece of work on both sides.

    Attributes:
        plain_s: Seconds that the published recipe takes.
        ours_s: Seconds that the program takes.
        answers: Whether and how far the answers agree.
        same: They do.
        scaled: What was timed of it where not all was; told below the table.
        asked: The ratio that is asked for; None where none is.
    """

    what: str
    plain_s: float
    ours_s: float
    answers: str
    same: bool
    scaled: str = ""
    asked: float | None = None

    @property
    def ratio(self) -> float:
        """How many times as fast as the recipe."""
        return self.plain_s / self.ours_s

    @property
    def is_reached(self) -> bool:
        """Whether the answers agree, and the ratio is what was asked for."""
        return self.same and (self.asked is None or self.ratio >= self.asked)


def table(rows: Sequence[Row]) -> str:
    """Return the rows as Markdown, and below them what was timed of those that were scaled."""
    remarks = list(dict.fromkeys(row.scaled for row in rows if row.scaled))
    lines = ["| what | published recipe | this program | ratio | asked | answers |", "|---|---|---|---|---|---|"]
    for row in rows:
        mark = f" ({remarks.index(row.scaled) + 1})" if row.scaled else ""
        ratio = f"{row.ratio:.3g}x" if row.ratio < 1000 else f"{row.ratio:,.0f}x"
        lines.append(
            f"| {row.what}{mark} | {seconds(row.plain_s)} | {seconds(row.ours_s)} | {ratio} | {_asked(row)} |"
            f" {row.answers}{'' if row.same else ': NOT the same'} |"
        )
    return "\n".join([*lines, *(f"\n({number}) {remark}." for number, remark in enumerate(remarks, 1))])


def _asked(row: Row) -> str:
    if row.asked is None:
        return ""
    return f"{row.asked:,.3g}x: {'reached' if row.ratio >= row.asked else 'NOT reached'}"


def seconds(value: float) -> str:
    """Return a duration with the unit that suits it."""
    if value < 1:
        return f"{value * 1000:.3g} ms"
    return f"{value:.1f} s" if value < 600 else f"{value / 60:.1f} min"


def timed(work: Callable[[], _Result]) -> tuple[float, _Result]:
    """Return the seconds that ``work`` took, and what it found."""
    start = time.perf_counter()
    found = work()
    return time.perf_counter() - start, found


def median_time(work: Callable[[], object], repeats: int) -> float:
    """Return the median of the seconds that ``work`` took."""
    return statistics.median(timed(work)[0] for _ in range(repeats))


def side_by_side(plain: Callable[[], object], ours: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Return the median seconds of both, run in turn: what else the machine does hits both alike."""
    pairs = [(timed(plain)[0], timed(ours)[0]) for _ in range(repeats)]
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)


def write(page: Path, text: str, name: str = "bench") -> None:
    """Put ``text`` between the page's two marks of a name.

    Raises:
        ValueError: The page has no such marks.
    """
    begin, end = (mark.format(name=name) for mark in MARKS)
    old = page.read_text(encoding="utf-8")
    if begin not in old or end not in old:
        raise ValueError(f"{page} has no place for the tables")
    head, rest = old.split(begin, 1)
    tail = rest.split(end, 1)[1]
    page.write_text(f"{head}{begin}\n\n{text.strip()}\n\n{end}{tail}", encoding="utf-8")
