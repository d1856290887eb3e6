"""Names of the structures that mask heads draw, their areas, and what is told of the head."""

from __future__ import annotations

from fetalclip_app.domain.abstention import Abstention
from fetalclip_app.domain.structures import SKULL, MaskFacts, Structure
from fetalclip_app.wording.abstentions import reason_title
from fetalclip_app.wording.numbers import percent, square_millimetres, square_pixels
from fetalclip_app.wording.translate import mark, translate, within
from fetalclip_app.wording.views import view_title

_NAMES: dict[str, tuple[str, str]] = {
    "skull": (mark("Skull"), mark("Head to its outer edge")),
    "csp": ("CSP", mark("Cavum septi pellucidi")),
    "lateral_ventricle": (mark("Ventricle"), mark("Lateral ventricle")),
}


def structure_name(key: str) -> str:
    """Return a structure's short name; one that the program does not know keeps its key, made readable."""
    return translate(_NAMES[key][0]) if key in _NAMES else view_title(key)


def structure_title(key: str) -> str:
    """Return a structure's name in words."""
    return translate(_NAMES[key][1]) if key in _NAMES else view_title(key)


def structure_area(one: Structure) -> str:
    """Return the area with its unit, or in two words why there is none; without a scale it is in pixels."""
    if isinstance(one.found, Abstention):
        return reason_title(one.found.reason)
    if one.area is None:
        raise ValueError(f"{one.name} has a mask and no area")
    return square_pixels(one.area.px) if one.area.mm2 is None else square_millimetres(one.area.mm2)


def structure_definition(name: str, head: MaskFacts) -> str:
    """Return what the area is of."""
    said = translate("Area of the mask of: {structure}.").format(structure=within(structure_title(name)))
    if name in head.boxes:
        return f"{said} {translate('Its annotators marked a rotated box, not its contour: the area is such a box’s.')}"
    return said


def structure_clearness(one: Structure) -> str:
    """Return how clear the mask is, and below what nothing is given."""
    if one.name == SKULL:
        said = translate("An ellipse fits the mask by {clearness}; below {limit} nothing is given.")
    else:
        said = translate("Where surer pixels are asked the mask keeps {clearness} of itself; below {limit} it is none.")
    return said.format(clearness=percent(one.clearness), limit=percent(one.clearness_limit))


def structure_rule(one: Structure) -> str:
    """Return when a mask is given."""
    limit = percent(one.clearness_limit)
    if one.name == SKULL:
        return translate("It is given where an ellipse fits the mask by {limit}.").format(limit=limit)
    said = translate("It is given where the mask keeps {limit} of itself when surer pixels are asked, inside the head.")
    return said.format(limit=limit)


def structure_dice(name: str, head: MaskFacts) -> str:
    """Return how well the head drew this structure on validation pictures, as its file states it."""
    if name not in head.dice:
        return translate("The head's file states no Dice for it.")
    said = translate("Dice {dice} on {pictures} validation pictures, as the head's file states it.")
    return said.format(dice=f"{head.dice[name]:.2f}", pictures=head.pictures.get(name, "?"))


def structures_licence(head: MaskFacts) -> str:
    """Return the remark on the head's licence."""
    return translate("The masks' head has a licence of its own: {licence}.").format(licence=head.licence)


def no_area_scale() -> str:
    """Return the remark on areas in pixels."""
    return translate("No one scale holds for this picture, so areas are in pixels.")
