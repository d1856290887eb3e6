"""What the window says of measures, of what a person drew, and of whose value enters the report."""

from __future__ import annotations

from collections.abc import Iterable

from fetalclip_app.domain.biometry import BpdDefinition, Measure
from fetalclip_app.domain.measuring import Measured, Refusal
from fetalclip_app.domain.notes import Enters
from fetalclip_app.wording.lines import line_title
from fetalclip_app.wording.numbers import millimetres, pixels
from fetalclip_app.wording.scale import refusal
from fetalclip_app.wording.translate import mark, translate

_EDGES: dict[BpdDefinition, str] = {
    BpdDefinition.OUTER_OUTER: mark("outer–outer"),
    BpdDefinition.OUTER_INNER: mark("outer–inner"),
}

_EDGES_MEAN: dict[BpdDefinition, str] = {
    BpdDefinition.OUTER_OUTER: mark("From the outer edge of the near skull to the outer edge of the far one."),
    BpdDefinition.OUTER_INNER: mark("From the outer edge of the near skull to the inner edge of the far one."),
}

_DRAWN: dict[Measure, str] = {
    Measure.HC: mark("Head circumference: an ellipse along the outer edge of the skull, drawn by a person."),
    Measure.BPD: mark("Biparietal diameter: a line across the head, drawn by a person."),
    Measure.OFD: mark("Occipitofrontal diameter: a line along the head, drawn by a person."),
    Measure.AC: mark("Abdominal circumference: an ellipse along the outer edge of the skin, drawn by a person."),
    Measure.FL: mark("Femur length: a line along the ossified shaft, drawn by a person."),
}


def measure_name(measure: Measure) -> str:
    """Return a measure's short name: ``HC``."""
    return measure.value.upper()


def measure_title(measure: Measure) -> str:
    """Return a measure's name in words."""
    return translate("Head circumference") if measure is Measure.HC else line_title(measure.value)


def edges_name(edges: BpdDefinition) -> str:
    """Return between which edges of the skull a BPD lies, in two words."""
    return translate(_EDGES[edges])


def edges_meaning(edges: BpdDefinition) -> str:
    """Return the same in a sentence."""
    return translate(_EDGES_MEAN[edges])


def drawn_definition(measure: Measure) -> str:
    """Return how a measure is drawn by hand."""
    return translate(_DRAWN[measure])


def measured_value(measured: Measured) -> str:
    """Return a length with its unit: pixels where there is no scale for it."""
    return pixels(measured.length_px) if measured.length_mm is None else millimetres(measured.length_mm)


def why_pixels(reason: Refusal) -> str:
    """Return why a length is in pixels, and what helps where something does."""
    said = translate("In pixels: {reason}.").format(reason=refusal(reason))
    return f"{said} {translate('Set the scale with the ruler (R).')}" if reason is Refusal.NO_SCALE else said


def drawn_text(measure: Measure | None, edges: BpdDefinition | None, measured: Measured, *, fetus: str = "") -> str:
    """Return what stands beside a drawn shape: ``B BPD outer–inner 47.2 mm``."""
    names = [fetus, measure_name(measure) if measure is not None else "", edges_name(edges) if edges else ""]
    return " ".join(filter(None, [*names, measured_value(measured)]))


def not_kept() -> str:
    """Return the remark on a length of which nobody said what it is."""
    return translate("Not kept. Choose what it is, to keep it.")


def how_to_draw(step: str) -> str:
    """Return what can be done with the shape in hand.

    Args:
        step: ``line`` or ``axis`` to be drawn, the ``width`` to be set, or ``kept``.
    """
    texts = {
        "line": mark("Drag from end to end. By keys: arrows, Tab for the other end, Return to keep."),
        "axis": mark("Drag along one axis, then set the width. By keys: arrows, Tab, Return to keep."),
        "width": mark("Set the width: point and click, or by the arrow keys; Return keeps it."),
        "kept": mark("Drag its handles, or move them by the arrow keys; Tab takes the next one."),
    }
    return translate(texts[step])


def asks_edges() -> str:
    """Return the question between which edges a BPD was drawn."""
    return translate("Between which edges of the skull?")


def begun_by_model() -> str:
    """Return the remark on a measurement that began with the model's proposal."""
    return translate("Begun from the model's own outline or line and moved: no value independent of the model.")


def taken(whose: Enters, measures: Iterable[Measure]) -> str:
    """Return that somebody's value enters the report from now on."""
    names = ", ".join(measure_name(measure) for measure in measures)
    if whose is Enters.MODEL:
        said = translate("The model's value enters the report: {names}. Ctrl+Z takes it back.")
    else:
        said = translate("Your own value enters the report: {names}. Ctrl+Z takes it back.")
    return said.format(names=names)


def nothing_to_take(whose: Enters) -> tuple[str, str]:
    """Return that there is no value to take, and what helps."""
    if whose is Enters.MODEL:
        return translate("The model has no length here to take."), translate("Its card says why.")
    return translate("You have measured nothing here yet."), translate("Measure a line with C, an ellipse with E.")


def act_text(measure: Measure, what: str) -> str:
    """Return what undo calls an act: ``Measure BPD``.

    Args:
        what: ``measure``, ``move``, ``remove``, ``change`` or ``choose``.
    """
    texts = {
        "measure": mark("Measure {name}"),
        "move": mark("Move {name}"),
        "remove": mark("Remove {name}"),
        "change": mark("Change {name}"),
        "choose": mark("Which {name} enters"),
    }
    return translate(texts[what]).format(name=measure_name(measure))
