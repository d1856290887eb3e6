"""Where a scale, a frame rate and a number come from; definitions and standing remarks."""

from __future__ import annotations

from typing import assert_never

from fetalclip_app.domain.age import PUBLISHED_SPREAD_LIMIT_DAYS, AgeInterval, LimitGround
from fetalclip_app.domain.calibration import Calibration, CalibrationSource
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.wording.numbers import age_range, day_count, percent, pixel_size
from fetalclip_app.wording.translate import choose, mark, translate, within
from fetalclip_app.wording.views import task_title, view_title

_CALIBRATION: dict[CalibrationSource, str] = {
    CalibrationSource.ULTRASOUND_REGION: mark("Scale from the file's ultrasound regions"),
    CalibrationSource.PIXEL_SPACING: mark("Scale from the file's pixel spacing"),
    CalibrationSource.USER: mark("Scale stated by the user"),
    CalibrationSource.USER_OVERRIDE: mark("Scale stated by the user, in place of the file's own"),
}

_NOTICES: dict[str, str] = {
    "gpu_unusable": mark("The graphics card failed its test, so the processor (CPU) is used."),
    "gpu_out_of_memory": mark("The graphics card ran out of memory, so the processor (CPU) went on."),
    "gpu_failed": mark("The graphics card failed on the way, so the processor (CPU) went on."),
}

_FITTED = (
    mark(
        "Percentages by a temperature fitted on {pictures} single pictures of validation patients, where they were off "
        "by {error}; a clip's are the mean over its frames."
    ),
    mark(
        "Percentages by a temperature fitted on single pictures of validation patients, where they were off by "
        "{error}; a clip's are the mean over its frames."
    ),
)


def calibration_source(calibration: Calibration | None) -> str:
    """Return who says how many millimetres a pixel is, and how many."""
    if calibration is None or calibration.source is CalibrationSource.NONE:
        return translate("No scale in this file")
    text = translate(_CALIBRATION[calibration.source])
    if not calibration.is_usable:
        return translate("{source}, but none of it can be trusted").format(source=text)
    sizes = dict.fromkeys(
        pixel_size(region.spacing.row_mm, region.spacing.column_mm)
        for region in calibration.regions
        if region.is_usable and region.spacing is not None
    )
    return f"{text}: {'; '.join(sizes)}"


def definition(measurement: str) -> str:
    """Return how a length is defined.

    Args:
        measurement: ``hc``, ``bpd`` or ``ofd``.

    Raises:
        KeyError: No such measurement.
    """
    texts = {
        "hc": mark("Head circumference: the ellipse along the outer edge of the skull (Ramanujan's first formula)."),
        "bpd": mark(
            "Biparietal diameter: its minor axis, outer edge to outer edge; not the outer-inner caliper definition."
        ),
        "ofd": mark("Occipitofrontal diameter: its major axis, outer edge to outer edge."),
    }
    return translate(texts[measurement])


def where_not_why() -> str:
    """Return the remark that goes with every heatmap."""
    return translate("Shows where the model looked, not why, and not whether it is right.")


def learned_age() -> str:
    """Return the remark that goes with an age that was learned from head size."""
    return translate("This model's age was learned from head size; it is no second opinion on it.")


def interval_meaning(interval: AgeInterval) -> str:
    """Return what a fitted interval of an age is: ``19w0d–21w6d: intervals like this held ...``."""
    said = translate("{low_high}: intervals like this held the reference age of {share} of the validation patients.")
    return said.format(low_high=age_range(interval.low, interval.high), share=percent(interval.level))


def head_unchecked() -> str:
    """Return the remark on an age whose head was not measured."""
    return translate("The head was not measured, so its size could not be checked against the range.")


def spread_meaning() -> str:
    """Return what ``low`` and ``high`` of an age are."""
    return translate("The range is the spread of the 15 best days, not a confidence interval.")


def spread_limit(ground: LimitGround) -> str:
    """Return what the limit on an age's spread rests on; empty where it was fitted on validation patients."""
    limit = day_count(PUBLISHED_SPREAD_LIMIT_DAYS)
    match ground:
        case LimitGround.VALIDATION:
            return ""
        case LimitGround.PUBLISHED:
            said = translate(
                "The limit of {limit} rests on FetalCLIP's published scores for HC18 (80% of the ages kept, 85.3% of "
                "them in the WHO band), not on validation here."
            )
        case LimitGround.NOT_FITTED:
            said = translate(
                "The limit of {limit} on the spread was not fitted for these weights; it is borrowed from FetalCLIP's."
            )
        case _:
            assert_never(ground)
    return said.format(limit=limit)


def no_interval(ground: LimitGround) -> str:
    """Return what stands where an age's interval would, in one short line; it names an unfitted limit too."""
    match ground:
        case LimitGround.VALIDATION:
            return translate("No interval was fitted for this model")
        case LimitGround.PUBLISHED:
            return translate("No interval fitted; limit from published data")
        case LimitGround.NOT_FITTED:
            return translate("Interval and limit not fitted for these weights")
        case _:
            assert_never(ground)


def percentages_meaning(calibrated: bool, error: float | None = None, pictures: int | None = None) -> str:
    """Return what a view's percentages rest on.

    Args:
        error: The calibration error that remained, 0 to 1.
        pictures: On how many pictures it was found.
    """
    if calibrated and error is not None:
        return choose(_FITTED, {"error": f"{error:.1%}", "pictures": "" if pictures is None else pictures})
    if calibrated:
        return translate("Percentages by a temperature fitted on validation patients.")
    return translate("Percentages are uncalibrated: they follow the model's own scale.")


def view_percentages(seen: ViewPrediction) -> str:
    """Return what the percentages of an answer rest on, and which frequencies they heed."""
    meaning = percentages_meaning(seen.calibrated, seen.calibration_error, seen.calibration_pictures)
    if seen.frequencies is None:
        return meaning
    shares = ", ".join(
        f"{view_title(key)} {percent(share)}" for key, share in zip(seen.keys, seen.frequencies, strict=True)
    )
    heeded = translate("How often each occurred among labelled pictures is counted in: {shares}.").format(shares=shares)
    return f"{meaning} {heeded}"


def percentages_error(calibrated: bool, error: float | None = None, pictures: int | None = None) -> str:
    """Return the same in the few words that a heading has room for: ``off by 12.7% (n = 47)``."""
    if not calibrated:
        return translate("uncalibrated")
    if error is None:
        return ""
    short = (mark("off by {error} (n = {pictures})"), mark("off by {error}"))
    return choose(short, {"error": f"{error:.1%}", "pictures": "" if pictures is None else pictures})


def named_by(probe: str) -> str:
    """Return what gave a view its name, in the few words that stand beside it; no ``probe`` is the prompts."""
    return translate("by probe {name}").format(name=probe) if probe else translate("by prompts")


def naming_meaning(probe: str) -> str:
    """Return the same in a sentence."""
    if probe:
        return translate("Named by the probe {name}: a layer that was trained on labelled pictures.").format(name=probe)
    return translate("Named by prompts: by how well a picture fits the sentences of each class.")


def naming_choice() -> str:
    """Return where it is chosen what names the views."""
    return translate("What names the views is chosen in the model menu, under 'View sets'.")


def no_probe_in_short() -> str:
    """Return what stands beside a view that prompts named where a probe was to."""
    return translate("by prompts: no usable probe")


def no_probe(task_key: str) -> str:
    """Return what is said where a probe was chosen for a task and none is there."""
    said = translate("These weights have no usable probe for this, so prompts name it: {task}.")
    return said.format(task=within(task_title(task_key)))


def eight_bits(*, taken: bool) -> str:
    """Return what is said where a person chose eight bits."""
    if taken:
        return translate("The image tower computes in eight bits, as chosen: answers may differ from full precision.")
    return translate("There is no way in eight bits for this model on this device, so it keeps full precision.")


def not_trained_view() -> str:
    """Return the two words that stand beside a class that training never showed."""
    return translate("not trained")


def simulated() -> str:
    """Return the label of a picture that was made by a program."""
    return translate("Simulated picture, not a patient")


def lossy() -> str:
    """Return the badge of a picture that was compressed with loss."""
    return translate("Compressed with loss")


def unfamiliar_frame() -> str:
    """Return what is said of a frame that is unlike the training."""
    return translate("unlike the pictures that the model was trained on")


def frames_left_out(count: int, total: int) -> str:
    """Return that frames unlike the training took no part in a clip's answers; empty where none is so."""
    if count == 0:
        return ""
    if count == 1:
        said = translate("1 of {total} frames is unlike the training pictures and was left out.")
    else:
        said = translate("{count} of {total} frames are unlike the training pictures and were left out.")
    return said.format(count=count, total=total)


def frames_missing(count: int) -> str:
    """Return the badge of a file that ends too early."""
    return translate("1 frame missing") if count == 1 else translate("{count} frames missing").format(count=count)


def missing_frames(count: int) -> str:
    """Return what a file that ends too early lacks, and what is done about it."""
    if count == 1:
        return translate("The file ends too early: 1 frame is missing. Those that are whole are shown and read.")
    said = translate("The file ends too early: {count} frames are missing. Those that are whole are shown and read.")
    return said.format(count=count)


def unverified_model() -> str:
    """Return the remark on weights whose hash the catalogue does not know."""
    return translate("Unverified weights: their hash is not one that this program knows.")


def slows_down(key: str) -> bool:
    """Return whether a notice is of the device, so that readings take longer."""
    return key in _NOTICES


def notice(key: str) -> str:
    """Return what the user must know of how the model ran; a sentence that is no key stays as it is."""
    return translate(_NOTICES.get(key, key))
