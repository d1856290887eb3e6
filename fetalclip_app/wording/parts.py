"""What is said of the parts of a cine that a person kept."""

from __future__ import annotations

from fetalclip_app.domain.notes import Part
from fetalclip_app.wording.numbers import EN_DASH
from fetalclip_app.wording.translate import translate


def part_name(number: int) -> str:
    """Return the name of a part that has none yet."""
    return translate("Part {number}").format(number=number)


def part_range(part: Part) -> str:
    """Return which frames belong to a part, counted from 1."""
    return translate("frames {first}{dash}{last}").format(first=part.first + 1, dash=EN_DASH, last=part.last + 1)


def part_kept(part: Part) -> str:
    """Return the sentence after a part was kept."""
    return translate("{name} is kept: {frames}.").format(name=part.name, frames=part_range(part))


def no_part_marked() -> tuple[str, str]:
    """Return why no part can be kept, and what helps."""
    return translate("No part is marked."), translate("Draw over the ribbon, or set where a part begins and ends.")


def no_part_kept() -> str:
    """Return the sentence where nothing was kept."""
    return translate("No part of this cine was kept.")
