"""Lengths by landmarks as one block across the page."""

from __future__ import annotations

from typing import Any

from reportlab.platypus import Spacer

from fetalclip_app import wording
from fetalclip_app.domain.reading import LineMeasurements
from fetalclip_app.report.build import ClipEntry
from fetalclip_app.report.style import DOUBT_STRONG, FIGURES, MM, NOTE, PAD, STRONG, SUBHEADING, card, para, rows


def lines_block(entry: ClipEntry, width: float) -> list[Any]:
    """Return the block; nothing where no lengths were asked for, or no frame shows their planes."""
    found = entry.reading.answer("measurements", LineMeasurements)
    if found is None:
        return []
    inner = width - 2 * PAD
    cells = []
    for one, line in zip(found.measurements, wording.answer_lines("measurements", found), strict=True):
        frame = wording.frame_title(one.frame_index, len(entry.clip))
        value = para(line.value, DOUBT_STRONG if line.is_doubt else FIGURES)
        note = f"{frame}. {line.notes[0]}"
        cells.append([para(line.label, STRONG), value, para(note, NOTE)])
    table = rows(cells, [16 * MM, 30 * MM, inner - 46 * MM], between=0.8 * MM)
    licence = wording.line_licence(found.measurements[0])
    content = [para(wording.task_title("measurements"), SUBHEADING), table, Spacer(0, 1 * MM), para(licence, NOTE)]
    return [Spacer(0, 2.5 * MM), card(content, width)]
