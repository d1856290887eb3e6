"""Who signed a report, and what it means that somebody did or nobody."""

from __future__ import annotations

from datetime import datetime

from fetalclip_app.domain.sign_off import SealState, SignOff
from fetalclip_app.wording.translate import translate


def sign_off_title() -> str:
    """Return the heading of the part about signatures."""
    return translate("Sign-off")


def sign_state(state: SealState) -> str:
    """Return how a signature stands, in a word or two."""
    match state:
        case SealState.SIGNED:
            return translate("Signed")
        case SealState.UNSIGNED:
            return translate("Draft, not signed")
        case SealState.BROKEN:
            return translate("Draft again")


def signed_moment(when: datetime) -> str:
    """Return a moment with its offset: ``2026-03-14 09:30 +01:00``."""
    return f"{when:%Y-%m-%d %H:%M} {when.isoformat()[-6:]}" if when.utcoffset() else f"{when:%Y-%m-%d %H:%M} UTC"


def signed_by(signed: SignOff) -> str:
    """Return who signed and when."""
    return translate("Signed by {name}, {when}.", name=signed.name, when=signed_moment(signed.when))


def sign_explained(state: SealState) -> str:
    """Return what follows from how a signature stands."""
    match state:
        case SealState.SIGNED:
            return translate("What is said of this study is what was signed: its seal is the same.")
        case SealState.UNSIGNED:
            return translate("Nobody has signed what is said of this study. It may still change.")
        case SealState.BROKEN:
            return translate("Something that is said of this study changed after it was signed, so it is a draft.")


def seal_meaning(name: str) -> str:
    """Return what the seal is of, given the name of the attached file."""
    return translate("The seal is the SHA-256 of the attached file {name}.", name=name)


def record_about(study: str) -> str:
    """Return what stands beside an attached record in the list of attachments."""
    return translate("What the signature covers: {study}", study=study or translate("study not stated"))
