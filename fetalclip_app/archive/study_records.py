"""What stands in a study's file: its manifest, the records, and the names of its entries."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from fetalclip_app.archive.acts import KeptAct
from fetalclip_app.domain.kept import KeptNames

FORMAT, VERSION = "fetalclip-study", 1

MANIFEST, RECORDS = "manifest.json", "records.json"
READINGS, VIEW_SETS, EMBEDDINGS, PICTURES = "readings", "view_sets", "embeddings", "pictures"
"""Folders in the file."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Member(_Strict):
    """One entry of the file, as its manifest has it."""

    sha256: str
    bytes: int


class Manifest(_Strict):
    """What the file is, and what is in it.

    Attributes:
        trail_entries, trail_hash: The last entry of the trail that it was exported from.
        missing_pictures: Clips whose picture was wanted and is not there any more.
    """

    format: str
    version: int
    app_version: str
    made_at: str
    made_by: str
    study: str
    trail_entries: int
    trail_hash: str
    missing_pictures: tuple[str, ...] = ()
    files: Mapping[str, Member]


class Notes(_Strict):
    """Notes as they were; ``json`` as the archive keeps it."""

    kind: str
    key: str
    json_text: str


class Reading(_Strict):
    """A reading; its JSON is the entry ``readings/DIGEST.json``."""

    clip: str
    study: str
    at: str
    model: str
    digest: str


class Mask(_Strict):
    """The mask of a copy."""

    uid: str
    clip: str
    who: str
    at: str
    json_text: str


class ViewSet(_Strict):
    """A set of views; its content is the entry ``view_sets/SHA256.json``."""

    sha256: str
    name: str
    first_used: str


class Rows(_Strict):
    """Embeddings; their rows are the entry ``embeddings/DIGEST.f32``: float32, little-endian, (frames, width)."""

    clip: str
    model: str
    preprocessing: str
    crop: str
    frames: int
    width: int
    digest: str
    at: str


class Clip(_Strict):
    """A clip by its content; its picture, where it is in the file, is the entry ``picture``."""

    key: str
    first_kept: str
    picture: str = ""


class Records(_Strict):
    """Everything that is kept of a study. ``names`` only where they were asked for."""

    study: str
    first_kept: str
    clips: tuple[Clip, ...]
    notes: tuple[Notes, ...]
    acts: tuple[KeptAct, ...]
    readings: tuple[Reading, ...]
    masks: tuple[Mask, ...]
    view_sets: tuple[ViewSet, ...]
    embeddings: tuple[Rows, ...]
    names: KeptNames | None = None


def entries_of(records: Records) -> set[str]:
    """Return the entries that records speak of."""
    return {
        *(reading_entry(one.digest) for one in records.readings),
        *(view_set_entry(one.sha256) for one in records.view_sets),
        *(rows_entry(one.digest) for one in records.embeddings),
        *(one.picture for one in records.clips if one.picture),
    }


def reading_entry(digest: str) -> str:
    """Return the entry of a reading's JSON."""
    return f"{READINGS}/{digest}.json"


def view_set_entry(sha256: str) -> str:
    """Return the entry of a set of views."""
    return f"{VIEW_SETS}/{sha256}.json"


def rows_entry(digest: str) -> str:
    """Return the entry of embeddings."""
    return f"{EMBEDDINGS}/{digest}.f32"
