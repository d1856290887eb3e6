"""Signatures as entries of the JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fetalclip_app.domain.sign_off import SignOff
from fetalclip_app.report.seal import SignedStudy


def sign_off_told(signed: SignOff) -> dict[str, str]:
    """Return who signed, when, and what."""
    return {"name": signed.name, "when": signed.when.isoformat(), "sealed": signed.sealed}


def as_sign_offs(studies: Sequence[SignedStudy]) -> list[dict[str, Any]]:
    """Return an entry for each study that somebody signed: who, when, what was signed, and what the report says now."""
    return [
        {
            "study": one.title,
            "sign_off": {
                "state": str(one.state),
                **sign_off_told(one.signed),
                "seal": one.seal,
            },
        }
        for one in studies
        if one.signed is not None
    ]
