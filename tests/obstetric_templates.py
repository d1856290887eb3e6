"""Rows of the obstetric templates as PS3.16 2025e states them, and what of a report is not as they say.

The rows are stated here anew, and not taken from what writes them. All of these templates are extensible: what stands
beside their rows is named in `BESIDE`, and anything else fails.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dicom_studies import name_of
from pydicom.dataset import Dataset
from pydicom.sr._cid_dict import cid_concepts
from pydicom.sr._concepts_dict import concepts


def group(cid: int) -> set[str]:
    """Return the code values of a context group."""
    return {
        value
        for scheme, keywords in cid_concepts[cid].items()
        for keyword in keywords
        for value, (_meaning, cids) in concepts[scheme][keyword].items()
        if cid in cids
    }


MANY = 10**6
Codes = frozenset[str]


@dataclass(frozen=True)
class Row:
    """One row of a template.

    Attributes:
        number: As the standard counts.
        names: Codes that its concept may have; None where the row states none.
        least, most: How often it stands there: M is 1 at least, U and MC may be absent.
        units, values: What its value must be, where the row says.
        below: Rows at the next level.
    """

    number: str
    relation: str
    kind: str
    names: Codes | None
    least: int = 0
    most: int = 1
    units: Codes | None = None
    values: Codes | None = None
    below: tuple[Row, ...] = ()


def codes(*values: str) -> Codes:
    return frozenset(values)


EQUATION_OR_TABLE = frozenset(group(228))
INFERRED = "INFERRED FROM"

TID_1008 = (
    Row("1", "HAS OBS CONTEXT", "TEXT", codes("121030")),
    Row("2", "HAS OBS CONTEXT", "NUM", codes("121037"), units=codes("1")),
)

TID_300 = (
    Row("3", "HAS CONCEPT MOD", "CODE", codes("370129005")),
    Row("4", "HAS CONCEPT MOD", "CODE", codes("121401"), values=frozenset(group(3627))),
    Row("310", "HAS PROPERTIES", "CODE", codes("121404"), values=frozenset(group(224))),
    Row("320", INFERRED, "IMAGE", None, most=MANY),
    Row("320", INFERRED, "SCOORD", codes("121112"), below=(Row("4", "SELECTED FROM", "IMAGE", None, 1),)),
)


def tid_5008(measures: Codes) -> tuple[Row, ...]:
    return (
        Row("2", "CONTAINS", "NUM", measures, most=MANY, units=codes("mm"), below=TID_300),
        Row(
            "3",
            "CONTAINS",
            "NUM",
            codes("18185-9"),
            units=codes("d"),
            below=(
                Row("4", INFERRED, "CODE", EQUATION_OR_TABLE, values=frozenset(group(12013))),
                Row("6", "HAS PROPERTIES", "NUM", frozenset(group(226)), most=MANY),
            ),
        ),
        Row(
            "7",
            "CONTAINS",
            "NUM",
            frozenset(group(12017)),
            below=(Row("8", INFERRED, "CODE", EQUATION_OR_TABLE, values=frozenset(group(12015))),),
        ),
    )


def section(name: str, measures: Codes) -> tuple[Row, ...]:
    """TID 5005 and 5007: the same rows, of other measurements."""
    return (*TID_1008, Row("3", "CONTAINS", "CONTAINER", codes("125005"), 1, MANY, below=tid_5008(measures)))


TID_5005 = section("125002", frozenset(group(12005)))
TID_5007 = section("125004", frozenset(group(12007)))
TID_5030 = (
    *TID_1008,
    Row("3", "CONTAINS", "CODE", codes("121406"), most=MANY),
    Row("4", "CONTAINS", "TEXT", codes("121406"), most=MANY),
    Row(
        "5",
        "CONTAINS",
        "CODE",
        codes("55460000"),  # the member of CID 12040 that the group itself states
        most=MANY,
        values=codes("17621005", "263654008", "371934000"),  # CID 242
        below=(
            Row("6", "HAS CONCEPT MOD", "CODE", codes("272741003"), values=frozenset(group(244))),
            Row("7", "HAS PROPERTIES", "TEXT", codes("121106")),
        ),
    ),
)
OF_FETUS = frozenset(group(12019))
SUMMARY = (
    Row("dates", "CONTAINS", "DATE", frozenset(group(12003)), most=MANY),
    Row("comment", "CONTAINS", "TEXT", codes("121106"), most=MANY),
    Row(
        "fetus",
        "CONTAINS",
        "CONTAINER",
        codes("125008"),
        most=MANY,
        below=(*TID_1008, Row("numbers", "CONTAINS", "NUM", OF_FETUS, most=MANY, units=codes("d", "g", "%"))),
    ),
)
"""TID 5002 and 5003 by the context groups that they take their names from; their rows are not counted here."""

TID_5000 = (
    Row("2", "HAS CONCEPT MOD", "CODE", codes("121049")),
    Row("3", "HAS OBS CONTEXT", "CODE", codes("121005"), 1, 2),
    Row("3", "HAS OBS CONTEXT", "UIDREF", codes("121012"), 1),
    Row("3", "HAS OBS CONTEXT", "TEXT", codes("121013", "121014", "121015"), 0, 3),
    Row("3", "HAS OBS CONTEXT", "PNAME", codes("121008")),
    Row("5", "CONTAINS", "CONTAINER", codes("111028"), below=(Row("6", "CONTAINS", "IMAGE", None, 1, MANY),)),
    Row("7", "CONTAINS", "CONTAINER", codes("121111"), below=SUMMARY),
    Row("9", "CONTAINS", "CONTAINER", codes("125002"), most=MANY, below=TID_5005),
    Row("11", "CONTAINS", "CONTAINER", codes("125004"), most=MANY, below=TID_5007),
    Row("12a", "CONTAINS", "CONTAINER", codes("131370"), most=MANY, below=TID_5030),
)

BESIDE = {
    ("HAS OBS CONTEXT", "TEXT", "112039"),  # the number's own identifier
    ("HAS OBS CONTEXT", "CODE", "121005"),  # whose value: a person (TID 1002)
    ("HAS OBS CONTEXT", "PNAME", "121008"),
    ("HAS CONCEPT MOD", "TEXT", "111001"),  # or an algorithm (TID 4019)
    ("HAS CONCEPT MOD", "TEXT", "111002"),
    ("HAS CONCEPT MOD", "TEXT", "111003"),
    ("HAS CONCEPT MOD", "CODE", "363698007"),  # what the view shows
    ("HAS PROPERTIES", "TEXT", "121106"),  # a remark
    ("HAS PROPERTIES", "NUM", "371885007"),  # limits of an age, by CID 225 (TID 310)
    ("HAS PROPERTIES", "NUM", "371886008"),
    ("HAS ACQ CONTEXT", "TEXT", "121106"),  # a source's file and its SHA-256
    (INFERRED, "TEXT", "121421"),  # a rule that has no code is cited
    (INFERRED, "TEXT", "121422"),
    (INFERRED, "IMAGE", "121112"),
    (INFERRED, "CODE", "121420"),  # a weight's rule (CID 12014)
    (INFERRED, "", ""),  # another item, by reference (rows 5)
}


def problems(item: Dataset, rows: Sequence[Row], where: str = "") -> list[str]:
    """Return what of an item's children is not as the rows say.

    The order of what stands in a container is significant (TID 5000 to 5008); below a number it is not (TID 300).
    """
    found: dict[int, int] = {}
    order: list[int] = []
    wrong: list[str] = []
    for child in item.get("ContentSequence", ()):
        relation, kind, (name, _scheme) = child.RelationshipType, child.get("ValueType", ""), name_of(child)
        told = f"{where} > {relation} {kind} {name}"
        place = next(
            (
                at
                for at, row in enumerate(rows)
                if (row.relation, row.kind) == (relation, kind) and (row.names is None or name in row.names)
            ),
            None,
        )
        if place is None:
            wrong += [] if (relation, kind, name) in BESIDE else [f"{told}: in no row"]
            continue
        row = rows[place]
        found[place] = found.get(place, 0) + 1
        if relation == "CONTAINS":
            if order and place < order[-1]:
                wrong.append(f"{told}: row {row.number} behind row {rows[order[-1]].number}")
            order.append(place)
        wrong += _value_problems(child, row, told)
        wrong += problems(child, row.below, f"{where} > {row.number}")
    for at, row in enumerate(rows):
        if not row.least <= found.get(at, 0) <= row.most:
            wrong.append(f"{where}: row {row.number} stands there {found.get(at, 0)} times")
    return wrong


def _value_problems(item: Dataset, row: Row, told: str) -> list[str]:
    wrong = []
    if row.values is not None and item.ConceptCodeSequence[0].CodeValue not in row.values:
        wrong.append(f"{told}: {item.ConceptCodeSequence[0].CodeMeaning}")
    if row.kind == "NUM":
        measured = item.MeasuredValueSequence
        if not measured and item.NumericValueQualifierCodeSequence[0].CodeValue not in group(42):
            wrong.append(f"{told}: absent without a reason")
        if measured and row.units and measured[0].MeasurementUnitsCodeSequence[0].CodeValue not in row.units:
            wrong.append(f"{told}: in {measured[0].MeasurementUnitsCodeSequence[0].CodeValue}")
    if name_of(item)[0] == "125005":
        held = [name_of(one)[0] for one in item.ContentSequence if one.get("ValueType") == "NUM"]
        if not set(held) - group(12017):
            wrong.append(f"{told}: neither row 2 nor row 3")
    return wrong
