"""Content items of a structured report, each with its relationship to the item that it stands under (PS3.3 C.17.3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from highdicom.sr import (
    CodeContentItem,
    CodedConcept,
    ContainerContentItem,
    DateContentItem,
    ImageContentItem,
    NumContentItem,
    PnameContentItem,
    TextContentItem,
)
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.sr.coding import Code

from fetalclip_app.report.dicom import codes

CONTAINS, MODIFIER, CONTEXT = "CONTAINS", "HAS CONCEPT MOD", "HAS OBS CONTEXT"
PROPERTY, INFERRED = "HAS PROPERTIES", "INFERRED FROM"

Children = Sequence[Dataset]


def concept(code: Code) -> CodedConcept:
    """Return a code as an item bears it."""
    return CodedConcept(code.value, code.scheme_designator, code.meaning)


def container(name: Code, children: Children, *, template: str | None = None, root: bool = False) -> Dataset:
    """Return a heading with what stands under it."""
    relation = None if root else CONTAINS
    item = ContainerContentItem(
        concept(name), is_content_continuous=False, template_id=template, relationship_type=relation
    )
    return under(item, children)


def text(name: Code, value: str, relation: str = CONTAINS) -> Dataset:
    """Return a sentence or an identifier."""
    return under(TextContentItem(concept(name), value, relationship_type=relation), [])


def code(name: Code, value: Code, relation: str = CONTAINS, children: Children = ()) -> Dataset:
    """Return a coded statement."""
    return under(CodeContentItem(concept(name), concept(value), relationship_type=relation), children)


def person(name: str, relation: str = CONTEXT) -> Dataset:
    """Return who observed."""
    return PnameContentItem(concept(codes.PERSON_NAME), as_person_name(name), relationship_type=relation)


def as_person_name(name: str) -> str:
    """Return a name as one component of PN (PS3.5 6.2): without its delimiters, of at most 64 letters."""
    plain = " ".join(name.replace("\\", " ").replace("=", " ").split())
    return plain[:64] if "^" in plain else f"{plain[:63]}^"


def day(name: Code, value: date) -> Dataset:
    """Return a day."""
    return DateContentItem(concept(name), value, relationship_type=CONTAINS)


def number(name: Code, value: float, unit: Code, relation: str = CONTAINS, children: Children = ()) -> Dataset:
    """Return a number with its unit."""
    item = NumContentItem(concept(name), value, concept(unit), relationship_type=relation)
    return under(item, children)


def no_number(name: Code, why: Code, children: Children = (), relation: str = CONTAINS) -> Dataset:
    """Return a number that there is none of: an empty Measured Value Sequence with its reason (PS3.3 C.18.1)."""
    item = NumContentItem(concept(name), 0, concept(codes.NO_UNITS), concept(why), relationship_type=relation)
    plain = under(item, children)
    plain.MeasuredValueSequence = Items()
    return plain


def image(header: Dataset, frame: int | None, relation: str = INFERRED) -> Dataset:
    """Return a reference to a picture; ``frame`` counts from 1, None for a picture of one frame."""
    name, uids = concept(codes.SOURCE_OF_MEASUREMENT), (header.SOPClassUID, header.SOPInstanceUID)
    return under(ImageContentItem(name, *uids, referenced_frame_numbers=frame, relationship_type=relation), [])


def under(item: Dataset, children: Children) -> Dataset:
    """Return an item, as a plain data set, with children; without any it has no sequence of them."""
    plain = item
    if type(item) is not Dataset:  # the library's items take none but the library's items
        plain = Dataset()
        plain.update(item)
    if children:
        plain.ContentSequence = Items(children)
    return plain


def by_reference(target: Dataset, root: Dataset) -> Dataset:
    """Return the statement that something is inferred from another item of the same document (PS3.3 C.17.3.2.5).

    Raises:
        ValueError: The item is not in the document.
    """
    item = Dataset()
    item.RelationshipType = INFERRED
    item.ReferencedContentItemIdentifier = _place(target, root, (1,))
    if not item.ReferencedContentItemIdentifier:
        raise ValueError("a reference to an item of another document")
    return item


def _place(target: Dataset, here: Dataset, path: tuple[int, ...]) -> list[int]:
    if here is target:
        return list(path)
    for number_, child in enumerate(here.get("ContentSequence", ()), start=1):
        found = _place(target, child, (*path, number_))
        if found:
            return found
    return []
