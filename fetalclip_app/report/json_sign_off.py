"""Signatures as entries of the JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fetalclip_app.report.seal import SignedStudy


def as_sign_offs(studies: Sequence[SignedStudy]) -> list[dict[str, Any]]:
    """Return an entry for each study that somebody signed: who, when, what was signed, and what the report says now."""
    return [
        {
            "study": one.title,
            "sign_off": {
                "state": str(one.state),
                "name": one.signed.name,
                "when": one.signed.when.isoformat(),
                "sealed": one.signed.sealed,
                "seal": one.seal,
            },
        }
        for one in studies
        if one.signed is not None
    ]
