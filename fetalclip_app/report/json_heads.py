"""What heads of their own found, as JSON: lengths by landmarks, masks of structures, labels of clips and pictures."""

from __future__ import annotations

from typing import Any

from fetalclip_app import wording
from fetalclip_app.domain.abstention import Abstention
from fetalclip_app.domain.clip_labels import ClipLabel, ClipLabels
from fetalclip_app.domain.landmarks import LineError
from fetalclip_app.domain.overlay import Segmentation
from fetalclip_app.domain.reading import Finding, LineMeasurements, Measurement
from fetalclip_app.domain.structures import MaskFacts, Structure, Structures
from fetalclip_app.report.json_values import abstention, number
from fetalclip_app.wording.clip_labels import label_training
from fetalclip_app.wording.structures import structure_definition, structure_title


def measurements(finding: Finding | None) -> dict[str, Any]:
    """Return the list of lengths by landmarks; no key where the model has no measurement head."""
    if finding is None:
        return {}
    answer = finding.answer
    found = answer.measurements if isinstance(answer, LineMeasurements) else ()
    return {"measurements": [_measurement(one) for one in found]}


def _measurement(one: Measurement) -> dict[str, Any]:
    size = one.size_mm
    return {
        "name": one.name,
        "structure": one.structure,
        **({"abstained": abstention(size)} if isinstance(size, Abstention) else {"mm": number(size)}),
        "definition": wording.line_definition(one.name),
        "ends": [[number(x), number(y)] for x, y in one.ends],
        "spread": number(one.spread),
        "spread_limit": number(one.spread_limit),
        "frame": one.frame_index,
        "error": None if one.error is None else _error(one.error),
        "licence": one.licence,
    }


def _error(off: LineError) -> dict[str, Any]:
    return {"mean_mm": number(off.error_mm), "bias_mm": number(off.bias_mm), "pictures": off.pictures}


def structures(finding: Finding | None) -> dict[str, Any]:
    """Return every structure with its outline, or why none was looked for; no key where the model has no masks."""
    if finding is None:
        return {}
    if not isinstance(finding.answer, Structures):
        if not isinstance(finding.answer, Abstention):
            raise ValueError(f"structures that are a {type(finding.answer).__name__}")
        return {"structures": {"abstained": abstention(finding.answer)}}
    answer = finding.answer
    return {"structures": {"found": [_structure(one, answer.head) for one in answer.structures]}}


def _structure(one: Structure, head: MaskFacts) -> dict[str, Any]:
    dice, pictures = head.dice.get(one.name), head.pictures.get(one.name)
    return {
        "name": one.name,
        "title": structure_title(one.name),
        **_region(one),
        "definition": structure_definition(one.name, head),
        "is_box": one.name in head.boxes,
        "clearness": number(one.clearness),
        "clearness_limit": number(one.clearness_limit),
        "frame": one.frame_index,
        "dice": None if dice is None else {"value": number(dice), "pictures": pictures},
        "licence": head.licence,
    }


def _region(one: Structure) -> dict[str, Any]:
    if not isinstance(one.found, Segmentation) or one.area is None:
        why = one.found if isinstance(one.found, Abstention) else None
        if why is None:
            raise ValueError(f"{one.name} has a mask and no area")
        return {"abstained": abstention(why)}
    return {
        "area_px": one.area.px,
        "area_mm2": None if one.area.mm2 is None else number(one.area.mm2),
        "outline": one.outline.tolist(),
    }


def clip_labels(finding: Finding | None) -> dict[str, Any]:
    """Return every label of the clip, or why none was looked for; no key where the model has no such head."""
    if finding is None:
        return {}
    if isinstance(finding.answer, Abstention):
        return {"clip_labels": {"abstained": abstention(finding.answer)}}
    if not isinstance(finding.answer, ClipLabels):
        raise ValueError(f"clip labels that are a {type(finding.answer).__name__}")
    return {"clip_labels": {"labels": [_label(one) for one in finding.answer.labels]}}


def _label(one: ClipLabel) -> dict[str, Any]:
    head, share = one.head, one.probability
    return {
        "label": head.label,
        "meaning": head.meaning,
        **({"abstained": abstention(share)} if isinstance(share, Abstention) else {"probability": number(share)}),
        "of_pictures": head.is_of_pictures,
        "frame": one.frame_index,
        "frames": head.frames,
        "pooling": str(head.pooling),
        "view": head.view or None,
        "training": {
            "clips": head.clips,
            "patients": head.patients,
            "positive": head.positive,
            "generated": head.generated,
        },
        "auroc": {"value": number(head.auroc), "low": number(head.low), "high": number(head.high)},
        "remark": label_training(head),
        "name": head.name,
        "sha256": head.sha256,
        "licence": head.licence,
    }
