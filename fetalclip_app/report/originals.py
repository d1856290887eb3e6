"""No export is written over a scan: the originals are never touched."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from fetalclip_app.errors import ErrorCode, ExportFailed


def refuse_originals(target: Path, originals: Iterable[Path]) -> None:
    """Raise where a file that is to be written is one of these.

    Raises:
        ExportFailed: It is.
    """
    if not target.exists():
        return
    if any(original.exists() and target.samefile(original) for original in dict.fromkeys(originals)):
        raise ExportFailed(ErrorCode.EXPORT_FAILED, name=target.name, reason="original")
