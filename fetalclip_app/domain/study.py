"""The order of clips: patient, study, series, instance; the same whatever order they arrive in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from fetalclip_app.domain.clip import Clip, Origin

Key = tuple[object, ...]

_LAST = 1 << 31
"""DICOM's whole numbers (IS) stay below: a clip without a number comes behind those that have one."""


def natural_key(path: Path) -> Key:
    """Return a key that sorts ``scan9`` before ``scan10``, part by part of the path."""
    return tuple(_natural(part) for part in path.parts)


def order_key(clip: Clip) -> Key:
    """Return a key that sorts the clips of several people and studies.

    By patient (identifier, then name), study (date, time, identifier), series (number, identifier), instance number,
    time of acquisition, and file. What names neither a patient nor a study comes last, by its folder. No two files
    have one key, and a key depends on nothing but its clip: so the order is the same for every order of arrival.
    """
    origin = clip.origin
    return (
        *group_of(clip).key,
        *_numbered(origin.series_number),
        origin.series_uid,
        *_numbered(origin.instance_number),
        _time(origin.taken_at),
        natural_key(clip.path),
        str(clip.path),
    )


def identity_of(clip: Clip) -> Key:
    """Return what makes two clips one: the same DICOM instance, or the same content where a file names no instance.

    An instance whose copies differ in size or length is another clip: one of them was cut or scaled by somebody.

    Raises:
        UnreadableFile: The content's key is needed, not taken yet, and the file has gone or changed.
    """
    if clip.origin.instance_uid:
        return clip.origin.instance_uid, clip.height, clip.width, len(clip), clip.missing_frames
    return (clip.key,)


@dataclass(frozen=True, slots=True)
class Group:
    """What is listed together: a study of a patient, or a folder of pictures that name nobody.

    Attributes:
        key: Sorts groups, and tells two apart.
        folder: Where the group is a folder or an archive: its path.
    """

    key: Key
    folder: Path | None = None


def group_of(clip: Clip) -> Group:
    """Return what a clip is listed with."""
    origin = clip.origin
    if _is_named(origin):
        who = _natural(origin.patient_id), origin.patient_name.casefold()
        return Group((0, *who, origin.study_date, _time(origin.study_time), origin.study_uid))
    return Group((1, natural_key(clip.path.parent)), clip.path.parent)


def _is_named(origin: Origin) -> bool:
    return any((origin.patient_id, origin.patient_name, origin.study_uid, origin.study_date))


def _natural(text: str) -> Key:
    pieces = [piece for piece in re.split("([0-9]+)", text) if piece]
    return tuple(
        (0, int(piece), "") if piece.isascii() and piece.isdigit() else (1, 0, piece.casefold()) for piece in pieces
    )


def _numbered(number: int | None) -> Key:
    return (_LAST if number is None else number,)


def _time(text: str) -> str:
    """Return DICOM's time without the colons of older files; an unstated one comes last."""
    return text.replace(":", "") or "~"
