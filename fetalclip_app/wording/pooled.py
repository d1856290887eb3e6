"""Lengths pooled over a whole clip: the value with its spread, what it rests on, and what lies too far off."""

from __future__ import annotations

from fetalclip_app.domain.abstention import Abstention
from fetalclip_app.domain.biometry import Beyond
from fetalclip_app.domain.pooled import OUTLIER_SCORE, FrameValue, PooledBy, PooledLength
from fetalclip_app.wording.abstentions import reason_title
from fetalclip_app.wording.lines import line_definition
from fetalclip_app.wording.numbers import EN_DASH, frame_number, frame_title, millimetres
from fetalclip_app.wording.sources import definition
from fetalclip_app.wording.translate import mark, translate

_LEAST_MM = 0.05
"""A smaller spread would be written as none."""

_MOST_NAMED = 8
"""Outliers that a sentence names."""

_REFUSED: dict[str, str] = {
    "outline": mark("{count} without a clear outline"),
    "line_ends": mark("{count} whose ends are not clear"),
    "length": mark("{count} longer or shorter than any fetus"),
}


def pooled_name(one: PooledLength) -> str:
    """Return the length's short name, with what measured it where that is not the outline."""
    name = one.name.upper()
    return name if one.by is PooledBy.OUTLINE else translate("{name}, lines").format(name=name)


def pooled_value(one: PooledLength) -> str:
    """Return ``175.2 ± 0.6 mm``, or in two words why there is none."""
    if isinstance(one.size, Abstention):
        return reason_title(one.size.reason)
    spread = millimetres(one.size.spread_mm) if one.size.spread_mm >= _LEAST_MM else f"<{millimetres(2 * _LEAST_MM)}"
    return f"{one.size.median_mm:.1f} ± {spread}"


def pooled_count(one: PooledLength) -> str:
    """Return on how many frames the value rests."""
    count = len(one.values)
    return translate("1 frame") if count == 1 else translate("{count} frames").format(count=count)


def pooled_definition(one: PooledLength) -> str:
    """Return how the length is defined."""
    return definition(one.name) if one.by is PooledBy.OUTLINE else line_definition(one.name)


def pooled_frames(one: PooledLength) -> str:
    """Return what became of the frames of the plane."""
    used = one.frames
    parts = [translate("{shown} show the plane clearly").format(shown=used.shown)]
    if used.chosen < used.shown:
        parts.append(translate("{chosen} of them were looked at, evenly spread").format(chosen=used.chosen))
    if used.alike:
        parts.append(
            translate("{count} show the same picture as another and count once with it").format(count=used.alike)
        )
    parts += [_refused(detail, count) for detail, count in used.refused.items()]
    parts.append(translate("{count} measured").format(count=len(one.values)))
    return translate("Frames: {parts}.").format(parts=", ".join(parts))


def _refused(detail: str, count: int) -> str:
    return translate(_REFUSED.get(detail, mark("{count} without a scale that holds"))).format(count=count)


def pooled_meaning() -> str:
    """Return what the value and its spread are, and what they are not."""
    return translate(
        "Median of the frames, ± 1.48 times their median absolute deviation: the spread of repeats within this clip, "
        "not the error of the method. An error that all frames share is not in it."
    )


def pooled_dots() -> str:
    """Return what the small charts show."""
    return translate("Dots: the length on each frame, in the clip's order; line: their median; band: the limits.")


def pooled_plane() -> str:
    """Return why the best frame's value may be another."""
    return translate("Frames beside the standard plane are among them, so the best frame's length may differ.")


def outlier_rule() -> str:
    """Return by what rule a frame is called an outlier, and what becomes of it."""
    return translate(
        "Outliers: modified z-score beyond {score} (Iglewicz and Hoaglin 1993), and more than a pixel of what the "
        "network sees from the median. They stay among the median's frames; it hardly heeds them."
    ).format(score=OUTLIER_SCORE)


def outliers(one: PooledLength, most: int = _MOST_NAMED) -> str:
    """Return the frames beyond the limits, with their values; an empty text where there is no pooled value.

    Args:
        most: So many of them are named, the others counted.
    """
    if isinstance(one.size, Abstention):
        return ""
    limits = f"{one.size.low_mm:.1f}{EN_DASH}{millimetres(one.size.high_mm)}"
    found = one.outliers
    if not found:
        return translate("No frame lies beyond {limits}.").format(limits=limits)
    named = ", ".join(f"{frame_number(value.frame_index)} ({outlier_value(value)})" for value in found[:most])
    more = len(found) - most
    named += " " + translate("and {count} more").format(count=more) if more > 0 else ""
    return translate("Beyond {limits}: {frames}.").format(limits=limits, frames=named)


def dot_told(value: FrameValue) -> str:
    """Return ``Frame 12: 150.0 mm, below``."""
    return f"{frame_title(value.frame_index)}: {outlier_value(value)}"


def which_length() -> str:
    """Return what the choice among the lengths is called."""
    return translate("Which length")


def outlier_value(value: FrameValue) -> str:
    """Return a frame's length, and on which side it lies where it is an outlier."""
    sides = {Beyond.BELOW: mark("{length}, below"), Beyond.ABOVE: mark("{length}, above"), None: "{length}"}
    return translate(sides[value.beyond]).format(length=millimetres(value.value_mm))
