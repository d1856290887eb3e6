"""Fetches released weights by an explicit action: whole and checked, or not at all."""

from __future__ import annotations

import hashlib
import http.client
import shutil
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO, Any

from fetalclip_app.errors import ErrorCode, ModelUnavailable
from fetalclip_app.model.catalog import ModelEntry
from fetalclip_app.progress import CancelToken, Report, silent

TIMEOUT_S = 30.0
"""Silence of the server after which the download counts as broken."""

_CHUNK = 1024 * 1024
_PARTIAL_CONTENT = 206


def fetch(
    target: Path, entry: ModelEntry, accept: bool, cancel: CancelToken | None = None, report: Report = silent
) -> Path:
    """Download the entry's weights to ``target`` and return it.

    What arrives is kept beside the target under ``.part`` until its SHA-256 is the catalogue's. After a broken
    connection or a cancellation the next call goes on where this one stopped.

    Args:
        accept: The user has accepted the entry's licence.
        report: Gets (bytes there, bytes in all).

    Raises:
        ModelUnavailable: Licence not accepted, nothing to fetch, or the download failed; ``target`` is untouched.
        Cancelled: ``cancel`` was raised.
    """
    if entry.must_accept and not accept:
        raise ModelUnavailable(ErrorCode.LICENCE_NOT_ACCEPTED, title=entry.title, licence=entry.licence)
    if entry.address is None or entry.sha256 is None or entry.size_bytes is None:
        raise ModelUnavailable(ErrorCode.MODEL_MISSING, name=entry.title)
    part = target.with_name(f"{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _download(part, entry.address, entry.size_bytes, cancel or CancelToken(), report)
        size, found = _size_and_hash(part)
        if found != entry.sha256.lower():
            if size >= entry.size_bytes:
                part.unlink()
            raise _failed(target, "incomplete" if size < entry.size_bytes else "wrong content")
        part.replace(target)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _failed(target, str(error) or type(error).__name__) from error
    return target


def _download(part: Path, address: str, size_bytes: int, cancel: CancelToken, report: Report) -> None:
    """Append to ``part`` what is missing of it, at most ``size_bytes`` in all."""
    cancel.check()
    there = part.stat().st_size if part.exists() else 0
    if there > size_bytes:
        part.unlink()
        there = 0
    if there == size_bytes:
        return
    if shutil.disk_usage(part.parent).free < size_bytes - there:
        raise OSError("not enough free space")
    headers = {"Range": f"bytes={there}-"} if there else {}
    request = urllib.request.Request(address, headers=headers)
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
        if not _continues(response, there):
            there = 0
        announced = response.headers.get("Content-Length")
        if announced is not None and int(announced) != size_bytes - there:
            raise OSError(f"the server offers {announced} bytes where {size_bytes - there} are missing")
        with part.open("ab" if there else "wb") as stream:
            _copy(response, stream, (there, size_bytes), cancel, report)


def _continues(response: Any, there: int) -> bool:
    """Whether the server goes on from byte ``there`` instead of starting again."""
    start = f"bytes {there}-"
    return bool(response.status == _PARTIAL_CONTENT and response.headers.get("Content-Range", "").startswith(start))


def _copy(response: IO[bytes], stream: IO[bytes], span: tuple[int, int], cancel: CancelToken, report: Report) -> None:
    there, size_bytes = span
    report(there, size_bytes)
    # One byte more than expected is enough to know that this is not the file.
    while there <= size_bytes and (chunk := response.read(min(_CHUNK, size_bytes + 1 - there))):
        cancel.check()
        stream.write(chunk)
        there += len(chunk)
        report(min(there, size_bytes), size_bytes)


def _size_and_hash(path: Path) -> tuple[int, str]:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256")
        return stream.tell(), digest.hexdigest()


def _failed(target: Path, reason: str) -> ModelUnavailable:
    return ModelUnavailable(ErrorCode.DOWNLOAD_FAILED, name=target.name, reason=reason)
