"""Files that another file vouches for by their SHA-256: nothing in them is believed before it is compared."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from fetalclip_app.errors import ErrorCode, ModelUnavailable


def read(path: Path, sha256: str) -> bytes:
    """Return the content of ``path``, which has this hash.

    Args:
        sha256: In hexadecimal digits of either case.

    Raises:
        ModelUnavailable: Missing, or another file.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelUnavailable(ErrorCode.MODEL_MISSING, name=path.name) from error
    refuse_other(path.name, hashlib.sha256(content).hexdigest(), sha256)
    return content


def facts(path: Path) -> dict[str, Any]:
    """Return what a head's JSON says.

    Raises:
        ModelUnavailable: It cannot be read, or is no JSON object.
    """
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelUnavailable(ErrorCode.MODEL_DAMAGED, name=path.name, reason=str(error)) from error
    if not isinstance(said, dict):
        raise ModelUnavailable(ErrorCode.MODEL_DAMAGED, name=path.name, reason="not a JSON object")
    return said


def refuse_other(name: str, found: str, expected: str) -> None:
    """Refuse a file whose hash is ``found`` where ``expected`` was vouched for.

    Raises:
        ModelUnavailable: They differ.
    """
    if found != expected.lower():
        raise ModelUnavailable(ErrorCode.MODEL_WRONG_HASH, name=name, sha256=found, expected=expected)
