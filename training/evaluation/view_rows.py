"""How often views are named rightly: by prompts, and by the model's probes on the same pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fetalclip_app.domain.bootstrap import Floats, f1_parts, macro_f1_of_sums
from fetalclip_app.domain.views import PLANES, ViewPrediction
from fetalclip_app.tasks.keys import BRAIN_VIEWS, VIEWS
from training.evaluate import Row, f1_row, row_of
from training.evaluation.reads import ABSTAINED, Read, said
from training.manifest import Sample
from training.quick_look import STANDARD, Classes

BY_PROMPTS, BY_PROBE, LEAD_OF_PROBE = ", by prompts", ", by probe", ", by probe minus by prompts"
"""How lines end where a model has both; one that has prompts alone says nothing of it."""

_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def view_rows(reads: Sequence[Read], classes: Classes = STANDARD) -> list[Row]:
    """Return the F1 of planes and brain sub-planes, macro and of each class; nothing without pictures of a known one.

    Where a probe named them too, its line stands under that of the prompts, and a line of the macro-F1 says how far
    it leads, over the same draws of patients.
    """
    shown = with_planes(reads)
    known = [read for read in reads if read.sample.brain_plane is not None]
    occurring = {read.sample.plane for read in shown}
    others = [plane for plane in PLANES if plane in occurring and plane not in classes.planes]
    return [
        *_rows(f"{_count(classes.planes)} planes", shown, VIEWS, classes.planes, others),
        *_rows(f"{_count(classes.brain_planes)} brain sub-planes", known, BRAIN_VIEWS, classes.brain_planes, ()),
    ]


def with_planes(reads: Sequence[Read]) -> list[Read]:
    """Return the pictures whose plane is known, of sets that show several.

    A set of one plane, such as HC18's heads, says nothing about telling planes apart: it counts where it is alone.
    """
    known = [read for read in reads if read.sample.plane is not None]
    planes_of: dict[str, set[str | None]] = {}
    for read in known:
        planes_of.setdefault(read.sample.source, set()).add(read.sample.plane)
    return [read for read in known if len(planes_of[read.sample.source]) > 1] or known


def by_probe(reads: Sequence[Read]) -> list[Read]:
    """Return the same pictures with what a probe made of them in the place of the prompts' reading."""
    return [replace(read, reading=read.by_probe) for read in reads if read.by_probe is not None]


def named_by_probe(reads: Sequence[Read], task: str) -> bool:
    """Whether a probe answered this task."""
    return any(fact.task == task for read in reads[:1] if read.by_probe for fact in read.by_probe.provenance.probes)


def truth_of(sample: Sample, task: str) -> str:
    """Return the class that is known of a sample; empty where none is."""
    return (sample.plane if task == VIEWS else sample.brain_plane) or ""


def _rows(what: str, reads: Sequence[Read], task: str, classes: Sequence[str], others: Sequence[str]) -> list[Row]:
    if not reads or not classes:
        return []
    mean, each = f"macro-F1 of {what}", [(f"F1 {name}", (name,)) for name in (*classes, *others)]
    if not named_by_probe(reads, task):
        asked = ((mean + _among(reads, task), classes), *each)
        return [_f1(measure, reads, task, names) for measure, names in asked]
    probed = by_probe(reads)
    rows = [
        _f1(mean + _among(reads, task) + BY_PROMPTS, reads, task, classes),
        _f1(mean + _among(probed, task) + BY_PROBE, probed, task, classes),
        _lead(mean + LEAD_OF_PROBE, (reads, probed), task, classes),
    ]
    for measure, names in each:
        rows += [_f1(measure + BY_PROMPTS, reads, task, names), _f1(measure + BY_PROBE, probed, task, names)]
    return rows


def _f1(measure: str, reads: Sequence[Read], task: str, classes: Sequence[str]) -> Row:
    truth = [truth_of(read.sample, task) for read in reads]
    return f1_row(measure, truth, _answers(reads, task), [read.sample.group for read in reads], classes)


def _lead(measure: str, pair: tuple[Sequence[Read], Sequence[Read]], task: str, classes: Sequence[str]) -> Row:
    truth = [truth_of(read.sample, task) for read in pair[0]]
    parts = np.concatenate([f1_parts(truth, _answers(reads, task), classes) for reads in pair], axis=1)

    def lead(sums: Floats) -> Floats:
        prompts, probe = np.split(sums, 2, axis=1)
        return macro_f1_of_sums(probe) - macro_f1_of_sums(prompts)

    lost = _answers(pair[1], task).count(ABSTAINED)
    groups = [read.sample.group for read in pair[0]]
    return row_of(measure, groups, parts, lead, count=len(truth), abstained=lost)


def _answers(reads: Sequence[Read], task: str) -> list[str]:
    return [said(read.reading, task) for read in reads]


def _count(classes: Sequence[str]) -> str:
    return _WORDS[len(classes)]


def _among(reads: Sequence[Read], task: str) -> str:
    """Return among how many classes a plane is chosen; sub-planes are chosen among themselves."""
    answers = [read.reading.answer(task, ViewPrediction) for read in reads]
    asked = next((answer.keys for answer in answers if answer is not None), ())
    return f" among {_WORDS[len(asked)]} classes" if task == VIEWS and 0 < len(asked) < len(_WORDS) else ""
