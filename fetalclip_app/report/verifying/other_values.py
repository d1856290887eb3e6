"""What else stands in a report's JSON: values that are no number of their own, such as the shares of single frames."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from itertools import islice
from typing import Any

from fetalclip_app.report.json_traces import pointer
from fetalclip_app.report.verifying.rebuilding import Row

_LEFT_OUT = frozenset({"numbers", "file", "device", "notices", "app_version"})
"""Names of what may differ without another value, and of what is looked at by itself."""

_SENTENCES = frozenset(
    {
        *("sentence", "sentences", "hint", "meaning", "definition", "title", "remark", "scale", "scales", "depends"),
        "research_use_only",
    }
)
"""Names of what another version of the program says in other words."""

_MADE_WITH = frozenset({"model", "preprocessing", "view_sets", "heads", "probes"})

_WITHOUT_A_NETWORK = frozenset({"provenance", "calibration", "by_hand", "fetus", "frames", "missing_frames"})
"""Parts of a clip's entry that another version or device gives alike."""

_SHARE = 0.005
"""By how much such a value may differ, as a share of it; below 1 by so much itself."""

_MOST = 20
"""So many of one entry are told."""


@dataclass(frozen=True, slots=True)
class OtherValue:
    """A value that came out otherwise.

    Attributes:
        row: Place of its entry in the report.
        at: Where it stands there: a JSON pointer.
        stated, found: None where one of the two has nothing there.
    """

    row: int
    at: str
    stated: Any
    found: Any


def other_values(
    place: int, stated: Row, found: Row, *, made_otherwise: bool = False, same_version: bool = True
) -> tuple[OtherValue, ...]:
    """Return the values of an entry that came out otherwise, but those that are numbers with a trace.

    Of an entry that another version of the program wrote, or that was read on another device, only what no network
    takes part in: what those have behind the digits that are printed is theirs.

    Args:
        made_otherwise: Numbers of the entry were named for another model or what else goes into it.
        same_version: The report was written by the version at hand: its sentences are compared too.
    """
    if "provenance" in stated and _made(stated) != _made(found):
        stated, found = (
            {name: value for name, value in row.items() if name in _WITHOUT_A_NETWORK} for row in (stated, found)
        )
    if made_otherwise:
        stated, found = ({**row, "provenance": _without(row["provenance"], _MADE_WITH)} for row in (stated, found))
    traced = {one["at"] for one in stated.get("numbers", ())}
    left_out = _LEFT_OUT if same_version else _LEFT_OUT | _SENTENCES
    all_of_it = _differing(stated, found, (), left_out)
    told = (OtherValue(place, at, was, now) for at, was, now in all_of_it if at not in traced)
    return tuple(islice(told, _MOST))


def _without(row: Row, names: Set[str]) -> Row:
    return {name: value for name, value in row.items() if name not in names}


def _made(row: Row) -> tuple[Any, ...]:
    made = row["provenance"]
    return made.get("app_version"), made.get("device"), made["model"].get("sha256"), made.get("view_sets")


def _differing(was: Any, now: Any, at: tuple[str | int, ...], left_out: Set[str]) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(was, dict) and isinstance(now, dict):
        if _is_held_back(was):
            return
        for name in (name for name in (*was, *(name for name in now if name not in was)) if name not in left_out):
            yield from _differing(was.get(name), now.get(name), (*at, name), left_out)
    elif isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        for number, (one, other) in enumerate(zip(was, now, strict=True)):
            yield from _differing(one, other, (*at, number), left_out)
    elif not _alike(was, now):
        yield pointer(*at), in_short(was), in_short(now)


def _is_held_back(was: Row) -> bool:
    """Whether a person did not want to see this before she had measured: it is not in the report at all."""
    why = was.get("abstained")
    return isinstance(why, dict) and why.get("reason") == "held_back"


def _alike(was: Any, now: Any) -> bool:
    if _is_number(was) and _is_number(now):
        return bool(abs(was - now) <= _SHARE * max(1.0, abs(now)))
    return type(was) is type(now) and bool(was == now)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def in_short(value: Any) -> Any:
    """Return a value; of a list or a table that it is one."""
    return "…" if isinstance(value, dict | list) else value
