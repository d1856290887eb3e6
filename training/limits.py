"""What a recipe's values may be: every field of every configuration is looked at before anything is read."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import torch

from fetalclip_app import resources
from fetalclip_app.domain.landmarks import LINES
from fetalclip_app.domain.views import PLANES
from fetalclip_app.tasks.keys import BRAIN_VIEWS, VIEWS
from training.accumulate import PRECISIONS
from training.finetune.probe import PROJECTED, UNIT
from training.objective import LOSSES
from training.settings import FILLED_IN, SettingError
from training.written import TEXTBOOK

Rule = Callable[[Any], str | None]
"""Returns why a value cannot be, or None."""


def refuse_impossible(config: Any) -> None:
    """Pass when every value of a recipe's configuration, and of those inside it, can be trained with.

    Raises:
        SettingError: One cannot, or two contradict each other; the sentence names the field.
    """
    for path, value, rules in _values(config):
        for rule in rules:
            problem = rule(value)
            if problem is not None:
                raise SettingError(f"{path}: {problem}")
    contradiction = _contradiction(config)
    if contradiction is not None:
        raise SettingError(contradiction)


def _contradiction(config: Any) -> str | None:
    """Return which of two values cannot be beside the other, or None."""
    if getattr(config, "loss", "") == "siglip" and config.smoothing:
        return "smoothing: labels are smoothed with loss=nce only"
    tower = getattr(config, "tower", None)
    if tower is not None and tower.text_alone and not tower.weights:
        return "tower.text_alone: nothing gives the text tower: name tower.weights"
    return None


def _values(config: Any, before: str = "") -> Iterator[tuple[str, Any, tuple[Rule, ...]]]:
    """Yield (path, value, rules) of each field, those of inner configurations with their path."""
    for field in fields(config):
        value = getattr(config, field.name)
        if is_dataclass(value):
            if field.name != FILLED_IN:
                yield from _values(value, f"{before}{field.name}.")
        else:
            name = type(config).__name__
            own = _RULES.get(f"{name}.{field.name}", _RULES.get(field.name))
            yield f"{before}{field.name}", value, (_no_negative, *([own] if own is not None else []))


def _no_negative(value: Any) -> str | None:
    """Return why a number is none from 0; a configuration has no other numbers. Those of tuples are looked at too."""
    if isinstance(value, tuple):
        return next((problem for part in value if (problem := _no_negative(part)) is not None), None)
    if isinstance(value, int | float) and not (math.isfinite(value) and value >= 0):
        return f"{value} is no number from 0"
    return None


def _least(least: float) -> Rule:
    def check(value: Any) -> str | None:
        wrong = [part for part in (value if isinstance(value, tuple) else (value,)) if part < least]
        return f"{wrong[0]} is less than {least:g}" if wrong else None

    return check


def _above_zero(value: Any) -> str | None:
    return None if value > 0 else f"{value} is not above 0"


def _share(value: Any) -> str | None:
    return None if value <= 1 else f"{value} is no share from 0 to 1"


def _not_all(value: Any) -> str | None:
    return None if value < 1 else f"{value} is no share below 1"


def _from_to(value: Any) -> str | None:
    return None if 0 < value[0] <= value[1] else f"{value[0]} to {value[1]} is no range above 0"


def _shares_of(*kinds: str) -> Rule:
    """Return the rule of (kind, share); without kinds any name will do, such as that of a set of one's own."""

    def check(value: Any) -> str | None:
        named = [kind for kind, _ in value]
        for kind in named:
            if kinds and kind not in kinds:
                return f"{kind!r} is none of {', '.join(kinds)}"
            if named.count(kind) > 1:
                return f"{kind} stands twice"
        return None if any(share for _, share in value) else "nothing has a share"

    return check


def _one_of(*names: str) -> Rule:
    said = ", ".join(name for name in names if name)
    return lambda value: None if value in names else f"{value!r} is none of {said}"


def _shape(value: Any) -> str | None:
    folder = resources.root() / "models"
    shapes = sorted(found.parent.name for found in folder.glob("*/config.json"))
    return _one_of(*shapes)(value)


def _torch_device(value: Any) -> str | None:
    try:
        device = torch.device(value)
    except RuntimeError:
        return f"{value!r} is no device that torch knows"
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        return f"{value!r} is not here: {torch.cuda.device_count()} GPUs are found"
    return None if device.type == "cuda" or _computes(device) else f"{value!r} is not here"


def _computes(device: torch.device) -> bool:
    """Whether one number can be laid there and fetched; torch knows the names of devices that it was not built for."""
    try:
        torch.zeros(1, device=device).item()
    except (RuntimeError, AssertionError, ImportError):  # each device has its own way to be absent
        return False
    return True


_AT_LEAST_ONE = (
    *("batch", "checkpoint_every", "clahe_tiles", "count", "counts", "epochs", "evaluate_every", "frames", "hidden"),
    *("ladder", "patience", "rank", "repeats", "rows", "sets", "size", "steps", "window"),
)
_ABOVE_ZERO = ("bell_days", "clip_norm", "softness")
_SHARES = (
    *("average", "clahe_share", "jigsaw", "keep", "layer_decay", "momentum", "rescaled", "shift"),
    *("told_age", "tone", "tone_share", "unreadable_share", "written"),
)
_RANGES = ("clahe_limit", "gain", "gamma", "zoom")

_RULES: dict[str, Rule] = {
    **dict.fromkeys(_AT_LEAST_ONE, _least(1)),
    **dict.fromkeys(_ABOVE_ZERO, _above_zero),
    **dict.fromkeys(_SHARES, _share),
    **dict.fromkeys(_RANGES, _from_to),
    "NumberConfig.steps": _least(0),
    "StepConfig.device": _torch_device,
    "TowerConfig.shape": _shape,
    "features": _one_of(UNIT, PROJECTED),
    "BatchConfig.shares": _shares_of(*PLANES, "other", "hc18", "simulated", "distractor", TEXTBOOK),
    "LandmarkConfig.shares": _shares_of(*LINES),
    "OutlineConfig.shares": _shares_of(),
    "bell": _above_zero,
    "mirror": _share,
    "folds": _least(2),
    "held": _one_of("validation", "test"),
    "held_out": _not_all,
    "loss": _one_of(*LOSSES),
    "precision": _one_of(*PRECISIONS),
    "smoothing": _not_all,
    "task": _one_of(VIEWS, BRAIN_VIEWS),
    "view": _one_of("", *PLANES),
}
"""Name of a field, or ``Class.field``, to what it may be beside no negative number."""
