"""``--set KEY=VALUE``: another value for a field of a recipe, refused by a sentence where it cannot be."""

from __future__ import annotations

import math
import types
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

FILLED_IN = "data"
"""What a contrastive run was given of a researcher's own (`training.config.DataConfig`): the run itself writes it."""

NOTHING = "none"
"""The value of a field that may be left out."""

_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


class SettingError(ValueError):
    """A value that a recipe does not take; the sentence names its key."""


def with_settings(config: Any, settings: Iterable[str]) -> Any:
    """Return a frozen configuration with other values.

    Args:
        settings: ``key=value``. The key is a field, or a path of fields with points between (``batch.told_age``); of a
            field that lies in one place alone the last name will do (``told_age``, ``device``).

    Raises:
        SettingError: There is no such field, or it does not take the value.
    """
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals:
            raise SettingError(f"{setting!r} is no KEY=VALUE")
        config = _replaced(config, _path(config, key.strip()), text.strip(), key.strip())
    return config


def _path(config: Any, key: str) -> list[str]:
    """Return the names from the configuration to the field that a key means."""
    path = key.split(".")
    if path[0] == FILLED_IN and hasattr(config, FILLED_IN):
        raise SettingError(f"{key}: the run fills it in itself")
    if len(path) > 1 or path[0] in _names(config):
        return path
    found = [place for place in _places(config) if place[-1] == key]
    if len(found) > 1:
        raise SettingError(f"{key}: {config.name} has several: {', '.join('.'.join(place) for place in found)}")
    return found[0] if found else path


def _places(config: Any) -> Iterator[list[str]]:
    for name in _names(config):
        value = getattr(config, name)
        if is_dataclass(value) and name != FILLED_IN:
            yield from ([name, *place] for place in _places(value))
        else:
            yield [name]


def _names(config: Any) -> list[str]:
    return [entry.name for entry in fields(config)]


def _replaced(config: Any, path: list[str], text: str, key: str) -> Any:
    """Return the configuration with the value at the end of the path."""
    name, *rest = path
    if name not in _names(config):
        raise SettingError(f"{key}: there is no field {name!r}; there are {', '.join(_names(config))}")
    kind = get_type_hints(type(config))[name]
    try:
        if not rest:
            return replace(config, **{name: converted(text, kind)})
        inner = _inner(getattr(config, name), kind)
        return replace(config, **{name: _replaced(inner, rest, text, key)})
    except SettingError:
        raise
    except ValueError as error:
        raise SettingError(f"{key}: {error}") from error


def _inner(value: Any, kind: Any) -> Any:
    """Return what a path goes on into: where nothing is yet, what its class holds of itself."""
    if value is None:
        value = next((choice() for choice in get_args(kind) if isinstance(choice, type) and is_dataclass(choice)), None)
    if not is_dataclass(value):
        raise ValueError(f"{value!r} has no fields")
    return value


def converted(text: str, kind: Any) -> Any:
    """Return a text as a value of a field's type.

    Items of a tuple have commas between, those of a tuple inside one colons: ``hc18:0.3,brain:0.7``.

    Raises:
        ValueError: It is no such value.
    """
    if get_origin(kind) in (Union, types.UnionType):
        return _optional(text, get_args(kind))
    if get_origin(kind) is tuple:
        return _items(text, get_args(kind), ",")
    if is_dataclass(kind):
        names = [entry.name for entry in fields(kind)]
        raise ValueError(f"it has fields of its own, set them one by one: {', '.join(names)}")
    if issubclass(kind, Enum):
        values = [str(member.value) for member in kind]
        if text not in values:
            raise ValueError(f"{text!r} is none of {', '.join(values)}")
        return kind(text)
    return _plain(text, kind)


def _optional(text: str, kinds: tuple[Any, ...]) -> Any:
    (kind,) = (choice for choice in kinds if choice is not types.NoneType)
    return None if text.lower() == NOTHING else converted(text, kind)


def _items(text: str, kinds: tuple[Any, ...], between: str) -> tuple[Any, ...]:
    parts = [part.strip() for part in text.split(between)] if text else []
    if kinds[-1] is Ellipsis:
        kinds = (kinds[0],) * len(parts)
    if len(parts) != len(kinds):
        raise ValueError(f"{text!r} are not {len(kinds)} values with {between!r} between")
    return tuple(
        _items(part, get_args(kind), ":") if get_origin(kind) is tuple else converted(part, kind)
        for part, kind in zip(parts, kinds, strict=True)
    )


def _plain(text: str, kind: type) -> Any:
    if kind is bool:
        if text.lower() not in _TRUTHS:
            raise ValueError(f"{text!r} is neither true nor false")
        return _TRUTHS[text.lower()]
    if kind is int:
        return _whole_number(text)
    if kind is float:
        return _number(text)
    if kind in (str, Path):
        return kind(text)
    raise ValueError(f"a {kind.__name__} cannot be told in a line")


def _whole_number(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no whole number") from error


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no number (with a point, no unit)") from error
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is no number")
    return value
