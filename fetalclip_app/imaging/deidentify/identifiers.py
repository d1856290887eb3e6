"""One secret -> other UIDs, pseudonyms and days: the same for the same original, and no way back without it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
import unicodedata
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fetalclip_app.errors import ErrorCode, InvalidInput

_KEY_BYTES = 32
_MOST_DAYS = 365
_LETTERS = 10
"""Base 32: 50 bits, so that ten thousand patients share a pseudonym with a chance of 1 in 20 million."""

MADE_PSEUDONYM = re.compile(rf"P-[A-Z2-7]{{{_LETTERS}}}")
MADE_UID = re.compile(r"2\.25\.\d{1,39}")
"""The forms of what `Identifiers` makes itself."""


@dataclass(frozen=True, slots=True)
class Identifiers:
    """Makes what stands in the place of an identifier.

    Attributes:
        key: At least 32 secret bytes.
        pseudonyms: Of patients, by their ID, where the user has a table of them.
        studies: The patient of each study that was met: one study is one patient's, also where a file of it does not
            say whose.
    """

    key: bytes = field(repr=False)
    pseudonyms: Mapping[str, str] = field(default_factory=dict, repr=False)
    studies: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    def uid(self, original: str) -> str:
        """Return the UID for ``original``: 2.25 and a UUID (PS3.5 B.2) made of its keyed hash."""
        digest = self._digest("uid", original.strip("\0 "))
        return f"2.25.{uuid.UUID(bytes=digest[:16], version=4).int}"

    def patient_of_study(self, study: str, stated: str) -> str:
        """Return the patient of the study's first file; ``stated`` is what this one says."""
        return self.studies.setdefault(study.strip("\0 "), stated) if study.strip("\0 ") else stated

    def pseudonym(self, patient: str) -> str:
        """Return the name and ID of a patient from now on."""
        key = patient_key(patient)
        alike = (given for listed, given in self.pseudonyms.items() if patient_key(listed) == key)
        return self.pseudonyms.get(patient) or next(alike, "") or f"P-{self._word('patient', key)}"

    def days_back(self, patient: str) -> int:
        """Return by how many days all dates of a patient move: 1 to 365."""
        return 1 + int.from_bytes(self._digest("days", patient_key(patient))[:8], "big") % _MOST_DAYS

    def name(self, original: str) -> str:
        """Return the name of a file or folder from now on."""
        return self._word("name", original).lower()

    def _word(self, purpose: str, original: str) -> str:
        return base64.b32encode(self._digest(purpose, original)).decode()[:_LETTERS]

    def _digest(self, purpose: str, original: str) -> bytes:
        return hmac.new(self.key, f"{purpose}\0{original}".encode(), hashlib.sha256).digest()


def patient_key(patient: str) -> str:
    """Return what is the same for one patient: neither case nor separators tell two of them apart."""
    return re.sub(r"[\s^,]+", " ", unicodedata.normalize("NFKC", patient).casefold()).strip(" \0")


def random_key() -> bytes:
    """Return a key that nobody will know again."""
    return secrets.token_bytes(_KEY_BYTES)


def key_from(path: Path) -> bytes:
    """Return the key in a file, which is made, for its owner alone, where it is not there yet.

    Raises:
        InvalidInput: KEY_INVALID for a file that holds no key, or one that cannot be made.
    """
    try:
        text = path.read_text(encoding="ascii")
    except FileNotFoundError:
        return _new_key(path)
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(ErrorCode.KEY_INVALID, name=path.name) from error
    try:
        key = bytes.fromhex(text)
    except ValueError as error:
        raise InvalidInput(ErrorCode.KEY_INVALID, name=path.name) from error
    if len(key) < _KEY_BYTES:
        raise InvalidInput(ErrorCode.KEY_INVALID, name=path.name)
    return key


def _new_key(path: Path) -> bytes:
    key = random_key()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise InvalidInput(ErrorCode.KEY_INVALID, name=path.name) from error
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(key.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)  # half a key is none
        raise InvalidInput(ErrorCode.KEY_INVALID, name=path.name) from error
    return key
