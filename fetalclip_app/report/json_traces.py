"""Traces as the JSON has them: each number with its place in the same entry, and what it came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fetalclip_app.domain.notes import Line
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.domain.trace import Edit, MadeBy, MaskDigest, Named, Picture, Trace
from fetalclip_app.report.json_values import ellipse, line, number


def numbers_of_clip(found: Sequence[Trace], row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the numbers of a clip; ``row`` is its entry in the JSON, in which they are found again."""
    return _placed(found, dict(_clip_places(row)))


def numbers_of_study(found: Sequence[Trace], row: Mapping[str, Any], prefix: str = "") -> list[dict[str, Any]]:
    """Return the numbers of a study likewise; ``prefix`` is that of its ids."""
    named = {".".join(filter(None, [prefix, name])): place for name, place in _study_places(row)}
    return _placed(found, named)


def _placed(found: Sequence[Trace], places: Mapping[str, str]) -> list[dict[str, Any]]:
    return [_number(one, places.get(_own_name(one), "")) for one in found]


def _own_name(one: Trace) -> str:
    return one.id.removeprefix(f"{one.clip}.") if one.clip else one.id


def _number(one: Trace, place: str) -> dict[str, Any]:
    return {
        "id": one.id,
        "at": place or None,
        "kind": str(one.kind),
        "of": one.of,
        "value": number(one.value),
        "unit": one.unit,
        "by": str(one.by),
        **({} if one.fetus == "" else {"fetus": one.fetus}),
        **({} if one.definition is None else {"bpd_definition": str(one.definition)}),
        **({} if not one.pictures else {"pictures": [_picture(picture) for picture in one.pictures]}),
        **({} if one.shape is None else {"shape": _shape(one.shape)}),
        **({} if one.equation is None else {"equation": one.equation.key, "citation": one.equation.citation}),
        **({} if one.made_by is None else {"made_by": _made_by(one.made_by)}),
        **({} if not one.edits else {"edits": [_edit(edit) for edit in one.edits]}),
        **({} if not one.inputs else {"inputs": list(one.inputs)}),
    }


def _picture(picture: Picture) -> dict[str, Any]:
    """Return a picture; the file's name stays out, as it may name a patient."""
    scale = {"row_mm": picture.row_mm, "column_mm": picture.column_mm}
    return {
        "clip": picture.clip_key,
        "sha256": picture.sha256,
        "frame": picture.frame_index,
        **({} if not picture.sop_instance_uid else {"sop_instance_uid": picture.sop_instance_uid}),
        **({} if picture.frame_number is None else {"dicom_frame_number": picture.frame_number}),
        **({} if picture.region_index is None else {"region": picture.region_index}),
        **{name: number(value) for name, value in scale.items() if value is not None},
    }


def _shape(shape: Line | Ellipse | MaskDigest) -> dict[str, Any]:
    match shape:
        case Line():
            return {"line": line(shape)}
        case Ellipse():
            return {"ellipse": ellipse(shape)}
        case MaskDigest():
            return {"mask_sha256": shape.sha256}


def _made_by(made: MadeBy) -> dict[str, Any]:
    files = {"prompts": made.prompts, "head": made.head, "probe": made.probe}
    return {
        "model": made.model_key,
        "model_title": made.model_title,
        "model_sha256": made.model_sha256,
        "preprocessing": made.preprocessing,
        "app_version": made.app_version,
        "device": made.device,
        **{name: _named(one) for name, one in files.items() if one is not None},
    }


def _named(one: Named) -> dict[str, str]:
    name, sha256 = one
    return {"name": name, "sha256": sha256}


def _edit(edit: Edit) -> dict[str, Any]:
    return {
        "did": str(edit.did),
        "before": None if edit.before is None else number(edit.before),
        "after": None if edit.after is None else number(edit.after),
        "who": edit.who,
        "when": edit.when or None,
    }


def _clip_places(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the names of a clip's numbers and where they stand in its entry, as JSON pointers (RFC 6901)."""
    for task in ("views", "brain_views"):
        for key in (row.get(task) or {}).get("probabilities", {}):
            yield f"{task}.{key}", pointer(task, "probabilities", key)
    yield "age", pointer("gestational_age", "days")
    for end in ("low", "high"):
        yield ".".join(["age", end]), pointer("gestational_age", end)
        yield ".".join(["age", "_".join(["interval", end])]), pointer("gestational_age", "interval", end)
    for name in ("hc", "bpd", "ofd"):
        yield f"{name}.outline", pointer("head", f"{name}_mm")
    for place, one in enumerate(row.get("measurements", ())):
        yield f"{one['name']}.landmarks", pointer("measurements", place, "mm")
    for place, one in enumerate(row.get("whole_clip", {}).get("lengths", ())):
        yield f"whole_clip.{one['name']}.{one['by']}", pointer("whole_clip", "lengths", place, "median_mm")
    for place, one in enumerate(row.get("structures", {}).get("found", ())):
        yield f"{one['name']}.mask", pointer("structures", "found", place, "area_mm2")
    for place, one in enumerate(row.get("clip_labels", {}).get("labels", ())):
        yield ".".join(["label", one["label"]]), pointer("clip_labels", "labels", place, "probability")
    yield from _hand_places(row.get("by_hand", {}))


def _hand_places(by_hand: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for place, one in enumerate(by_hand.get("means", ())):
        edges = one.get("bpd_definition")
        yield ".".join(filter(None, [one["measure"], edges, "person"])), pointer("by_hand", "means", place, "mm")
    counted: dict[str, int] = {}
    for place, one in enumerate(by_hand.get("measured", ())):
        name = ".".join(filter(None, [one["measure"], one.get("bpd_definition"), "person"]))
        counted[name] = counted.get(name, 0) + 1
        yield f"{name}.{counted[name]}", pointer("by_hand", "measured", place, "mm")


def _study_places(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "dating", pointer("growth", "age", "days")
    keys = {ref["number"]: ref["key"] for ref in row["clips"]}
    for place, fetus in enumerate(row["growth"]["fetuses"]):
        whose, at = [fetus["fetus"]] if fetus["fetus"] else [], ("growth", "fetuses", place)
        for row_place, size in enumerate(fetus["sizes"]):
            name = [*whose, size["measure"], *filter(None, [size["bpd_definition"]])]
            if size["enters"] is not None:
                yield ".".join([*name, size["enters"]["by"]]), pointer(*at, "sizes", row_place, "enters", "mm")
            yield from _centile_places(name, size["centiles"], (*at, "sizes", row_place))
        if fetus["weight"] is not None:
            yield ".".join([*whose, "efw"]), pointer(*at, "weight", "g")
            yield from _centile_places([*whose, "efw"], fetus["weight"]["centiles"], (*at, "weight"))
        for age_place, age in enumerate(fetus["ages_by_formula"]):
            yield ".".join([*whose, "age", age["formula"]]), pointer(*at, "ages_by_formula", age_place, "days")
        for found_place, one in enumerate(fetus["differences"]["found"]):
            parts = [*whose, "difference", one["what"], one["formula"] or "", keys.get(one["clip"], "")]
            yield ".".join(filter(None, parts)), pointer(*at, "differences", "found", found_place, "days")


def _centile_places(
    name: Sequence[str], centiles: Mapping[str, Any], at: tuple[str | int, ...]
) -> Iterator[tuple[str, str]]:
    for chart in centiles:
        yield ".".join([*name, chart]), pointer(*at, "centiles", chart, "percent")
        yield ".".join([*name, chart, "z"]), pointer(*at, "centiles", chart, "z")


def pointer(*parts: str | int) -> str:
    """Return a JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def at_pointer(row: Any, place: str) -> Any:
    """Return what a JSON pointer leads to; None where it leads nowhere."""
    for part in place.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(row, list) and name.isdigit() and int(name) < len(row):
            row = row[int(name)]
        elif isinstance(row, dict) and name in row:
            row = row[name]
        else:
            return None
    return row
