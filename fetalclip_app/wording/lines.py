"""Names and definitions of the lengths that landmarks give."""

from __future__ import annotations

from fetalclip_app.domain.abstention import Abstention
from fetalclip_app.domain.reading import Measurement
from fetalclip_app.wording.abstentions import reason_title
from fetalclip_app.wording.numbers import millimetres, percent
from fetalclip_app.wording.translate import mark, translate

_NAMES: dict[str, tuple[str, str]] = {
    "bpd": ("BPD", mark("Biparietal")),
    "ofd": ("OFD", mark("Occipitofrontal")),
    "ac": ("AC", mark("Abdominal circumference")),
    "tad": ("TAD", mark("Transverse")),
    "apad": ("APAD", mark("Antero-posterior")),
    "fl": ("FL", mark("Femur length")),
}

_DEFINITIONS: dict[str, str] = {
    "bpd": mark("Biparietal diameter between two landmarks on the outer edges of the skull."),
    "ofd": mark("Occipitofrontal diameter between two landmarks on the outer edges of the skull."),
    "ac": mark("Abdominal circumference: pi times the mean of the transverse and the antero-posterior diameter."),
    "tad": mark("Transverse diameter of the abdomen between two landmarks on the outer edges of the skin."),
    "apad": mark("Antero-posterior diameter of the abdomen between two landmarks on the outer edges of the skin."),
    "fl": mark("Femur length between two landmarks on the ends of the ossified shaft."),
}


def line_name(name: str) -> str:
    """Return a line's short name, such as ``FL``."""
    return _NAMES[name][0]


def line_title(name: str) -> str:
    """Return a line's name in words."""
    return translate(_NAMES[name][1])


def line_definition(name: str) -> str:
    """Return how a length by landmarks is defined.

    Raises:
        KeyError: No such line.
    """
    return translate(_DEFINITIONS[name])


def line_value(one: Measurement) -> str:
    """Return the length with its unit, or in two words why there is none."""
    return reason_title(one.size_mm.reason) if isinstance(one.size_mm, Abstention) else millimetres(one.size_mm)


def line_spread(one: Measurement) -> str:
    """Return how sure the ends are."""
    said = translate("The worse end's heatmap spreads over {spread} of the line; beyond {limit} nothing is measured.")
    return said.format(spread=percent(one.spread), limit=percent(one.spread_limit))


def line_error(one: Measurement) -> str:
    """Return how far the head's lengths of this line were off where it was measured."""
    error = one.error
    if error is None:
        return translate("How far these lengths are off was not measured.")
    short = translate("On {pictures} validation pictures these lengths were off by {error}, in the mean {bias} short.")
    long = translate("On {pictures} validation pictures these lengths were off by {error}, in the mean {bias} long.")
    off, bias = millimetres(error.error_mm), millimetres(abs(error.bias_mm))
    return (short if error.bias_mm < 0 else long).format(pictures=error.pictures, error=off, bias=bias)


def line_licence(one: Measurement) -> str:
    """Return the remark on the licence of the head that measured."""
    return translate("The measurement head has a licence of its own: {licence}.").format(licence=one.licence)
