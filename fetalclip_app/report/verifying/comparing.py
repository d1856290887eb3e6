"""Numbers of a report beside those that the same files give now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fetalclip_app.biometry.study_table import study_table
from fetalclip_app.domain.trace import Kind, Trace
from fetalclip_app.domain.verification import Why
from fetalclip_app.report.as_json import as_table
from fetalclip_app.report.entries import ClipEntry
from fetalclip_app.report.json_study import as_study_entries
from fetalclip_app.report.json_traces import at_pointer, numbers_of_study
from fetalclip_app.report.studies import values_of
from fetalclip_app.report.traces import clip_traces, study_prefixes
from fetalclip_app.report.traces_of_study import study_traces
from fetalclip_app.report.verifying.other_values import OtherValue, other_values
from fetalclip_app.report.verifying.outcome import Checked
from fetalclip_app.report.verifying.rebuilding import Row, dating_of, exam_day_of
from fetalclip_app.report.verifying.stated import Number, Stated, number_of
from fetalclip_app.report.verifying.traced import broken_edit, other_machine, other_part
from fetalclip_app.wording import study_title

_HALF_OF_LAST_DIGIT = {
    Kind.LENGTH: 0.05,
    Kind.AREA: 0.5,
    Kind.SHARE: 0.005,
    Kind.AGE: 0.5,
    Kind.WEIGHT: 0.5,
    Kind.CENTILE: 0.5,
    Kind.Z_SCORE: 0.005,
    Kind.DIFFERENCE: 0.5,
}
"""By how much a number may differ on another processor: less than what is printed shows."""

_SAME = 1e-4
"""The same for what no network takes part in: the JSON has six decimals, of pixels too."""


_MADE_OTHERWISE = frozenset({Why.OTHER_MODEL, Why.OTHER_PROMPTS, Why.OTHER_HEAD, Why.OTHER_PREPROCESSING})


@dataclass(frozen=True, eq=False, slots=True)
class Again:
    """What became of a clip that was looked for and read again.

    Attributes:
        entry: As it reads now; None where it could not be read.
        why: Why it could not, or that it is not the file that was read then; None where all is well.
    """

    entry: ClipEntry | None = None
    why: Why | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Compared:
    """What is found of every number of a report, in its order, and of its other values."""

    numbers: tuple[Checked, ...]
    others: tuple[OtherValue, ...]


def compare(stated: Stated, again: Mapping[int, Again]) -> Compared:
    """Return how a report stands to what its files give now.

    Args:
        again: By the place of the clip's entry in the report.
    """
    numbers: list[Checked] = []
    others: list[OtherValue] = []
    same_versions: list[bool] = []
    for place, row in stated.clips:
        entry = again[place].entry
        told = None if entry is None else as_table([entry])[0]
        of_clip = list(_clip(stated, place, row, told, again[place].why))
        numbers += of_clip
        if told is not None and again[place].why is None:
            is_otherwise = any(one.why in _MADE_OTHERWISE for one in of_clip)
            same_versions.append(row["provenance"].get("app_version") == told["provenance"]["app_version"])
            others += other_values(place, row, told, made_otherwise=is_otherwise, same_version=same_versions[-1])
    otherwise = any(one.why in _MADE_OTHERWISE for one in numbers)
    prefixes = study_prefixes(len(stated.studies))
    clips = [again[number] for number, _row in stated.clips]
    for (place, row), prefix in zip(stated.studies, prefixes, strict=True):
        mine = {ref["number"]: clips[ref["number"] - 1] for ref in row["clips"]}
        told = None if any(one.entry is None for one in mine.values()) else _study_again(row, mine, prefix)
        numbers += _study(stated, place, row, told, mine)
        if told is not None and not otherwise and not any(one.why for one in mine.values()):
            others += other_values(place, row, told, same_version=all(same_versions))
    return Compared(tuple(_consistent(stated, numbers)), tuple(others))


def _consistent(stated: Stated, numbers: Sequence[Checked]) -> Iterator[Checked]:
    """Yield the numbers, those that agree only where the report's traces fit one another too."""
    known = {one.number.id: one.number.told for one in numbers}
    machines = [row["provenance"] for _place, row in stated.clips]
    for one in numbers:
        told = one.number.told
        part = None if one.why is not None else broken_edit(told, known) or other_machine(told, machines)
        yield one if part is None else Checked(one.number, Why.REPORT_ITSELF, part=part)


def _clip(stated: Stated, place: int, row: Row, told: Row | None, why: Why | None) -> Iterator[Checked]:
    fresh: dict[str, Row] = {} if told is None else {one["id"]: one for one in told["numbers"]}
    model = "" if told is None else told["provenance"]["model"]["sha256"]
    # by what it is of, and not by its content: that may have changed
    by_name = {_without_clip(name): one for name, one in fresh.items()}
    for number in _stated_numbers(stated, place, row, fresh):
        found = _checked(number, by_name.get(_without_clip(number.id)), why)
        yield Checked(number, Why.OTHER_MODEL) if found.why is Why.NO_VALUE and _is_of_other(number, model) else found
    yield from _untraced(stated, place, row, fresh)


def _is_of_other(number: Number, model: str) -> bool:
    """Whether another model gave a number than the one at hand, which gives no such number."""
    made = number.told.get("made_by")
    return made is not None and made["model_sha256"] != model


def _without_clip(name: str) -> str:
    return name.partition(".")[2]


def _stated_numbers(stated: Stated, place: int, row: Row, fresh: Mapping[str, Row]) -> list[Number]:
    """Return the numbers of an entry; of one without traces those that stand where the traces of now point to."""
    if "numbers" in row:
        return [one for one in stated.numbers if one.row == place]
    found = []
    for told in fresh.values():
        stands = at_pointer(row, told["at"]) if told["at"] is not None else None
        if isinstance(stands, int | float):
            found.append(number_of({**told, "value": stands}, place, stands))
    return found


def _untraced(stated: Stated, place: int, row: Row, fresh: Mapping[str, Row]) -> Iterator[Checked]:
    """Yield the numbers that an entry with traces states without one."""
    if "numbers" not in row:
        return
    traced = {_without_clip(one.id) if "provenance" in row else one.id for one in stated.numbers if one.row == place}
    for name, told in fresh.items():
        stands = None if told["at"] is None else at_pointer(row, told["at"])
        is_traced = (_without_clip(name) if "provenance" in row else name) in traced
        if not is_traced and isinstance(stands, int | float):
            yield Checked(number_of({**told, "value": stands}, place, stands), Why.UNTRACED)


def _checked(number: Number, fresh: Row | None, why: Why | None) -> Checked:
    """Return what is found of a number; the first reason that holds is given."""
    if number.told["at"] is not None and (number.stands is None or abs(number.stands - number.value) > _SAME):
        return Checked(number, Why.REPORT_ITSELF, number.stands)
    value = None if fresh is None else float(fresh["value"])
    if why is not None:
        return Checked(number, why, value)
    if fresh is None or value is None:
        return Checked(number, Why.NO_VALUE)
    made = _made_otherwise(number.told.get("made_by"), fresh.get("made_by"))
    if made is not None:
        return Checked(number, made, value)
    if abs(value - number.value) > tolerance(number):
        return Checked(number, Why.VALUE, value)
    part = other_part(number.told, fresh)
    return Checked(number) if part is None else Checked(number, Why.TRACE, part=part)


def tolerance(number: Number) -> float:
    """Return by how much a number may differ where nothing was changed."""
    return _SAME if number.by in {"person", "dating"} else _HALF_OF_LAST_DIGIT[number.kind]


def _made_otherwise(then: Row | None, now: Row | None) -> Why | None:
    if then is None or now is None:
        return None
    if then["model_sha256"] != now["model_sha256"]:
        return Why.OTHER_MODEL
    if _sha256(then, "prompts") != _sha256(now, "prompts"):
        return Why.OTHER_PROMPTS
    if any(_sha256(then, name) != _sha256(now, name) for name in ("head", "probe")):
        return Why.OTHER_HEAD
    return None if then["preprocessing"] == now["preprocessing"] else Why.OTHER_PREPROCESSING


def _sha256(made: Row, name: str) -> Any:
    return made.get(name, {}).get("sha256")


def _study(stated: Stated, place: int, row: Row, told: Row | None, mine: Mapping[int, Again]) -> Iterator[Checked]:
    """Yield what is found of a study's numbers: none can be computed again without all clips of the study."""
    fresh: dict[str, Row] = {} if told is None else {one["id"]: one for one in told["numbers"]}
    changed = {ref["key"]: mine[ref["number"]].why for ref in row["clips"]}
    known = {one.id: one for one in stated.numbers}
    for number in _stated_numbers(stated, place, row, fresh):
        reasons = (changed.get(key) for key in sorted(clips_of(number, known)))
        why = Why.CLIP_MISSING if told is None else next((why for why in reasons if why is not None), None)
        yield _checked(number, fresh.get(number.id), why)
    yield from _untraced(stated, place, row, fresh)


def clips_of(number: Number, known: Mapping[str, Number]) -> set[str]:
    """Return the keys of the clips that a number came from, through all numbers that it was computed from."""
    keys: set[str] = {picture["clip"] for picture in number.told.get("pictures", ())}
    ways = [known[name] for name in number.told.get("inputs", ()) if name in known and name != number.id]
    return keys.union(*(clips_of(one, known) for one in ways))


def _study_again(row: Row, mine: Mapping[int, Again], prefix: str) -> Row:
    entries = {number: one.entry for number, one in mine.items() if one.entry is not None}
    growth = row["growth"]
    dating, refused = dating_of(growth)
    days = (entry.clip.origin.exam_day for entry in entries.values())
    exam_day = next((day for day in days if day is not None), None) or exam_day_of(growth)
    values = [values_of(entry, number) for number, entry in entries.items()]
    title = study_title(next(iter(entries.values())).clip.origin)
    table = study_table(values, title=title, dating=dating, refused=refused, exam_day=exam_day)
    own: dict[int, tuple[Trace, ...]] = {number: clip_traces(entry) for number, entry in entries.items()}
    (told,) = as_study_entries([table])
    return {**told, "numbers": numbers_of_study(tuple(study_traces(table, own, prefix)), told, prefix)}
