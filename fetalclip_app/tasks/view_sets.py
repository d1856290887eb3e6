"""Sets of classes and prompts: JSON files, bundled or the user's own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from fetalclip_app import resources
from fetalclip_app.domain.view_draft import ABOUT
from fetalclip_app.domain.views import ViewSet
from fetalclip_app.errors import ErrorCode, InvalidInput
from fetalclip_app.tasks.own_files import content_of, own_files, problem_of

PLANES_FILE = "prompts/planes.json"
BRAIN_PLANES_FILE = "prompts/brain_planes.json"

SAME_CLASS = {"profile_patient": "profile"}
"""Names in the released FetalCLIP prompt files -> ours."""

OTHER_KIND = "gestational_age"
"""Files of this name hold sentences with fields, for the age; they are no set of views."""


def read_view_set(path: Path) -> ViewSet:
    """Read ``{class: [prompt, ...]}``, the form of the released FetalCLIP prompts too.

    Raises:
        InvalidInput: Missing (the parameter ``reason`` is then ``missing``), no JSON, or of another form.
    """
    try:
        content = content_of(path, too_large="larger than 1 MB")
        prompts = _prompts(json.loads(content, object_pairs_hook=_each_once))
        return ViewSet(path.stem, prompts, hashlib.sha256(content).hexdigest())
    except FileNotFoundError as error:
        raise InvalidInput(ErrorCode.VIEW_SET_INVALID, name=path.name, reason="missing") from error
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidInput(ErrorCode.VIEW_SET_INVALID, name=path.name, problem=problem_of(error)) from error


def bundled(name: str) -> ViewSet:
    """Return a bundled set, such as `PLANES_FILE`."""
    return read_view_set(resources.path(name))


def own_view_sets(folders: Sequence[Path]) -> tuple[Path, ...]:
    """Return the files of the user's sets, each folder's sorted by name."""
    return tuple(filter(_is_set, own_files(folders)))


def list_view_sets(folders: Sequence[Path] = ()) -> tuple[Path, ...]:
    """Return the files of all sets: the bundled ones, then those of the user's folders."""
    return (*filter(_is_set, resources.list_files("prompts", ".json")), *own_view_sets(folders))


def find_view_set(wanted: Path, folders: Sequence[Path] = ()) -> Path:
    """Return the file of a set that was named by its path, or by its name alone where a listed file bears it.

    A name that is neither comes back as it is; reading it then says that there is no such file.
    """
    if wanted.is_file():
        return wanted
    named = [path for path in list_view_sets(folders) if path.stem == str(wanted)]
    return named[-1] if named else wanted


def _is_set(path: Path) -> bool:
    return path.stem != OTHER_KIND


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse a class that stands twice: JSON's own rule keeps the last and says nothing."""
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"class {name!r} stands twice")
        found[name] = value
    return found


def _prompts(classes: object) -> dict[str, tuple[str, ...]]:
    if not isinstance(classes, dict):
        raise ValueError("it is no table of classes")
    classes.pop(ABOUT, None)  # what a written set tells of itself
    return {name: _sentences(name, value) for name, value in _each_once(_renamed(classes)).items()}


def _renamed(classes: dict[str, object]) -> list[tuple[str, object]]:
    return [(SAME_CLASS.get(name, name), value) for name, value in classes.items()]


def _sentences(name: str, value: object) -> tuple[str, ...]:
    if not name.strip():
        raise ValueError("a class has no name")
    if not isinstance(value, list) or not value or not all(isinstance(text, str) and text.strip() for text in value):
        raise ValueError(f"class {name!r} is no list of sentences")
    return tuple(value)
