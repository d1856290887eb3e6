"""De-identification in sentences: why a file is refused, and what was done to one."""

from __future__ import annotations

from fetalclip_app.errors import ErrorCode
from fetalclip_app.wording.translate import mark

SENTENCES: dict[ErrorCode, tuple[str, ...]] = {
    ErrorCode.KEY_INVALID: (
        mark("{name} is no key file of this program, or cannot be made."),
        mark("The key file cannot be used."),
    ),
}

HINTS: dict[ErrorCode, tuple[str, ...]] = {
    ErrorCode.KEY_INVALID: (mark("Name a file that is not there yet, which is made, or one that was made so."),),
}
