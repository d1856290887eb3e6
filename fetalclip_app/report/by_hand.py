"""What a person measured in a clip and lets enter the report, beside what the model says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reportlab.platypus import Spacer

from fetalclip_app import wording
from fetalclip_app.biometry.values import MEASURED, entering
from fetalclip_app.domain.abstention import Abstention
from fetalclip_app.domain.biometry import Measure
from fetalclip_app.domain.values import Entering, ModelValue, Repeats
from fetalclip_app.report.build import ClipEntry
from fetalclip_app.report.style import KEY_FIGURE, MM, NOTE, PAD, STRONG, SUBHEADING, card, para, rows
from fetalclip_app.wording.by_hand import edges_name, measure_name, source_meaning, source_of
from fetalclip_app.wording.translate import translate as _


@dataclass(frozen=True, slots=True)
class ByHand:
    """A person's value that enters.

    Attributes:
        others: What does not enter: the model's, and hers by another definition.
    """

    chosen: Repeats
    size_mm: float
    others: tuple[Repeats | ModelValue, ...]


def by_hand(entry: ClipEntry, measure: Measure) -> ByHand | None:
    """Return a person's value of a measure where hers enters the report."""
    found: Entering = entering(entry.notes.of_fetus(entry.fetus or ""), entry.reading, entry.clip.calibration, measure)
    if not isinstance(found.chosen, Repeats) or found.size_mm is None:
        return None
    return ByHand(found.chosen, found.size_mm, found.others)


def by_hand_block(entry: ClipEntry, width: float) -> list[Any]:
    """Return the values of a person, large, each with the model's small beside it; nothing where she measured none."""
    found = [(measure, mine) for measure in MEASURED if (mine := by_hand(entry, measure)) is not None]
    if not found:
        return []
    inner = width - 2 * PAD
    cells = [[_figure(entry, measure, mine), _told(mine)] for measure, mine in found]
    table = rows(cells, [0.42 * inner, 0.58 * inner], between=1 * MM)
    return [card([para(_("Measured by hand"), SUBHEADING), table], width), Spacer(0, 4 * MM)]


def _figure(entry: ClipEntry, measure: Measure, mine: ByHand) -> Any:
    edges = mine.chosen.bpd_definition
    name = " ".join(filter(None, [entry.fetus or "", measure_name(measure), edges_name(edges) if edges else ""]))
    return para(f"{name} {wording.millimetres(mine.size_mm)}", KEY_FIGURE if measure is Measure.HC else STRONG)


def _told(mine: ByHand) -> list[Any]:
    told = [para(source_meaning(mine.chosen), NOTE)]
    sized = [one for one in mine.others if not isinstance(one.size_mm, Abstention) and isinstance(one.size_mm, float)]
    values = "; ".join(f"{wording.millimetres(float(one.size_mm))} ({_between_by(one)})" for one in sized)  # type: ignore[arg-type]
    return [*told, para(_("Not entering: {sizes}", sizes=values), NOTE)] if values else told


def _between_by(one: Repeats | ModelValue) -> str:
    edges = one.bpd_definition
    return ", ".join(filter(None, [edges_name(edges) if edges is not None else "", source_of(one)]))
