"""Why there is no answer, and what would give one."""

from __future__ import annotations

from dataclasses import dataclass

from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.age import GestationalAge, LimitGround
from fetalclip_app.wording.numbers import day_count, millimetres, percent
from fetalclip_app.wording.sources import spread_limit
from fetalclip_app.wording.translate import choose, mark, translate
from fetalclip_app.wording.views import view_title


@dataclass(frozen=True, slots=True)
class _Words:
    """Variants from the most telling to the plainest, and what would help (may be empty)."""

    sentences: tuple[str, ...]
    hint: str = ""


_GENERAL: dict[Reason, _Words] = {
    Reason.NOT_CALIBRATED: _Words(
        (mark("There is no scale for this picture, so it cannot be measured in millimetres."),),
        mark("Set the scale with the ruler, or by --pixel-mm on the command line."),
    ),
    Reason.OUT_OF_RANGE: _Words(
        (mark("The answer lies outside the range that this model can estimate."),),
        mark("Use the measurement and a dating chart instead."),
    ),
    Reason.NOT_FETAL_ULTRASOUND: _Words(
        (mark("The model cannot tell: this does not look like the fetal ultrasound that it knows."),),
        mark("Open a fetal B-mode scan."),
    ),
    Reason.AMBIGUOUS: _Words(
        (mark("The model cannot tell: several answers fit almost equally well."),),
        mark("Try a clearer frame of a standard plane."),
    ),
    Reason.NOT_APPLICABLE: _Words((mark("This question does not apply to this clip."),)),
    Reason.NOT_TRAINED: _Words(
        (mark("This model was not trained to answer this."),),
        mark("Choose another model in the model menu, or by --model on the command line."),
    ),
    Reason.HELD_BACK: _Words((mark("The model's answer is held back until you have given yours."),)),
}

_DETAILS: dict[tuple[Reason, str], _Words] = {
    (Reason.NOT_CALIBRATED, "no_scale"): _Words(
        (mark("This file carries no scale, so lengths are in pixels."),),
        mark("Set the scale with the ruler, or by --pixel-mm on the command line."),
    ),
    (Reason.HELD_BACK, "measure_first"): _Words(
        (mark("Held back until you have measured it by hand."),),
        mark("Measure it by a line or an ellipse, or switch measure-first off."),
    ),
    (Reason.HELD_BACK, "age_by_head"): _Words(
        (mark("The model's age follows the head's size: held back until you have measured HC."),),
        mark("Measure it by an ellipse, or switch measure-first off."),
    ),
    (Reason.NOT_CALIBRATED, "not_square"): _Words(
        (mark("The pixels of this picture are not square, which this model cannot use."),),
        mark("Export the clip without stretching."),
    ),
    (Reason.NOT_CALIBRATED, "several_scales"): _Words(
        (mark("The picture has several scales, and none holds for all that is measured."),),
        mark("Set one scale with the ruler, or by --override-calibration."),
    ),
    (Reason.NOT_CALIBRATED, "untrusted_region"): _Words(
        (mark("The scale in this file cannot be trusted, so lengths are in pixels."),),
        mark("The scale card says why. Set it with the ruler, or by --pixel-mm."),
    ),
    (Reason.NOT_CALIBRATED, "outside_regions"): _Words(
        (mark("It reaches out of the region that has a scale."),),
        mark("The scale card shows the regions. Set the scale with the ruler."),
    ),
    (Reason.NOT_CALIBRATED, "across_regions"): _Words(
        (mark("It lies in two regions of the picture, and no length holds across both."),),
        mark("Measure inside one region."),
    ),
    (Reason.NOT_CALIBRATED, "overlapping_regions"): _Words(
        (mark("Regions with different scales overlap here, so no length can be told."),),
        mark("Measure where one region lies alone, or set the scale with the ruler."),
    ),
    (Reason.NOT_CALIBRATED, "not_tissue"): _Words(
        (mark("This part of the picture is a trace or a spectrum, not a picture of the body."),),
        mark("Measure inside the 2-D picture."),
    ),
    (Reason.OUT_OF_RANGE, "edge_of_range"): _Words(
        (mark("The best days touch the end of the model's range, 14w0d to 38w6d; the true age may lie beyond it."),),
        mark("Use the measurement and a dating chart instead."),
    ),
    (Reason.OUT_OF_RANGE, "head_size"): _Words(
        (
            mark("The head measures {hc_mm}; this age estimate holds for an HC of 100 to 342 mm only."),
            mark("The head lies outside the sizes that this age estimate holds for: an HC of 100 to 342 mm."),
        ),
        mark("Check the scale; if it is right, use a dating chart."),
    ),
    (Reason.AMBIGUOUS, "spread"): _Words(
        (
            mark("The 15 best ages lie {spread_days} apart; beyond {limit_days} the model cannot tell. {limit_ground}"),
            mark("The 15 best ages lie {spread_days} apart; beyond {limit_days} the model cannot tell."),
            mark("The 15 best ages lie {spread_days} apart, too far for one answer."),
            mark("The best ages lie too far apart for one answer."),
        ),
        mark("Try a frame that shows the whole head in the trans-thalamic plane."),
    ),
    (Reason.AMBIGUOUS, "views"): _Words(
        (
            mark("{first} and {second} fit almost equally well, so the model cannot tell which it is."),
            mark("Two views fit almost equally well, so the model cannot tell which it is."),
        ),
        mark("Look at the single frames, or choose a clearer one."),
    ),
    (Reason.AMBIGUOUS, "outline"): _Words(
        (
            mark("No clear head outline was found (the best ellipse covers {fit} of it)."),
            mark("No clear head outline was found."),
        ),
        mark("Try a frame with the whole skull in view."),
    ),
    (Reason.AMBIGUOUS, "line_ends"): _Words(
        (
            mark("The ends of the line are not clear: each may lie {spread} of its length away."),
            mark("The ends of the line are not clear."),
        ),
        mark("Try a frame that shows both ends."),
    ),
    (Reason.AMBIGUOUS, "structure"): _Words(
        (
            mark("No clear mask of it was found ({clearness} clear; {clearness_limit} needed)."),
            mark("No clear mask of it was found."),
        ),
        mark("Try a frame that shows it whole."),
    ),
    (Reason.AMBIGUOUS, "outside_head"): _Words(
        (mark("What was found lies outside the head."),),
        mark("Try a clearer frame of the brain."),
    ),
    (Reason.OUT_OF_RANGE, "length"): _Words(
        (
            mark("It measures {length_mm}; a fetus of 14 to 40 weeks measures {low_mm} to {high_mm}."),
            mark("It measures what no fetus of 14 to 40 weeks does."),
        ),
        mark("Check the scale, and where the line ends."),
    ),
    (Reason.NOT_APPLICABLE, "no_measured_plane"): _Words(
        (mark("The model sees no frame of the brain, the abdomen or the femur in this clip."),),
        mark("Open a clip with one of these planes."),
    ),
    (Reason.NOT_APPLICABLE, "no_brain_frame"): _Words(
        (mark("The model sees no frame of the brain in this clip."),),
        mark("Open a clip with a transverse plane of the head."),
    ),
    (Reason.NOT_APPLICABLE, "no_brain_class"): _Words(
        (mark("What names the views has no class 'brain'."),),
        mark("Choose a view set or a probe that has it in the model menu, or by --views and --views-by."),
    ),
    (Reason.NOT_APPLICABLE, "still"): _Words(
        (mark("This is a single picture; the label is of clips."),),
        mark("Open the clip that it was taken from."),
    ),
    (Reason.NOT_APPLICABLE, "few_familiar_frames"): _Words(
        (
            mark("The label needs {needed} frames that are like the training pictures; this clip has {count}."),
            mark("Fewer frames are like the training pictures than the label needs."),
        ),
        mark("Open a longer clip."),
    ),
    (Reason.NOT_APPLICABLE, "few_frames"): _Words(
        (
            mark("The clip has {count} frames; the label needs {needed}."),
            mark("The clip has fewer frames than the label needs."),
        ),
        mark("Open a longer clip."),
    ),
    (Reason.NOT_APPLICABLE, "other_view"): _Words(
        (
            mark("The label was trained on clips of one view ({view}), which this clip does not clearly show."),
            mark("The label was trained on clips of another view."),
        ),
        mark("Open a clip of that view."),
    ),
    (Reason.OUT_OF_RANGE, "unlike_clips"): _Words(
        (mark("This clip is unlike those that the label was trained on."),),
        mark("Try a clip from such a scanner and of such a plane."),
    ),
    (Reason.OUT_OF_RANGE, "unlike_pictures"): _Words(
        (mark("The picture that was looked at is unlike those that the label was trained on."),),
        mark("Try a picture from such a scanner and of such a plane."),
    ),
    (Reason.NOT_APPLICABLE, "no_familiar_picture"): _Words(
        (mark("No picture here is like those that the model was trained on."),),
        mark("Open a fetal B-mode scan, without colour Doppler or 3D."),
    ),
    (Reason.NOT_APPLICABLE, "other_view_of_pictures"): _Words(
        (
            mark("The label was trained on pictures of one view ({view}), which is not clearly seen here."),
            mark("The label was trained on pictures of another view."),
        ),
        mark("Open a picture of that view."),
    ),
    (Reason.NOT_APPLICABLE, "few_repeats"): _Words(
        (
            mark("Fewer than {needed} different frames could be measured, so there is no value of the whole clip."),
            mark("Too few different frames could be measured for a value of the whole clip."),
        ),
        mark("Open a longer clip of the plane."),
    ),
    (Reason.NOT_APPLICABLE, "not_asked"): _Words((mark("This was not asked of this clip."),)),
    (Reason.NOT_TRAINED, "no_head"): _Words(
        (mark("This model has no head outline, so it cannot measure."),),
        mark("Choose the compact model to measure the head."),
    ),
    (Reason.NOT_TRAINED, "no_measurement_head"): _Words(
        (mark("This model has no measurement head."),),
        mark("Choose the compact model to measure lines."),
    ),
    (Reason.NOT_TRAINED, "no_clip_label"): _Words(
        (mark("This model has no head that labels clips or pictures."),),
        mark("Choose a model that has one."),
    ),
    (Reason.NOT_TRAINED, "no_structures"): _Words(
        (mark("This model has no masks of structures."),),
        mark("Choose a model that has a head for them."),
    ),
    (Reason.NOT_TRAINED, "view"): _Words(
        (
            mark("Training never showed this view: {view}. The percentage is a guess from words."),
            mark("Training never showed this view. The percentage is a guess from words."),
        ),
        mark("Choose a model that was trained on it."),
    ),
    (Reason.NOT_FETAL_ULTRASOUND, "unlike_training"): _Words(
        (mark("The model cannot tell: this picture is unlike everything that it was trained on."),),
        mark("Open a fetal B-mode scan, without colour Doppler or 3D."),
    ),
}

DETAILS: tuple[tuple[Reason, str], ...] = tuple(_DETAILS)
"""Every pair of reason and detail that has words of its own."""


def abstention(answer: Abstention) -> str:
    """Return why there is no answer; an unknown detail gets its reason's general sentence."""
    return choose(_words(answer).sentences, _readable(answer))


def abstention_hint(answer: Abstention) -> str:
    """Return what would give an answer; empty where nothing would."""
    text = _words(answer).hint
    return translate(text) if text else ""


def reason_and_remedy(answer: Abstention) -> str:
    """Return both, one after the other."""
    return f"{abstention(answer)} {abstention_hint(answer)}".strip()


def reason_title(reason: Reason) -> str:
    """Return the reason in two or three words, for badges and tables."""
    titles = {
        Reason.NOT_CALIBRATED: mark("No scale"),
        Reason.OUT_OF_RANGE: mark("Out of range"),
        Reason.NOT_FETAL_ULTRASOUND: mark("Not fetal ultrasound"),
        Reason.AMBIGUOUS: mark("Cannot tell"),
        Reason.NOT_APPLICABLE: mark("Does not apply"),
        Reason.NOT_TRAINED: mark("Not trained"),
        Reason.HELD_BACK: mark("Hidden"),
    }
    return translate(titles[reason])


def _words(answer: Abstention) -> _Words:
    return _DETAILS.get((answer.reason, answer.detail), _GENERAL[answer.reason])


def _readable(answer: Abstention) -> dict[str, str | int | float]:
    """Return the parameters as they stand in a sentence: lengths with units, views by their titles."""
    return {name: _as_text(name, value) for name, value in answer.parameters.items()}


def _words_for(name: str, key: str) -> str:
    if name == "limit_ground":
        return spread_limit(LimitGround(key))
    return view_title(key) if name in {"first", "second", "view"} else key


def _as_text(name: str, value: str | int | float) -> str:
    if isinstance(value, str):
        return _words_for(name, value)
    if name.endswith("_mm"):
        return millimetres(value)
    if name.endswith("_days"):
        return day_count(value)
    if name in {"fit", "probability", "score", "spread", "spread_limit", "clearness", "clearness_limit"}:
        return percent(value)
    if name in {"low", "high"} and float(value).is_integer() and 0 <= value <= 315:
        return str(GestationalAge(int(value)))
    return f"{value:g}"
