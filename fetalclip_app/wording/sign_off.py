"""Who signed a report, and what it means that somebody did or nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fetalclip_app.domain.sign_off import SealState, SignOff
from fetalclip_app.wording.translate import plural, translate


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


def how_it_stands(state: SealState, signed: SignOff | None) -> str:
    """Return how a signature stands, with who gave it."""
    if signed is None:
        return sign_state(state)
    return signed_by(signed) if state is SealState.SIGNED else f"{sign_state(state)}. {signed_by(signed)}"


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


@dataclass(frozen=True, slots=True)
class ToSign:
    """What a person is about to sign.

    Attributes:
        read, clips: How many of the study's clips are read and so are signed, and how many are open.
    """

    title: str
    state: SealState
    read: int
    clips: int
    seal: str


def what_is_signed(study: ToSign) -> tuple[str, ...]:
    """Return what a signature would cover, line by line."""
    title = study.title or translate("study not stated")
    waiting = study.clips - study.read
    return (
        title,
        plural("{count} clip that is read", "{count} clips that are read", study.read),
        *([plural("{count} clip is not read yet", "{count} clips are not read yet", waiting)] if waiting > 0 else []),
        translate("Seal: {seal}", seal=f"{study.seal[:16]}…"),
    )


def signing_follows() -> str:
    """Return what signing means, before it is done."""
    return translate(
        "Your name and the time stand under every number, abstention and item of this study, as they are now. Undo "
        "does not take a signature back; you can withdraw it, and both acts are kept. Any later change makes the "
        "report a draft again."
    )


def now_signed(name: str) -> str:
    """Return that it is done."""
    return translate("Signed by {name}. The next report of this study is no draft.", name=name)


def changed_meanwhile() -> tuple[str, str]:
    """Return that something changed between looking and signing, and what to do."""
    return (
        translate("Nothing was signed: what is said of this study changed meanwhile."),
        translate("Look at it again, and sign it then."),
    )
