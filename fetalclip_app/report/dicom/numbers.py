"""Numbers of a report as NUM items (TID 300), each with its id, picture, rule and whose it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from highdicom.sr import AlgorithmIdentification
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.measuring import Refusal
from fetalclip_app.domain.notes import Line
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.domain.trace import By, Equation, Kind, MadeBy, Trace
from fetalclip_app.report.dicom import codes
from fetalclip_app.report.dicom.drawn import coordinates
from fetalclip_app.report.dicom.items import (
    CONTEXT,
    INFERRED,
    MODIFIER,
    PROPERTY,
    by_reference,
    code,
    image,
    no_number,
    number,
    person,
    text,
    under,
)
from fetalclip_app.report.dicom.study import DicomStudy
from fetalclip_app.wording.trace_lines import edit_told, region_told, shape_told
from fetalclip_app.wording.translate import translate

UNITS: dict[Kind, Code] = {
    Kind.LENGTH: codes.MILLIMETRE,
    Kind.AGE: codes.DAY,
    Kind.CENTILE: codes.PERCENT,
    Kind.Z_SCORE: codes.NO_UNITS,
    Kind.WEIGHT: codes.GRAM,
}

NOBODY_NAMED = "not named"
"""Stands where a person measured and nobody said who: the observer's name may not be left out (TID 1003)."""

_WHY: dict[Reason, Code] = {
    Reason.NOT_CALIBRATED: codes.UNKNOWN,
    Reason.OUT_OF_RANGE: codes.OUT_OF_RANGE,
    Reason.AMBIGUOUS: codes.INDETERMINATE,
    Reason.NOT_FETAL_ULTRASOUND: codes.NOT_ATTEMPTED,
    Reason.NOT_APPLICABLE: codes.NOT_ATTEMPTED,
    Reason.NOT_TRAINED: codes.NOT_ATTEMPTED,
    Reason.HELD_BACK: codes.UNKNOWN,
}


@dataclass(slots=True)
class Written:
    """The items of one document by the id of their number, and which of them is inferred from which.

    A reference names a place in the finished tree, so it is written last.
    """

    items: dict[str, Dataset] = field(default_factory=dict)
    inferred: list[tuple[Dataset, tuple[str, ...]]] = field(default_factory=list)

    def note(self, item: Dataset, trace_id: str, inputs: Iterable[str] = ()) -> Dataset:
        """Remember an item of the tree; return it."""
        self.items[trace_id] = item
        self.inferred.append((item, tuple(inputs)))
        return item

    def refer(self, root: Dataset) -> None:
        """Write the references between the items of a finished tree."""
        for item, inputs in self.inferred:
            known = [self.items[name] for name in inputs if name in self.items]
            references = [by_reference(target, root) for target in known]
            under(item, [*item.get("ContentSequence", ()), *references])


def written(
    study: DicomStudy, trace: Trace, name: Code, book: Written, *, chosen: Code | None = None, mean: bool = False
) -> Dataset:
    """Return the NUM item of a number.

    Args:
        chosen: Selection status: why it is the one of several that enters.
        mean: It is the mean of the repeats that stand beside it.
    """
    children = [text(codes.TRACKING_ID, trace.id, CONTEXT), *_modifiers(trace, mean=mean)]
    if chosen is not None:
        children.append(code(codes.SELECTION, chosen, PROPERTY))
    children += [*_remarks(study, trace), *_rule(trace), *_pictures(study, trace), *_whose(trace)]
    if trace.kind is Kind.LENGTH:
        children += [under(one, []) for one in coordinates(study, trace)]
    item = number(name, trace.value, UNITS[trace.kind], children=children)
    when = observed(trace)
    if when:
        item.ObservationDateTime = when
    return book.note(item, trace.id, trace.inputs)


def observed(trace: Trace) -> str:
    """Return when a person drew a number last, as DICOM writes a time; empty where nobody did, or it is not known."""
    when = trace.own_edits[-1].when if trace.by is By.PERSON and trace.own_edits else ""
    return datetime.fromisoformat(when).strftime("%Y%m%d%H%M%S%z") if when else ""


def equation(found: Equation) -> Dataset:
    """Return the rule behind a number: its code where the standard has one, else where it was published."""
    if found.key in codes.AGE_EQUATIONS:
        return code(codes.EQUATION, codes.AGE_EQUATIONS[found.key], INFERRED)
    return text(codes.EQUATION_CITATION, found.citation, INFERRED)


def absent(name: Code, why: Abstention | Refusal, sentence: str) -> Dataset:
    """Return a number that there is none of, with its reason as a code and as a sentence."""
    reason = _WHY[why.reason] if isinstance(why, Abstention) else codes.FAILURE
    return no_number(name, reason, [text(codes.COMMENT, sentence, PROPERTY)])


def algorithm(made: MadeBy) -> AlgorithmIdentification:
    """Return the model as an algorithm (TID 4019): weights by their SHA-256, and all that took part."""
    parameters = [f"preprocessing {made.preprocessing}", f"program {made.app_version}"]
    for role, named in (("prompts", made.prompts), ("head", made.head), ("probe", made.probe)):
        if named is not None:
            parameters.append(f"{role} {named[0]} SHA-256 {named[1]}")
    title = made.model_title if made.head is None else f"{made.model_title}, {made.head[0]}"
    return AlgorithmIdentification(title, f"SHA-256 {made.model_sha256}", parameters)


def observer(name: str) -> list[Dataset]:
    """Return a person as the observer of one item (TID 1002, TID 1003)."""
    return [code(codes.OBSERVER_TYPE, codes.PERSON, CONTEXT), person(name.strip() or NOBODY_NAMED)]


def _modifiers(trace: Trace, *, mean: bool) -> Iterator[Dataset]:
    if trace.definition is not None and trace.kind is Kind.LENGTH:
        yield code(codes.METHOD, codes.EDGES[trace.definition], MODIFIER)
    if mean:
        yield code(codes.DERIVATION, codes.MEAN, MODIFIER)


def _remarks(study: DicomStudy, trace: Trace) -> Iterator[Dataset]:
    """Yield region with scale, shape, and what a person did to a length, as sentences."""
    if trace.kind is not Kind.LENGTH:
        return
    own = study.traces[trace.inputs[0]] if len(trace.inputs) == 1 else trace
    regions = dict.fromkeys(told for picture in own.pictures if (told := region_told(picture)))
    yield from (text(codes.COMMENT, translate("Region {region}", region=told), PROPERTY) for told in regions)
    if isinstance(own.shape, Line | Ellipse):
        yield text(codes.COMMENT, shape_told(own.shape), PROPERTY)
    yield from (text(codes.COMMENT, edit_told(trace, edit), PROPERTY) for edit in trace.edits)


def _rule(trace: Trace) -> Iterator[Dataset]:
    if trace.kind in {Kind.AGE, Kind.WEIGHT} and trace.equation is not None and trace.equation.citation:
        yield equation(trace.equation)
    if trace.kind in {Kind.CENTILE, Kind.Z_SCORE} and trace.equation is not None:
        yield text(codes.TABLE_CITATION, trace.equation.citation, INFERRED)


def _pictures(study: DicomStudy, trace: Trace) -> Iterator[Dataset]:
    for picture in trace.pictures:
        shown = study.shown(picture)
        if shown is not None:
            yield image(shown.header, shown.frame)


def _whose(trace: Trace) -> Iterator[Dataset]:
    if trace.made_by is not None:
        yield from algorithm(trace.made_by)
    elif trace.by is By.PERSON:
        yield from observer(", ".join(dict.fromkeys(edit.who for edit in trace.own_edits if edit.who)))
