"""Where the probability of a label comes from, as rows of words."""

from __future__ import annotations

from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.clip_labels import ClipLabels
from fetalclip_app.domain.reading import ClipReading, Finding
from fetalclip_app.ui.provenance import Row, abstained_rows, model_rows, picture_rows, why_rows
from fetalclip_app.wording.clip_labels import (
    label_frames,
    label_generated,
    label_meaning,
    label_patients,
    label_training,
    label_value,
)
from fetalclip_app.wording.translate import translate


def label_rows(clip: Clip, reading: ClipReading, finding: Finding, label: str) -> list[Row]:
    """Return what a label's probability rests on, or why there is none."""
    found = finding.answer.labels if isinstance(finding.answer, ClipLabels) else ()
    one = next((one for one in found if one.head.label == label), None)
    if one is None:
        return abstained_rows(clip, reading, finding)
    head = one.head
    return [
        (label, label_value(one)),
        *why_rows(one.probability),
        *picture_rows(reading, one.frame_index),
        (translate("Meaning"), label_meaning(head)),
        *([(translate("Mind"), label_generated(head))] if head.generated else []),
        (translate("Training"), label_training(head)),
        (translate("Patients"), label_patients(head)),
        (translate("Frames"), label_frames(head)),
        (translate("Model head"), f"{head.name} · {head.sha256[:12]} · {head.licence}"),
        *model_rows(reading),
    ]


def frame_of(finding: Finding, label: str) -> int | None:
    """Return the frame that a label of pictures is about; None where it is of the clip."""
    found = finding.answer.labels if isinstance(finding.answer, ClipLabels) else ()
    return next((one.frame_index for one in found if one.head.label == label), None)
