"""Sets of classes and prompts: JSON files, bundled or the user's own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from fetalclip_app import resources
from fetalclip_app.domain.views import ViewSet
from fetalclip_app.errors import ErrorCode, InvalidInput

PLANES_FILE = "prompts/planes.json"
BRAIN_PLANES_FILE = "prompts/brain_planes.json"

SAME_CLASS = {"profile_patient": "profile"}
"""Names in the released FetalCLIP prompt files -> ours."""

MAX_BYTES = 1_000_000


def read_view_set(path: Path) -> ViewSet:
    """Read ``{class: [prompt, ...]}``, the form of the released FetalCLIP prompts too.

    Raises:
        InvalidInput: Missing, no JSON, or of another form.
    """
    try:
        content = path.read_bytes()
        if len(content) > MAX_BYTES:
            raise ValueError("larger than 1 MB")
        classes = json.loads(content)
        prompts = {SAME_CLASS.get(name, name): _sentences(name, value) for name, value in classes.items()}
        return ViewSet(path.stem, prompts, hashlib.sha256(content).hexdigest())
    except (OSError, ValueError, AttributeError) as error:
        raise InvalidInput(ErrorCode.VIEW_SET_INVALID, name=path.name, problem=str(error)) from error


def bundled(name: str) -> ViewSet:
    """Return a bundled set, such as `PLANES_FILE`."""
    return read_view_set(resources.path(name))


def list_view_sets(folders: Sequence[Path] = ()) -> tuple[Path, ...]:
    """Return the files of all sets: the bundled ones, then those of the user's folders."""
    own = [path for folder in folders if folder.is_dir() for path in sorted(folder.glob("*.json"))]
    return (*(path for path in resources.list_files("prompts", ".json") if path.stem != "gestational_age"), *own)


def find_view_set(wanted: Path, folders: Sequence[Path] = ()) -> Path:
    """Return the file of a set that was named by its path, or by its name alone where a listed file bears it.

    A name that is neither comes back as it is; reading it then says that there is no such file.
    """
    if wanted.exists():
        return wanted
    named = [path for path in list_view_sets(folders) if path.stem == str(wanted)]
    return named[-1] if named else wanted


def _sentences(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(text, str) and text.strip() for text in value):
        raise ValueError(f"class {name!r} is no list of sentences")
    return tuple(value)
