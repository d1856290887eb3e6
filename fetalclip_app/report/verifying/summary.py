"""What a verification comes to: one finding for each number, as lines and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fetalclip_app.domain.trace import By, Kind
from fetalclip_app.domain.verification import Outcome
from fetalclip_app.report.json_values import number
from fetalclip_app.report.verifying.other_values import OtherValue, in_short
from fetalclip_app.report.verifying.outcome import Checked, PageChange
from fetalclip_app.report.verifying.rebuilding import Row
from fetalclip_app.report.verifying.stated import Stated
from fetalclip_app.wording import verified as words
from fetalclip_app.wording.traces import printed


@dataclass(frozen=True, eq=False, slots=True)
class Verdict:
    """What was found of a report.

    Attributes:
        rows: The report's entries.
        numbers: Each number once, in the report's order, with what weighs most against it.
        flaws: How many things in the archive are not as they were kept.
        others: Values of the JSON that are no number of their own.
    """

    rows: tuple[Row, ...]
    numbers: tuple[Checked, ...]
    changes: tuple[PageChange, ...]
    flaws: int = 0
    others: tuple[OtherValue, ...] = ()

    @property
    def is_changed(self) -> bool:
        """Whether something besides the numbers is not as it was."""
        return bool(self.changes or self.flaws or self.others)

    def other_lines(self) -> tuple[str, ...]:
        """Return what else differs, a line each."""
        pages = [words.page_change(one.page, one.before, one.after) for one in self.changes]
        others = [words.other_value(_place(self.rows[one.row]), one.at, one.stated, one.found) for one in self.others]
        return (*others, *pages, *([words.archive_is_not_whole(self.flaws)] if self.flaws else []))

    def line(self, one: Checked) -> str:
        """Return what was found of a number, in a line."""
        told = f"{words.outcome_said(one.outcome)}: {name_of(one, self.rows)} {_printed(one)} [{one.number.id}]"
        return told if one.why is None else f"{told}: {_why(one)}"

    def as_json(self) -> dict[str, Any]:
        """Return the same for another program."""
        counts = {str(outcome): sum(one.outcome is outcome for one in self.numbers) for outcome in Outcome}
        return {
            **counts,
            "numbers": [self._as_json(one) for one in self.numbers],
            "pages_changed": [{"page": one.page, "before": one.before, "after": one.after} for one in self.changes],
            "other_values": [
                {"at": one.at, "entry": one.row, "stated": one.stated, "found": one.found} for one in self.others
            ],
            "archive_flaws": self.flaws,
        }

    def _as_json(self, one: Checked) -> dict[str, Any]:
        return {
            "id": one.number.id,
            "name": name_of(one, self.rows),
            "outcome": str(one.outcome),
            "stated": number(one.number.value),
            "unit": one.number.told["unit"],
            **({} if one.why is None else {"why": str(one.why), "sentence": _why(one)}),
            **({} if one.found is None else {"found": number(one.found)}),
            **({} if one.part is None else {"part": one.part.at}),
            **({} if one.page is None else {"page": one.page, "printed": one.seen or None}),
        }


def verdict(
    stated: Stated,
    checked: Sequence[Checked],
    changes: Sequence[PageChange] = (),
    *,
    others: Sequence[OtherValue] = (),
    flaws: int = 0,
) -> Verdict:
    """Return one finding for each number: a difference before what was not checked, and that before agreement."""
    weight = {outcome: place for place, outcome in enumerate(Outcome)}
    found: dict[tuple[int, str], Checked] = {}
    for one in checked:
        place = one.number.row, one.number.id
        known = found.get(place)
        if known is None or weight[one.outcome] < weight[known.outcome]:
            found[place] = one
    return Verdict(stated.rows, tuple(found.values()), tuple(changes), flaws, tuple(others))


def name_of(one: Checked, rows: Sequence[Row]) -> str:
    """Return what a number is called, with the file or the study that it is of."""
    told = one.number.told
    place = _place(rows[one.number.row])
    if ".whole_clip." in one.number.id:
        place = words.over_whole_clip(place)
    return words.number_name(
        one.number.of,
        one.number.kind,
        By(one.number.by),
        definition=told.get("bpd_definition", ""),
        fetus=told.get("fetus", ""),
        place=place,
    )


def _place(row: Row) -> str:
    return str(row["file"]).replace("\\", "/").rpartition("/")[2] if "file" in row else str(row.get("study", ""))


def _printed(one: Checked) -> str:
    return printed(Kind(one.number.kind), one.number.value)


def _why(one: Checked) -> str:
    assert one.why is not None
    if one.part is not None:
        return words.other_part_said(one.why, one.part.at, in_short(one.part.stated), in_short(one.part.found))
    return words.why_said(one.why, one.number.kind, one.found, page=one.page, seen=one.seen)
