"""What a model's manifest says was fitted on validation patients, and for which prompts it holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fetalclip_app.domain.age import LimitGround
from fetalclip_app.domain.backbone import ModelCalibration, ViewCalibration
from fetalclip_app.domain.views import ViewSet
from fetalclip_app.errors import ErrorCode, ModelUnavailable
from fetalclip_app.tasks.keys import BRAIN_VIEWS, VIEWS

if TYPE_CHECKING:
    from fetalclip_app.model.catalog import ModelEntry


def stated_calibration(
    entry: ModelEntry, fitted: Mapping[str, Mapping[str, Any]], logit_scale: float, brain: ViewSet
) -> ModelCalibration:
    """Return what the model's manifest says.

    Raises:
        ModelUnavailable: How often the sub-planes occur is not told of each of them, or not in shares.
    """
    try:
        calibration = calibration_of(fitted, logit_scale, entry.learned_from_head_size)
    except ValueError as error:
        raise ModelUnavailable(ErrorCode.MODEL_DAMAGED, name="manifest.json", reason=str(error)) from error
    told = calibration.brain_views.frequencies
    if told is not None and len(told) != len(brain.keys):
        raise ModelUnavailable(ErrorCode.MODEL_DAMAGED, name="manifest.json", reason="frequencies of other sub-planes")
    return calibration


def calibration_of(
    fitted: Mapping[str, Mapping[str, Any]], logit_scale: float, learned_from_head_size: bool
) -> ModelCalibration:
    """Return what a manifest's ``calibration`` says, with the defaults of `ModelCalibration` for what it leaves out."""
    given: dict[str, Any] = {
        "learned_from_head_size": learned_from_head_size,
        "views": _view_calibration(fitted.get(VIEWS, {}), logit_scale),
        "brain_views": _view_calibration(fitted.get(BRAIN_VIEWS, {}), logit_scale),
    }
    if "similarity" in fitted.get("familiar", {}):
        given["familiar_similarity"] = float(fitted["familiar"]["similarity"])
    age = fitted.get("gestational_age", {})
    if "spread_limit_days" in age:
        given["spread_limit_days"] = int(age["spread_limit_days"])
        given["spread_limit_ground"] = LimitGround(age.get("spread_limit_ground", LimitGround.VALIDATION))
    if "error_days" in age:
        given["age_error_days"] = float(age["error_days"])
        given["age_error_level"] = float(age["level"])
        given["age_reference"] = str(age["reference"])
    if "fit_limit" in fitted.get("head", {}):
        given["outline_fit_limit"] = float(fitted["head"]["fit_limit"])
    return ModelCalibration(**given)


def _view_calibration(fitted: Mapping[str, Any], logit_scale: float) -> ViewCalibration:
    if "temperature" not in fitted:
        return ViewCalibration()
    return ViewCalibration(
        scale=logit_scale / float(fitted["temperature"]),
        error=float(fitted["error"]),
        pictures=int(fitted["pictures"]) if "pictures" in fitted else None,
        lead=float(fitted["lead"]) if "lead" in fitted else None,
        frequencies=tuple(float(share) for share in fitted["frequencies"]) if "frequencies" in fitted else None,
    )


def fitted_for(fitted: Mapping[str, Mapping[str, Any]], used: Mapping[str, ViewSet]) -> dict[str, Mapping[str, Any]]:
    """Return the parts of a calibration that hold for these prompts: other sentences were never calibrated."""
    foreign = {task for task, view_set in used.items() if fitted.get(task, {}).get("view_set") != view_set.sha256}
    if VIEWS in foreign:
        foreign.add("familiar")
    return {part: numbers for part, numbers in fitted.items() if part not in foreign}
