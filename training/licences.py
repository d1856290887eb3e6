"""Under which licence stands what was made of licensed parts."""

from __future__ import annotations

from collections.abc import Iterable

from training.manifest_file import UNSTATED

MADE_HERE = "made-here"

FREE = frozenset({"apache-2.0", "mit", "cc0", "cc0-1.0", MADE_HERE})
"""Licences that do not bind what is made with a part beyond naming it, in small letters."""


def spelt(licence: str) -> str:
    """Return one spelling of a licence: ``CC BY 4.0`` is ``CC-BY-4.0``."""
    return UNSTATED if licence == UNSTATED or not licence.strip() else "-".join(licence.split())


def joined(parts: Iterable[str]) -> str:
    """Return the licences that bind the whole, by name; 'not stated' where that of any part is not known."""
    names = {spelt(part) for part in parts}
    if UNSTATED in names or not names:
        return UNSTATED
    binding = sorted(name for name in names if name.lower() not in FREE)
    return " and ".join(binding) or sorted(names)[0]
