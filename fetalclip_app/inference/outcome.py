"""How the model's process says that a call has ended."""

from __future__ import annotations

import logging
from typing import Any

from fetalclip_app.errors import ComputeFailed, ErrorCode, FetalClipError
from fetalclip_app.progress import Cancelled

_log = logging.getLogger(__name__)


def outcome(message: tuple[Any, ...]) -> Any:
    """Return what the work returned, or raise what it raised."""
    match message:
        case ("result", result):
            return result
        case ("cancelled",):
            raise Cancelled
        case ("error", FetalClipError() as error):
            raise error
        case ("bug", str(trace)):
            _log.error("a bug in the model's process:\n%s", trace)
            raise ComputeFailed(ErrorCode.WORKER_LOST)
        case _:
            raise TypeError(f"the model's process said {message!r}")
