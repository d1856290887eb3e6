"""Values that may stay: words of the standard's lists, numbers, standard UIDs and standard codes."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from pydicom.dataset import Dataset
from pydicom.sr._concepts_dict import concepts  # its public face finds a code by name, not a name by code
from pydicom.sr._snomed_dict import mapping as snomed
from pydicom.uid import UID

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([Ee][+-]?\d+)?")
_WRITTEN_NUMBERS = frozenset({"IS", "DS"})

_IMAGE_TYPES = frozenset(
    {
        *("ORIGINAL", "DERIVED", "PRIMARY", "SECONDARY", "SIMULATED", "GRAPHICS", "MIXED", "INVALID", "OTHER"),
        *("ABDOMINAL", "BREAST", "CHEST", "ENDOCAVITARY", "ENDORECTAL", "ENDOVAGINAL", "EPICARDIAC", "FETAL HEART"),
        *("GYNECOLOGY", "INTRACARDIAC", "INTRAOPERATIVE", "INTRAVASCULAR", "MUSCULOSKELETAL", "NEONATAL HEAD"),
        *("OBSTETRICAL", "OPHTHALMIC", "PEDIATRIC", "PELVIC", "RETROPERITONEAL", "SCROTUM", "SMALL PARTS", "TEE"),
        *("THYROID", "TRANSCRANIAL", "TTE", "US BIOPSY", "VASCULAR", "GENERAL", "HEART", "CARDIAC"),
    }
)
"""Defined terms of PS3.3 C.7.6.1.1.2 and C.8.5.6.1.1."""

_MODES = re.compile(r"[0-9A-F]{4}")
"""Fourth value: which modes are in the picture, a sum of powers of two."""


def is_number(value: object, vr: str) -> bool:
    """Whether a value of a number's representation is a number and nothing else."""
    text = str(getattr(value, "original_string", None) or value)
    return vr not in _WRITTEN_NUMBERS or (len(text) <= 16 and _NUMBER.fullmatch(text.strip(" \0")) is not None)


def is_standard_uid(text: str) -> bool:
    """Whether DICOM itself has given out this UID."""
    return UID(text.strip("\0 "), validation_mode=0).type != ""


def is_image_type(text: str) -> bool:
    """Whether ``text`` is a term of Image Type, or empty."""
    word = text.strip(" \0")
    return word in _IMAGE_TYPES or word == "" or _MODES.fullmatch(word) is not None


def image_type(values: list[str]) -> list[str]:
    """Return Image Type with what is no term of the standard emptied, and such values dropped at the end."""
    kept = [value if is_image_type(value) else "" for value in values]
    while len(kept) > 2 and not kept[-1]:
        kept.pop()
    defaults = ("ORIGINAL", "PRIMARY")
    return [value or (defaults[place] if place < 2 else "") for place, value in enumerate(kept)]


def standard_code(item: Dataset) -> Dataset | None:
    """Return a code with the standard's own meaning; None where the standard's lists do not have it."""
    scheme, value = str(item.get("CodingSchemeDesignator") or ""), str(item.get("CodeValue") or "")
    if scheme in ("SRT", "SNM3") and value in snomed["SRT"]:
        scheme, value = "SCT", snomed["SRT"][value]  # the older numbers of the same terms (PS3.16 8.1)
    meaning = _meanings().get((scheme, value))
    if meaning is None:
        return None
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
    return code


@cache
def _meanings() -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    tables: dict[str, Any] = concepts
    for scheme, keywords in tables.items():
        for codes in keywords.values():
            # A term that a context group of the standard uses has its short name there: Head, not Head structure.
            for value, (meaning, groups) in codes.items():
                if groups or (scheme, value) not in found:
                    found[scheme, value] = meaning[:64]
    return found
