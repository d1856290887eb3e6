"""What is said of a frame's quality within its clip, and of why a frame is the best of its view."""

from __future__ import annotations

import numpy as np

from fetalclip_app.domain.best_frames import Candidate
from fetalclip_app.domain.quality import FAN_COMPLETE
from fetalclip_app.domain.sight import Sight
from fetalclip_app.wording.numbers import percent
from fetalclip_app.wording.sources import unfamiliar_frame
from fetalclip_app.wording.translate import choose, mark, translate, within
from fetalclip_app.wording.views import view_title

_SHARP, _SOFT = 0.85, 0.5
_STILL, _MOVING = 2 / 3, 0.4
"""From where words change (chosen here): shares of the clip's sharpest; half the change of the clip's middle frame, and
half as much again."""


def sharpness_told(value: float) -> str:
    """Return how sharp a frame is beside the sharpest of its clip."""
    if value >= _SHARP:
        variants = [mark("among the sharpest of this clip ({share})")]
    elif value >= _SOFT:
        variants = [mark("less sharp than the sharpest of this clip ({share})")]
    else:
        variants = [mark("blurred beside the sharpest of this clip ({share})")]
    return choose(variants, {"share": percent(value)})


def fan_told(value: float) -> str:
    """Return whether the whole fan is there."""
    if value >= FAN_COMPLETE:
        return translate("the whole fan is there")
    if value == 0:
        return translate("the frame is blank")
    return translate("{share} of the usual fan is there").format(share=percent(value))


def stability_told(value: float) -> str:
    """Return how much the frame differs from those beside it."""
    if value >= _STILL:
        return translate("moves less than the clip usually does")
    if value >= _MOVING:
        return translate("moves as the clip usually does")
    return translate("moves more than the clip usually does")


def fit_told(value: float) -> str:
    """Return how well an ellipse fits the head."""
    return translate("an ellipse fits the head by {share}").format(share=percent(value))


def best_frame_reasons(view_key: str, one: Candidate) -> str:
    """Return why a frame may stand for a view; what is not known is left out."""
    said = [
        translate("seen as {view} with {share}").format(view=within(view_title(view_key)), share=percent(one.view)),
        None if one.sharpness is None else sharpness_told(one.sharpness),
        None if one.fan is None else fan_told(one.fan),
        None if one.stability is None else stability_told(one.stability),
        None if one.fit is None else fit_told(one.fit),
    ]
    text = ", ".join(part for part in said if part is not None)
    return text[:1].upper() + text[1:] + "."


def best_frame_meaning() -> str:
    """Return what the order of the candidates rests on."""
    return translate(
        "Ordered by how clearly the view is seen, by sharpness, fan and stillness within this clip only, "
        "and by how well an ellipse fits the head where that is known."
    )


def best_frame_title(view_key: str) -> str:
    """Return the heading of a view's best frames."""
    return translate("Best frame: {view}").format(view=view_title(view_key))


def no_best_frame(view_key: str) -> str:
    """Return the sentence where no frame may stand for a view."""
    return translate("The model sees {view} clearly in no frame of this clip.").format(
        view=within(view_title(view_key))
    )


def chosen_by_person() -> str:
    """Return the mark of the frame that a person chose."""
    return translate("Your choice")


def chosen_by_model() -> str:
    """Return the mark of the frame that comes first by the model's order."""
    return translate("First by the model")


def choice_noted(view_key: str, frame_index: int) -> str:
    """Return what undo calls a choice."""
    return translate("Best frame of {view}: {number}").format(view=view_title(view_key), number=frame_index + 1)


def choice_taken_back(view_key: str) -> str:
    """Return what undo calls a choice that is taken back."""
    return translate("Best frame of {view}: the model's").format(view=view_title(view_key))


def frame_told(sight: Sight, index: int) -> str:
    """Return what is seen in a frame that was looked at, and how good its picture is beside its clip's."""
    row = sight.views.per_frame[index]
    best = int(np.argmax(row))
    is_strange = index in sight.views.unfamiliar
    said = [unfamiliar_frame() if is_strange else f"{view_title(sight.views.keys[best])} {percent(float(row[best]))}"]
    quality = sight.quality
    for column, told in ((quality.sharpness, sharpness_told), (quality.fan, fan_told)):
        if not np.isnan(column[index]):
            said.append(told(float(column[index])))
    return ", ".join(said)
