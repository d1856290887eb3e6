"""Where a length over the whole clip comes from, as rows of words."""

from __future__ import annotations

from fetalclip_app.domain.abstention import Abstention
from fetalclip_app.domain.pooled import PooledBy, PooledLength
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.ui.provenance import Row, model_rows, why_rows
from fetalclip_app.wording import calibration_source
from fetalclip_app.wording.pooled import (
    outlier_rule,
    outliers,
    pooled_definition,
    pooled_frames,
    pooled_meaning,
    pooled_name,
    pooled_plane,
    pooled_value,
)
from fetalclip_app.wording.translate import translate

_HEAD_OF = {PooledBy.OUTLINE: "head", PooledBy.LANDMARKS: "measurements"}
"""Key under which provenance names the head that measured."""


def pooled_rows(reading: ClipReading, one: PooledLength) -> list[Row]:
    """Return what a pooled length rests on, or why there is none."""
    name, sha256 = reading.provenance.heads.get(_HEAD_OF[one.by], ("", ""))
    head = " · ".join(part for part in (name, sha256[:12], one.licence) if part)
    return [
        (pooled_name(one), pooled_value(one)),
        *_why_or_meaning(one),
        (translate("Frames"), pooled_frames(one)),
        (translate("Definition"), pooled_definition(one)),
        (translate("Scale"), calibration_source(reading.calibration)),
        *([(translate("Model head"), head)] if head else []),
        *model_rows(reading),
    ]


def _why_or_meaning(one: PooledLength) -> list[Row]:
    if isinstance(one.size, Abstention):
        return why_rows(one.size)
    return [
        (translate("Meaning"), pooled_meaning()),
        (translate("Outliers"), outliers(one)),
        (translate("Rule"), outlier_rule()),
        (translate("Mind"), pooled_plane()),
    ]
