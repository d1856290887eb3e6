"""Labels of the clip or its picture as one block across the page: each with what it was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reportlab.platypus import Spacer

from fetalclip_app import wording
from fetalclip_app.domain.abstention import Abstention
from fetalclip_app.domain.clip_labels import ClipLabel, ClipLabels
from fetalclip_app.report.build import ClipEntry
from fetalclip_app.report.style import DOUBT_STRONG, FIGURES, MM, NOTE, PAD, STRONG, SUBHEADING, card, para, rows
from fetalclip_app.wording.clip_labels import (
    label_frame,
    label_frames,
    label_generated,
    label_licence,
    label_meaning,
    label_patients,
    label_training,
    labels_title,
)


def labels_block(entry: ClipEntry, width: float) -> list[Any]:
    """Return the block; nothing where the model labels no clips, or this is no fetal ultrasound."""
    found = entry.reading.answer("clip_labels", ClipLabels)
    if found is None:
        return []
    inner = width - 2 * PAD
    cells = []
    for one, line in zip(found.labels, wording.answer_lines("clip_labels", found), strict=True):
        value = para(line.value, DOUBT_STRONG if line.is_doubt else FIGURES)
        cells.append([para(line.label, STRONG), value, para(_note(one), NOTE)])
    table = rows(cells, [30 * MM, 26 * MM, inner - 56 * MM], between=0.8 * MM)
    content = [para(labels_title(found), SUBHEADING), table]
    return [Spacer(0, 2.5 * MM), card(content, width)]


def label_facts(clips: Sequence[ClipEntry]) -> list[tuple[str, str]]:
    """Return what each label is and rests on, once for all clips."""
    found = [entry.reading.answer("clip_labels", ClipLabels) for entry in clips]
    heads = {one.head.label: one.head for labels in found if labels is not None for one in labels.labels}
    told = (label_meaning, label_patients, label_frames, label_licence)
    return [(label, " ".join(say(head) for say in told)) for label, head in heads.items()]


def _note(one: ClipLabel) -> str:
    why = wording.abstention(one.probability) if isinstance(one.probability, Abstention) else ""
    generated = label_generated(one.head) if one.head.generated else ""
    return " ".join(text for text in (why, label_frame(one), generated, label_training(one.head)) if text)
