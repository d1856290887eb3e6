"""Where the area of a structure comes from, as rows of words."""

from __future__ import annotations

from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.reading import ClipReading, Finding
from fetalclip_app.domain.structures import Structure, Structures
from fetalclip_app.ui.provenance import Row, abstained_rows, model_rows, picture_rows, why_rows
from fetalclip_app.wording import calibration_source
from fetalclip_app.wording.numbers import square_pixels
from fetalclip_app.wording.structures import (
    structure_area,
    structure_clearness,
    structure_definition,
    structure_dice,
    structure_title,
)
from fetalclip_app.wording.translate import translate


def structure_rows(clip: Clip, reading: ClipReading, finding: Finding, name: str) -> list[Row]:
    """Return what a structure's area rests on, or why there is none."""
    one = _structure(finding, name)
    if one is None or not isinstance(finding.answer, Structures):
        return abstained_rows(clip, reading, finding)
    head = finding.answer.head
    return [
        (structure_title(name), structure_area(one)),
        *why_rows(one.found),
        *(
            [(translate("In pixels"), square_pixels(one.area.px))]
            if one.area is not None and one.area.mm2 is not None
            else []
        ),
        (translate("Definition"), structure_definition(name, head)),
        (translate("Clearness"), structure_clearness(one)),
        *picture_rows(reading, one.frame_index),
        (translate("Scale"), calibration_source(reading.calibration)),
        (translate("Model head"), f"{head.name} · {head.sha256[:12]} · {head.licence}"),
        (translate("Quality"), structure_dice(name, head)),
        *model_rows(reading),
    ]


def frame_of(finding: Finding, name: str) -> int | None:
    """Return the frame that a structure was looked for on."""
    one = _structure(finding, name)
    return finding.frame_index if one is None else one.frame_index


def _structure(finding: Finding, name: str) -> Structure | None:
    if not isinstance(finding.answer, Structures):
        return None
    return next((one for one in finding.answer.structures if one.name == name), None)
