"""Files that another file vouches for by their SHA-256: nothing in them is believed before it is compared."""

from __future__ import annotations

import hashlib
from pathlib import Path

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


def refuse_other(name: str, found: str, expected: str) -> None:
    """Refuse a file whose hash is ``found`` where ``expected`` was vouched for.

    Raises:
        ModelUnavailable: They differ.
    """
    if found != expected.lower():
        raise ModelUnavailable(ErrorCode.MODEL_WRONG_HASH, name=name, sha256=found, expected=expected)
