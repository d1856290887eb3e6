"""What the window says of measures, of what a person drew, and of whose value enters the report."""

from __future__ import annotations

from collections.abc import Iterable

from fetalclip_app.domain.biometry import BpdDefinition, Measure
from fetalclip_app.domain.measuring import Measured, Refusal
from fetalclip_app.domain.notes import Act, Enters
from fetalclip_app.domain.values import ModelValue, Repeats, Source
from fetalclip_app.wording.lines import line_definition, line_title
from fetalclip_app.wording.numbers import millimetres, pixels
from fetalclip_app.wording.scale import refusal
from fetalclip_app.wording.sources import definition
from fetalclip_app.wording.translate import mark, translate

_EDGES: dict[BpdDefinition, str] = {
    BpdDefinition.OUTER_OUTER: mark("outer–outer"),
    BpdDefinition.OUTER_INNER: mark("outer–inner"),
}

_EDGES_SHORT: dict[BpdDefinition, str] = {
    BpdDefinition.OUTER_OUTER: mark("o–o"),
    BpdDefinition.OUTER_INNER: mark("o–i"),
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
    return f"{said} {translate('Set the scale with the ruler.')}" if reason is Refusal.NO_SCALE else said


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
        said = translate("The model's value enters the report: {names}. Undo takes it back.")
    else:
        said = translate("Your own value enters the report: {names}. Undo takes it back.")
    return said.format(names=names)


def nothing_to_take(whose: Enters) -> tuple[str, str]:
    """Return that there is no value to take, and what helps."""
    if whose is Enters.MODEL:
        return translate("The model has no length here to take."), translate("Its card says why.")
    return translate("You have measured nothing here yet."), translate("Measure a line or an ellipse.")


def source_of(value: Repeats | ModelValue) -> str:
    """Return whose the value is that stands large: ``yours, mean of 3 ± 0.6 mm``."""
    if isinstance(value, ModelValue):
        by_outline = value.source is Source.OUTLINE
        return translate("by the model's outline") if by_outline else translate("by the model's lines")
    count, spread = len(value.sizes_mm), value.deviation_mm
    if spread is None:
        return translate("yours, begun from the model's") if value.is_begun_by_model else translate("yours")
    return translate("yours, mean of {count} ± {spread}", count=count, spread=millimetres(spread))


def source_in_short(value: Repeats | ModelValue) -> str:
    """Return whose a small value is."""
    if isinstance(value, ModelValue):
        return translate("outline") if value.source is Source.OUTLINE else translate("lines")
    edges = value.bpd_definition
    return " ".join([value.fetus, translate("yours"), translate(_EDGES_SHORT[edges]) if edges else ""]).strip()


def source_meaning(value: Repeats | ModelValue) -> str:
    """Return the same in a sentence."""
    if isinstance(value, Repeats):
        parts = [repeats_said(value)]
        if value.bpd_definition is not None:
            parts.append(edges_meaning(value.bpd_definition))
        if value.is_begun_by_model:
            parts.append(begun_by_model())
        return " ".join(parts)
    name = value.measure.value
    return definition(name) if value.source is Source.OUTLINE else line_definition(name)


def repeats_said(found: Repeats) -> str:
    """Return how often a person measured, and how far the repeats lie apart."""
    count, drawn, spread = len(found.sizes_mm), len(found.values), found.deviation_mm
    if drawn == 1:
        return translate("Measured once by hand.")
    if spread is None:
        return translate("{count} of {drawn} repeats have a length.", count=count, drawn=drawn)
    said = translate("Mean of {count} repeats by hand, standard deviation {spread}.")
    text = said.format(count=count, spread=millimetres(spread, 2))
    if count == drawn:
        return text
    return f"{text} {translate('{count} more have no length.', count=drawn - count)}"


def ellipse_formula() -> str:
    """Return how long a drawn ellipse is."""
    return translate(
        "π (3 (a + b) − √((3a + b)(a + 3b))) of the ellipse in millimetres (Ramanujan 1914, first approximation)."
    )


def act_said(act: Act) -> str:
    """Return who did something and when: ``A. Sonographer, 2026-03-14 12:00``."""
    return ", ".join(filter(None, [act.who, f"{act.when:%Y-%m-%d %H:%M}"]))


def press_a_number() -> str:
    """Return how to ask where a number comes from."""
    return translate("Press a number to see where it comes from.")


def let_enter(whose: Enters) -> str:
    """Return the offer to let a value enter the report."""
    if whose is Enters.MODEL:
        return translate("Let the model's value enter")
    return translate("Let your own value enter")


def whose_scan() -> str:
    """Return the question that a clip of a multiple pregnancy asks until somebody answers."""
    return translate("Whose?")


def whose_meaning(fetus: str | None) -> str:
    """Return what it means that a clip is one fetus's, or nobody's yet."""
    if fetus:
        return translate("All that is measured of this clip is of fetus {fetus}.", fetus=fetus)
    return translate("Nobody said which fetus this clip shows, so nothing measured of it enters the report.")


def one_fetus() -> tuple[str, str]:
    """Return that a study has one fetus only, and how to say otherwise."""
    said = translate("In this study there is one fetus.")
    return said, translate("Say in the study's menu, beside its name, how many there are.")


def no_such_fetus(fetus: str, count: int) -> tuple[str, str]:
    """Return that a study has fewer fetuses than that."""
    said = translate("In this study there is no fetus {fetus}: it has {count}.", fetus=fetus, count=count)
    return said, translate("Say in the study's menu, beside its name, how many there are.")


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
