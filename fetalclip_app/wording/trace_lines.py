"""Where a number comes from, as labelled lines: what any window or page may tell of its trace."""

from __future__ import annotations

from collections.abc import Mapping

from fetalclip_app.domain.notes import Line
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.domain.trace import By, Did, Edit, MaskDigest, Picture, Trace
from fetalclip_app.wording.numbers import pixel_size
from fetalclip_app.wording.scale import region_letter
from fetalclip_app.wording.traces import printed
from fetalclip_app.wording.translate import mark, translate
from fetalclip_app.wording.verified import number_name

_DID = {
    Did.DRAWN: mark("drawn: {after}"),
    Did.CHANGED: mark("changed: {before} became {after}"),
    Did.REMOVED: mark("removed: {before}"),
    Did.ENTERED: mark("enters the report: {after} in place of {before}"),
    Did.DATED: mark("dated: {after}"),
    Did.SCALED: mark("scale by hand: {before} became {after}"),
}

_PICTURES = 3
"""Files that are told of one by one."""

_LETTERS = 24

Told = tuple[str, str]
"""A label, and what is told."""


def trace_lines(one: Trace, known: Mapping[str, Trace]) -> list[Told]:
    """Return files, scale, shape, rule, program, the numbers that it was computed from, and every edit.

    Args:
        known: Traces by id, among them those that it was computed from.
    """
    lines: list[Told] = []
    for picture in one.pictures[:_PICTURES]:
        lines += _picture(picture)
    if one.shape is not None:
        lines.append((translate("Shape"), shape_told(one.shape)))
    if one.equation is not None and one.equation.citation:
        lines.append((translate("Source"), one.equation.citation))
    lines += [(translate("From"), number_told(known[name])) for name in one.inputs if name in known]
    if one.made_by is not None:
        lines.append((translate("Weights"), in_lines(one.made_by.model_sha256)))
        if one.made_by.head is not None:
            name, sha256 = one.made_by.head
            lines.append((translate("Head"), f"{name}\n{in_lines(sha256)}"))
        lines.append((translate("Program"), f"FetalCLIP Studio {one.made_by.app_version}"))
    return [*lines, *((translate("Edit"), edit_told(one, edit)) for edit in one.edits)]


def number_told(one: Trace) -> str:
    """Return a number with its name: ``HC, by hand 175.2 mm``."""
    definition = "" if one.definition is None else str(one.definition)
    name = number_name(one.of, one.kind, By(one.by), definition=definition, fetus=one.fetus)
    return f"{name} {printed(one.kind, one.value)}"


def edit_told(one: Trace, edit: Edit) -> str:
    """Return what was done to a number: ``2026-03-14 12:00, A. Sonographer, drawn: 175.2 mm``."""
    sizes = {
        name: translate("no number") if value is None else printed(one.kind, value)
        for name, value in (("before", edit.before), ("after", edit.after))
    }
    again = edit.did is Did.DATED and edit.before is not None
    said = mark("dated anew: {before} became {after}") if again else _DID[edit.did]
    when = edit.when[:16].replace("T", " ")
    return ", ".join(filter(None, [when, edit.who, translate(said, **sizes)]))


def shape_told(shape: Line | Ellipse | MaskDigest) -> str:
    """Return a shape in frame pixels."""
    match shape:
        case Line((x, y), (other_x, other_y)):
            ends = {"x": f"{x:.1f}", "y": f"{y:.1f}", "other_x": f"{other_x:.1f}", "other_y": f"{other_y:.1f}"}
            return translate("line from {x}, {y} to {other_x}, {other_y} px", **ends)
        case Ellipse():
            centre = {"x": f"{shape.cx:.1f}", "y": f"{shape.cy:.1f}", "a": f"{shape.a:.1f}", "b": f"{shape.b:.1f}"}
            return translate(
                "ellipse at {x}, {y}, semi-axes {a} and {b} px, turned {angle}°",
                **centre,
                angle=f"{shape.angle_deg:.1f}",
            )
        case MaskDigest():
            return translate("mask, SHA-256 {sha256}", sha256=f"\n{in_lines(shape.sha256)}")


def in_lines(name: str) -> str:
    """Return a digest or an identifier in lines that a narrow column has room for: no word of it could be broken."""
    return "\n".join(name[start : start + _LETTERS] for start in range(0, len(name), _LETTERS))


def _picture(picture: Picture) -> list[Told]:
    lines = [(translate("File"), picture.file), ("SHA-256", in_lines(picture.sha256))]
    if picture.sop_instance_uid:
        number = picture.frame_number
        frame = "" if number is None else translate("frame {number}", number=number)
        uid = in_lines(picture.sop_instance_uid)
        lines.append((translate("DICOM instance"), ", ".join(filter(None, [uid, frame]))))
    region = region_told(picture)
    return [*lines, (translate("Region"), region)] if region else lines


def region_told(picture: Picture) -> str:
    """Return the region whose scale was used, and the scale; empty where none was."""
    if picture.region_index is None or picture.row_mm is None or picture.column_mm is None:
        return ""
    letter, size = region_letter(picture.region_index), pixel_size(picture.row_mm, picture.column_mm)
    return translate("{letter}, {size}", letter=letter, size=size)
