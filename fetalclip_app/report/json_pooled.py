"""Lengths over a whole clip as the JSON document has them."""

from __future__ import annotations

from typing import Any

from fetalclip_app.domain.abstention import Abstention
from fetalclip_app.domain.pooled import OUTLIER_SCORE, FrameValue, PooledLength, PooledSize, WholeClip
from fetalclip_app.domain.reading import Finding
from fetalclip_app.report.json_values import abstention, number
from fetalclip_app.wording.pooled import pooled_definition, pooled_meaning


def whole_clip(finding: Finding | None) -> dict[str, Any]:
    """Return every length with its repeats, or why none was pooled; no key where the task was not asked."""
    if finding is None:
        return {}
    if isinstance(finding.answer, Abstention):
        return {"whole_clip": {"abstained": abstention(finding.answer)}}
    if not isinstance(finding.answer, WholeClip):
        raise ValueError(f"lengths of a clip that are a {type(finding.answer).__name__}")
    rule = {"name": "modified_z_score", "limit": OUTLIER_SCORE}
    lengths = [_length(one) for one in finding.answer.lengths]
    return {"whole_clip": {"lengths": lengths, "meaning": pooled_meaning(), "outlier_rule": rule}}


def _length(one: PooledLength) -> dict[str, Any]:
    used = one.frames
    return {
        "name": one.name,
        "by": str(one.by),
        "structure": one.structure,
        **({"abstained": abstention(one.size)} if isinstance(one.size, Abstention) else _size(one.size)),
        "frames": {
            "shown": used.shown,
            "looked_at": used.chosen,
            "alike": used.alike,
            "refused": dict(used.refused),
            "measured": len(one.values),
        },
        "values": [_value(value) for value in one.values],
        "definition": pooled_definition(one),
        "licence": one.licence or None,
    }


def _size(size: PooledSize) -> dict[str, Any]:
    return {
        "median_mm": number(size.median_mm),
        "spread_mm": number(size.spread_mm),
        "limits_mm": [number(size.low_mm), number(size.high_mm)],
    }


def _value(value: FrameValue) -> dict[str, Any]:
    beyond = None if value.beyond is None else str(value.beyond)
    return {"frame": value.frame_index, "mm": number(value.value_mm), "outlier": beyond}
