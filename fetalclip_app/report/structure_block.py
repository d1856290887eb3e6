"""Masks of structures as one block across the page: their areas, or why there are none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reportlab.platypus import Spacer

from fetalclip_app import wording
from fetalclip_app.domain.abstention import Abstention
from fetalclip_app.domain.structures import Structure, Structures
from fetalclip_app.report.build import ClipEntry
from fetalclip_app.report.style import DOUBT_STRONG, FIGURES, MM, NOTE, PAD, STRONG, SUBHEADING, card, para, rows
from fetalclip_app.wording.structures import (
    no_area_scale,
    structure_definition,
    structure_dice,
    structure_name,
    structure_rule,
    structures_licence,
)


def structures_block(entry: ClipEntry, width: float) -> list[Any]:
    """Return the block; nothing where the model has no masks, or no frame shows a brain."""
    found = entry.reading.answer("structures", Structures)
    if found is None:
        return []
    inner = width - 2 * PAD
    cells = []
    for one, line in zip(found.structures, wording.answer_lines("structures", found), strict=True):
        value = para(line.value, DOUBT_STRONG if line.is_doubt else FIGURES)
        cells.append([para(line.label, STRONG), value, para(_note(entry, one, found), NOTE)])
    table = rows(cells, [20 * MM, 30 * MM, inner - 50 * MM], between=0.8 * MM)
    unscaled = any(one.area is not None and one.area.mm2 is None for one in found.structures)
    below = [structures_licence(found.head), *([no_area_scale()] if unscaled else [])]
    title = para(wording.task_title("structures"), SUBHEADING)
    content = [title, table, Spacer(0, 1 * MM), *(para(text, NOTE) for text in below)]
    return [Spacer(0, 2.5 * MM), card(content, width)]


def structure_facts(clips: Sequence[ClipEntry]) -> list[tuple[str, str]]:
    """Return what each structure's area is of and when it is given, once for all clips."""
    drawn = [entry.reading.answer("structures", Structures) for entry in clips]
    facts = {
        one.name: f"{structure_definition(one.name, found.head)} {structure_rule(one)}"
        for found in drawn
        if found is not None
        for one in found.structures
    }
    return [(structure_name(name), text) for name, text in facts.items()]


def _note(entry: ClipEntry, one: Structure, found: Structures) -> str:
    """Return the frame and what must be known of the area; of a missing one, why it is missing."""
    frame = f"{wording.frame_title(one.frame_index, len(entry.clip))}."
    if isinstance(one.found, Abstention):
        return f"{frame} {wording.abstention(one.found)}"
    return f"{frame} {structure_definition(one.name, found.head)} {structure_dice(one.name, found.head)}"
