"""What happens to each attribute: the standard's table, and what ultrasound needs beside it.

The table is PS3.15 E.1-1 (2026c), column Basic Profile, kept as data. Its codes leave a choice, which is made here:

- ``X/...``: removed. The standard keeps such an attribute only where the object could not be without it; of those,
  the ultrasound images have one (`REQUIRED_EMPTY`).
- ``Z`` and ``Z/D``: emptied. ``D``: a dummy. ``U``: another UID. ``X/Z/U*``: references stay, with other UIDs.
- Dates and times of the table are *shifted* (Retain Longitudinal Temporal Information with Modified Dates Option),
  save those of birth, which that option does not name.

What the table does not name is no less dangerous: a scanner writes names where it likes. So of everything else only
that stays which is listed here, or is a number of the acquisition or of the picture.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache

from fetalclip_app import resources
from fetalclip_app.imaging.deidentify import closed_terms

TABLE = "deidentify/basic_profile.json"


class Action(StrEnum):
    """What happens to an attribute."""

    REMOVE = "remove"
    EMPTY = "empty"
    DUMMY = "dummy"
    UID = "uid"
    REFERENCES = "references"
    SHIFT = "shift"
    PSEUDONYM = "pseudonym"
    KEEP = "keep"
    KEEP_TEXT = "keep_text"
    KEEP_VERSION = "keep_version"
    IMAGE_TYPE = "image_type"
    CODES = "codes"
    RECURSE = "recurse"


_OF_CODE = {"Z": Action.EMPTY, "Z/D": Action.EMPTY, "D": Action.DUMMY, "U": Action.UID, "X/Z/U*": Action.REFERENCES}
_PSEUDONYMS = frozenset({0x00100010, 0x00100020})
"""Patient's name and ID: a dummy value that is the same for each file of a patient."""

REQUIRED_EMPTY = frozenset({0x00400555})
"""Acquisition Context Sequence is of type 2 (PS3.3 C.7.6.14)."""

DUMMIES = {
    **dict.fromkeys(("SH", "LO", "ST", "LT", "UT", "UC", "PN", "AE", "CS"), "REMOVED"),
    "AS": "000Y",
    "DS": "0",
    "IS": "0",
}
"""By representation; what has none here is removed."""

TEMPORAL = frozenset({"DA", "TM", "DT"})
_BIRTH = frozenset({0x00100030, 0x00100032})

NUMBERS = frozenset({"US", "SS", "UL", "SL", "UV", "SV", "FL", "FD", "AT", "IS", "DS"})
_NUMBER_GROUPS = frozenset({0x0008, 0x0018, 0x0020, 0x0028})
MOST_NUMBERS = 16
"""An unlisted attribute with more numbers than this might spell something."""

_KEPT_TERMS = closed_terms.KEYWORDS | {"SOPClassUID", "ReferencedSOPClassUID"}
"""Words of the standard's closed lists, and classes of objects."""

_KEPT_NUMBERS = frozenset(
    {
        *("FrameTimeVector", "FrameIncrementPointer", "TableOfXBreakPoints", "TableOfYBreakPoints"),
        *("TableOfPixelValues", "TableOfParameterValues", "PixelSpacing", "EventElapsedTimes", "LUTDescriptor"),
        *("RWaveTimeVector", "WindowCenter", "WindowWidth"),
        *(
            f"{segment}{colour}PaletteColorLookupTable{part}"
            for colour in ("Red", "Green", "Blue")
            for segment, part in (("", "Descriptor"), ("", "Data"), ("Segmented", "Data"))
        ),
        "LUTData",
    }
)
"""Tables of numbers, some of them long or binary."""

DEVICE_TEXTS = frozenset({"Manufacturer", "ManufacturerModelName", "SoftwareVersions"})
"""What a scanner is, which the table does not name; removed where it repeats what identifies (see `attributes`)."""

_SINGLE = {"ImageType": Action.IMAGE_TYPE, "SoftwareVersions": Action.KEEP_VERSION}

_EMPTIED = frozenset({"PositionReferenceIndicator"})
"""Free text, yet of type 2 (PS3.3 C.7.4.1)."""

_OF_PIXELS = frozenset({"SmallestImagePixelValue", "LargestImagePixelValue", "SmallestPixelValueInSeries"})
"""Statements about pixels that are blanked now."""

_CODES = frozenset(
    {
        *("AnatomicRegionSequence", "AnatomicRegionModifierSequence", "PrimaryAnatomicStructureSequence"),
        *("PrimaryAnatomicStructureModifierSequence", "ViewCodeSequence", "ViewModifierCodeSequence"),
        *("PurposeOfReferenceCodeSequence", "MeasurementUnitsCodeSequence", "TransducerScanPatternCodeSequence"),
        *("TransducerGeometryCodeSequence", "TransducerBeamSteeringCodeSequence", "TransducerApplicationCodeSequence"),
    }
)
_NESTED = frozenset({"SequenceOfUltrasoundRegions", "VOILUTSequence", "ModalityLUTSequence"})


@cache
def table() -> dict[int, str]:
    """Return the standard's code of each tag that its table names."""
    actions = resources.read_json(TABLE)["actions"]
    return {int(tag, 16): code for code, tags in actions.items() for tag in tags}


def action_for(tag: int, vr: str, keyword: str) -> Action:
    """Return what happens to a standard attribute.

    Args:
        vr: Value representation that the standard gives it.
        keyword: Empty for an attribute that nobody knows.
    """
    if tag in _PSEUDONYMS:
        return Action.PSEUDONYM
    code = table().get(tag)
    if code is not None:
        return _of_table(tag, vr, code)
    return _of_unlisted(tag, vr, keyword) if is_plain(tag) and keyword else Action.REMOVE


def is_listed(tag: int) -> bool:
    """Whether the standard's table names an attribute."""
    return tag in table()


def is_data(tag: int) -> bool:
    """Whether a tag is of the data set: neither of a message or a file's head, nor of the pixels and what follows."""
    return 0x0008 <= tag >> 16 < 0x7FE0


def is_plain(tag: int) -> bool:
    """Whether a tag is neither private (odd group) nor of a curve, an overlay or the file's own housekeeping."""
    group = tag >> 16
    return group % 2 == 0 and is_data(tag) and group & 0xFF00 not in (0x5000, 0x6000)


def is_table(keyword: str) -> bool:
    """Whether an attribute is a table of numbers, which may be long."""
    return keyword in _KEPT_NUMBERS


def is_code(keyword: str) -> bool:
    """Whether an attribute is a code, of which the standard's own words are kept."""
    return keyword in _CODES


def is_essential(keyword: str) -> bool:
    """Whether a word belongs to one of the standard's closed lists."""
    return keyword == "ImageType" or keyword in _KEPT_TERMS - {"BodyPartExamined"}


def _of_table(tag: int, vr: str, code: str) -> Action:
    if vr in TEMPORAL and tag not in _BIRTH:
        return Action.SHIFT
    if tag in REQUIRED_EMPTY:
        return Action.EMPTY
    action = _OF_CODE.get(code, Action.REMOVE)
    return Action.REMOVE if vr == "SQ" and action is Action.DUMMY else action


def _of_unlisted(tag: int, vr: str, keyword: str) -> Action:
    listed = (
        (_OF_PIXELS, Action.REMOVE),
        (_KEPT_TERMS, Action.KEEP),
        (_KEPT_NUMBERS, Action.KEEP),
        (DEVICE_TEXTS - {"SoftwareVersions"}, Action.KEEP_TEXT),
        (_EMPTIED, Action.EMPTY),
        (_CODES, Action.CODES),
        (_NESTED, Action.RECURSE),
    )
    for keywords, action in listed:
        if keyword in keywords:
            return action
    if keyword in _SINGLE:
        return _SINGLE[keyword]
    if vr == "UI":
        return Action.UID
    return Action.KEEP if vr in NUMBERS and tag >> 16 in _NUMBER_GROUPS else Action.REMOVE
