"""What a report's trace tells of a number besides its value, beside what the files tell now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from fetalclip_app.report.json_traces import pointer
from fetalclip_app.report.verifying.rebuilding import Row

_LOOKED_AT_ELSEWHERE = frozenset({"id", "value", "edits", "app_version", "device"})
"""The value and the edits are compared by themselves; of version and device another is no other number."""

_PIXELS = 0.5
"""By how much a shape that a network drew may differ on another processor."""

_SAME = 2e-6
"""The JSON has six decimals."""


@dataclass(frozen=True, slots=True)
class OtherPart:
    """A part of a trace that is told otherwise.

    Attributes:
        at: Where it stands in the trace: a JSON pointer.
        stated, found: None where one of the two has nothing there.
    """

    at: str
    stated: Any
    found: Any


def other_part(then: Row, now: Row) -> OtherPart | None:
    """Return the first part of a trace that is told otherwise now; None where all is told alike.

    A mask is compared where the same version read it on the same device: elsewhere a pixel at its edge may differ.
    """
    left_out = _LOOKED_AT_ELSEWHERE if _machine(then) == _machine(now) else {*_LOOKED_AT_ELSEWHERE, "mask_sha256"}
    pixels = _SAME if now.get("by") == "person" else _PIXELS
    return next(_other_parts(then, now, (), left_out, pixels), None)


def broken_edit(trace: Row, known: Mapping[str, Row]) -> OtherPart | None:
    """Return where a trace's edits do not lead to its value, or are not those of its inputs; None where they do.

    Args:
        known: The report's traces by their ids.
    """
    edits = list(trace.get("edits") or ())
    if trace["by"] == "person" and trace.get("inputs"):
        return _other_edits(
            edits, [edit for name in trace["inputs"] for edit in known.get(name, {}).get("edits") or ()]
        )
    if not edits or trace["by"] not in {"person", "dating"}:
        return None
    befores = [None if edits[0]["did"] == "drawn" else edits[0]["before"], *(edit["after"] for edit in edits[:-1])]
    for number, (edit, before) in enumerate(zip(edits, befores, strict=True)):
        if not _alike(edit["before"], before, _SAME):
            return OtherPart(pointer("edits", number, "before"), edit["before"], before)
    after, value = edits[-1]["after"], trace["value"]
    return None if _alike(after, value, _SAME) else OtherPart(pointer("edits", len(edits) - 1, "after"), after, value)


def _other_edits(edits: Sequence[Row], of_inputs: Sequence[Row]) -> OtherPart | None:
    """Return the first edit of a number that is of none of its inputs; that a value enters the report is its own."""
    own = [edit for edit in edits if edit["did"] != "entered"]
    pairs = zip_longest(own, of_inputs)
    differs = next((number for number, (one, other) in enumerate(pairs) if one != other), None)
    return None if differs is None else OtherPart(pointer("edits", differs), None, None)


def other_machine(trace: Row, machines: Sequence[Row]) -> OtherPart | None:
    """Return where a trace names another version or device than any of the report's readings (their provenance)."""
    for name in ("app_version", "device") if trace.get("made_by") else ():
        stated = trace["made_by"].get(name)
        if all(stated != made.get(name) for made in machines):
            return OtherPart(pointer("made_by", name), stated, machines[0].get(name))
    return None


def _machine(trace: Row) -> tuple[Any, Any]:
    made = trace.get("made_by") or {}
    return made.get("app_version"), made.get("device")


def _other_parts(
    then: Any, now: Any, at: tuple[str | int, ...], left_out: Set[str], pixels: float
) -> Iterator[OtherPart]:
    if isinstance(then, dict) and isinstance(now, dict):
        for name in (name for name in {**then, **now} if name not in left_out):
            yield from _other_parts(then.get(name), now.get(name), (*at, name), left_out, pixels)
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        for number, (one, other) in enumerate(zip(then, now, strict=True)):
            yield from _other_parts(one, other, (*at, number), left_out, pixels)
    elif not _alike(then, now, pixels if at[:1] == ("shape",) else _SAME):
        yield OtherPart(pointer(*at), then, now)


def _alike(then: Any, now: Any, tolerance: float) -> bool:
    if _is_number(then) and _is_number(now):
        return bool(abs(then - now) <= tolerance)
    return type(then) is type(now) and bool(then == now)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
