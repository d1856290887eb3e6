"""Lengths over the whole clip as one block across the page: each value with its spread and a dot for each frame."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from reportlab.platypus import Spacer

from fetalclip_app import wording
from fetalclip_app.domain.abstention import Abstention
from fetalclip_app.domain.pooled import PooledLength, PooledSize, WholeClip
from fetalclip_app.report.build import ClipEntry
from fetalclip_app.report.style import (
    ACCENT,
    ACCENT_PALE,
    DOUBT,
    DOUBT_STRONG,
    FIGURES,
    LINE,
    MM,
    NOTE,
    PAD,
    STRONG,
    SUBHEADING,
    Painted,
    card,
    para,
    rows,
)
from fetalclip_app.wording.pooled import (
    outlier_rule,
    outliers,
    pooled_dots,
    pooled_frames,
    pooled_meaning,
    pooled_name,
    pooled_plane,
    pooled_value,
)

_NAME, _VALUE, _DOTS = 20 * MM, 30 * MM, 56 * MM
_HIGH = 7.5 * MM
_DOT = 0.55 * MM


def pooled_block(entry: ClipEntry, width: float) -> list[Any]:
    """Return the block; nothing where no plane was measured over the clip."""
    found = entry.reading.answer("whole_clip", WholeClip)
    if found is None:
        return []
    inner = width - 2 * PAD
    content: list[Any] = [para(wording.task_title("whole_clip"), SUBHEADING)]
    for _gauge, lengths in groupby(found.lengths, key=lambda one: (one.by, one.structure)):
        content += _group(list(lengths), entry.reading.frame_count, inner)
    if any(isinstance(one.size, PooledSize) for one in found.lengths):
        content += [para(text, NOTE) for text in (pooled_dots(), pooled_meaning(), outlier_rule(), pooled_plane())]
    return [card(content, width), Spacer(0, 4 * MM)]


def _group(lengths: Sequence[PooledLength], frame_count: int, width: float) -> list[Any]:
    """Return the lengths of one plane that were measured in one way, and what became of its frames."""
    widths = [_NAME, _VALUE, _DOTS, width - _NAME - _VALUE - _DOTS]
    table = rows([_row(one, frame_count) for one in lengths], widths, between=0.8 * MM)
    return [table, para(pooled_frames(lengths[0]), NOTE), Spacer(0, 1.5 * MM)]


def _row(one: PooledLength, frame_count: int) -> list[Any]:
    is_doubt = isinstance(one.size, Abstention)
    value = para(pooled_value(one), DOUBT_STRONG if is_doubt else FIGURES)
    note = wording.abstention(one.size) if isinstance(one.size, Abstention) else outliers(one)
    return [para(pooled_name(one), STRONG), value, _dots(one, frame_count), para(note, NOTE)]


def _dots(one: PooledLength, frame_count: int) -> Any:
    """Return the lengths over the frames: the median as a line in its band of limits, outliers in amber."""
    size = one.size
    if isinstance(size, Abstention):
        return Spacer(0, 0)
    width = _DOTS - 4 * MM
    values = [value.value_mm for value in one.values]
    low, high = min(size.low_mm, *values), max(size.high_mm, *values)

    def up(length: float) -> float:
        return 0.8 * MM + (length - low) / (high - low) * (_HIGH - 1.6 * MM)

    def paint(canvas: Any) -> None:
        canvas.setFillColor(ACCENT_PALE)
        canvas.rect(0, up(size.low_mm), width, up(size.high_mm) - up(size.low_mm), stroke=0, fill=1)
        canvas.setStrokeColor(LINE)
        canvas.setLineWidth(0.5)
        canvas.line(0, up(size.median_mm), width, up(size.median_mm))
        for value in one.values:
            across = _DOT + value.frame_index / max(frame_count - 1, 1) * (width - 2 * _DOT)
            canvas.setFillColor(ACCENT if value.beyond is None else DOUBT)
            radius = _DOT if value.beyond is None else 1.6 * _DOT
            canvas.circle(across, up(value.value_mm), radius, stroke=0, fill=1)

    return Painted(width, _HIGH, paint)
