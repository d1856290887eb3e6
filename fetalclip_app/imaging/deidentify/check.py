"""Opens what was written and compares it with the original, before anybody trusts it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.spread import evenly
from fetalclip_app.errors import ErrorCode, NotDeidentified
from fetalclip_app.imaging.deidentify.copied import without_own
from fetalclip_app.imaging.deidentify.identity import Identity
from fetalclip_app.imaging.deidentify.mask import Visible
from fetalclip_app.imaging.deidentify.writing import bytes_before_pixels
from fetalclip_app.imaging.readers import read_clip

_LOOKS = 5


@dataclass(frozen=True, eq=False, slots=True)
class Expected:
    """What the pixels of a copy must be.

    Attributes:
        visible: Pixels that are as they were, (H, W).
        black: Pixels that are black.
        darkest: Brightest level that counts as black.
    """

    visible: Visible
    black: Visible
    darkest: int = 0


def check(written: Path, original: Clip, expected: Expected, identity: Identity) -> None:
    """Return where all is well.

    Raises:
        NotDeidentified: IDENTITY_LEFT, with the reason: a removed text is left, or scale, times or pixels differ.
    """
    copy = read_clip(written)
    reason = _differences(copy, original) or _other_pixels(copy, original, expected)
    if identity.found_in_bytes(without_own(bytes_before_pixels(written), identity)):
        reason = "a removed text is still in it"
    if reason:
        raise NotDeidentified(ErrorCode.IDENTITY_LEFT, name=original.path.name, reason=reason)


def _differences(copy: Clip, original: Clip) -> str:
    checks = (
        ((len(copy), copy.height, copy.width), (len(original), original.height, original.width), "size"),
        (copy.calibration, original.calibration, "scale"),
        ((copy.rate, copy.times_s), (original.rate, original.times_s), "rate"),
    )
    return next((f"its {what} differs" for after, before, what in checks if after != before), "")


def _other_pixels(copy: Clip, original: Clip, expected: Expected) -> str:
    for index in evenly(len(original), _LOOKS):
        before, after = original.frame(index).pixels, copy.frame(index).pixels
        if not np.array_equal(before[expected.visible], after[expected.visible]):
            return "pixels inside the mask differ"
        rest = after[expected.black]
        if len(rest) and int(np.ptp(rest.reshape(-1, 3), axis=0).max()) > expected.darkest:
            return "pixels outside the mask are not blank"
    return ""
