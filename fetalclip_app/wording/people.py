"""Names of people as files write them, as people read them."""

from __future__ import annotations


def person_name(text: str) -> str:
    """Return DICOM's ``Doe^Jane^Ann`` as ``Doe, Jane Ann``; further scripts follow in brackets.

    Source: DICOM PS3.5, 6.2.1.2: up to three groups divided by ``=``; family, given, middle, prefix and suffix
    divided by ``^``.
    """
    groups = [shown for group in text.split("=") if (shown := _group(group))]
    if not groups:
        return ""
    first, *others = dict.fromkeys(groups)
    return f"{first} ({'; '.join(others)})" if others else first


def _group(group: str) -> str:
    family, *rest = [part.strip() for part in group.split("^")]
    given = " ".join(part for part in rest if part)
    return f"{family}, {given}" if family and given else family or given
