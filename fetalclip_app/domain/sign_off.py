"""A person's name under what a report says of a study, and whether the report still says it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

SEAL_DIGITS = 64
"""Of a SHA-256, in hex."""


@dataclass(frozen=True, slots=True)
class SignOff:
    """Who signed, when, and what was signed.

    Kept among a study's notes: signing and withdrawing are acts as every other. It is never undone with another
    change: a person withdraws it, and that is an act too.

    Attributes:
        name: As the person wrote it when signing.
        when: With its offset from UTC.
        sealed: SHA-256 of what the report said of the study (`report.seal.record_of`), in hex.

    Raises:
        ValueError: Nobody is named, the time has no offset, or the seal is none.
    """

    name: str
    when: datetime
    sealed: str

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ValueError("a signature of nobody")
        if self.when.utcoffset() is None:
            raise ValueError("a signature at a time that is not told apart from another zone's")
        if len(self.sealed) != SEAL_DIGITS or not set(self.sealed) <= set("0123456789abcdef"):
            raise ValueError("a seal that is no SHA-256")


class SealState(StrEnum):
    """What is to be said of a study's signature."""

    UNSIGNED = "unsigned"
    SIGNED = "signed"
    BROKEN = "broken"
    """It was signed, and the report says something else now: it is a draft again."""


def seal_state(signed: SignOff | None, seal: str) -> SealState:
    """Return how a signature stands to what the report says now, given the seal of that."""
    if signed is None:
        return SealState.UNSIGNED
    return SealState.SIGNED if signed.sealed == seal else SealState.BROKEN
