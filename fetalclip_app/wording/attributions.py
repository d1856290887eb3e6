"""Whose work the program stands on and under which licences, section by section: what the licence page says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fetalclip_app import resources
from fetalclip_app.wording.translate import mark, translate

FILE = "about/licences.json"
"""Written by ``packaging/licences.py``, for a packaged program by its build."""

_HEADINGS = {
    "program": mark("This program"),
    "model": mark("Models"),
    "data": mark("Data, charts, lists, fonts and icons"),
    "package": mark("Packages"),
    "native": mark("Native libraries"),
}
"""Kind of work -> heading, in the order shown."""

_NAMED = {
    "LicenseRef-NVIDIA-Proprietary": mark("NVIDIA's terms, proprietary"),
    "LicenseRef-public-domain": mark("public domain"),
    "LicenseRef-published-facts": mark("published facts, cited"),
}
"""Licences without a name of SPDX's."""


@dataclass(frozen=True, slots=True)
class Credit:
    """One work: its name with version, its licence, and what more is said of it (may be empty)."""

    title: str
    licence: str
    use: str = ""
    cite: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Works of one kind."""

    heading: str
    credits: tuple[Credit, ...]


def sections() -> tuple[Section, ...]:
    """Return everything that the program's own list names, in the user's language.

    Raises:
        FileNotFoundError: The installation is incomplete.
    """
    told: Sequence[dict[str, Any]] = resources.read_json(FILE)
    made = (
        Section(translate(heading), tuple(_credit(work) for work in told if work["kind"] == kind))
        for kind, heading in _HEADINGS.items()
    )
    return tuple(section for section in made if section.credits)


def _credit(work: dict[str, Any]) -> Credit:
    licence = work["licence"]
    return Credit(
        title=" ".join(part for part in (work["name"], work.get("version", "")) if part),
        licence=translate(_NAMED[licence]) if licence in _NAMED else licence,
        use=translate(work["use"]) if work.get("use") else "",
        cite=work.get("cite", ""),
    )
